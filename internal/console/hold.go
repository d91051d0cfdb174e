package console

import (
	"math"
	"time"

	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
)

// holdView is the life of a hold as its holder is told it (S-25, S-11).
type holdView struct {
	Title string
	State string // in a word
	Live  bool
	From  moment // when it was asked for
	Steps []step
	Note  string // when the money is back
}

// step is one thing that happened, happens, or will.
type step struct {
	Kind       string // done, now, next or stopped
	Name, Text string
	At         moment
}

// hold puts the hold that verifies a method into words.
func (v *visit) hold(h payment.Hold, m payment.Method, w office.WaysToPay) *holdView {
	hours := hoursOf(h.VoidDue.Sub(h.OpenedAt))
	amount := sum(h.Amount)
	view := &holdView{Title: v.t("hold.of", "amount", amount), State: v.holdWord(h), Live: h.IsLive(), From: v.at(h.OpenedAt)}
	add := func(kind, key string, at moment) {
		view.Steps = append(view.Steps, step{
			Kind: kind, Name: v.of(m.Kind, "step."+key), At: at,
			Text: v.of(m.Kind, "step."+key+".text", "amount", amount, "hours", hours, "due", v.at(h.VoidDue).Text),
		})
	}
	if !h.PlacedAt.IsZero() {
		view.Note = v.of(m.Kind, "hold.note", "hours", hours)
	}
	switch {
	case !h.PlacedAt.IsZero():
		if h.IsLive() {
			add("done", "placed", v.at(h.PlacedAt))
		} else {
			add("done", "placed_past", v.at(h.PlacedAt))
		}
		view.Steps[0].Text += v.t("sentence.gap") + v.of(m.Kind, "hold.descriptor", "descriptor", w.Descriptor)
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

// holdWord is a hold's state in a word. One that was never placed is not told to
// be released.
func (v *visit) holdWord(h payment.Hold) string {
	if h.PlacedAt.IsZero() && !h.IsLive() {
		return v.t("hold." + string(payment.HoldRefused))
	}
	return v.t("hold." + string(h.State))
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

// usageHold puts a hold on usage into words: placed, promised anew, charged or
// released.
func (v *visit) usageHold(h payment.Hold) *holdView {
	amount := sum(h.Amount)
	view := &holdView{Title: v.t("usage.of", "amount", amount), State: v.holdWord(h), Live: h.IsLive(), From: v.at(h.OpenedAt)}
	add := func(kind, key string, at moment) {
		view.Steps = append(view.Steps, step{
			Kind: kind, Name: v.t("usage." + key), At: at, Text: v.t("usage."+key+".text", "amount", amount, "until", v.at(h.ExpiresAt).Text),
		})
	}
	why := func() {
		if key := "usage.why." + h.Reason; h.Reason != "" && v.knows(key) {
			view.Steps[len(view.Steps)-1].Text += v.t("sentence.gap") + v.t(key)
		}
	}
	if h.PlacedAt.IsZero() {
		switch h.State {
		case payment.HoldOpening, payment.HoldUnknown, payment.HoldChallenged:
			add("now", string(h.State), v.at(h.OpenedAt))
			add("next", "placed_next", moment{})
		default:
			add("done", "asked", v.at(h.OpenedAt))
			add("stopped", "refused", v.at(h.EndedAt))
		}
		return view
	}
	add("done", "placed", v.at(h.PlacedAt))
	if !h.RenewedAt.IsZero() {
		add("done", "renewed", v.at(h.RenewedAt))
	}
	switch h.State {
	case payment.HoldPlaced:
		add("next", "ends_next", moment{})
	case payment.HoldClaimed:
		add("now", "claimed", moment{})
	case payment.HoldCaptured:
		add("done", "captured", v.at(h.EndedAt))
	case payment.HoldExpired:
		add("done", "expired", v.at(h.EndedAt))
	case payment.HoldReleasing:
		add("now", "releasing", moment{})
		why()
	default:
		add("done", "released", v.at(h.EndedAt))
		why()
	}
	return view
}
