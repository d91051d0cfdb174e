package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/sandbox"
)

// TestUsageByDay reads a month by day and by product, and asks for days and products
// that there are none of.
func TestUsageByDay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a := d.Customer()
	d.Bind(a, sandbox.Visa)
	d.UseAt(a, "1", "10.5", time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	d.UseAt(a, "2", "0.000001", time.Date(2026, 3, 9, 23, 59, 59, 0, time.UTC))
	d.UseAt(a, "3", "4", time.Date(2026, 3, 9, 1, 0, 0, 0, time.UTC))
	d.enter(a)
	for _, c := range []struct {
		path string
		code int
		has  string
	}{
		{"/usage", http.StatusOK, "14.500001"},
		{"/usage", http.StatusOK, "4.000001"},
		{"/usage", http.StatusOK, `href="/usage?day=2026-03-09&amp;month=2026-03"`},
		{"/usage", http.StatusOK, `viewBox="0 0 31 100"`},
		{"/usage?day=2026-03-02&month=2026-03", http.StatusOK, "By product on"},
		{"/usage?month=2026-03&product=compute", http.StatusOK, "By day: compute"},
		{"/usage?day=2026-03-03&month=2026-03", http.StatusNotFound, ""},
		{"/usage?month=2026-03&product=gold", http.StatusNotFound, ""},
		{"/usage?month=2026-04", http.StatusNotFound, ""},
	} {
		w := d.get(c.path)
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.has) {
			t.Errorf("%s answered %d, want %d with %q in\n%s", c.path, w.Code, c.code, c.has, w.Body)
		}
	}
}
