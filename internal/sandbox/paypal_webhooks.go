package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash/crc32"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A paypalWebhook is where a merchant wants to be told of PayPal's events.
type paypalWebhook struct {
	ID         string            `json:"id"`
	URL        string            `json:"url"`
	EventTypes []paypalEventName `json:"event_types"`
	Links      []paypalLink      `json:"links"`

	hidden struct {
		State   string // "enabled", "deleted" or "simulated"
		Origin  string // of the world, as whoever made the webhook reached it
		Created int64  // Unix seconds
	}
}

const (
	kindPayPalWebhook = "paypal_webhook"
	webhookEnabled    = "enabled"
	webhookDeleted    = "deleted"
	// webhookSimulated is an address that only one made-up event goes to.
	webhookSimulated = "simulated"
	// simulatedWebhookID stands for the webhook's id in the signatures of
	// events that are not for any.
	simulatedWebhookID = "WEBHOOK_ID"
	paypalWebhooksMax  = 10
	paypalURLMax       = 2048
)

func (h *paypalWebhook) columns() columns {
	return columns{kind: kindPayPalWebhook, id: h.ID, created: h.hidden.Created, mark: h.hidden.State}
}

func (h *paypalWebhook) hiddenPart() any { return &h.hidden }

// signedAs is the webhook id in the signature.
func (h *paypalWebhook) signedAs() string {
	if h.hidden.State == webhookSimulated {
		return simulatedWebhookID
	}
	return h.ID
}

// paypalWebhookRoutes are the operations of PayPal's webhooks API, v1.
func paypalWebhookRoutes() map[string]paypalRoute {
	return map[string]paypalRoute{
		"POST v1/notifications/webhooks":                 {op: "paypal_webhook_create", status: http.StatusCreated, do: createPayPalWebhook},
		"GET v1/notifications/webhooks":                  {op: "paypal_webhook_list", do: listPayPalWebhooks},
		"GET v1/notifications/webhooks/*":                {op: "paypal_webhook_retrieve", do: retrievePayPalWebhook},
		"PATCH v1/notifications/webhooks/*":              {op: "paypal_webhook_update", do: patchPayPalWebhook},
		"DELETE v1/notifications/webhooks/*":             {op: "paypal_webhook_delete", do: deletePayPalWebhook},
		"GET v1/notifications/webhooks/*/event-types":    {op: "paypal_webhook_event_type_list", do: listPayPalWebhookEventTypes},
		"GET v1/notifications/webhooks-event-types":      {op: "paypal_event_type_list", do: listPayPalEventTypes},
		"GET v1/notifications/webhooks-events":           {op: "paypal_event_list", do: listPayPalEvents},
		"GET v1/notifications/webhooks-events/*":         {op: "paypal_event_retrieve", do: retrievePayPalEvent},
		"POST v1/notifications/webhooks-events/*/resend": {op: "paypal_event_resend", status: http.StatusAccepted, do: resendPayPalEvent},
		"POST v1/notifications/simulate-event":           {op: "paypal_event_simulate", status: http.StatusAccepted, do: simulatePayPalEvent},
		"POST v1/notifications/verify-webhook-signature": {op: "paypal_webhook_verify", do: verifyPayPalWebhook},
	}
}

// paypalRefusal is a refusal with a name of its own, which most have not.
func paypalRefusal(status int, name, message string, details ...paypalDetail) *paypalError {
	return &paypalError{status: status, Name: name, Message: message, Details: details}
}

func noSuchPayPalResource(field string) error {
	return paypalRefusal(http.StatusNotFound, "INVALID_RESOURCE_ID", "There is nothing with this id.",
		paypalDetail{Field: field, Issue: "INVALID_RESOURCE_ID", Description: "There is nothing with this id."})
}

func invalidWebhook(field, issue string) error {
	return paypalRefusal(http.StatusBadRequest, "VALIDATION_ERROR", "The request is not valid; its details say where.",
		paypalDetail{Field: field, Location: "body", Issue: issue})
}

func isWebhookURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && len(raw) <= paypalURLMax
}

// paypalOrigin is the world's public origin: the one that it was told, or the
// one that the request came to.
func (w *World) paypalOrigin(t *tx) string {
	if base := w.baseURL.Load().(string); base != "" {
		return base
	}
	return t.by.origin
}

func (t *tx) newPayPalWebhook(id, address string, kinds []string) *paypalWebhook {
	h := &paypalWebhook{ID: id, URL: address}
	h.hidden.State, h.hidden.Origin, h.hidden.Created = webhookEnabled, t.w.paypalOrigin(t), t.now.Unix()
	h.listen(kinds)
	self := t.w.paypalOrigin(t) + "/v1/notifications/webhooks/" + h.ID
	h.Links = []paypalLink{{Href: self, Rel: "self", Method: "GET"}, {Href: self, Rel: "update", Method: "PATCH"}, {Href: self, Rel: "delete", Method: "DELETE"}}
	return h
}

func (h *paypalWebhook) listen(kinds []string) {
	h.EventTypes = []paypalEventName{}
	for _, kind := range kinds {
		h.EventTypes = append(h.EventTypes, describeEventType(kind))
	}
}

// paypalHooks are the webhooks that events go to.
func (t *tx) paypalHooks() ([]hook, error) {
	if t.w.listeners != nil {
		return t.w.listeners, nil
	}
	hooks := []hook{}
	err := t.eachPayPalWebhook(func(h *paypalWebhook) {
		to := hook{id: h.ID}
		for _, k := range h.EventTypes {
			to.kinds = append(to.kinds, k.Name)
		}
		hooks = append(hooks, to)
	})
	if err == nil {
		t.w.listeners = hooks
	}
	return hooks, err
}

func (t *tx) eachPayPalWebhook(fn func(*paypalWebhook)) error {
	return t.w.store.each("SELECT doc FROM objects WHERE kind = 'paypal_webhook' AND mark = 'enabled' ORDER BY seq", nil, func(scan func(...any) error) error {
		var doc []byte
		if err := scan(&doc); err != nil {
			return err
		}
		h := &paypalWebhook{}
		err := json.Unmarshal(doc, h)
		fn(h)
		return err
	})
}

func (t *tx) payPalWebhook(id string) (*paypalWebhook, error) {
	h, found, err := load[paypalWebhook](t, kindPayPalWebhook, id)
	if err == nil && (!found || h.hidden.State != webhookEnabled) {
		err = noSuchPayPalResource("webhook_id")
	}
	return h, err
}

// saveWebhook writes a webhook, after which the ones in memory are stale.
func (t *tx) saveWebhook(h *paypalWebhook) {
	t.save(h)
	t.w.listeners = nil
}

func createPayPalWebhook(t *tx, c *paypalCall) (any, error) {
	var asked struct {
		URL        string            `json:"url"`
		EventTypes []paypalEventName `json:"event_types"`
	}
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	if !isWebhookURL(asked.URL) {
		return nil, invalidWebhook("url", "is not an address that webhooks can be posted to")
	}
	kinds, err := knownEventTypes(asked.EventTypes)
	if err != nil {
		return nil, err
	}
	others, err := t.otherWebhooks("", asked.URL)
	if err != nil {
		return nil, err
	}
	if others >= paypalWebhooksMax {
		return nil, paypalRefusal(http.StatusBadRequest, "WEBHOOK_NUMBER_LIMIT_EXCEEDED", "There are as many webhooks as there can be: "+strconv.Itoa(paypalWebhooksMax)+".")
	}
	h := t.newPayPalWebhook(t.w.paypalID(), asked.URL, kinds)
	t.saveWebhook(h)
	return h, nil
}

