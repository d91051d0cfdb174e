package wire

import (
	"encoding/json"
	"time"
)

// Event is one thing that happened. It is sent to webhook endpoints and shown by
// the API in the same bytes.
type Event struct {
	Object    string          `json:"object" enum:"event"`
	ID        string          `json:"id" example:"evt_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Type      string          `json:"type" example:"payment.succeeded"`
	Version   int             `json:"version" doc:"Of the shape; new fields do not raise it."`
	CreatedAt string          `json:"created_at" format:"date-time"`
	Account   *string         `json:"account" doc:"Null when it is about the installation."`
	Data      json.RawMessage `json:"data" doc:"The whole object as it was right after the event."`
}

// Endpoint is where the platform listens.
type Endpoint struct {
	Object      string   `json:"object" enum:"webhook_endpoint"`
	ID          string   `json:"id" example:"whe_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	URL         string   `json:"url"`
	Events      []string `json:"events" nullable:"false" doc:"The types it hears; empty means all."`
	State       string   `json:"state" enum:"enabled,disabled"`
	Description string   `json:"description"`
	Secret      string   `json:"secret,omitempty" doc:"Signs the events, as Standard Webhooks says. Shown once: when it is made or changed."`
	RotatesAt   *string  `json:"old_secret_until" format:"date-time" doc:"Until then events are signed with the old secret too; null when there is none."`
	CreatedAt   string   `json:"created_at" format:"date-time"`
}

// Delivery is the sending of one event to one endpoint, however often it takes.
type Delivery struct {
	Object     string    `json:"object" enum:"delivery"`
	ID         string    `json:"id" example:"dlv_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Endpoint   string    `json:"webhook_endpoint"`
	Event      string    `json:"event"`
	EventType  string    `json:"event_type"`
	State      string    `json:"state" enum:"waiting,delivered,given_up"`
	Attempts   int       `json:"attempts"`
	NextAt     *string   `json:"next_attempt_at" format:"date-time"`
	LastStatus *int      `json:"last_status" doc:"HTTP status of the last answer; null when none came."`
	LastError  *string   `json:"last_error" doc:"Why the last attempt failed: address_refused, port_refused, name_unknown, unreachable, tls_failed, timeout, redirected, refused, unsigned or endpoint_disabled."`
	LastAt     *string   `json:"last_attempt_at" format:"date-time"`
	CreatedAt  string    `json:"created_at" format:"date-time"`
	Log        []Attempt `json:"log,omitempty" doc:"Its attempts, the last one first; only where one delivery is asked for."`
}

// Attempt is one try at a delivery.
type Attempt struct {
	Number int     `json:"number" doc:"From 1, over all replays."`
	At     string  `json:"at" format:"date-time"`
	Status *int    `json:"status" doc:"HTTP status of the answer; null when none came."`
	Error  *string `json:"error"`
	Millis int64   `json:"took_ms"`
}

// Key is an API key.
type Key struct {
	Object    string   `json:"object" enum:"api_key"`
	ID        string   `json:"id" example:"key_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes" nullable:"false"`
	Key       string   `json:"key,omitempty" doc:"The key itself. Shown once: when it is made."`
	CreatedAt string   `json:"created_at" format:"date-time"`
	ExpiresAt *string  `json:"expires_at" format:"date-time"`
	RevokedAt *string  `json:"revoked_at" format:"date-time"`
	UsedAt    *string  `json:"used_at" format:"date-time" doc:"Up to a minute late."`
}

// OfEvent puts an event's parts together. Data is the shape of an object.
func OfEvent(id, kind string, version int, at time.Time, account string, data any) (Event, error) {
	raw, err := json.Marshal(data)
	return Event{
		Object: "event", ID: id, Type: kind, Version: version, CreatedAt: Instant(at), Account: MaybeText(account), Data: raw,
	}, err
}
