package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/policy"
)

// TestIdentityTimetable reads the timetable of identity checks in the document's
// zone; a document from before them has the built-in one in its own zone.
func TestIdentityTimetable(t *testing.T) {
	document := strings.ReplaceAll(policy.BuiltIn().Document, "zone: UTC", "zone: Asia/Tokyo")
	start, rest, _ := strings.Cut(document, "identity:\n")
	_, rest, _ = strings.Cut(rest, "# Collecting a debt")
	without := start + "# Collecting a debt" + rest
	own := strings.ReplaceAll(document, "weekend: [saturday, sunday]", "weekend: [friday, saturday]")
	own = strings.ReplaceAll(own, "holidays: []", "holidays: [2024-09-05]")
	friday := time.Date(2024, time.September, 6, 3, 0, 0, 0, time.UTC)

	for _, c := range []struct {
		name, document, from, want string
	}{
		{"as the built-in one", document, "2024-09-04T03:00:00Z", "2024-09-05T15:00:00Z"},
		{"before there was any", without, "2024-09-04T03:00:00Z", "2024-09-05T15:00:00Z"},
		{"over its holiday and weekend", own, "2024-09-04T03:00:00Z", "2024-09-08T15:00:00Z"},
	} {
		p, err := policy.Parse([]byte(c.document), "")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Identity.Calendar.EndOf(from, p.Identity.SubmitDays).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	if p := policy.BuiltIn(); p.Identity.Check() != nil || !p.Identity.Calendar.IsBusinessDay(friday) || p.Identity.KeepExpired != 15*24*time.Hour {
		t.Errorf("built-in: got %+v", p.Identity)
	}
}
