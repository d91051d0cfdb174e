// Package webhook is the news that Bursar sends to the platform: what an event
// looks like, how it is signed (Standard Webhooks), when it is tried again, and
// the one HTTP client that delivers it without ever reaching a private address.
// It knows no database and no rule; the office writes events into an outbox and
// hands them here one delivery at a time.
package webhook

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/fault"
)

// Version is the version of the events' shape. It is raised when a field changes
// its meaning or goes away; new fields do not raise it.
const Version = 1

// What may be wrong with an endpoint or what is asked of it.
var (
	ErrEndpointNotFound = fault.New(fault.NotFound, "endpoint_not_found", "there is no such webhook endpoint")
	ErrEventNotFound    = fault.New(fault.NotFound, "event_not_found", "there is no such event")
	ErrDeliveryNotFound = fault.New(fault.NotFound, "delivery_not_found", "there is no such delivery")
	ErrEndpointURL      = fault.New(fault.Invalid, "endpoint_url_refused", "events are not sent to such an address").At("url").WithNext("name a public https address, such as https://example.com/bursar")
	ErrEndpointDisabled = fault.New(fault.Conflict, "endpoint_disabled", "the webhook endpoint is disabled").WithNext("enable it first")
	ErrEndpointsMany    = fault.New(fault.Conflict, "endpoints_too_many", "there are as many webhook endpoints as there may be").WithNext("disable or reuse one of them")
	ErrEventKind        = fault.New(fault.Invalid, "event_type_unknown", "there is no such type of event").At("events").WithNext("see the list of event types in the API's description; leave the list empty for all")
)

// State is whether an endpoint is sent anything.
type State string

// The states of an endpoint.
const (
	Enabled  State = "enabled"
	Disabled State = "disabled"
)

// Endpoint is where the platform listens.
type Endpoint struct {
	ID          string
	URL         string
	Kinds       []string // the events it hears; empty means all
	Secrets     []Secret // newest first; more than one while they are being changed
	State       State
	Description string
	CreatedAt   time.Time
}

// Hears tells whether e is to be told of events of this kind.
func (e Endpoint) Hears(kind string) bool {
	return e.State == Enabled && (len(e.Kinds) == 0 || slices.Contains(e.Kinds, kind))
}

// Secret is a key that signs events. Nothing prints it by accident.
type Secret struct {
	Text  SecretText
	Until time.Time // signs until then; zero means for good
}

// SecretText is the text of a secret, "whsec_" and base64. String, LogValue and
// MarshalJSON hide it; whoever must show it converts it to a string.
type SecretText string

const hidden = "whsec_…"

// String hides the secret.
func (SecretText) String() string { return hidden }

// GoString hides the secret.
func (SecretText) GoString() string { return hidden }

// LogValue hides the secret.
func (SecretText) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalJSON hides the secret.
func (SecretText) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// LiveSecrets returns the secrets that sign at this moment, newest first.
func (e Endpoint) LiveSecrets(now time.Time) []SecretText {
	var live []SecretText
	for _, s := range e.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			live = append(live, s.Text)
		}
	}
	return live
}

// Rotated returns e with a new secret in front. The others sign for overlap
// longer, so that the platform can change over without losing an event; of those
// at most one is kept.
func (e Endpoint) Rotated(fresh SecretText, now time.Time, overlap time.Duration) Endpoint {
	secrets := []Secret{{Text: fresh}}
	for _, s := range e.Secrets {
		if len(secrets) == secretsMax || !s.Until.IsZero() && !now.Before(s.Until) {
			continue
		}
		if end := now.Add(overlap); s.Until.IsZero() || s.Until.After(end) {
			s.Until = end
		}
		secrets = append(secrets, s)
	}
	e.Secrets = secrets
	return e
}

const secretsMax = 2

// Event is one thing that happened, as it is told to everybody: Payload is sent,
// and shown by the API, byte for byte.
type Event struct {
	ID        string
	Account   account.ID // "" when it is about the installation
	Kind      string     // noun and past participle, such as "payment.succeeded"
	Subject   string     // the id of what it happened to
	Version   int
	Payload   []byte
	CreatedAt time.Time
}

var kindForm = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`)

// IsKind tells whether s has the form of an event's kind.
func IsKind(s string) bool { return kindForm.MatchString(s) }

// DeliveryState is where a delivery is in its life.
type DeliveryState string

// The states of a delivery. A delivery that was given up may be sent again by
// hand, and is then waiting once more.
const (
	Waiting   DeliveryState = "waiting"
	Delivered DeliveryState = "delivered"
	GivenUp   DeliveryState = "given_up"
)

// Delivery is the sending of one event to one endpoint, however often it takes.
type Delivery struct {
	ID         string
	EndpointID string
	EventID    string
	EventKind  string // of the event; read only
	State      DeliveryState
	Attempts   int       // so far
	NextAt     time.Time // when it is tried again; zero unless it waits
	LastStatus int       // HTTP status of the last answer; 0 when none came
	LastError  string    // why the last attempt failed, in our words; "" when it did not
	LastAt     time.Time // zero before the first attempt
	CreatedAt  time.Time
}

// Attempt is one try at a delivery.
type Attempt struct {
	Number int // from 1, over all replays
	At     time.Time
	Status int    // of the answer; 0 when none came
	Error  string // in our words; "" when it was delivered
	Took   time.Duration
}

// After returns d as it is after an attempt that ended at now with r. Jitter is
// in [0, 1).
func (d Delivery) After(r Result, now time.Time, jitter float64) Delivery {
	d.Attempts++
	d.LastAt, d.LastStatus, d.LastError, d.NextAt = now, r.Status, r.Problem, time.Time{}
	wait, again := Backoff(d.Attempts, jitter)
	switch {
	case r.Problem == "":
		d.State = Delivered
	case again && !r.Final:
		d.State, d.NextAt = Waiting, now.Add(wait)
	default:
		d.State = GivenUp
	}
	return d
}
