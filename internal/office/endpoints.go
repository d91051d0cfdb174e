package office

import (
	"context"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/store"
	"github.com/bursar-pay/bursar/internal/webhook"
)

const (
	endpointsMax    = 20             // enabled at once: every event is matched with each
	secretOverlap   = 24 * time.Hour // an old secret signs so long beside the new one
	endpointActions = "webhook_endpoint."
)

// NewEndpoint describes a webhook endpoint to be made.
type NewEndpoint struct {
	URL         string
	Kinds       []string // the events it hears; empty means all
	Description string
}

// CreateEndpoint makes a webhook endpoint, enabled. Its secret is shown here and
// when it is changed, and never again.
func (o *Office) CreateEndpoint(ctx context.Context, by access.Caller, n NewEndpoint) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	if err := by.May(access.WebhooksWrite); err != nil {
		return e, err
	}
	if err := o.Webhooks.Allows(n.URL); err != nil {
		return e, err
	}
	for _, kind := range n.Kinds {
		if !slices.Contains(EventKinds, kind) {
			return e, webhook.ErrEventKind
		}
	}
	secret, err := webhook.NewSecret(o.Random)
	if err != nil {
		return e, err
	}
	e = webhook.Endpoint{
		ID: o.IDs.New("whe"), URL: n.URL, Kinds: slices.Compact(slices.Sorted(slices.Values(n.Kinds))), State: webhook.Enabled,
		Secrets: []webhook.Secret{{Text: secret}}, Description: n.Description, CreatedAt: o.Now(),
	}
	err = o.Store.Update(ctx, func(tx *store.Tx) error {
		if err := roomForEndpoint(ctx, tx); err != nil {
			return err
		}
		if err := tx.AddEndpoint(ctx, e); err != nil {
			return err
		}
		return o.auditEndpoint(ctx, tx, by, e, "created")
	})
	return e, err
}

func roomForEndpoint(ctx context.Context, tx *store.Tx) error {
	enabled, err := tx.EnabledEndpoints(ctx)
	if err == nil && len(enabled) >= endpointsMax {
		return webhook.ErrEndpointsMany
	}
	return err
}

func (o *Office) auditEndpoint(ctx context.Context, tx *store.Tx, by access.Caller, e webhook.Endpoint, did string) error {
	return tx.Audit(ctx, store.Record{Chain: store.OfficeChain, At: o.Now(), By: by.Name, Action: endpointActions + did, Subject: e.ID},
		map[string]any{"url": e.URL, "events": e.Kinds, "state": e.State})
}

// Endpoint fetches a webhook endpoint.
func (o *Office) Endpoint(ctx context.Context, by access.Caller, id string) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	if err := mayHook(by); err != nil {
		return e, err
	}
	err := o.Store.View(ctx, func(tx *store.Tx) (err error) {
		e, err = tx.Endpoint(ctx, id)
		return err
	})
	return e, err
}

// mayHook returns nil if by may see what belongs to webhook endpoints, which hear of
// every account.
func mayHook(by access.Caller) error {
	if by.Account != "" {
		return access.ErrForbidden.Detail("webhooks are the platform's")
	}
	return by.May(access.WebhooksRead)
}

// ListEndpoints lists webhook endpoints, newest first.
func (o *Office) ListEndpoints(ctx context.Context, by access.Caller, p Page) (endpoints []webhook.Endpoint, next string, err error) {
	if err := mayHook(by); err != nil {
		return nil, "", err
	}
	err = o.Store.View(ctx, func(tx *store.Tx) (err error) {
		endpoints, err = tx.Endpoints(ctx, p.After, p.Limit+1)
		return err
	})
	endpoints, next = cut(endpoints, p, func(e webhook.Endpoint) string { return e.ID })
	return endpoints, next, err
}

// RotateSecret gives a webhook endpoint a new secret. For a day events are signed
// with the old one too, so that the receiver can change over in its own time.
func (o *Office) RotateSecret(ctx context.Context, by access.Caller, id string) (webhook.Endpoint, error) {
	return o.changeEndpoint(ctx, by, id, "secret_rotated", func(e webhook.Endpoint) (webhook.Endpoint, error) {
		secret, err := webhook.NewSecret(o.Random)
		return e.Rotated(secret, o.Now(), secretOverlap), err
	})
}

// DisableEndpoint stops sending to a webhook endpoint. What was on its way is
// given up when its turn comes; it is in the log and can be replayed.
func (o *Office) DisableEndpoint(ctx context.Context, by access.Caller, id string) (webhook.Endpoint, error) {
	return o.changeEndpoint(ctx, by, id, "disabled", func(e webhook.Endpoint) (webhook.Endpoint, error) {
		e.State = webhook.Disabled
		return e, nil
	})
}

// EnableEndpoint sends to a webhook endpoint again, beginning with the next event.
func (o *Office) EnableEndpoint(ctx context.Context, by access.Caller, id string) (webhook.Endpoint, error) {
	return o.changeEndpoint(ctx, by, id, "enabled", func(e webhook.Endpoint) (webhook.Endpoint, error) {
		e.State = webhook.Enabled
		return e, nil
	})
}

func (o *Office) changeEndpoint(ctx context.Context, by access.Caller, id, did string, change func(webhook.Endpoint) (webhook.Endpoint, error)) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	if err := by.May(access.WebhooksWrite); err != nil {
		return e, err
	}
	err := o.Store.Update(ctx, func(tx *store.Tx) error {
		before, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		if e, err = change(before); err != nil {
			return err
		}
		if e.State == webhook.Enabled && before.State != webhook.Enabled {
			if err := roomForEndpoint(ctx, tx); err != nil {
				return err
			}
		}
		if err := tx.SaveEndpoint(ctx, e); err != nil {
			return err
		}
		return o.auditEndpoint(ctx, tx, by, e, did)
	})
	return e, err
}
