package sandbox

import (
	"net/http"
	"strings"
)

// An elementView is what the page inside a card field's frame is made of.
type elementView struct {
	Group, Parent, Locale string
	Number, Expiry, CVC   bool
}

// elementKinds are the card fields that a shop's page can have.
var elementKinds = map[string]elementView{
	"card":       {Number: true, Expiry: true, CVC: true},
	"cardNumber": {Number: true},
	"cardExpiry": {Expiry: true},
	"cardCvc":    {CVC: true},
}

// serveElements serves the browser script and the frames that it puts into a
// shop's page. What is typed into the frames goes to this world only.
func (w *World) serveElements(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v3", "/v3/", "/v3/stripe.js":
		rw.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		rw.Header().Set("Access-Control-Allow-Origin", "*")
		writeAsset(rw, "text/javascript", "stripe.js")
		return
	case "/_elements/element.js":
		writeAsset(rw, "text/javascript", "element.js")
		return
	case "/_elements/element.css":
		writeAsset(rw, "text/css", "element.css")
		return
	}
	v, known := elementKinds[strings.TrimPrefix(r.URL.Path, "/_elements/")]
	query := r.URL.Query()
	v.Group, v.Parent, v.Locale = query.Get("group"), originOf(query.Get("parent")), query.Get("locale")
	if !known || v.Parent == "" || v.Group == "" {
		http.NotFound(rw, r)
		return
	}
	// Only the page that asked for the frame can have it, and hear from it.
	w.writePage(rw, http.StatusOK, "element.html",
		"script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; frame-ancestors "+v.Parent, v)
}
