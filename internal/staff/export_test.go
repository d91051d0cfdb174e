package staff

import "github.com/bursar-pay/bursar/internal/access"

// Route is what a test needs to know of a page.
type Route struct {
	Pattern string
	Scope   access.Scope
	Open    bool
}

// Table lists every page and form.
func Table() []Route {
	var list []Route
	for _, r := range table {
		list = append(list, Route{r.pattern, r.scope, r.open})
	}
	return list
}
