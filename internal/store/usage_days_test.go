package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestDaysOfUsageThatWasThereBefore runs what the migration does for the lines that it
// finds, on books whose days are forgotten.
func TestDaysOfUsageThatWasThereBefore(t *testing.T) {
	t.Parallel()
	for _, engine := range storetest.Engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("migrations/" + engine + "/00014_days.sql")
			if err != nil {
				t.Fatal(err)
			}
			_, fill, _ := strings.Cut(string(text), "\n\nINSERT INTO usage_days")
			fill, _, _ = strings.Cut(fill, ";")
			address := built(t, engine, (*books).live)
			undo := forge(t, engine, address, []string{"exposures", "usage_days"},
				"UPDATE exposures SET day = 0, day_lines = 0, day_micro = 0, day_pico = 0; DELETE FROM usage_days; INSERT INTO usage_days"+fill)
			defer undo()
			s, err := store.Open(t.Context(), address, store.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if r := verify(t, s); !r.OK() {
				complain(t, r)
				t.Errorf("problems in %v, want none", failing(r))
			}
			var days []billing.DayUsage
			err = s.View(t.Context(), func(tx *store.Tx) (err error) {
				days, err = tx.MonthDays(t.Context(), "acct_1", "2024-08", "USD")
				return err
			})
			if err != nil || len(days) < 4 || days[0].Day.String() != "2024-08-19" || days[0].Product != "compute" || days[0].Usage.Decimal() != "2.1" {
				t.Errorf("got the days %+v (%v), want those of two days, 2.1 of compute on the 19th the first", days, err)
			}
		})
	}
}

// TestLocalDay asks both databases and the rule of billing for the day of instants
// around midnights, in zones of all kinds.
func TestLocalDay(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for _, zone := range []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Pacific/Kiritimati", "Africa/Cairo", "America/Santiago"} {
			l, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			for _, date := range []time.Time{
				time.Date(2026, 3, 29, 0, 0, 0, 0, l), time.Date(2026, 10, 25, 0, 0, 0, 0, l), time.Date(2011, 12, 30, 12, 0, 0, 0, l), time.Date(2024, 2, 29, 0, 0, 0, 0, l),
				time.Date(2025, 4, 25, 0, 0, 0, 0, l), time.Date(2024, 9, 8, 0, 0, 0, 0, l), time.Date(2026, 1, 1, 0, 0, 0, 0, l),
			} {
				for _, at := range []time.Time{date.Add(-time.Microsecond), date, date.Add(time.Microsecond), date.Add(90 * time.Minute)} {
					var got int64
					err := s.View(t.Context(), func(tx *store.Tx) error {
						return tx.Scan(t.Context(), &got, `SELECT local_day($1, cast($2 as bigint))`, zone, at.UnixMicro())
					})
					if want := billing.DayOf(at, l); err != nil || billing.Day(got) != want {
						t.Errorf("%s is of %s in %s (%v), want %s", at, billing.Day(got), zone, err, want)
					}
				}
			}
		}
	})
}
