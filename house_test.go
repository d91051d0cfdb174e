package bursar_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/bursar-pay/bursar/"

// The floors, from the ground up. What stands behind a package in the house below
// is what it may import directly; its own tests may import more.
const (
	ground = "fault money state id "
	rules  = ground + "account access payment billing bank policy ledger order identity diagnosis "
	memory = rules + "wire job webhook store provider focus mail evidence seal statement document signin packed "
	roof   = memory + "office api console staff sandbox provider/stripe provider/paypal "
)

// house says which package of ours may import which. A new package needs a line
// here and a sentence in the guide to the layout.
var house = map[string]string{
	// Ground: nothing of ours but fault.
	"fault": "",
	"money": "fault",
	"state": "fault",
	"id":    "",

	// Rules: the ground, and account. payment and billing never meet.
	"account":   ground,
	"access":    ground + "account",
	"payment":   ground + "account",
	"billing":   ground + "account",
	"bank":      ground + "account",
	"ledger":    ground + "account",
	"policy":    ground + "account payment identity",
	"order":     ground + "account",
	"identity":  ground + "account",
	"diagnosis": ground + "account payment",

	// Shapes, and what is handed in or out.
	"wire":      rules,
	"focus":     ground + "billing",
	"statement": ground,

	// Memory and world: rules; the store also knows rows of jobs and webhooks.
	"job":             "fault",
	"mail":            ground + "account",
	"evidence":        "fault",
	"document":        rules,
	"signin":          "fault",
	"packed":          "",
	"seal":            "fault",
	"webhook":         rules + "wire",
	"store":           rules + "job webhook mail",
	"provider":        ground,
	"provider/stripe": ground + "provider",
	"provider/paypal": ground + "provider",

	// Office: everything below, and no concrete provider.
	"office": rules + "store provider job webhook mail evidence seal statement document",

	// Doors: office and rules, and the shapes; never the store, never a provider.
	"api":         rules + "office wire webhook api/problem",
	"api/problem": "fault",
	"console":     rules + "office signin packed",
	"staff":       rules + "office signin packed",

	// Outside: reached over HTTP only.
	"sandbox": "money",

	// Roof: sees everything. bench starts a database server of its own.
	"sim":        roof,
	"bench":      roof + "pgtest",
	"cli":        roof + "sim bench",
	"cmd/bursar": "cli",
}

// guests are packages of others that belong to a few of ours alone.
var guests = map[string]string{
	"database/sql":                          "store sandbox sim bench",
	"github.com/jackc/pgx":                  "store bench",
	"modernc.org/sqlite":                    "store sandbox sim bench",
	"github.com/pressly/goose":              "store",
	"github.com/expr-lang/expr":             "policy",
	"github.com/tink-crypto/tink-go":        "seal",
	"github.com/coreos/go-oidc":             "signin",
	"golang.org/x/oauth2":                   "signin",
	"golang.org/x/image":                    "document",
	"github.com/wneessen/go-mail":           "mail",
	"github.com/emersion/go-smtp":           "",
	"github.com/getkin/kin-openapi":         "",
	"github.com/riverqueue/river":           "store job",
	"github.com/stripe/stripe-go":           "provider/stripe",
	"github.com/danielgtaylor/huma":         "api api/problem",
	"github.com/alecthomas/kong":            "cli",
	"github.com/schollz/progressbar":        "cli",
	"github.com/cockroachdb/apd":            "money",
	"html/template":                         "console staff sandbox mail",
	"crypto/rand":                           "cli",
	"math/rand":                             "store sim bench",
	"github.com/rogpeppe/go-internal":       "",
	"github.com/google/go-cmp":              "",
	"github.com/stripe/stripe-mock":         "",
	"pgregory.net/rapid":                    "",
	"github.com/anishathalye/porcupine":     "",
	"github.com/chromedp/chromedp":          "",
	"github.com/standard-webhooks/standard": "",
}

// pure are the packages that decide and touch nothing.
var pure = strings.Fields(rules + "wire")

// impure are what they cannot have.
var impure = []string{"context", "os", "net", "net/http", "database/sql", "os/exec", "syscall"}

// exact are the packages in which money is never a float.
var exact = strings.Fields(rules + "wire focus statement store provider provider/stripe provider/paypal office api")

// exceptions are files that do what their package may not, and why.
var exceptions = map[string]string{
	"internal/cli/clock.go time":           "the one place that asks for the time",
	"internal/store/store.go rand":         "spreads transactions that are tried again; nothing that is kept depends on it",
	"internal/office/receive_news.go http": "a provider's message is its headers and its body",
	"internal/office/deliver.go float":     "spreads deliveries that are tried again; no money",
}

// source is one file of ours that is not a test.
type source struct {
	path    string // "internal/money/money.go"
	owner   string // "money", "cmd/bursar"
	imports []string
	tree    *ast.File
	set     *token.FileSet
}

// isTest tells whether a package counts as a test: its name ends so.
func isTest(owner string) bool { return strings.HasSuffix(owner, "test") }

