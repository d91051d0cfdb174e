package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestNumbersStayTheirCustomers: what code promises about numbers, the database
// holds by itself, whoever writes to it.
func TestNumbersStayTheirCustomers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		identityAccount(t, s, "acct_1")
		identityAccount(t, s, "acct_2")
		update := func(fn func(*store.Tx) error) error { return s.Update(ctx, fn) }
		r := bank.ReceivingAccount{
			ID: "rac_1", Seller: "main", Country: "DE", Serves: []string{"DE", "AT"}, Currency: "EUR", Bank: "B", BIC: "COBADEFF", Holder: "H", Scheme: bank.SchemeIBAN,
			Number: "DE89370400440532013000", Rails: []bank.Rail{bank.RailSEPA}, Shared: true, OpenedAt: askedAt,
		}
		p := bank.Pool{ID: "vpl_1", Receiving: "rac_1", Kind: bank.ListPool, Scheme: bank.SchemeIBAN, Country: "DE", Next: 1, Last: 2, WarnAt: 1, OpenedAt: askedAt}
		// Two people's word on the account and the numbers that the test adds.
		const agreed = `
			INSERT INTO receiving_changes VALUES
			('rcc_1', 'open', 'rac_1', '', '{}', 'letter', 'agreed', 'ann', 1, 'bob', 1, ''),
			('rcc_2', 'pool', 'rac_1', 'vpl_1', '{}', 'letter', 'agreed', 'ann', 1, 'bob', 1, '')`
		v := bank.VirtualAccount{ID: "vac_1", Pool: "vpl_1", Receiving: "rac_1", Number: "N1", Account: "acct_1", AssignedAt: askedAt, AssignedBy: "cli"}
		for name, do := range map[string]func(*store.Tx) error{
			"an account that nobody agreed to": func(tx *store.Tx) error { _, err := tx.AddReceivingAccount(ctx, r); return err },
			"one's own word alone": func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, strings.ReplaceAll(agreed, "'bob'", "'ann'"))
				return err
			},
		} {
			if err := update(do); err == nil {
				t.Errorf("%s: got no error, want it refused", name)
			}
		}
		if err := update(func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, agreed); err != nil {
				return err
			}
			added, err := tx.AddReceivingAccount(ctx, r)
			if err != nil || !added {
				t.Errorf("added: %v, %v", added, err)
			}
			if err := tx.AddPool(ctx, p); err != nil {
				return err
			}
			if added, err := tx.AddPoolNumbers(ctx, "vpl_1", []string{"N1", "N2"}); err != nil || !added {
				t.Errorf("numbers added: %v, %v", added, err)
			}
			if added, err := tx.AddVirtualAccount(ctx, v); err != nil || !added {
				t.Errorf("assigned: %v, %v", added, err)
			}
			if added, err := tx.AddPaymentReference(ctx, "acct_1", "RF18539007547034", askedAt); err != nil || !added {
				t.Errorf("reference: %v, %v", added, err)
			}
			if added, err := tx.AddPaymentReference(ctx, "acct_2", "RF18539007547034", askedAt); err != nil || added {
				t.Errorf("another's reference: %v, %v; want it refused", added, err)
			}
			return tx.MovePool(ctx, "vpl_1", 2)
		}); err != nil {
			t.Fatal(err)
		}

		if err := s.View(ctx, func(tx *store.Tx) error {
			got, err := tx.ReceivingAccount(ctx, "rac_1")
			if err != nil || got.Holder != "H" || len(got.Serves) != 2 || len(got.Rails) != 1 || !got.Shared || !got.OpenedAt.Equal(askedAt) || !got.IsOpen() {
				t.Errorf("read back: %+v, %v", got, err)
			}
			pools, err := tx.Pools(ctx, "rac_1")
			if err != nil || len(pools) != 1 || pools[0].Left() != 1 || pools[0].WarnAt != 1 {
				t.Errorf("pools: %+v, %v", pools, err)
			}
			if _, err := tx.VirtualAccountOf(ctx, "acct_2"); !errors.Is(err, bank.ErrVirtualNotFound) {
				t.Errorf("of who has none: got %v, want %v", err, bank.ErrVirtualNotFound)
			}
			if ours, err := tx.ReceivingAccountsNumbered(ctx, "N1"); err != nil || len(ours) != 0 {
				t.Errorf("a customer's number: got %v, %v, want none of ours", ours, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}

		for name, statement := range map[string]string{
			"a number goes to another customer": `UPDATE virtual_accounts SET account_id = 'acct_2' WHERE id = 'vac_1'`,
			"a number is changed":               `UPDATE virtual_accounts SET number = 'N9' WHERE id = 'vac_1'`,
			"a number is taken away":            `DELETE FROM virtual_accounts`,
			"a second number in use":            `INSERT INTO virtual_accounts VALUES ('vac_2', 'vpl_1', 'rac_1', 'N2', 'acct_1', 1, 'x', NULL)`,
			"the same number for another":       `INSERT INTO virtual_accounts VALUES ('vac_2', 'vpl_1', 'rac_1', 'N1', 'acct_2', 1, 'x', NULL)`,
			"a pool goes back":                  `UPDATE number_pools SET next = 1`,
			"a pool gives more than it has":     `UPDATE number_pools SET next = 4`,
			"a pool grows":                      `UPDATE number_pools SET last = 9`,
			"a list is changed":                 `UPDATE pool_numbers SET number = 'N3' WHERE number = 'N2'`,
			"a list is shortened":               `DELETE FROM pool_numbers`,
			"our bank account's number":         `UPDATE receiving_accounts SET number = 'X'`,
			"our bank account's holder":         `UPDATE receiving_accounts SET holder = 'X'`,
			"our bank account goes":             `DELETE FROM receiving_accounts`,
			"a reference changes hands":         `UPDATE payment_references SET account_id = 'acct_2'`,
			"a reference goes":                  `DELETE FROM payment_references`,
			"a bank account nobody agreed to":   `INSERT INTO receiving_accounts SELECT 'rac_2', seller, country, serves, currency, bank, bank_address, bic, holder, scheme, bank_code, '4711', rails, shared, opened_at, closed_at FROM receiving_accounts`,
			"numbers that nobody agreed to":     `INSERT INTO number_pools SELECT 'vpl_2', receiving_id, kind, scheme, country, bank_code, prefix, digits, next, last, warn_at, opened_at FROM number_pools`,
			"a closing that nobody agreed to":   `UPDATE receiving_accounts SET closed_at = 1`,
			"an agreement is taken back":        `UPDATE receiving_changes SET state = 'refused' WHERE id = 'rcc_1'`,
			"what was agreed to is changed":     `UPDATE receiving_changes SET terms = '{}'`,
			"an agreement goes":                 `DELETE FROM receiving_changes`,
		} {
			if err := update(func(tx *store.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
				t.Errorf("%s: got no error, want it refused", name)
			}
		}

		if err := update(func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `INSERT INTO receiving_changes VALUES ('rcc_3', 'close', 'rac_1', '', '{}', 'letter', 'agreed', 'ann', 1, 'bob', 1, '')`); err != nil {
				return err
			}
			retired, err := tx.CloseReceivingAccount(ctx, "rac_1", askedAt)
			if retired != 1 {
				t.Errorf("closing retires %d numbers, want 1", retired)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for name, statement := range map[string]string{
			"a retired number comes back":  `UPDATE virtual_accounts SET retired_at = NULL`,
			"a closed account opens again": `UPDATE receiving_accounts SET closed_at = NULL`,
		} {
			if err := update(func(tx *store.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
				t.Errorf("%s: got no error, want it refused", name)
			}
		}
	})
}
