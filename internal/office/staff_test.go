package office_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/office/officetest"
)

func employ(t *testing.T, d *officetest.Desk, name, role string) access.Member {
	t.Helper()
	m, err := d.AddMember(t.Context(), access.CommandLine, office.NewMember{Name: name, Email: strings.ToLower(name) + "@Example.com ", Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// linkFor makes a link and returns its secret.
func linkFor(t *testing.T, d *officetest.Desk, m access.Member) string {
	t.Helper()
	link, _, err := d.LinkMember(t.Context(), access.CommandLine, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	return link[strings.LastIndex(link, "/")+1:]
}

func TestAMemberComesInByALink(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		m := employ(t, d, "Ada", "finance")
		if m.Email != "ada@example.com" || m.State != access.MemberActive {
			t.Errorf("got %+v", m)
		}
		secret := linkFor(t, d, m)
		session, err := d.EnterStaff(t.Context(), secret, "", "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		by, who, err := d.StaffCaller(t.Context(), session, "192.0.2.9")
		if err != nil || by.Name != "staff:"+string(m.ID) || by.Address != "192.0.2.9" || by.May(access.RefundsWrite) != nil || by.May(access.StaffWrite) == nil || who.ID != m.ID {
			t.Errorf("got %+v, %+v, %v; want the member in their role", by, who, err)
		}
		if !by.Since.Equal(d.Clock.Now()) {
			t.Errorf("proved at %s, want now", by.Since)
		}
		if _, err := d.EnterStaff(t.Context(), secret, "", ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("the link again: got %v", err)
		}
		if _, err := d.EnterStaff(t.Context(), session, "", ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("the session as a link: got %v", err)
		}
		late := linkFor(t, d, m)
		d.Pass(15 * time.Minute)
		if _, err := d.EnterStaff(t.Context(), late, "", ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("a link after a quarter of an hour: got %v", err)
		}
		if report, err := d.VerifyBooks(t.Context(), access.CommandLine); err != nil || !report.OK() {
			t.Errorf("the audit chain: got %+v, %v", report, err)
		}
	})
}

// TestALinkLetsOneIn has eight browsers use one link at once.
func TestALinkLetsOneIn(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		secret := linkFor(t, d, employ(t, d, "Ada", "finance"))
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, errs[i] = d.EnterStaff(t.Context(), secret, "", "") })
		}
		wg.Wait()
		in := 0
		for _, err := range errs {
			switch {
			case err == nil:
				in++
			case !errors.Is(err, access.ErrStaffLink):
				t.Errorf("got %v", err)
			}
		}
		if in != 1 {
			t.Errorf("%d came in, want 1", in)
		}
	})
}

