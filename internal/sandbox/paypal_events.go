package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// A paypalEvent says that something happened, with the object as it was then.
type paypalEvent struct {
	ID              string          `json:"id"`
	EventVersion    string          `json:"event_version"`
	CreateTime      string          `json:"create_time"`
	ResourceType    string          `json:"resource_type"`
	ResourceVersion string          `json:"resource_version,omitempty"`
	EventType       string          `json:"event_type"`
	Summary         string          `json:"summary"`
	Resource        json.RawMessage `json:"resource"`
	Links           []paypalLink    `json:"links"`

	hidden struct {
		ResourceID string
		Created    int64 // Unix seconds
	}
}

const kindPayPalEvent = "paypal_event"

func (e *paypalEvent) columns() columns {
	return columns{kind: kindPayPalEvent, id: e.ID, created: e.hidden.Created, charge: e.hidden.ResourceID, mark: e.EventType}
}

func (e *paypalEvent) hiddenPart() any { return &e.hidden }

// A paypalEventType is a kind of event that a webhook can ask for.
type paypalEventType struct {
	name, resource, version, what string
}

// paypalEventTypes are the kinds that the world sends, and some that it never
// does but that merchants ask for beside them.
// https://developer.paypal.com/api/rest/webhooks/event-names/
var paypalEventTypes = []paypalEventType{
	{"CHECKOUT.ORDER.APPROVED", "checkout-order", "2.0", "A payer approved an order."},
	{"CHECKOUT.ORDER.COMPLETED", "checkout-order", "2.0", "An order is complete."},
	{"CHECKOUT.ORDER.VOIDED", "checkout-order", "2.0", "An order was voided."},
	{"CHECKOUT.PAYMENT-APPROVAL.REVERSED", "checkout-order", "2.0", "An approved order was not captured in time."},
	{"CUSTOMER.DISPUTE.CREATED", "dispute", "", "A payer opened a dispute."},
	{"CUSTOMER.DISPUTE.UPDATED", "dispute", "", "A dispute changed."},
	{"CUSTOMER.DISPUTE.RESOLVED", "dispute", "", "A dispute came to its end."},
	{"PAYMENT.AUTHORIZATION.CREATED", "authorization", "2.0", "A payment was authorized."},
	{"PAYMENT.AUTHORIZATION.VOIDED", "authorization", "2.0", "An authorization was voided."},
	{"PAYMENT.CAPTURE.COMPLETED", "capture", "2.0", "A payment was captured."},
	{"PAYMENT.CAPTURE.DECLINED", "capture", "2.0", "A capture was declined."},
	{"PAYMENT.CAPTURE.DENIED", "capture", "2.0", "A capture was denied."},
	{"PAYMENT.CAPTURE.PENDING", "capture", "2.0", "A capture is pending."},
	{"PAYMENT.CAPTURE.REFUNDED", "refund", "2.0", "A captured payment was refunded."},
	{"PAYMENT.CAPTURE.REVERSED", "refund", "2.0", "A captured payment was reversed."},
	{"VAULT.PAYMENT-TOKEN.CREATED", "payment_token", "3.0", "A way to pay was saved."},
	{"VAULT.PAYMENT-TOKEN.DELETED", "payment_token", "3.0", "A saved way to pay was deleted."},
	{"VAULT.PAYMENT-TOKEN.DELETION-INITIATED", "payment_token", "3.0", "A saved way to pay is about to be deleted."},
}

func paypalEventTypeNamed(name string) (paypalEventType, bool) {
	for _, k := range paypalEventTypes {
		if k.name == name {
			return k, true
		}
	}
	return paypalEventType{}, false
}

// paypalEvent writes down that something happened to an object, given as
// PayPal answers it, and has every webhook told that wants to know.
func (t *tx) paypalEvent(kind string, resource any) error {
	e, err := t.newPayPalEvent(kind, resource)
	if err != nil {
		return err
	}
	hooks, err := t.paypalHooks()
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if !h.wants(kind) {
			continue
		}
		if err := t.enqueue(e.ID, h.id); err != nil {
			return err
		}
		t.w.wakeUp()
	}
	return nil
}

func (t *tx) newPayPalEvent(kind string, resource any) (*paypalEvent, error) {
	k, known := paypalEventTypeNamed(kind)
	if !known {
		return nil, fmt.Errorf("PayPal has no event named %q", kind)
	}
	doc, err := json.Marshal(resource)
	if err != nil {
		return nil, err
	}
	var named struct {
		ID        string `json:"id"`
		DisputeID string `json:"dispute_id"`
	}
	if err := json.Unmarshal(doc, &named); err != nil {
		return nil, err
	}
	e := &paypalEvent{
		ID: "WH-" + t.w.paypalID() + "-" + t.w.paypalID(), EventVersion: "1.0", CreateTime: t.now.Format("2006-01-02T15:04:05.000Z"),
		ResourceType: k.resource, ResourceVersion: k.version, EventType: k.name, Summary: k.what, Resource: doc,
	}
	self := t.w.paypalOrigin(t) + "/v1/notifications/webhooks-events/" + e.ID
	e.Links = []paypalLink{{Href: self, Rel: "self", Method: "GET"}, {Href: self + "/resend", Rel: "resend", Method: "POST"}}
	e.hidden.ResourceID, e.hidden.Created = named.ID+named.DisputeID, t.now.Unix()
	t.save(e)
	return e, nil
}

func (t *tx) payPalEventNamed(id string) (*paypalEvent, error) {
	e, found, err := load[paypalEvent](t, kindPayPalEvent, id)
	if err == nil && !found {
		err = noSuchPayPalResource("event_id")
	}
	return e, err
}

