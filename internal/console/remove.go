package console

import (
	"net/http"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// removal is whether a method may be taken off its account, told beforehand
// (S-13).
type removal struct {
	May bool
	Why []reason // everything that stands against it
}

// removeView is the page that asks whether to go through with it.
type removeView struct {
	Method methodView
	removal
	Last bool // it is the only one that can be charged
}

// unremovable are the states in which it is no question whether a method may go: one
// that is being verified ends by itself, one that was not accepted is on no account.
var unremovable = map[payment.MethodState]bool{
	payment.Verifying: true, payment.Challenged: true, payment.Rejected: true, payment.Detached: true,
}

// removalOf asks whether a method may go; nil where that is no question.
func (c *console) removalOf(v *visit, m payment.Method) (*removal, error) {
	if unremovable[m.State] {
		return nil, nil
	}
	_, why, err := c.office.MayDetachMethod(v.r.Context(), v.by, m.ID)
	if err != nil {
		return nil, err
	}
	return &removal{May: why == nil, Why: v.reasonsOf(m.Kind, why)}, nil
}

// showRemoval asks whether to remove a method, or says what stands against it.
func (c *console) showRemoval(v *visit) error { return c.askRemoval(v, nil) }

func (c *console) askRemoval(v *visit, refused error) error {
	m, err := c.lookAt(v, payment.MethodID(v.r.PathValue("id")), false)
	if err != nil {
		return err
	}
	if m.Removal == nil {
		return payment.ErrMethodNotFound
	}
	list, err := c.office.Methods(v.r.Context(), v.by, v.account.ID)
	if err != nil {
		return err
	}
	view := removeView{Method: m, removal: *m.Removal, Last: m.Tone == "good" && countActive(list) == 1}
	v.title, v.form = v.t("remove.title", "method", m.Name), methodURL(payment.MethodID(m.ID))+"/remove"
	v.show(statusFor(refused), "remove.html", view)
	return nil
}

func countActive(list []office.Bound) (n int) {
	for _, b := range list {
		n += bit(b.Method.State == payment.Active)
	}
	return n
}

// removeMethod takes a method off its account.
func (c *console) removeMethod(v *visit) error {
	_, err := c.office.DetachMethod(v.r.Context(), v.by, payment.MethodID(v.r.PathValue("id")))
	if f, expected := fault.Of(err); expected && f.Kind == fault.Conflict {
		return c.askRemoval(v, err)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/methods?removed", http.StatusSeeOther)
	return nil
}
