package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/webhook"
	"github.com/bursar-pay/bursar/internal/wire"
)

type endpointRequest struct {
	URL         string   `json:"url" minLength:"1" maxLength:"2000" example:"https://example.com/bursar" doc:"A public https address, on port 443 or 8443."`
	Events      []string `json:"events,omitempty" maxItems:"100" doc:"The types of events it hears, such as payment.succeeded; all if left out."`
	Description string   `json:"description,omitempty" maxLength:"200"`
}

func (s *Server) createEndpoint(ctx context.Context, by access.Caller, in *struct{ Body endpointRequest }) (wire.Endpoint, error) {
	e, err := s.office.CreateEndpoint(ctx, by, office.NewEndpoint{URL: in.Body.URL, Kinds: in.Body.Events, Description: in.Body.Description})
	return withSecret(e), err
}

func (s *Server) listEndpoints(ctx context.Context, by access.Caller, in *PageInput) (wire.List[wire.Endpoint], error) {
	p, err := in.page("whe")
	if err != nil {
		return wire.List[wire.Endpoint]{}, err
	}
	endpoints, next, err := s.office.ListEndpoints(ctx, by, p)
	return list(endpoints, next, endpointJSON), err
}

func (s *Server) endpoint(ctx context.Context, by access.Caller, in *IDInput) (wire.Endpoint, error) {
	e, err := s.office.Endpoint(ctx, by, in.ID)
	return endpointJSON(e), err
}

func (s *Server) rotateSecret(ctx context.Context, by access.Caller, in *IDInput) (wire.Endpoint, error) {
	e, err := s.office.RotateSecret(ctx, by, in.ID)
	return withSecret(e), err
}

func (s *Server) disableEndpoint(ctx context.Context, by access.Caller, in *IDInput) (wire.Endpoint, error) {
	e, err := s.office.DisableEndpoint(ctx, by, in.ID)
	return endpointJSON(e), err
}

func (s *Server) enableEndpoint(ctx context.Context, by access.Caller, in *IDInput) (wire.Endpoint, error) {
	e, err := s.office.EnableEndpoint(ctx, by, in.ID)
	return endpointJSON(e), err
}

func (s *Server) listDeliveries(ctx context.Context, by access.Caller, in *struct {
	IDInput
	PageInput
}) (wire.List[wire.Delivery], error) {
	p, err := in.page("dlv")
	if err != nil {
		return wire.List[wire.Delivery]{}, err
	}
	deliveries, next, err := s.office.ListDeliveries(ctx, by, in.ID, p)
	return list(deliveries, next, deliveryJSON), err
}

func (s *Server) delivery(ctx context.Context, by access.Caller, in *IDInput) (wire.Delivery, error) {
	d, attempts, err := s.office.Delivery(ctx, by, in.ID)
	shape := deliveryJSON(d)
	for _, a := range attempts {
		shape.Log = append(shape.Log, wire.Attempt{
			Number: a.Number, At: wire.Instant(a.At), Status: maybeStatus(a.Status), Error: wire.MaybeText(a.Error), Millis: a.Took.Milliseconds(),
		})
	}
	return shape, err
}

func (s *Server) replayDelivery(ctx context.Context, by access.Caller, in *IDInput) (wire.Delivery, error) {
	d, err := s.office.ReplayDelivery(ctx, by, in.ID)
	return deliveryJSON(d), err
}

// endpointJSON shapes an endpoint without its secrets.
func endpointJSON(e webhook.Endpoint) wire.Endpoint {
	shape := wire.Endpoint{
		Object: "webhook_endpoint", ID: e.ID, URL: e.URL, Events: append([]string{}, e.Kinds...), State: string(e.State),
		Description: e.Description, CreatedAt: wire.Instant(e.CreatedAt),
	}
	if len(e.Secrets) > 1 {
		shape.RotatesAt = wire.Maybe(e.Secrets[1].Until)
	}
	return shape
}

// withSecret shapes an endpoint with its newest secret, right after that was made.
func withSecret(e webhook.Endpoint) wire.Endpoint {
	shape := endpointJSON(e)
	if len(e.Secrets) > 0 {
		shape.Secret = string(e.Secrets[0].Text)
	}
	return shape
}

func deliveryJSON(d webhook.Delivery) wire.Delivery {
	return wire.Delivery{
		Object: "delivery", ID: d.ID, Endpoint: d.EndpointID, Event: d.EventID, EventType: d.EventKind, State: string(d.State),
		Attempts: d.Attempts, NextAt: wire.Maybe(d.NextAt), LastStatus: maybeStatus(d.LastStatus), LastError: wire.MaybeText(d.LastError),
		LastAt: wire.Maybe(d.LastAt), CreatedAt: wire.Instant(d.CreatedAt),
	}
}

func maybeStatus(status int) *int {
	if status == 0 {
		return nil
	}
	return &status
}
