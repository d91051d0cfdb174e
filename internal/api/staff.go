package api

import (
	"context"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

// addStaffRoutes adds who is staff. There is no route for a link with which one comes
// in: whoever held the key would be anybody.
func (s *Server) addStaffRoutes() {
	handle(s, route{path: "POST /v1/staff-members", id: "add-staff-member", scope: access.StaffWrite, status: 201, summary: "Say that a person is staff, and in which role"}, s.addMember)
	handle(s, route{path: "GET /v1/staff-members", id: "list-staff-members", scope: access.StaffRead, summary: "List members of staff, in the order in which they came"}, s.listMembers)
	handle(s, route{path: "GET /v1/staff-members/{id}", id: "get-staff-member", scope: access.StaffRead, summary: "Fetch a member of staff"}, s.member)
	handle(s, route{path: "PATCH /v1/staff-members/{id}", id: "change-staff-member", scope: access.StaffWrite, summary: "Give a member of staff another name or role"}, s.changeMember)
	handle(s, route{path: "POST /v1/staff-members/{id}/disable", id: "disable-staff-member", scope: access.StaffWrite, summary: "Keep a member of staff out, from this moment on"}, s.disableMember)
	handle(s, route{path: "POST /v1/staff-members/{id}/enable", id: "enable-staff-member", scope: access.StaffWrite, summary: "Let a member of staff in again"}, s.enableMember)
	handle(s, route{path: "POST /v1/staff-members/{id}/sign-out", id: "sign-out-staff-member", scope: access.StaffWrite, summary: "End every session and link of a member of staff"}, s.signMemberOut)
}

type memberRequest struct {
	Name  string `json:"name" minLength:"1" maxLength:"100"`
	Email string `json:"email" minLength:"3" maxLength:"254" doc:"Where links to come in are mailed to."`
	Role  string `json:"role" minLength:"1" maxLength:"40" example:"finance"`
}

type memberChangeRequest struct {
	Name string `json:"name,omitempty" maxLength:"100" doc:"Stays if left out."`
	Role string `json:"role,omitempty" maxLength:"40" doc:"Stays if left out. Whoever has another role signs in anew."`
}

func (s *Server) addMember(ctx context.Context, by access.Caller, in *struct{ Body memberRequest }) (wire.Member, error) {
	m, err := s.office.AddMember(ctx, by, office.NewMember(in.Body))
	return wire.OfMember(m), err
}

func (s *Server) listMembers(ctx context.Context, by access.Caller, in *PageInput) (wire.List[wire.Member], error) {
	p, err := in.page("mbr")
	if err != nil {
		return wire.List[wire.Member]{}, err
	}
	members, next, err := s.office.Members(ctx, by, p)
	return list(members, next, wire.OfMember), err
}

func (s *Server) member(ctx context.Context, by access.Caller, in *IDInput) (wire.Member, error) {
	m, err := s.office.Member(ctx, by, access.MemberID(in.ID))
	return wire.OfMember(m), err
}

func (s *Server) changeMember(ctx context.Context, by access.Caller, in *struct {
	IDInput
	Body memberChangeRequest
}) (wire.Member, error) {
	m, err := s.office.ChangeMember(ctx, by, access.MemberID(in.ID), office.MemberChange(in.Body))
	return wire.OfMember(m), err
}

func (s *Server) disableMember(ctx context.Context, by access.Caller, in *IDInput) (wire.Member, error) {
	m, err := s.office.DisableMember(ctx, by, access.MemberID(in.ID))
	return wire.OfMember(m), err
}

func (s *Server) enableMember(ctx context.Context, by access.Caller, in *IDInput) (wire.Member, error) {
	m, err := s.office.EnableMember(ctx, by, access.MemberID(in.ID))
	return wire.OfMember(m), err
}

func (s *Server) signMemberOut(ctx context.Context, by access.Caller, in *IDInput) (wire.Member, error) {
	m, err := s.office.EndSessions(ctx, by, access.MemberID(in.ID))
	return wire.OfMember(m), err
}
