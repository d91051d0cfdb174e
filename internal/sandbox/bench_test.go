package sandbox_test

import (
	"path/filepath"
	"testing"
)

// BenchmarkCharge is a charge in two calls, created and confirmed, on a file.
func BenchmarkCharge(b *testing.B) {
	o := options()
	o.State = filepath.Join(b.TempDir(), "world.db")
	d := open(b, o)
	b.ReportAllocs()
	for b.Loop() {
		made := d.post("/v1/payment_intents", "amount=1000&currency=usd&payment_method=pm_card_visa&payment_method_types[]=card&capture_method=automatic", "")
		if got := d.post("/v1/payment_intents/"+made.body[7:7+27]+"/confirm", "", ""); got.status != 200 {
			b.Fatalf("got %d %s", got.status, got.body)
		}
	}
}
