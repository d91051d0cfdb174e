package office_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/billing"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
	"github.com/bursar-pay/bursar/internal/sandbox"
	"github.com/bursar-pay/bursar/internal/store"
)

// TestARestoredBackupDoesNotChargeAgain charges, loses the charge by going back to
// a backup, and sends the same usage again: soon, and when the provider has long
// forgotten its idempotency keys.
func TestARestoredBackupDoesNotChargeAgain(t *testing.T) {
	for _, later := range []time.Duration{time.Minute, 30 * time.Hour} {
		t.Run(fmt.Sprint(later), func(t *testing.T) {
			d := officetest.New(t)
			a := d.Customer()
			d.Bind(a, sandbox.Visa)
			d.Pass(time.Hour)
			backup := filepath.Join(t.TempDir(), "backup.db")
			err := d.Store.View(context.Background(), func(*store.Tx) error { return copyDatabase(d.Store.Path(), backup) })
			if err != nil {
				t.Fatal(err)
			}
			at := d.Clock.Now()
			d.UseAt(a, "1", "1100", at)
			if got := d.DebtsOf(a)[0].Debt.State; got != billing.Paid {
				t.Fatalf("before the restore the debt is %s, want paid", got)
			}

			restored := officetest.Build(t, officetest.Options{URL: "sqlite:" + backup, World: d.Sandbox, Start: officetest.Start, Prompt: office.PromptInline})
			restored.PassTo(at.Add(later))
			restored.UseAt(a, "1", "1100", at)
			restored.Pass(3 * 24 * time.Hour)
			if got := restored.DebtsOf(a)[0].Debt.State; got != billing.Paid {
				t.Errorf("after the restore the debt is %s, want paid by the charge that was made before", got)
			}
			books, err := d.Sandbox.Books(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if got := books.Totals["usd"].Captured; got != 110_000 {
				t.Errorf("the world took %d, want 110000 once", got)
			}
			restored.Prove()
		})
	}
}

// copyDatabase copies a database that nobody writes to, with its log.
func copyDatabase(from, to string) error {
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + end)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(to+end, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
