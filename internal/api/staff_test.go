package api_test

import (
	"testing"

	"github.com/bursar-pay/bursar/internal/access"
)

func TestStaffIsKeptOverTheAPI(t *testing.T) {
	d := newDesk(t)
	key := d.newKey(access.Scopes...)
	above := ask{method: "POST", path: "/v1/staff-members", key: d.newKey(access.StaffWrite), body: `{"name":"Eve","email":"eve@example.com","role":"finance"}`}
	if got := d.want(403, above); got["code"] != "role_above_own" {
		t.Errorf("a role that may more than the key: got %v, want it refused", got)
	}
	m := d.want(201, ask{method: "POST", path: "/v1/staff-members", key: key, body: `{"name":"Ada Ames","email":"Ada@example.com","role":"finance"}`})
	if m["object"] != "staff_member" || m["email"] != "ada@example.com" || m["role"] != "finance" || m["state"] != "active" {
		t.Errorf("got %v", m)
	}
	path := "/v1/staff-members/" + m["id"].(string)
	if got := d.want(409, ask{method: "POST", path: "/v1/staff-members", key: key, body: `{"name":"Ada","email":"ada@example.com","role":"support"}`}); got["code"] != "member_email_taken" {
		t.Errorf("the address again: got %v", got)
	}
	for _, role := range []string{"platform", "queen"} {
		if got := d.want(422, ask{method: "PATCH", path: path, key: key, body: `{"role":"` + role + `"}`}); got["code"] != "member_invalid" {
			t.Errorf("%s: got %v", role, got)
		}
	}
	if got := d.want(200, ask{method: "PATCH", path: path, key: key, body: `{"role":"auditor"}`}); got["role"] != "auditor" || got["name"] != "Ada Ames" {
		t.Errorf("changed: got %v", got)
	}
	for _, c := range []struct{ do, state string }{{"disable", "disabled"}, {"disable", "disabled"}, {"enable", "active"}, {"sign-out", "active"}} {
		if got := d.want(200, ask{method: "POST", path: path + "/" + c.do, key: key}); got["state"] != c.state {
			t.Errorf("%s: got %v, want %s", c.do, got["state"], c.state)
		}
	}
	if got := d.want(200, ask{method: "GET", path: "/v1/staff-members", key: d.newKey(access.StaffRead)}); len(got["data"].([]any)) != 1 {
		t.Errorf("got %v, want the one", got)
	}
}
