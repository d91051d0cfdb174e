package console

import (
	"math"
	"time"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// holdView is the life of a verification hold as its holder is told it (S-25).
type holdView struct {
	Amount string
	State  string // in a word
	Live   bool
	Steps  []step
	Note   string // when the money is back
}

// step is one thing that happened, happens, or will.
type step struct {
	Kind       string // done, now, next or stopped
	Name, Text string
	At         moment
}

// hold puts a hold into words.
func (v *visit) hold(h payment.Hold, m payment.Method, w office.WaysToPay) *holdView {
	hours := hoursOf(h.VoidDue.Sub(h.OpenedAt))
	view := &holdView{Amount: sum(h.Amount), State: v.t("hold." + string(h.State)), Live: h.IsLive()}
	add := func(kind, key string, at moment) {
		view.Steps = append(view.Steps, step{
			Kind: kind, Name: v.t("step." + key), At: at,
			Text: v.t("step."+key+".text", "amount", view.Amount, "hours", hours, "due", v.at(h.VoidDue).Text),
		})
	}
	if !h.PlacedAt.IsZero() {
		view.Note = v.t("hold.note", "hours", hours)
	}
	switch {
	case !h.PlacedAt.IsZero():
		if h.IsLive() {
			add("done", "placed", v.at(h.PlacedAt))
		} else {
			add("done", "placed_past", v.at(h.PlacedAt))
		}
		view.Steps[0].Text += v.t("sentence.gap") + v.t("hold.descriptor", "descriptor", w.Descriptor)
		v.release(h, add)
	case m.State == payment.Challenged:
		add("done", "asked", v.at(h.OpenedAt))
		add("now", "challenged", moment{})
		add("next", "placed_next", moment{})
		add("next", "released_next", moment{})
	case h.State == payment.HoldOpening, h.State == payment.HoldUnknown:
		add("now", string(h.State), v.at(h.OpenedAt))
		add("next", "placed_next", moment{})
		add("next", "released_next", moment{})
	default:
		add("done", "asked", v.at(h.OpenedAt))
		add("stopped", "refused", v.at(h.EndedAt))
	}
	return view
}

// hoursOf returns a span in hours, the last one begun counted whole.
func hoursOf(span time.Duration) int { return int(math.Ceil(span.Hours())) }

// release adds what becomes of a hold that was placed.
func (v *visit) release(h payment.Hold, add func(kind, key string, at moment)) {
	switch h.State {
	case payment.HoldPlaced:
		add("next", "release_next", moment{})
		add("next", "released_next", moment{})
	case payment.HoldReleasing:
		add("now", "releasing", moment{})
		add("next", "released_next", moment{})
	case payment.HoldExpired:
		add("done", "expired", v.at(h.EndedAt))
	default:
		add("done", "release_sent", moment{})
		add("done", "released", v.at(h.EndedAt))
	}
}
