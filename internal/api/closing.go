package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type resourcesRequest struct {
	Running  int      `json:"running" minimum:"0" maximum:"1000000000" doc:"How many run. It takes the place of what was told before; 0 says that nothing runs."`
	Examples []string `json:"examples,omitempty" nullable:"false" maxItems:"20" doc:"Some of their names, for a person; no more than run."`
}

func (s *Server) reportResources(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body resourcesRequest
}) (wire.Resources, error) {
	r, err := s.office.ReportResources(ctx, by, account.ID(in.ID), account.Resources{Running: in.Body.Running, Examples: in.Body.Examples})
	return wire.OfResources(account.ID(in.ID), r), err
}

func (s *Server) resources(ctx context.Context, by access.Caller, in *IDInput) (wire.Resources, error) {
	r, err := s.office.Resources(ctx, by, account.ID(in.ID))
	return wire.OfResources(account.ID(in.ID), r), err
}

func (s *Server) closing(ctx context.Context, by access.Caller, in *SpokenInput) (wire.Closing, error) {
	c, err := s.office.MayCloseAccount(ctx, by, account.ID(in.ID))
	return closingJSON(c, in.Language), err
}

func (s *Server) closeAccount(ctx context.Context, by access.Caller, in *SpokenInput) (wire.Closing, error) {
	c, err := s.office.CloseAccount(ctx, by, account.ID(in.ID))
	return closingJSON(c, in.Language), err
}

func (s *Server) reopenAccount(ctx context.Context, by access.Caller, in *IDInput) (wire.Account, error) {
	a, err := s.office.ReopenAccount(ctx, by, account.ID(in.ID))
	return wire.OfAccount(a), err
}

func closingJSON(c office.Closing, language string) wire.Closing {
	return wire.OfClosing(c.Account, c.Until, objections(c.Why, language))
}
