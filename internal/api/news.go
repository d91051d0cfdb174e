package api

import (
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

const newsMax = 1 << 20

// addNewsRoute adds the door for providers' messages. They bear no key of ours;
// the provider's own signature is checked over the bytes as they came.
func (s *Server) addNewsRoute() {
	r := route{
		path: "POST /v1/providers/{provider}/webhooks", id: "receive-provider-webhook", open: true, raw: true, large: newsMax,
		summary: "Take a payment provider's message in",
	}
	op := s.operation(r)
	op.Description = "For the provider alone: the message must bear its signature. It is kept and worked later; the answer says only that it was kept."
	op.Parameters = []*huma.Param{{Name: "provider", In: "path", Required: true, Example: "stripe", Schema: &huma.Schema{Type: "string"}}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: "object", AdditionalProperties: true}}}}
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{"received": {Type: "boolean"}}, Required: []string{"received"}}},
	}}
	s.serve(r, op, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, newsMax))
		if err := bodyFault(err, newsMax); err != nil {
			s.refuse(w, r, err)
			return
		}
		if err := s.office.ReceiveNews(r.Context(), r.PathValue("provider"), r.Header, body); err != nil {
			s.refuse(w, r, err)
			return
		}
		s.answer(w, map[string]bool{"received": true})
	})
}
