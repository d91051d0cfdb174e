package store_test

import (
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/store/storetest"
)

// TestADatabaseThatSortsAsALanguageDoesIsKnown: in Czech "ch" stands behind "h", so that a
// range of ids is not what it is by their bytes.
func TestADatabaseThatSortsAsALanguageDoesIsKnown(t *testing.T) {
	address, err := url.Parse(storetest.URL(t, storetest.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	for locale, want := range map[string]bool{"cs": false, "da": false, "en": true, "de": true} {
		if _, err := c.Exec(t.Context(), `CREATE DATABASE words_`+locale+` TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE '`+locale+`'`); err != nil {
			t.Fatal(err)
		}
		in := *address
		in.Path = "/words_" + locale
		t.Run(locale, func(t *testing.T) {
			s := storetest.Reopen(t, in.String())
			if err := s.View(t.Context(), func(tx *store.Tx) error {
				if got := tx.SortsIDs(); got != want {
					t.Errorf("sorts ids: got %t, want %t", got, want)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}
