package paypal

import "strings"

// References of intents. An order is named by its id. Money that is taken from a
// hold has no order of its own: it is named by the authorization that it comes from
// and by our reference, which is its invoice id at PayPal.
const (
	orderPrefix   = "order:"
	captureOfMark = "capture-of:"
	captureOfSep  = "/"
)

// A ref is what an intent is at PayPal: an order, or a capture of an authorization.
type ref struct {
	order         string
	authorization string
	reference     string // ours, with authorization
}

func (r ref) String() string {
	if r.order != "" {
		return orderPrefix + r.order
	}
	return captureOfMark + r.authorization + captureOfSep + r.reference
}

// parseRef reads a reference that we gave out.
func parseRef(s string) (ref, bool) {
	if id, is := strings.CutPrefix(s, orderPrefix); is {
		return ref{order: id}, isID(id)
	}
	rest, is := strings.CutPrefix(s, captureOfMark)
	if !is {
		return ref{}, false
	}
	id, reference, _ := strings.Cut(rest, captureOfSep)
	return ref{authorization: id, reference: reference}, isID(id) && reference != ""
}

// isID reports whether s can be the id of an order, an authorization or a capture.
func isID(s string) bool {
	if s == "" || len(s) > 36 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return true
}

// isToken reports whether s can be the id of a token, a payer or a certificate at PayPal.
func isToken(s string) bool {
	return s != "" && len(s) <= 100 && !strings.ContainsAny(s, ":/.") && word(s) != ""
}
