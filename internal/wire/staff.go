package wire

import "github.com/bursar-pay/bursar/internal/access"

// Member is one person of the staff.
type Member struct {
	Object    string `json:"object" enum:"staff_member"`
	ID        string `json:"id" example:"mbr_01j8z3v6k2m4n8p0q2r4s6t8vw"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Role      string `json:"role" example:"finance" doc:"What the member may do is what the role may."`
	State     string `json:"state" enum:"active,disabled"`
	CreatedAt string `json:"created_at" format:"date-time"`
	ChangedAt string `json:"changed_at" format:"date-time"`
}

// OfMember shapes a member of staff.
func OfMember(m access.Member) Member {
	return Member{
		Object: "staff_member", ID: string(m.ID), Name: m.Name, Email: m.Email, Role: m.Role, State: string(m.State),
		CreatedAt: Instant(m.CreatedAt), ChangedAt: Instant(m.ChangedAt),
	}
}
