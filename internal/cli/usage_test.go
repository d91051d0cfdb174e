package cli

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// writeUsage writes a file of rows that differ in nothing but their number.
func writeUsage(t *testing.T, path, reference string, rows int, amount string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("BilledCost,BillingAccountId,BillingCurrency,ChargeCategory,ChargePeriodStart,ServiceName,Id\n")
	at := wall().Add(-time.Minute).Format(time.RFC3339)
	for n := range rows {
		fmt.Fprintf(&b, "%s,%s,USD,Usage,%s,Compute,row-%d\n", amount, reference, at, n)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestImportOfManyBatches(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("BURSAR_DATA", dir)
	must(t, "migrate")
	must(t, "account", "open", "--reference", "big", "--country", "US", "--currency", "USD", "--email", "a@b.example")
	file := dir + "/big.csv"
	writeUsage(t, file, "big", 25_001, "0.000000000001")
	if got := must(t, "usage", "import", file); !strings.HasPrefix(got, "25001 rows: 25001 recorded") || !strings.Contains(got, "0.000000025001 USD") {
		t.Errorf("first import: %s", got)
	}
	if got := must(t, "usage", "import", file); !strings.HasPrefix(got, "25001 rows: 0 recorded, 25001 repeated") {
		t.Errorf("second import: %s", got)
	}
	must(t, "verify")
}