func sources(t *testing.T) []source {
	t.Helper()
	var found []source
	for _, root := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" {
				return fs.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			s := source{path: filepath.ToSlash(name), set: token.NewFileSet()}
			s.owner = strings.TrimPrefix(path.Dir(s.path), "internal/")
			if s.tree, err = parser.ParseFile(s.set, name, nil, parser.SkipObjectResolution); err != nil {
				return err
			}
			for _, i := range s.tree.Imports {
				imported, err := strconv.Unquote(i.Path.Value)
				if err != nil {
					return err
				}
				s.imports = append(s.imports, imported)
			}
			found = append(found, s)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestImportsPointDown(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range sources(t) {
		if isTest(s.owner) {
			continue
		}
		may, listed := house[s.owner]
		if !listed && !seen[s.owner] {
			t.Errorf("package %s has no line in the house: add one, and a sentence in the guide", s.owner)
		}
		seen[s.owner] = true
		for _, imported := range s.imports {
			ours, ok := strings.CutPrefix(imported, module)
			if !ok {
				continue
			}
			ours = strings.TrimPrefix(ours, "internal/")
			if listed && !slices.Contains(strings.Fields(may), ours) {
				t.Errorf("%s imports %s; %s may import: %s", s.path, ours, s.owner, may)
			}
		}
	}
	for owner := range maps.Keys(house) {
		if !seen[owner] {
			t.Errorf("the house lists %s, which is not there", owner)
		}
	}
}

func TestGuestsStayWhereTheyBelong(t *testing.T) {
	for _, s := range sources(t) {
		if isTest(s.owner) {
			continue
		}
		for _, imported := range s.imports {
			for guest, hosts := range guests {
				if imported != guest && !strings.HasPrefix(imported, guest+"/") && !strings.HasPrefix(imported, guest+"-") {
					continue
				}
				if !slices.Contains(strings.Fields(hosts), s.owner) {
					t.Errorf("%s imports %s, which belongs to: %s", s.path, imported, hosts)
				}
			}
		}
	}
}

func TestRulesTouchNothing(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(pure, s.owner) {
			continue
		}
		for _, imported := range s.imports {
			if slices.Contains(impure, imported) {
				t.Errorf("%s imports %s; rules touch nothing", s.path, imported)
			}
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine; rules touch nothing", s.set.Position(g.Pos()))
			}
			return true
		})
	}
}

// TestTimeAndChanceComeFromAbove finds whoever asks the machine for the time or
// for chance. Seeded generators are nobody's chance.
func TestTimeAndChanceComeFromAbove(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if isTest(s.owner) || s.owner == "bench" { // measures with a watch
			continue
		}
		random := "rand"
		for _, i := range s.tree.Imports {
			if strings.HasPrefix(i.Path.Value, `"math/rand`) && i.Name != nil {
				random = i.Name.Name
			}
		}
		seeded := []string{"New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Source", "Reader"}
		calls(s, func(of, name string, at token.Position) {
			what := ""
			switch {
			case of == "time" && slices.Contains([]string{"Now", "Since", "Until"}, name):
				what = "time"
			case of == random && !slices.Contains(seeded, name):
				what = "rand"
			default:
				return
			}
			if exception := s.path + " " + what; exceptions[exception] == "" {
				t.Errorf("%s: %s.%s; time and chance come in from above", at, of, name)
			} else {
				used[exception] = true
			}
		})
	}
	for exception := range maps.Keys(exceptions) {
		if (strings.HasSuffix(exception, " time") || strings.HasSuffix(exception, " rand")) && !used[exception] {
			t.Errorf("the exception %q is not needed any more", exception)
		}
	}
}

// calls hands over every "of.name" of a file.
func calls(s source, do func(of, name string, at token.Position)) {
	ast.Inspect(s.tree, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := sel.X.(*ast.Ident); ok {
				do(of.Name, sel.Sel.Name, s.set.Position(sel.Pos()))
			}
		}
		return true
	})
}

func TestOfficeKnowsNoHTTP(t *testing.T) {
	for _, s := range sources(t) {
		if s.owner == "office" && slices.Contains(s.imports, "net/http") && exceptions[s.path+" http"] == "" {
			t.Errorf("%s imports net/http", s.path)
		}
	}
}

func TestMoneyIsNeverAFloat(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(exact, s.owner) || exceptions[s.path+" float"] != "" {
			continue
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			if i, ok := n.(*ast.Ident); ok && (i.Name == "float64" || i.Name == "float32") {
				t.Errorf("%s: %s", s.set.Position(i.Pos()), i.Name)
			}
			return true
		})
	}
}

// TestNamesSayWhatAThingIs refuses names under which everything could be kept.
func TestNamesSayWhatAThingIs(t *testing.T) {
	empty := []string{"util", "utils", "common", "helper", "helpers", "base", "misc", "manager", "service", "services", "types"}
	for _, s := range sources(t) {
		file := strings.TrimSuffix(path.Base(s.path), ".go")
		if slices.Contains(empty, path.Base(s.owner)) || slices.Contains(empty, file) {
			t.Errorf("%s has a name that says nothing", s.path)
		}
		for _, d := range s.tree.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			for _, spec := range g.Specs {
				name := spec.(*ast.TypeSpec).Name.Name
				for _, word := range []string{"Manager", "Helper", "Service", "Util", "Impl"} {
					if strings.HasSuffix(name, word) {
						t.Errorf("%s: the type %s has a name that says nothing", s.path, name)
					}
				}
			}
		}
	}
}
