package store

import (
	"context"
	"errors"
	"time"

	"github.com/bursar-pay/bursar/internal/webhook"
)

const endpointColumns = `id, url, kinds, secrets, state, description, created_at`

// keptSecret is a webhook secret as the database keeps it. The type that the
// rest of the house has hides its text, from JSON too.
type keptSecret struct {
	Text  string `json:"text"`
	Until int64  `json:"until,omitempty"` // microseconds; 0 for good
}

func keptSecrets(secrets []webhook.Secret) string {
	kept := make([]keptSecret, 0, len(secrets))
	for _, s := range secrets {
		k := keptSecret{Text: string(s.Text)}
		if !s.Until.IsZero() {
			k.Until = s.Until.UnixMicro()
		}
		kept = append(kept, k)
	}
	return asJSON(kept)
}

func scanEndpoint(r row) (webhook.Endpoint, error) {
	var e webhook.Endpoint
	var kept []keptSecret
	err := r.Scan(&e.ID, &e.URL, document{&e.Kinds}, document{&kept}, &e.State, &e.Description, instant{&e.CreatedAt})
	if errors.Is(err, errNoRow) {
		return e, webhook.ErrEndpointNotFound
	}
	for _, k := range kept {
		s := webhook.Secret{Text: webhook.SecretText(k.Text)}
		if k.Until != 0 {
			s.Until = time.UnixMicro(k.Until).UTC()
		}
		e.Secrets = append(e.Secrets, s)
	}
	return e, err
}

// AddEndpoint inserts a webhook endpoint.
func (tx *Tx) AddEndpoint(ctx context.Context, e webhook.Endpoint) error {
	tx.hearers = nil
	kinds := e.Kinds
	if kinds == nil {
		kinds = []string{}
	}
	return tx.execOne(ctx, `
		INSERT INTO webhook_endpoints (`+endpointColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, e.URL, asJSON(kinds), keptSecrets(e.Secrets), string(e.State), e.Description, micros(e.CreatedAt))
}

// Endpoint fetches a webhook endpoint.
func (tx *Tx) Endpoint(ctx context.Context, id string) (webhook.Endpoint, error) {
	return scanEndpoint(tx.queryRow(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoints WHERE id = $1`, id))
}

// LockEndpoint fetches a webhook endpoint and keeps others from changing it until
// the transaction ends.
func (tx *Tx) LockEndpoint(ctx context.Context, id string) (webhook.Endpoint, error) {
	return scanEndpoint(tx.queryRow(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoints WHERE id = $1`+tx.forUpdate(), id))
}

// Endpoints lists webhook endpoints, newest first, those before the given id; ""
// starts with the newest.
func (tx *Tx) Endpoints(ctx context.Context, before string, limit int) ([]webhook.Endpoint, error) {
	return tx.endpoints(ctx, `
		SELECT `+endpointColumns+`
		  FROM webhook_endpoints
		 WHERE $1 = '' OR id < $1
		 ORDER BY id DESC
		 LIMIT $2`, before, int64(limit))
}

// EnabledEndpoints lists the webhook endpoints that are told of events. It asks
// once in a transaction.
func (tx *Tx) EnabledEndpoints(ctx context.Context) ([]webhook.Endpoint, error) {
	if tx.hearers != nil {
		return *tx.hearers, nil
	}
	hearers, err := tx.endpoints(ctx, `SELECT `+endpointColumns+` FROM webhook_endpoints WHERE state = 'enabled' ORDER BY id`)
	if err == nil {
		tx.hearers = &hearers
	}
	return hearers, err
}

func (tx *Tx) endpoints(ctx context.Context, question string, args ...any) ([]webhook.Endpoint, error) {
	var out []webhook.Endpoint
	err := tx.query(ctx, question, args, func(r row) error {
		e, err := scanEndpoint(r)
		out = append(out, e)
		return err
	})
	return out, err
}

// SaveEndpoint writes what may change of a webhook endpoint.
func (tx *Tx) SaveEndpoint(ctx context.Context, e webhook.Endpoint) error {
	tx.hearers = nil
	return tx.execOne(ctx, `UPDATE webhook_endpoints SET state = $2, secrets = $3 WHERE id = $1`,
		e.ID, string(e.State), keptSecrets(e.Secrets))
}
