package api

import (
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/wire"
)

// SpecHeader is the first line of api/openapi.yaml.
const SpecHeader = "# Generated from the handlers in internal/api; to change it, change them and run: go test ./internal/api -run TestSpecIsFresh -update\n"

// Spec returns the description of the API, OpenAPI 3.1 in YAML.
func (s *Server) Spec() []byte {
	asYAML, _ := s.spec()
	return asYAML
}

// describeEvents adds what webhook endpoints are sent.
func (s *Server) describeEvents() {
	spec := s.huma.OpenAPI()
	header := func(name, description string) *huma.Param {
		return &huma.Param{Name: name, In: "header", Required: true, Schema: &huma.Schema{Type: "string"}, Description: description}
	}
	spec.Webhooks = map[string]*huma.PathItem{"event": {Post: &huma.Operation{
		OperationID: "receive-event", Summary: "An event, as it is sent to webhook endpoints", Tags: []string{"events"},
		Description: "Signed as Standard Webhooks says. Any answer from 200 to 299 within ten seconds is taken as received; everything else is tried again over four days. An event may come twice, under the same id, and not in order.",
		Parameters: []*huma.Param{
			header("webhook-id", "The event's id, the same at every attempt."),
			header("webhook-timestamp", "Seconds since 1970 of this attempt."),
			header("webhook-signature", "v1, and the HMAC-SHA256 of id, timestamp and body with dots between, in base64; several with spaces between while a secret is being changed."),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: spec.Components.Schemas.Schema(reflect.TypeFor[wire.Event](), true, "")},
		}},
		Responses: map[string]*huma.Response{"2XX": {Description: "Received."}},
	}}}
}

// describe writes the description out, once.
func (s *Server) describe() (asYAML, asJSON []byte) {
	asYAML, err := s.huma.OpenAPI().YAML()
	if err != nil {
		panic(err) // it is made of our own types
	}
	if asJSON, err = json.Marshal(s.huma.OpenAPI()); err != nil {
		panic(err)
	}
	return append([]byte(SpecHeader), asYAML...), asJSON
}

// addSpecRoutes serves the description itself, to everybody.
func (s *Server) addSpecRoutes() {
	s.serve(route{path: "GET /v1/openapi.yaml", open: true}, huma.Operation{}, func(w http.ResponseWriter, _ *http.Request) {
		asYAML, _ := s.spec()
		w.Header().Set("Content-Type", "application/openapi+yaml")
		_, _ = w.Write(asYAML) // the caller may have gone
	})
	s.serve(route{path: "GET /v1/openapi.json", open: true}, huma.Operation{}, func(w http.ResponseWriter, _ *http.Request) {
		_, asJSON := s.spec()
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(asJSON) // the caller may have gone
	})
}
