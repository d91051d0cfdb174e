package sandbox

import (
	"encoding/json"
)

// APIVersion is the version of Stripe's API that events are spelled in when
// nobody asked for another: that of stripe-go v85.
const APIVersion = "2026-03-25.dahlia"

// An event says that something happened, with the object as it was then.
type event struct {
	ID              string       `json:"id"`
	Object          string       `json:"object"`
	APIVersion      string       `json:"api_version"`
	Created         int64        `json:"created"`
	Data            eventData    `json:"data"`
	Livemode        bool         `json:"livemode"`
	PendingWebhooks int          `json:"pending_webhooks"`
	Request         eventRequest `json:"request"`
	Type            string       `json:"type"`
}

type eventData struct {
	Object             json.RawMessage `json:"object"`
	PreviousAttributes map[string]any  `json:"previous_attributes,omitempty"`
}

type eventRequest struct {
	ID             opt `json:"id"`
	IdempotencyKey opt `json:"idempotency_key"`
}

func (e *event) columns() columns {
	return columns{kind: "event", id: e.ID, created: e.Created, mark: e.Type}
}

func (e *event) hiddenPart() any { return nil }

// event writes down that something happened to an object, and has every
// endpoint told that wants to know.
func (t *tx) event(kind string, object record) error {
	return t.eventChanging(kind, object, nil)
}

func (t *tx) eventChanging(kind string, object record, previous map[string]any) error {
	doc, err := json.Marshal(object)
	if err != nil {
		return err
	}
	e := &event{
		ID: t.w.newID("evt"), Object: "event", APIVersion: APIVersion, Created: t.now.Unix(),
		Data: eventData{doc, previous}, Type: kind,
		Request: eventRequest{opt(t.by.request), opt(t.by.key)},
	}
	if e.PendingWebhooks, err = t.notify(e); err != nil {
		return err
	}
	t.save(e)
	return nil
}

func retrieveEvent(t *tx, c *call) (any, error) {
	e, found, err := load[event](t, "event", c.ids[0])
	if err == nil && !found {
		err = noSuch("event", c.ids[0], "id")
	}
	return e, err
}
