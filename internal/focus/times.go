package focus

import "time"

// parseTime reads 2024-09-18 22:00:00, which is UTC, and ISO 8601 with T or a space, a
// fraction of up to nine digits, and Z or an offset such as +08:00, +0800 or +08. It is
// stricter than package time, which takes 30 February for 1 March and 9:00 for 09:00.
func parseTime(s string) (time.Time, error) {
	p := timeParser{rest: s}
	year, month, day := p.digits(4), p.after('-').digits(2), p.after('-').digits(2)
	p.after('T', 't', ' ')
	hour, minute, second := p.digits(2), p.after(':').digits(2), p.after(':').digits(2)
	nanos := p.fraction()
	offset := p.offset()
	if p.wrong || p.rest != "" || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, ErrTime
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if t.Day() != day || t.Month() != time.Month(month) { // there is no such day
		return time.Time{}, ErrTime
	}
	return t.Add(-offset), nil
}

// timeParser takes a time apart from the left; wrong stays true once it is.
type timeParser struct {
	rest  string
	wrong bool
}

// digits takes exactly n digits.
func (p *timeParser) digits(n int) (value int) {
	if len(p.rest) < n {
		p.wrong = true
		return 0
	}
	for i := range n {
		d := p.rest[i] - '0'
		p.wrong = p.wrong || d > 9
		value = value*10 + int(d)
	}
	p.rest = p.rest[n:]
	return value
}

// after takes one of the given characters.
func (p *timeParser) after(one ...byte) *timeParser {
	for _, b := range one {
		if p.take(b) {
			return p
		}
	}
	p.wrong = true
	return p
}

func (p *timeParser) take(b byte) bool {
	if p.rest == "" || p.rest[0] != b {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// fraction takes a point and up to nine digits, if there are any, as nanoseconds.
func (p *timeParser) fraction() (nanos int) {
	if !p.take('.') {
		return 0
	}
	unit := 100_000_000
	for p.rest != "" && p.rest[0]-'0' <= 9 && unit > 0 {
		nanos += int(p.rest[0]-'0') * unit
		unit /= 10
		p.rest = p.rest[1:]
	}
	p.wrong = p.wrong || unit == 100_000_000
	return nanos
}

// offset takes what is left: nothing, Z, or hours and minutes to the east of UTC.
func (p *timeParser) offset() time.Duration {
	sign := time.Duration(1)
	switch {
	case p.rest == "" || p.take('Z') || p.take('z'):
		return 0
	case p.take('-'):
		sign = -1
	default:
		p.after('+')
	}
	hours, minutes := p.digits(2), 0
	if p.rest != "" {
		p.take(':')
		minutes = p.digits(2)
	}
	p.wrong = p.wrong || hours > 23 || minutes > 59
	return sign * (time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
}