func TestWhoMayKeepTheStaff(t *testing.T) {
	d := officetest.New(t)
	operator, finance := employ(t, d, "Olu", "operator"), employ(t, d, "Fay", "finance")
	colleague := employ(t, d, "Oda", "operator")
	by := operator.Caller("")
	for _, c := range []struct {
		name string
		do   func() error
		want error
	}{
		{"finance adds", func() error {
			_, err := d.AddMember(t.Context(), finance.Caller(""), office.NewMember{Name: "Eve", Email: "eve@example.com", Role: "finance"})
			return err
		}, access.ErrForbidden},
		{"finance looks", func() error {
			_, _, err := d.Members(t.Context(), finance.Caller(""), office.Page{Limit: 1})
			return err
		}, access.ErrForbidden},
		{"an operator's own role", func() error {
			_, err := d.ChangeMember(t.Context(), by, operator.ID, office.MemberChange{Role: "finance"})
			return err
		}, access.ErrMemberSelf},
		{"an operator's own end", func() error { _, err := d.DisableMember(t.Context(), by, operator.ID); return err }, access.ErrMemberSelf},
		{"a role above one's own", func() error {
			_, err := d.AddMember(t.Context(), by, office.NewMember{Name: "Eve", Email: "eve@example.com", Role: "finance"})
			return err
		}, access.ErrRoleAbove},
		{"a role above one's own, to a colleague", func() error {
			_, err := d.ChangeMember(t.Context(), by, colleague.ID, office.MemberChange{Role: "account_manager"})
			return err
		}, access.ErrRoleAbove},
		{"a role like one's own", func() error {
			_, err := d.AddMember(t.Context(), by, office.NewMember{Name: "Ola", Email: "ola@example.com", Role: "operator"})
			return err
		}, nil},
		{"another name", func() error {
			_, err := d.ChangeMember(t.Context(), by, finance.ID, office.MemberChange{Name: "Fay Ferrer", Role: "finance"})
			return err
		}, nil},
		{"a key that may all", func() error {
			_, err := d.ChangeMember(t.Context(), access.Caller{Name: "key_1", Scopes: access.Scopes}, colleague.ID, office.MemberChange{Role: "finance"})
			return err
		}, nil},
		{"a link from an operator", func() error { _, _, err := d.LinkMember(t.Context(), by, finance.ID); return err }, access.ErrForbidden},
		{"a link from a key that may all", func() error {
			_, _, err := d.LinkMember(t.Context(), access.Caller{Name: "key_1", Scopes: access.Scopes}, finance.ID)
			return err
		}, access.ErrForbidden},
		{"the address of another", func() error {
			_, err := d.AddMember(t.Context(), by, office.NewMember{Name: "Fay", Email: "FAY@example.com", Role: "operator"})
			return err
		}, access.ErrMemberTaken},
		{"nobody's role", func() error {
			_, err := d.ChangeMember(t.Context(), by, "mbr_none", office.MemberChange{Role: "finance"})
			return err
		}, access.ErrMemberNotFound},
		{"a role that is none", func() error {
			_, err := d.ChangeMember(t.Context(), by, finance.ID, office.MemberChange{Role: "queen"})
			return err
		}, access.ErrMemberInvalid},
		{"a program's role", func() error {
			_, err := d.ChangeMember(t.Context(), by, finance.ID, office.MemberChange{Role: "platform"})
			return err
		}, access.ErrMemberInvalid},
		{"names for a customer", func() error {
			_, err := d.MemberNames(t.Context(), access.Caller{Name: "console:acct_1", Account: "acct_1"})
			return err
		}, access.ErrForbidden},
	} {
		if got := c.do(); !errors.Is(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestADisabledMemberIsOutAtOnce(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		m := employ(t, d, "Ada", "finance")
		session, err := d.EnterStaff(t.Context(), linkFor(t, d, m), "", "")
		if err != nil {
			t.Fatal(err)
		}
		unused := linkFor(t, d, m)
		for range 2 { // again changes nothing
			if m, err = d.DisableMember(t.Context(), access.CommandLine, m.ID); err != nil || m.State != access.MemberDisabled {
				t.Fatalf("got %+v, %v", m, err)
			}
		}
		if _, _, err := d.StaffCaller(t.Context(), session, ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("the session: got %v", err)
		}
		if _, err := d.EnterStaff(t.Context(), unused, "", ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("the link: got %v", err)
		}
		if _, _, err := d.LinkMember(t.Context(), access.CommandLine, m.ID); !errors.Is(err, access.ErrMemberDisabled) {
			t.Errorf("another link: got %v", err)
		}
		twin := employ(t, d, "Ada", "support")
		if _, err := d.EnableMember(t.Context(), access.CommandLine, m.ID); !errors.Is(err, access.ErrMemberTaken) {
			t.Errorf("enable beside one with the address: got %v", err)
		}
		if _, err := d.DisableMember(t.Context(), access.CommandLine, twin.ID); err != nil {
			t.Fatal(err)
		}
		if m, err = d.EnableMember(t.Context(), access.CommandLine, m.ID); err != nil || m.State != access.MemberActive {
			t.Errorf("enable: got %+v, %v", m, err)
		}
		if _, _, err := d.StaffCaller(t.Context(), session, ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("the old session: got %v, want it over for good", err)
		}
	})
}

func TestALinkIsMailedToMembersAlone(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		s := post(t, d)
		m := employ(t, d, "Ada", "finance")
		gone := employ(t, d, "Bea", "finance")
		if _, err := d.DisableMember(t.Context(), access.CommandLine, gone.ID); err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{"nobody@example.com", "bea@example.com", "no address", strings.Repeat("a", 9000), " ADA@example.com"} {
			if err := d.AskForLink(t.Context(), email, "192.0.2.1"); err != nil {
				t.Errorf("%.20s: got %v, want the same answer for all", email, err)
			}
		}
		d.Pass(time.Second)
		got := s.Taken()
		if len(got) != 1 || got[0].To != "ada@example.com" {
			t.Fatalf("got %+v, want one mail to the member", got)
		}
		at := strings.Index(got[0].Text, d.ConsoleURL+"/staff/enter/")
		if at < 0 {
			t.Fatalf("got %s, want a link", got[0].Text)
		}
		secret, _, _ := strings.Cut(got[0].Text[at+len(d.ConsoleURL+"/staff/enter/"):], "\r")
		secret, _, _ = strings.Cut(secret, "\n")
		session, err := d.EnterStaff(t.Context(), strings.TrimSpace(secret), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, who, err := d.StaffCaller(t.Context(), session, ""); err != nil || who.ID != m.ID {
			t.Errorf("got %+v, %v", who, err)
		}

		// One person is mailed three links in an hour, whoever asks; nobody is told.
		for i := range 6 {
			if err := d.AskForLink(t.Context(), m.Email, "198.51.100."+string(rune('1'+i))); err != nil {
				t.Errorf("ask %d: got %v", i, err)
			}
		}
		d.Pass(time.Second)
		if got := s.Taken(); len(got) != 3 {
			t.Errorf("%d mails, want 3 in an hour", len(got))
		}
		for range 5 {
			if err := d.AskForLink(t.Context(), "nobody@example.com", "192.0.2.1"); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.AskForLink(t.Context(), "nobody@example.com", "192.0.2.1"); !errors.Is(err, access.ErrLinkTooOften) {
			t.Errorf("the eleventh from an address: got %v", err)
		}
		d.Pass(time.Hour)
		if err := d.AskForLink(t.Context(), m.Email, "192.0.2.1"); err != nil {
			t.Errorf("an hour later: got %v", err)
		}
		d.Pass(time.Second)
		if got := s.Taken(); len(got) != 4 {
			t.Errorf("%d mails, want one more", len(got))
		}
	})
}

// TestWithoutAMailServerNoLinkIsMailed has the server come when it is too late: links
// are not kept for it.
func TestWithoutAMailServerNoLinkIsMailed(t *testing.T) {
	d := officetest.New(t)
	employ(t, d, "Ada", "finance")
	if err := d.AskForLink(t.Context(), "ada@example.com", ""); err != nil {
		t.Fatal(err)
	}
	d.Pass(time.Second)
	s := post(t, d)
	d.Pass(time.Minute)
	if err := d.AskForLink(t.Context(), "ada@example.com", ""); err != nil {
		t.Fatal(err)
	}
	d.Pass(time.Minute)
	if got := s.Taken(); len(got) != 1 {
		t.Errorf("got %d mails, want the second alone", len(got))
	}
}

// TestALinkIsMailedWhenTheServerIsBack has the mail server hang up at first.
func TestALinkIsMailedWhenTheServerIsBack(t *testing.T) {
	d := officetest.New(t)
	s := post(t, d)
	s.HangUp(1)
	employ(t, d, "Ada", "finance")
	if err := d.AskForLink(t.Context(), "ada@example.com", ""); err != nil {
		t.Fatal(err)
	}
	d.Pass(10 * time.Minute)
	got := s.Taken()
	if len(got) == 0 {
		t.Fatal("got no mail, want one")
	}
	// After a broken line nobody knows whether the server took the mail: it is not sent twice.
	if len(got) > 1 {
		t.Errorf("got %d mails, want one", len(got))
	}
}

func TestPretendedStaffIsForSandboxesAlone(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		var wg sync.WaitGroup
		for range 3 { // of several who make them up at once, none fails
			wg.Go(func() {
				if list, err := d.PretendStaff(t.Context()); err != nil || len(list) == 0 {
					t.Errorf("got %d, %v", len(list), err)
				}
			})
		}
		wg.Wait()
		list, err := d.PretendStaff(t.Context())
		if err != nil || len(list) != 9 {
			t.Fatalf("got %d, %v; want nine, each once", len(list), err)
		}
		session, err := d.EnterPretend(t.Context(), list[0].ID, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, who, err := d.StaffCaller(t.Context(), session, ""); err != nil || who != list[0] {
			t.Errorf("got %+v, %v", who, err)
		}
		real := employ(t, d, "Ada", "finance")
		if _, err := d.EnterPretend(t.Context(), real.ID, "", ""); !errors.Is(err, office.ErrNoPretence) {
			t.Errorf("as somebody real: got %v", err)
		}
		unused := linkFor(t, d, list[1])
		d.Live = true
		if list, err := d.PretendStaff(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("live: got %d, %v; want nobody", len(list), err)
		}
		if _, err := d.EnterPretend(t.Context(), list[0].ID, "", ""); !errors.Is(err, office.ErrNoPretence) {
			t.Errorf("live: got %v", err)
		}
		if _, err := d.EnterStaff(t.Context(), unused, "", ""); !errors.Is(err, access.ErrStaffLink) {
			t.Errorf("live, by a link: got %v", err)
		}
	})
}

