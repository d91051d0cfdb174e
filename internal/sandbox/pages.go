package sandbox

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed assets
var assets embed.FS

var pages = template.Must(template.ParseFS(assets, "assets/*.html"))

// asset is one file that browsers get.
func asset(name string) []byte {
	text, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("sandbox: an asset is missing: " + name)
	}
	return text
}

// writePage renders a page under a policy that lets it do nothing but what is
// named.
func (w *World) writePage(rw http.ResponseWriter, status int, name, policy string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		w.options.Logger.Error("sandbox page", "page", name, "error", err)
		http.Error(rw, "The sandbox broke down; its log says why.", http.StatusInternalServerError)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; "+policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // a form of a page without any says that it comes from nowhere
	h.Set("Cache-Control", "no-store")
	rw.WriteHeader(status)
	rw.Write(page.Bytes())
}

func writeAsset(rw http.ResponseWriter, kind, name string) {
	h := rw.Header()
	h.Set("Content-Type", kind+"; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	rw.Write(asset(name))
}

func (w *World) serveIndex(rw http.ResponseWriter) {
	payers, err := w.Payers()
	if err != nil {
		w.options.Logger.Error("sandbox page", "page", "index.html", "error", err)
	}
	w.writePage(rw, http.StatusOK, "index.html", "style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'", map[string]any{
		"Now": w.now().Format("2006-01-02 15:04:05 MST"), "Kinds": FaultKinds, "Cards": publishedCards(), "Payers": payers,
	})
}

// originOf is the scheme and host of a URL, or "".
func originOf(page string) string {
	u, err := url.Parse(page)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
