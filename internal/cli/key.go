package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make an API key; it is shown once."`
	Ls     keyLs     `cmd:"" help:"List API keys."`
	Revoke keyRevoke `cmd:"" help:"End an API key's life at once."`
}

type keyCreate struct {
	Scopes  string    `required:"" placeholder:"LIST" help:"What the key may do, such as accounts:write,usage:write; all means everything."`
	Name    string    `default:"command line" help:"What the key is for."`
	Expires time.Time `help:"When it ends, such as 2027-01-01T00:00:00Z; never if it is left out."`
}

// Run makes an API key.
func (c keyCreate) Run(ctx context.Context, s *session) error {
	scopes, err := access.ParseScopes(c.Scopes)
	if err != nil {
		return err
	}
	return s.at(ctx, func(d *desk) error {
		k, text, err := d.office.CreateKey(ctx, access.CommandLine, office.NewKey{Name: c.Name, Scopes: scopes, ExpiresAt: c.Expires})
		if err != nil {
			return err
		}
		shape := keyShape(k)
		shape.Key = string(text)
		return s.show(shape, func(w io.Writer) {
			fmt.Fprintln(w, shape.Key)
			fmt.Fprintf(s.Err, "%s may %s; keep it now, it is not shown again\n", k.ID, strings.Join(shape.Scopes, ", "))
		})
	})
}

type keyLs struct{ pageFlags }

// Run lists API keys.
func (c keyLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.ListKeys(ctx, access.CommandLine, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, keyShape, "key,name,scopes,made,used,expires,revoked", func(k wire.Key) []any {
			scopes := strings.Join(k.Scopes, ",")
			if len(k.Scopes) == len(access.Scopes) {
				scopes = "all"
			}
			return []any{k.ID, k.Name, scopes, k.CreatedAt, k.UsedAt, k.ExpiresAt, k.RevokedAt}
		})
	})
}

type keyRevoke struct {
	Key string `arg:"" help:"Its id."`
}

// Run ends an API key's life.
func (c keyRevoke) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		k, err := d.office.RevokeKey(ctx, access.CommandLine, c.Key)
		if err != nil {
			return err
		}
		shape := keyShape(k)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s is revoked\n", shape.ID) })
	})
}

func keyShape(k access.Key) wire.Key {
	shape := wire.Key{
		Object: "api_key", ID: k.ID, Name: k.Name, Scopes: make([]string, 0, len(k.Scopes)), CreatedAt: wire.Instant(k.CreatedAt),
		ExpiresAt: wire.Maybe(k.ExpiresAt), RevokedAt: wire.Maybe(k.RevokedAt), UsedAt: wire.Maybe(k.UsedAt),
	}
	for _, scope := range k.Scopes {
		shape.Scopes = append(shape.Scopes, string(scope))
	}
	return shape
}