func TestAnAccountsHistory(t *testing.T) {
	officetest.Each(t, func(t *testing.T, d *officetest.Desk) {
		a := d.Customer()
		name := "Example Works Inc."
		for range 3 {
			name += "."
			if _, err := d.ChangeAccount(t.Context(), access.CommandLine, a.ID, office.AccountChange{Name: &name}); err != nil {
				t.Fatal(err)
			}
		}
		auditor, support := employ(t, d, "Una", "auditor").Caller(""), employ(t, d, "Sami", "support").Caller("")
		first, next, err := d.History(t.Context(), auditor, a.ID, office.Page{Limit: 3})
		if err != nil || len(first) != 3 || next == "" || first[0].Action != "account.changed" || first[0].Detail == "" {
			t.Fatalf("got %+v, %q, %v; want the three newest", first, next, err)
		}
		rest, next, err := d.History(t.Context(), support, a.ID, office.Page{Limit: 3, After: next})
		if err != nil || next != "" || rest[len(rest)-1].Action != "account.opened" || rest[0].Detail != "" {
			t.Errorf("got %+v, %q, %v; want the rest, without details", rest, next, err)
		}
		for _, c := range []struct {
			by   access.Caller
			want error
		}{
			{access.Caller{Name: "console:" + string(a.ID), Account: a.ID, Scopes: []access.Scope{access.AccountsRead}}, access.ErrForbidden},
			{employ(t, d, "Olu", "operator").Caller(""), access.ErrForbidden},
		} {
			if _, _, err := d.History(t.Context(), c.by, a.ID, office.Page{Limit: 1}); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.by.Name, err, c.want)
			}
		}
	})
}