// otherWebhooks counts the webhooks besides one, and refuses if one of them
// has the address already.
func (t *tx) otherWebhooks(besides, address string) (int, error) {
	others, taken := 0, false
	err := t.eachPayPalWebhook(func(h *paypalWebhook) {
		if h.ID != besides {
			others++
			taken = taken || h.URL == address
		}
	})
	if err == nil && taken {
		err = paypalRefusal(http.StatusBadRequest, "WEBHOOK_URL_ALREADY_EXISTS", "A webhook with this address exists already.")
	}
	return others, err
}

func knownEventTypes(asked []paypalEventName) ([]string, error) {
	if len(asked) == 0 {
		return nil, invalidWebhook("event_types", "is missing; name at least one kind of event, or *")
	}
	var kinds []string
	for i, k := range asked {
		if _, known := paypalEventTypeNamed(k.Name); !known && k.Name != "*" {
			return nil, invalidWebhook("event_types["+strconv.Itoa(i)+"].name", "is not the name of an event; GET /v1/notifications/webhooks-event-types lists them")
		}
		kinds = append(kinds, k.Name)
	}
	return kinds, nil
}

type paypalWebhookList struct {
	Webhooks []*paypalWebhook `json:"webhooks"`
}

func listPayPalWebhooks(t *tx, _ *paypalCall) (any, error) {
	list := paypalWebhookList{Webhooks: []*paypalWebhook{}}
	err := t.eachPayPalWebhook(func(h *paypalWebhook) { list.Webhooks = append(list.Webhooks, h) })
	return list, err
}

func retrievePayPalWebhook(t *tx, c *paypalCall) (any, error) { return t.payPalWebhook(c.id) }

func listPayPalWebhookEventTypes(t *tx, c *paypalCall) (any, error) {
	h, err := t.payPalWebhook(c.id)
	return paypalEventTypeList{h.EventTypes}, err
}

// patchPayPalWebhook replaces the address or the kinds of events.
func patchPayPalWebhook(t *tx, c *paypalCall) (any, error) {
	h, err := t.payPalWebhook(c.id)
	if err != nil {
		return nil, err
	}
	var changes []struct {
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value"`
	}
	if err := c.decode(&changes); err != nil {
		return nil, err
	}
	for _, change := range changes {
		var address string
		var kinds []paypalEventName
		switch {
		case change.Op != "replace":
			return nil, invalidWebhook("op", "can only be replace")
		case change.Path == "/url" && json.Unmarshal(change.Value, &address) == nil && isWebhookURL(address):
			if _, err := t.otherWebhooks(h.ID, address); err != nil {
				return nil, err
			}
			h.URL = address
		case change.Path == "/event_types" && json.Unmarshal(change.Value, &kinds) == nil:
			known, err := knownEventTypes(kinds)
			if err != nil {
				return nil, err
			}
			h.listen(known)
		default:
			return nil, invalidWebhook("path", "is neither /url nor /event_types, or the value does not suit it")
		}
	}
	t.saveWebhook(h)
	return h, nil
}

func deletePayPalWebhook(t *tx, c *paypalCall) (any, error) {
	h, err := t.payPalWebhook(c.id)
	if err != nil {
		return nil, err
	}
	h.hidden.State = webhookDeleted
	t.saveWebhook(h)
	return nothing{}, nil
}

