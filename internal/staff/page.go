package staff

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/packed"
)

//go:embed assets templates
var files embed.FS

// page is what the frame of every page is made of.
type page struct {
	Member string // who is signed in; "" nobody
	Role   string
	Menu   []section
	Once   string // names the forms of this answer, each with an ending of its own
	Body   any
}

// section is an entry of the menu.
type section struct {
	Name, Path string
	Current    string // for aria-current; "" it is not where we are
	scope      access.Scope
	also       []string // beginnings of other paths that belong to it
}

// menu lists the sections in the order of the day's work. One sees those that one's
// role may open.
var menu = []section{
	{Name: "Today", Path: "/staff"},
	{Name: "Identity checks", Path: "/staff/checks", scope: access.IdentityRead, also: []string{"/staff/views"}},
	{Name: "Stopped by risk", Path: "/staff/stopped", scope: access.IdentityRead},
	{Name: "Accounts", Path: "/staff/accounts", scope: access.AccountsRead, also: []string{"/staff/payments"}},
	{Name: "Receipts", Path: "/staff/receipts", scope: access.BankRead},
	{Name: "Statements", Path: "/staff/statements", scope: access.BankRead, also: []string{"/staff/lines"}},
	{Name: "Receiving accounts", Path: "/staff/receiving", scope: access.BankRead},
	{Name: "Approvals", Path: "/staff/approvals", scope: access.BankRead},
	{Name: "Credit lines", Path: "/staff/credit", scope: access.CreditRead},
	{Name: "Withdrawals", Path: "/staff/withdrawals", scope: access.FundsRead},
	{Name: "Staff", Path: "/staff/members", scope: access.StaffRead},
}

func (v *visit) menu() []section {
	var list []section
	here := v.r.URL.Path
	for _, s := range menu {
		if s.scope != "" && !v.may(s.scope) {
			continue
		}
		switch {
		case here == s.Path:
			s.Current = "page"
		case s.Path != "/staff" && strings.HasPrefix(here, s.Path+"/"):
			s.Current = "true"
		}
		for _, p := range s.also {
			if strings.HasPrefix(here, p) {
				s.Current = "true"
			}
		}
		list = append(list, s)
	}
	return list
}

// show writes a page.
func (v *visit) show(status int, name string, body any) {
	p := page{Body: body, Once: v.office().IDs.New("form")}
	if v.member.ID != "" {
		p.Member, p.Role, p.Menu = v.member.Name, roleName(v.member.Role), v.menu()
	}
	var out bytes.Buffer
	if err := parsed().ExecuteTemplate(&out, name, p); err != nil {
		panic(fmt.Errorf("show %s: %w", name, err))
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", "en")
	v.door.pages.Send(v.w, v.r, status, out.Bytes())
}

// listMost is how many lines a page of a list has.
const listMost = 50

// part is the part of a list that a request asks for.
func (v *visit) part() office.Page {
	return office.Page{After: v.r.URL.Query().Get("after"), Limit: listMost}
}

// more is where a list goes on; "" on its last page.
func (v *visit) more(next string) string {
	if next == "" {
		return ""
	}
	q := v.r.URL.Query()
	q.Set("after", next)
	return v.r.URL.Path + "?" + q.Encode()
}

// parsed are the templates.
var parsed = sync.OnceValue(func() *template.Template {
	funcs := template.FuncMap{"asset": assetPath, "dict": dict}
	return template.Must(template.New("").Funcs(funcs).ParseFS(files, "templates/*.html"))
})

// dict hands several named things to a part of a page.
func dict(pairs ...any) map[string]any {
	named := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		named[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return named
}

// assetNames maps the names under which browsers get our files, which change with
// what is in them, to the files.
var assetNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	list, err := files.ReadDir("assets")
	if err != nil {
		panic(err)
	}
	for _, f := range list {
		at, err := assetPath(f.Name())
		if err != nil {
			panic(err)
		}
		names[path.Base(at)] = f.Name()
	}
	return names
})

// assetPath is where browsers get one of our files.
func assetPath(name string) (string, error) {
	text, err := files.ReadFile("assets/" + name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	kind := path.Ext(name)
	return "/staff/assets/" + strings.TrimSuffix(name, kind) + "-" + hex.EncodeToString(sum[:6]) + kind, nil
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	name, known := assetNames()[r.PathValue("name")]
	if !known {
		http.NotFound(w, r)
		return
	}
	text, err := files.ReadFile("assets/" + name)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", assetKinds[path.Ext(name)])
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	packed.SendFile(w, r, text, packedAssets()[name])
}

// packedAssets are our files, packed once, by their names.
var packedAssets = sync.OnceValue(func() map[string][]byte { return packed.Files(files, "assets") })
