package billing

import "time"

// Day is a calendar day in an account's zone, counted from 1970-01-01.
type Day int64

const secondsOfDay = 24 * 60 * 60

// DayOf returns the day that contains t in zone.
func DayOf(t time.Time, zone *time.Location) Day {
	_, ahead := t.In(zone).Zone()
	seconds := t.Unix() + int64(ahead)
	day := seconds / secondsOfDay
	if seconds%secondsOfDay < 0 {
		day--
	}
	return Day(day)
}

// Date is the day's midnight in UTC, whatever the zone: a date, no instant.
func (d Day) Date() time.Time { return time.Unix(int64(d)*secondsOfDay, 0).UTC() }

// Month returns the month that the day is of.
func (d Day) Month() Month { return MonthOf(d.Date(), time.UTC) }

// String writes the day like 2024-09-30.
func (d Day) String() string { return d.Date().Format(time.DateOnly) }

// Days returns the first day of a month and the first of the next.
func (m Month) Days() (first, next Day) {
	return DayOf(m.Start(time.UTC), time.UTC), DayOf(m.Next().Start(time.UTC), time.UTC)
}

// DayUsage is the signed exact sum of a day's lines of one product.
type DayUsage struct {
	Day Day
	Exposure
}