// paypalSigned is the text whose signature goes with a delivery.
// https://developer.paypal.com/api/rest/webhooks/rest/
func paypalSigned(transmission, at, webhookID string, body []byte) []byte {
	return []byte(transmission + "|" + at + "|" + webhookID + "|" + strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
}

// verifyPayPalWebhook says whether a delivery came from here. The event counts
// byte for byte as it was sent.
func verifyPayPalWebhook(t *tx, c *paypalCall) (any, error) {
	var asked struct {
		AuthAlgo         string          `json:"auth_algo"`
		CertURL          string          `json:"cert_url"`
		TransmissionID   string          `json:"transmission_id"`
		TransmissionSig  string          `json:"transmission_sig"`
		TransmissionTime string          `json:"transmission_time"`
		WebhookID        string          `json:"webhook_id"`
		WebhookEvent     json.RawMessage `json:"webhook_event"`
	}
	if err := c.decode(&asked); err != nil {
		return nil, err
	}
	for field, value := range map[string]string{
		"auth_algo": asked.AuthAlgo, "cert_url": asked.CertURL, "transmission_id": asked.TransmissionID, "transmission_sig": asked.TransmissionSig,
		"transmission_time": asked.TransmissionTime, "webhook_id": asked.WebhookID, "webhook_event": string(asked.WebhookEvent),
	} {
		if value == "" {
			return nil, invalidWebhook(field, "is missing")
		}
	}
	seal, err := t.w.seal()
	if err != nil {
		return nil, err
	}
	signature, failed := base64.StdEncoding.DecodeString(asked.TransmissionSig)
	_, unknown := t.payPalWebhook(asked.WebhookID)
	var refused *paypalError
	if unknown != nil && !errors.As(unknown, &refused) {
		return nil, unknown
	}
	status := "FAILURE"
	if failed == nil && unknown == nil && strings.EqualFold(asked.AuthAlgo, paypalAuthAlgo) && strings.HasSuffix(asked.CertURL, certificatePath+seal.name) &&
		seal.hasSigned(paypalSigned(asked.TransmissionID, asked.TransmissionTime, asked.WebhookID, asked.WebhookEvent), signature) {
		status = "SUCCESS"
	}
	return map[string]string{"verification_status": status}, nil
}

// PayPalEndpoint has PayPal's events posted to url, without the detour over
// the protocol, and signed for a webhook of the given id, letters and digits.
// It can be called whenever the world is opened: called again for the same id
// it changes the address and the kinds, and a webhook of another id at the same
// address is deleted. No kinds of events means all.
func (w *World) PayPalEndpoint(url, webhookID string, kinds ...string) error {
	if !webhookIDs.MatchString(webhookID) || !isWebhookURL(url) {
		return badOrder{"A webhook needs an id of letters and digits, and an address that begins with http:// or https://."}
	}
	if len(kinds) == 0 {
		kinds = []string{"*"}
	}
	return w.asSandbox(func(t *tx) error {
		var stale []string
		if err := t.eachPayPalWebhook(func(h *paypalWebhook) {
			if h.URL == url && h.ID != webhookID {
				stale = append(stale, h.ID)
			}
		}); err != nil {
			return err
		}
		for _, id := range stale {
			h, err := t.payPalWebhook(id)
			if err != nil {
				return err
			}
			h.hidden.State = webhookDeleted
			t.saveWebhook(h)
		}
		h, found, err := load[paypalWebhook](t, kindPayPalWebhook, webhookID)
		if err != nil {
			return err
		}
		if !found {
			h = t.newPayPalWebhook(webhookID, url, nil)
		}
		h.URL, h.hidden.State = url, webhookEnabled
		h.listen(kinds)
		t.saveWebhook(h)
		return nil
	})
}

var webhookIDs = regexp.MustCompile(`^[a-zA-Z0-9]{1,50}$`)

// period reads two instants from the query, or takes the given ones.
func (c *paypalCall) period(fromName, toName string, from, to time.Time) (time.Time, time.Time, error) {
	for name, at := range map[string]*time.Time{fromName: &from, toName: &to} {
		raw := c.query.Get(name)
		if raw == "" {
			continue
		}
		read, err := readPayPalTime(raw)
		if err != nil {
			return from, to, inQuery(name, "INVALID_PARAMETER_SYNTAX", "The value is not a date and time of RFC 3339.")
		}
		*at = read
	}
	return from, to, nil
}

// inQuery refuses a request for one parameter of its query.
func inQuery(name, issue, description string) error {
	e := malformed(issue)
	e.Details[0].Field, e.Details[0].Location, e.Details[0].Description = name, "query", description
	return e
}

// readPayPalTime reads an instant as PayPal's callers write it: RFC 3339, or
// the same with an offset that has no colon.
func readPayPalTime(raw string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05Z0700", raw)
	}
	return at, err
}
