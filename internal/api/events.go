package api

import (
	"context"
	"encoding/json"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/webhook"
	"github.com/bursar-pay/bursar/internal/wire"
)

func (s *Server) listEvents(ctx context.Context, by access.Caller, in *struct {
	PageInput
	Account string `query:"account" maxLength:"64" doc:"Of this account alone."`
	Type    string `query:"type" maxLength:"64" doc:"Of this type alone."`
}) (wire.List[wire.Event], error) {
	p, err := in.page("evt")
	if err != nil {
		return wire.List[wire.Event]{}, err
	}
	events, next, err := s.office.ListEvents(ctx, by, office.EventFilter{Account: account.ID(in.Account), Kind: in.Type}, p)
	return list(events, next, eventJSON), err
}

func (s *Server) event(ctx context.Context, by access.Caller, in *IDInput) (wire.Event, error) {
	e, err := s.office.Event(ctx, by, in.ID)
	return eventJSON(e), err
}

// eventJSON shapes an event from what was kept of it, which is what was sent.
func eventJSON(e webhook.Event) wire.Event {
	var shape wire.Event
	if len(e.Payload) > 0 && json.Unmarshal(e.Payload, &shape) != nil {
		panic("api: the payload of event " + e.ID + " is broken") // we wrote it ourselves, and a trigger guards it
	}
	return shape
}
