package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/wire"
)

// NewEvent returns the event that something of this kind happened to a value of
// the rules, which it carries whole. Every delivery sends its payload unchanged.
func NewEvent(id string, at time.Time, kind string, of account.ID, subject string, value any) (Event, error) {
	if !IsKind(kind) {
		return Event{}, fmt.Errorf("webhook: %q is no kind of event", kind)
	}
	object, err := wire.Object(value)
	if err != nil {
		return Event{}, fmt.Errorf("event %s of %s: %w", kind, subject, err)
	}
	shape, err := wire.OfEvent(id, kind, Version, at, string(of), object)
	if err != nil {
		return Event{}, fmt.Errorf("event %s of %s: %w", kind, subject, err)
	}
	var payload bytes.Buffer
	enc := json.NewEncoder(&payload)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(shape); err != nil {
		return Event{}, fmt.Errorf("event %s of %s: %w", kind, subject, err)
	}
	return Event{
		ID: id, Account: of, Kind: kind, Subject: subject, Version: Version,
		Payload: bytes.TrimSuffix(payload.Bytes(), []byte("\n")), CreatedAt: at,
	}, nil
}
