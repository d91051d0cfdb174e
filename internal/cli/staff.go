package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/wire"
)

type staffCommands struct {
	Add     staffAdd     `cmd:"" help:"Say that a person is staff, and in which role."`
	Ls      staffLs      `cmd:"" aliases:"list" help:"List members of staff."`
	Roles   staffRoles   `cmd:"" help:"List the roles, and what each may do."`
	Change  staffChange  `cmd:"" help:"Give a member of staff another name or role."`
	Disable staffDisable `cmd:"" help:"Keep a member of staff out, from this moment on."`
	Enable  staffEnable  `cmd:"" help:"Let a member of staff in again."`
	Link    staffLink    `cmd:"" help:"Make a link with which a member of staff comes in, once."`
	SignOut staffSignOut `cmd:"" help:"End every session and link of a member of staff."`
}

type staffAdd struct {
	Name  string `arg:"" help:"The person's name."`
	Email string `required:"" help:"Where links are mailed to; each active member has their own."`
	Role  string `required:"" help:"What they may do: see bursar staff roles."`
}

// Run adds a member of staff.
func (c staffAdd) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		m, err := d.office.AddMember(ctx, access.CommandLine, office.NewMember(c))
		if err != nil {
			return err
		}
		return s.show(wire.OfMember(m), func(w io.Writer) {
			fmt.Fprintf(w, "%s is staff: %s, %s\n", m.ID, cell(m.Name), m.Role)
			fmt.Fprintf(w, "let them in with: bursar staff link %s\n", m.ID)
		})
	})
}

type staffLs struct{ pageFlags }

// Run lists members of staff.
func (c staffLs) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		list, next, err := d.office.Members(ctx, access.CommandLine, c.page())
		if err != nil {
			return err
		}
		return showList(s, list, next, wire.OfMember, "member,name,mail,role,state,since", func(m wire.Member) []any {
			return []any{m.ID, m.Name, m.Email, m.Role, m.State, m.CreatedAt}
		})
	})
}

type staffRoles struct{}

// Run lists the roles that a person can have.
func (c staffRoles) Run(_ context.Context, s *session) error {
	type role struct {
		Name   string         `json:"name"`
		About  string         `json:"about"`
		Scopes []access.Scope `json:"scopes"`
	}
	var shapes []role
	for _, r := range access.StaffRoles() {
		shapes = append(shapes, role(r))
	}
	return s.show(shapes, func(w io.Writer) {
		table(w, "role,about", func(add func(...any)) {
			for _, r := range shapes {
				add(r.Name, r.About)
			}
		})
	})
}

// memberName is how a member is named at the command line.
type memberName struct {
	Member string `arg:"" help:"Their id, or the mail address of an active one."`
}

// find fetches the member.
func (n memberName) find(ctx context.Context, d *desk) (access.Member, error) {
	if strings.Contains(n.Member, "@") {
		return d.office.MemberByEmail(ctx, access.CommandLine, n.Member)
	}
	return d.office.Member(ctx, access.CommandLine, access.MemberID(n.Member))
}

// changeStaff does something to a member and says how they are then.
func changeStaff(ctx context.Context, s *session, n memberName, change func(*office.Office, access.MemberID) (access.Member, error)) error {
	return s.at(ctx, func(d *desk) error {
		m, err := n.find(ctx, d)
		if err != nil {
			return err
		}
		if m, err = change(d.office, m.ID); err != nil {
			return err
		}
		return s.show(wire.OfMember(m), func(w io.Writer) { fmt.Fprintf(w, "%s is %s: %s, %s\n", m.ID, m.State, cell(m.Name), m.Role) })
	})
}

type staffChange struct {
	memberName
	Name string `help:"The new name."`
	Role string `help:"The new role; whoever has another role comes in anew."`
}

// Run changes a member of staff.
func (c staffChange) Run(ctx context.Context, s *session) error {
	return changeStaff(ctx, s, c.memberName, func(o *office.Office, id access.MemberID) (access.Member, error) {
		return o.ChangeMember(ctx, access.CommandLine, id, office.MemberChange{Name: c.Name, Role: c.Role})
	})
}

type staffDisable struct{ memberName }

// Run disables a member of staff.
func (c staffDisable) Run(ctx context.Context, s *session) error {
	return changeStaff(ctx, s, c.memberName, func(o *office.Office, id access.MemberID) (access.Member, error) {
		return o.DisableMember(ctx, access.CommandLine, id)
	})
}

type staffEnable struct{ memberName }

// Run enables a member of staff.
func (c staffEnable) Run(ctx context.Context, s *session) error {
	return changeStaff(ctx, s, c.memberName, func(o *office.Office, id access.MemberID) (access.Member, error) {
		return o.EnableMember(ctx, access.CommandLine, id)
	})
}

type staffSignOut struct{ memberName }

// Run ends a member's sessions.
func (c staffSignOut) Run(ctx context.Context, s *session) error {
	return changeStaff(ctx, s, c.memberName, func(o *office.Office, id access.MemberID) (access.Member, error) {
		return o.EndSessions(ctx, access.CommandLine, id)
	})
}

// errPagesUnknown says that nobody knows where a link would lead.
var errPagesUnknown = fault.New(fault.Conflict, "pages_unknown", "it is not known where the pages are reached").WithNext("set BURSAR_URL to their public origin")

// knowPages finds out where the pages are, if that is not configured: a sandbox
// installation's server has said so.
func (d *desk) knowPages(ctx context.Context) error {
	if d.office.ConsoleURL != "" {
		return nil
	}
	known, err := d.settings(ctx, settingServerURL)
	if err == nil && known[settingServerURL] == "" {
		err = errPagesUnknown
	}
	d.office.ConsoleURL = known[settingServerURL]
	return err
}

type staffLink struct{ memberName }

// Run makes a one-time link.
func (c staffLink) Run(ctx context.Context, s *session) error {
	return s.at(ctx, func(d *desk) error {
		m, err := c.find(ctx, d)
		if err != nil {
			return err
		}
		if err := d.knowPages(ctx); err != nil {
			return err
		}
		link, expires, err := d.office.LinkMember(ctx, access.CommandLine, m.ID)
		if err != nil {
			return err
		}
		shape := struct {
			Member  string `json:"member"`
			URL     string `json:"url"`
			Expires string `json:"expires_at"`
		}{string(m.ID), link, wire.Instant(expires)}
		return s.show(shape, func(w io.Writer) {
			fmt.Fprintln(w, link)
			fmt.Fprintf(s.Err, "%s comes in with it once, until %s; whoever holds it is them\n", cell(m.Name), shape.Expires)
		})
	})
}
