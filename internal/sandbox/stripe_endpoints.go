package sandbox

import (
	"net/url"
	"slices"
)

// An endpoint is where a merchant wants to be told of events.
type endpoint struct {
	ID            string            `json:"id"`
	Object        string            `json:"object"`
	APIVersion    opt               `json:"api_version"`
	Application   null              `json:"application"`
	Created       int64             `json:"created"`
	Description   opt               `json:"description"`
	EnabledEvents []string          `json:"enabled_events"`
	Livemode      bool              `json:"livemode"`
	Metadata      map[string]string `json:"metadata"`
	Status        string            `json:"status"`
	URL           string            `json:"url"`

	hidden struct{ Secret string }
}

// newEndpoint is an endpoint with its secret, which is shown once.
type newEndpoint struct {
	*endpoint
	Secret string `json:"secret"`
}

func (e *endpoint) columns() columns {
	return columns{kind: "webhook_endpoint", id: e.ID, created: e.Created, mark: e.Status}
}

func (e *endpoint) hiddenPart() any { return &e.hidden }

const endpointParams = `url enabled_events.* description metadata.* disabled api_version connect`

const endpointDeleted = "deleted"

func createEndpoint(t *tx, c *call) (any, error) {
	c.form.need("url")
	if !c.form.has("enabled_events") {
		c.form.fail(missing("enabled_events"))
	}
	e := &endpoint{
		ID: t.w.newID("we"), Object: "webhook_endpoint", APIVersion: opt(c.version), Created: t.now.Unix(), Status: "enabled",
	}
	if v := c.form.text("api_version"); v != "" {
		e.APIVersion = opt(v)
	}
	e.hidden.Secret = "whsec_" + t.w.randomText(32)
	if err := e.change(&c.form); err != nil {
		return nil, err
	}
	t.save(e)
	t.w.hooks = nil
	return newEndpoint{e, e.hidden.Secret}, nil
}

func (e *endpoint) change(f *form) error {
	if raw := f.text("url"); raw != "" {
		u, err := url.Parse(raw)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return invalidRequest("url_invalid", "url", "Invalid URL: it has to begin with http:// or https://.")
		}
		e.URL = raw
	}
	if f.has("enabled_events") {
		e.EnabledEvents = f.all("enabled_events")
	}
	e.Description = f.textOr("description", e.Description)
	e.Metadata = f.mergeMetadata(e.Metadata)
	if f.given("disabled") {
		e.Status = "enabled"
		if f.flag("disabled") {
			e.Status = "disabled"
		}
	}
	return f.err
}

func (t *tx) endpoint(id string) (*endpoint, error) {
	e, found, err := load[endpoint](t, "webhook_endpoint", id)
	if err == nil && (!found || e.Status == endpointDeleted) {
		err = noSuch("webhook endpoint", id, "id")
	}
	return e, err
}

func retrieveEndpoint(t *tx, c *call) (any, error) { return t.endpoint(c.ids[0]) }

func updateEndpoint(t *tx, c *call) (any, error) {
	e, err := t.endpoint(c.ids[0])
	if err != nil {
		return nil, err
	}
	if err := e.change(&c.form); err != nil {
		return nil, err
	}
	t.save(e)
	t.w.hooks = nil
	return e, nil
}

func deleteEndpoint(t *tx, c *call) (any, error) {
	e, err := t.endpoint(c.ids[0])
	if err != nil {
		return nil, err
	}
	e.Status = endpointDeleted
	t.save(e)
	t.w.hooks = nil
	return deleted{e.ID, "webhook_endpoint", true}, nil
}

// Endpoint has events posted to url and signed with secret, without the
// detour over the protocol. Called again for the same url it changes the
// secret. No kinds of events means all.
func (w *World) Endpoint(url, secret string, kinds ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.within(caller{}, func(t *tx) error {
		t.w.hooks = nil
		var id string
		if _, err := w.store.row(`
			SELECT id FROM objects WHERE kind = 'webhook_endpoint' AND mark <> 'deleted' AND json_extract(doc, '$.url') = $1`,
			[]any{url}, &id); err != nil {
			return err
		}
		e, found, err := load[endpoint](t, "webhook_endpoint", id)
		if err != nil {
			return err
		}
		if !found {
			e = &endpoint{ID: w.newID("we"), Object: "webhook_endpoint", APIVersion: APIVersion, Created: t.now.Unix(), URL: url, Metadata: map[string]string{}}
		}
		if len(kinds) == 0 {
			kinds = []string{"*"}
		}
		e.Status, e.EnabledEvents, e.hidden.Secret = "enabled", slices.Clone(kinds), secret
		t.save(e)
		return nil
	})
}
