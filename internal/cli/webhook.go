package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/webhook"
	"github.com/bursar-pay/bursar/internal/wire"
)

type webhookCommands struct {
	Create     webhookCreate     `cmd:"" help:"Make a webhook endpoint; its secret is shown once."`
	Ls         webhookLs         `cmd:"" help:"List webhook endpoints."`
	Disable    webhookDisable    `cmd:"" help:"Stop sending to a webhook endpoint."`
	Enable     webhookEnable     `cmd:"" help:"Send to a webhook endpoint again."`
	Deliveries webhookDeliveries `cmd:"" help:"List what was sent to a webhook endpoint."`
	Replay     webhookReplay     `cmd:"" help:"Send an event to an endpoint once more."`
}

type webhookCreate struct {
	URL         string   `arg:"" help:"Where events are sent."`
	Events      []string `help:"The types of events that it hears; all if they are left out."`
	Description string   `help:"What it is for."`
}

// Run makes a webhook endpoint.
func (c webhookCreate) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		e, err := d.office.CreateEndpoint(ctx, access.CommandLine, office.NewEndpoint{URL: c.URL, Kinds: c.Events, Description: c.Description})
		if err != nil {
			return err
		}
		shape := endpointShape(e)
		shape.Secret = string(e.Secrets[0].Text)
		return s.show(shape, func(w io.Writer) {
			facts(w, func(add func(...any)) {
				add("endpoint", shape.ID)
				add("secret", shape.Secret)
			})
		})
	})
}

type webhookLs struct{ pageFlags }

// Run lists webhook endpoints.
func (c webhookLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.ListEndpoints(ctx, access.CommandLine, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, endpointShape, "endpoint,url,events,state,description,made", func(e wire.Endpoint) []any {
			return []any{e.ID, e.URL, strings.Join(e.Events, ","), e.State, e.Description, e.CreatedAt}
		})
	})
}

func endpointShape(e webhook.Endpoint) wire.Endpoint {
	shape := wire.Endpoint{
		Object: "webhook_endpoint", ID: e.ID, URL: e.URL, Events: append([]string{}, e.Kinds...), State: string(e.State),
		Description: e.Description, CreatedAt: wire.Instant(e.CreatedAt),
	}
	if len(e.Secrets) > 1 {
		shape.RotatesAt = wire.Maybe(e.Secrets[1].Until)
	}
	return shape
}

type webhookDisable struct {
	Endpoint string `arg:"" help:"Its id."`
}

// Run stops sending to an endpoint.
func (c webhookDisable) Run(ctx context.Context, s *session) error {
	return s.changeEndpoint(ctx, c.Endpoint, (*office.Office).DisableEndpoint)
}

type webhookEnable struct {
	Endpoint string `arg:"" help:"Its id."`
}

// Run sends to an endpoint again.
func (c webhookEnable) Run(ctx context.Context, s *session) error {
	return s.changeEndpoint(ctx, c.Endpoint, (*office.Office).EnableEndpoint)
}

func (s *session) changeEndpoint(ctx context.Context, id string, change func(*office.Office, context.Context, access.Caller, string) (webhook.Endpoint, error)) error {
	return s.at(ctx, func(d *desk) error {
		e, err := change(d.office, ctx, access.CommandLine, id)
		if err != nil {
			return err
		}
		shape := endpointShape(e)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", shape.ID, shape.State) })
	})
}

type webhookDeliveries struct {
	Endpoint string `arg:"" help:"The endpoint's id."`
	pageFlags
}

// Run lists what was sent to an endpoint, newest first.
func (c webhookDeliveries) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.ListDeliveries(ctx, access.CommandLine, c.Endpoint, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, deliveryShape, "delivery,event,type,state,attempts,last,problem,next attempt", func(d wire.Delivery) []any {
			return []any{d.ID, d.Event, d.EventType, d.State, d.Attempts, d.LastAt, d.LastError, d.NextAt}
		})
	})
}

func deliveryShape(d webhook.Delivery) wire.Delivery {
	shape := wire.Delivery{
		Object: "delivery", ID: d.ID, Endpoint: d.EndpointID, Event: d.EventID, EventType: d.EventKind, State: string(d.State),
		Attempts: d.Attempts, NextAt: wire.Maybe(d.NextAt), LastError: wire.MaybeText(d.LastError), LastAt: wire.Maybe(d.LastAt),
		CreatedAt: wire.Instant(d.CreatedAt),
	}
	if d.LastStatus != 0 {
		shape.LastStatus = &d.LastStatus
	}
	return shape
}

type webhookReplay struct {
	Delivery string `arg:"" help:"The delivery's id."`
}

// Run sends an event once more.
func (c webhookReplay) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		again, err := d.office.ReplayDelivery(ctx, access.CommandLine, c.Delivery)
		if err != nil {
			return err
		}
		shape := deliveryShape(again)
		return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "%s is %s\n", shape.ID, shape.State) })
	})
}