func retrievePayPalEvent(t *tx, c *paypalCall) (any, error) { return t.payPalEventNamed(c.id) }

// resendPayPalEvent has an event delivered once more, to the webhooks that are
// named or to all that want it.
func resendPayPalEvent(t *tx, c *paypalCall) (any, error) {
	var asked struct {
		WebhookIDs []string `json:"webhook_ids"`
	}
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	e, err := t.payPalEventNamed(c.id)
	if err != nil {
		return nil, err
	}
	hooks, err := t.paypalHooks()
	if err != nil {
		return nil, err
	}
	for _, id := range asked.WebhookIDs {
		if !slices.ContainsFunc(hooks, func(h hook) bool { return h.id == id }) {
			return nil, noSuchPayPalResource("webhook_ids")
		}
	}
	for _, h := range hooks {
		if named := slices.Contains(asked.WebhookIDs, h.id); !named && (len(asked.WebhookIDs) > 0 || !h.wants(e.EventType)) {
			continue
		}
		if err := t.enqueue(e.ID, h.id); err != nil {
			return nil, err
		}
		t.w.wakeUp()
	}
	return e, nil
}

// simulatePayPalEvent sends a made-up event to a webhook, or to any address.
func simulatePayPalEvent(t *tx, c *paypalCall) (any, error) {
	var asked struct {
		WebhookID string `json:"webhook_id"`
		URL       string `json:"url"`
		EventType string `json:"event_type"`
	}
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	if _, known := paypalEventTypeNamed(asked.EventType); !known {
		return nil, invalidWebhook("event_type", "is not the name of an event; GET /v1/notifications/webhooks-event-types lists them")
	}
	to := asked.WebhookID
	if to == "" {
		if !isWebhookURL(asked.URL) {
			return nil, invalidWebhook("url", "is not an address that webhooks can be posted to, and no webhook_id was sent")
		}
		simulated := t.newPayPalWebhook(t.w.paypalID(), asked.URL, []string{"*"})
		simulated.hidden.State = webhookSimulated
		t.save(simulated)
		to = simulated.ID
	} else if _, err := t.payPalWebhook(to); err != nil {
		return nil, err
	}
	e, err := t.newPayPalEvent(asked.EventType, map[string]any{"id": t.w.paypalID(), "create_time": t.now.Format(time.RFC3339), "links": []paypalLink{}})
	if err != nil {
		return nil, err
	}
	t.w.wakeUp()
	return e, t.enqueue(e.ID, to)
}

type paypalEventList struct {
	Events []json.RawMessage `json:"events"`
	Count  int               `json:"count"`
	Links  []paypalLink      `json:"links"`
}

const paypalEventsMax = 300 // per page

// listPayPalEvents answers with a page of events, the newest first. The next
// page begins after the event that its link names.
func listPayPalEvents(t *tx, c *paypalCall) (any, error) {
	size := 10
	if asked, err := strconv.Atoi(c.query.Get("page_size")); err == nil && asked > 0 {
		size = min(asked, paypalEventsMax)
	}
	from, to, err := c.period("start_time", "end_time", time.Time{}, t.now)
	if err != nil {
		return nil, err
	}
	resource, kind := c.query.Get("transaction_id"), c.query.Get("event_type")
	list := paypalEventList{Events: []json.RawMessage{}, Links: []paypalLink{}}
	var last string
	err = t.w.store.each(`
		SELECT id, doc FROM objects
		 WHERE kind = 'paypal_event' AND created >= $1 AND created <= $2 AND ($3 = '' OR charge = $3) AND ($4 = '' OR mark = $4)
		   AND ($5 = '' OR seq < (SELECT seq FROM objects WHERE id = $5))
		 ORDER BY seq DESC LIMIT $6`,
		[]any{from.Unix(), to.Unix(), resource, kind, c.query.Get("index_id"), size + 1}, func(scan func(...any) error) error {
			var id string
			var doc []byte
			if err := scan(&id, &doc); err != nil {
				return err
			}
			if len(list.Events) == size {
				list.Links = append(list.Links, paypalLink{Href: c.nextEvents(t, last), Rel: "next", Method: http.MethodGet})
				return nil
			}
			last = id
			list.Events = append(list.Events, doc)
			return nil
		})
	list.Count = len(list.Events)
	return list, err
}

func (c *paypalCall) nextEvents(t *tx, after string) string {
	next := maps.Clone(c.query)
	next.Set("move_to", "next")
	next.Set("index_id", after)
	return t.w.paypalOrigin(t) + "/v1/notifications/webhooks-events?" + next.Encode()
}

type paypalEventTypeList struct {
	EventTypes []paypalEventName `json:"event_types"`
}

// A paypalEventName is a kind of event as webhooks list it.
type paypalEventName struct {
	Name             string   `json:"name"`
	Description      string   `json:"description,omitempty"`
	Status           string   `json:"status,omitempty"`
	ResourceVersions []string `json:"resource_versions,omitempty"`
}

func describeEventType(name string) paypalEventName {
	k, known := paypalEventTypeNamed(name)
	if !known {
		return paypalEventName{Name: name}
	}
	described := paypalEventName{Name: k.name, Description: k.what, Status: "ENABLED"}
	if k.version != "" {
		described.ResourceVersions = []string{k.version}
	}
	return described
}

func listPayPalEventTypes(*tx, *paypalCall) (any, error) {
	list := paypalEventTypeList{}
	for _, k := range paypalEventTypes {
		list.EventTypes = append(list.EventTypes, describeEventType(k.name))
	}
	return list, nil
}
