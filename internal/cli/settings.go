package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/mail"
)

// What may be wrong with the configuration.
var (
	errConfigFile  = fault.New(fault.Invalid, "config_unreadable", "the configuration file cannot be read").WithNext("name a YAML file of `name: value` lines with --config; `bursar config` lists the names")
	errConfigName  = fault.New(fault.Invalid, "config_unknown", "there is no such setting").WithNext("see `bursar config` for the names")
	errConfigValue = fault.New(fault.Invalid, "config_invalid", "the setting has no valid value")
)

// globals are the flags that every command takes.
type globals struct {
	Data     string `placeholder:"DIR" help:"Directory for what Bursar keeps, unless told otherwise."`
	DB       string `name:"db" placeholder:"URL" help:"The database: sqlite:PATH or postgres://…"`
	File     string `name:"config" placeholder:"FILE" help:"Read settings from this file."`
	LogLevel string `placeholder:"LEVEL" help:"What is logged on standard error: debug, info, warn or error."`
	JSON     bool   `name:"json" help:"Write JSON, and nothing else, on standard output."`
}

// setting is one thing that can be configured. A flag goes before the
// environment, the environment before the file, the file before the default.
type setting struct {
	name   string // of the flag, and in the file
	env    string
	secret bool
	usual  string // the default; %DATA% stands for the data directory
	about  string
}

const dataMark = "%DATA%"

var settings = []setting{
	{name: "data", env: "BURSAR_DATA", about: "directory for what Bursar keeps"},
	{name: "db", env: "BURSAR_DB", usual: "sqlite:" + dataMark + "/bursar.db", about: "database"},
	{name: "listen", env: "BURSAR_LISTEN", usual: "127.0.0.1:8080", about: "address of API and pages"},
	{name: "sandbox-listen", env: "BURSAR_SANDBOX_LISTEN", usual: "127.0.0.1:0", about: "address of the sandbox world"},
	{name: "url", env: "BURSAR_URL", about: "public origin of API and pages, for links; empty: the address"},
	{name: "return-origins", env: "BURSAR_RETURN_ORIGINS", about: "the platform's origins, with commas, to which customers may be led back; empty: any in a sandbox installation, else none"},
	{name: "policy", env: "BURSAR_POLICY", about: "policy that a server applies when it starts"},
	{name: "statements", env: "BURSAR_STATEMENTS_DIR", about: "directory that a server takes bank statements from; empty: none"},
	{name: "log-level", env: "BURSAR_LOG_LEVEL", usual: "info", about: "debug, info, warn or error"},
	{name: "trust-proxy", env: "BURSAR_TRUST_PROXY", usual: "false", about: "callers' addresses come from the proxy before us"},
	{name: "private-webhooks", env: "BURSAR_PRIVATE_WEBHOOKS", usual: "false", about: "events may go to private addresses"},
	{name: "stripe-url", env: "BURSAR_STRIPE_URL", about: "server that speaks Stripe's protocol; empty: Stripe, or the sandbox world without a key"},
	{name: "stripe-key", env: "BURSAR_STRIPE_KEY", secret: true, about: "secret key at Stripe"},
	{name: "stripe-webhook-secret", env: "BURSAR_STRIPE_WEBHOOK_SECRET", secret: true, about: "signs Stripe's webhooks; two with a comma while one replaces the other"},
	{name: "stripe-publishable-key", env: "BURSAR_STRIPE_PUBLISHABLE_KEY", about: "Stripe's key for browsers"},
	{name: "stripe-descriptor-prefix", env: "BURSAR_STRIPE_DESCRIPTOR_PREFIX", about: "static descriptor of the Stripe account"},
	{name: "paypal-url", env: "BURSAR_PAYPAL_URL", about: "server that speaks PayPal's protocol; empty: PayPal, or the sandbox world without a client"},
	{name: "paypal-client-id", env: "BURSAR_PAYPAL_CLIENT_ID", about: "client at PayPal; empty with a card provider: no PayPal"},
	{name: "paypal-secret", env: "BURSAR_PAYPAL_SECRET", secret: true, about: "that client's secret"},
	{name: "paypal-webhook-id", env: "BURSAR_PAYPAL_WEBHOOK_ID", about: "PayPal's id of our webhook, for which its messages are signed"},
	{name: "smtp-url", env: "BURSAR_SMTP_URL", about: "mail server: smtp://host:587 with STARTTLS or smtps://host:465; empty: a sandbox installation keeps mails to be read"},
	{name: "smtp-user", env: "BURSAR_SMTP_USER", about: "login at the mail server; empty: none"},
	{name: "smtp-password", env: "BURSAR_SMTP_PASSWORD", secret: true, about: "that login's password"},
	{name: "mail-from", env: "BURSAR_MAIL_FROM", about: "who mails come from, such as Example Cloud <billing@example.com>"},
	{name: "oidc-issuer", env: "BURSAR_OIDC_ISSUER", about: "identity provider of the platform's customers (OpenID Connect); empty: none, they come by links"},
	{name: "oidc-client-id", env: "BURSAR_OIDC_CLIENT_ID", about: "our client there; its return address is URL/signin/return"},
	{name: "oidc-secret", env: "BURSAR_OIDC_SECRET", secret: true, about: "that client's secret"},
	{name: "oidc-account-claim", env: "BURSAR_OIDC_ACCOUNT_CLAIM", usual: "bursar_account", about: "claim of the ID token that holds the reference of the customer's account"},
	{name: "fonts", env: "BURSAR_FONTS", about: "directory of TrueType fonts that documents are set with first; empty: those of the machine"},
	{name: "scanner", env: "BURSAR_SCANNER", about: "virus scanner that is asked about documents: unix:/path or tcp:host:port of a clamd; empty: none"},
	{name: "server", env: "BURSAR_SERVER", about: "origin of a running server that commands speak to"},
	{name: "key", env: "BURSAR_KEY", secret: true, about: "API key for that server"},
}

// session is one run of the command line: its streams and what is configured.
type session struct {
	Streams
	json  bool
	flags map[string]string // given on the command line
	file  map[string]string
	from  string // the file's path; "" without one
}

func (g globals) session(streams Streams) (*session, error) {
	s := &session{Streams: streams, json: g.JSON, flags: map[string]string{"data": g.Data, "db": g.DB, "log-level": g.LogLevel}}
	var err error
	s.from, s.file, err = readConfig(g.File)
	return s, err
}

// given notes the flags of the command itself.
func (s *session) given(flags map[string]string) {
	for name, value := range flags {
		s.flags[name] = value
	}
}

// of returns a setting's value and where it came from.
func (s *session) of(name string) (value, source string) {
	at := slices.IndexFunc(settings, func(k setting) bool { return k.name == name })
	k := settings[at]
	if v := s.flags[name]; v != "" {
		return v, "flag --" + name
	}
	if v := os.Getenv(k.env); v != "" {
		return v, "environment " + k.env
	}
	if v := s.file[name]; v != "" {
		return v, "file " + s.from
	}
	if name == "data" {
		return dataDirectory(), "default"
	}
	if strings.Contains(k.usual, dataMark) {
		data, _ := s.of("data")
		return strings.ReplaceAll(k.usual, dataMark, data), "default"
	}
	return k.usual, "default"
}

func (s *session) value(name string) string {
	v, _ := s.of(name)
	return v
}

func (s *session) isSet(name string) (bool, error) {
	v, err := strconv.ParseBool(s.value(name))
	if err != nil {
		return false, errConfigValue.At(name).WithNext("write true or false")
	}
	return v, nil
}

// dataDirectory is where data belongs on this machine.
func dataDirectory() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "bursar")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "bursar-data"
	}
	return filepath.Join(home, ".local", "share", "bursar")
}

// readConfig reads the one file of settings: the one that was named, else
// BURSAR_CONFIG, else bursar/config.yaml where configuration belongs on this
// machine, if it is there.
func readConfig(path string) (string, map[string]string, error) {
	named := cmp.Or(path, os.Getenv("BURSAR_CONFIG"))
	path = named
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return "", nil, nil
		}
		path = filepath.Join(dir, "bursar", "config.yaml")
	}
	text, err := readFile(path)
	if named == "" && errors.Is(err, os.ErrNotExist) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, errors.Join(errConfigFile.At(path).Detail("%v", cause(err)))
	}
	values, err := parseConfig(text, path)
	return path, values, err
}

// parseConfig reads `name: value` lines. It tells everything that is wrong at
// once, by line.
func parseConfig(text []byte, path string) (map[string]string, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, errConfigFile.At(path).Detail("the file is not YAML")
	}
	values := map[string]string{}
	var wrong []error
	for _, doc := range file.Docs {
		for _, pair := range pairs(doc.Body) {
			place := fmt.Sprintf("%s: line %d", path, pair.Key.GetToken().Position.Line)
			name := pair.Key.GetToken().Value
			known := slices.ContainsFunc(settings, func(k setting) bool { return k.name == name })
			scalar, ok := pair.Value.(ast.ScalarNode)
			switch {
			case !known:
				wrong = append(wrong, errConfigName.At(place))
			case !ok:
				wrong = append(wrong, errConfigValue.At(place).WithNext("write one value behind the name"))
			default:
				values[name] = scalar.GetToken().Value
			}
		}
		if doc.Body != nil && pairs(doc.Body) == nil {
			wrong = append(wrong, errConfigFile.At(path).Detail("the file has something else than settings"))
		}
	}
	return values, errors.Join(wrong...)
}

func pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

const textFileMax = 1 << 20 // bytes of a policy or configuration

// readFile reads a small text file.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, textFileMax+1))
	if err == nil && len(text) > textFileMax {
		return nil, fmt.Errorf("it is larger than %d bytes", textFileMax)
	}
	return text, err
}

// cause is what the machine says, without the path.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// logger writes to standard error what the log level asks for, but at least as
// much as the least of the command.
func (s *session) logger(usual slog.Level) (*slog.Logger, error) {
	v, source := s.of("log-level")
	level := usual
	if source != "default" {
		if err := level.UnmarshalText([]byte(v)); err != nil {
			return nil, errConfigValue.At("log-level").WithNext("write debug, info, warn or error")
		}
	}
	return slog.New(slog.NewTextHandler(s.Err, &slog.HandlerOptions{Level: level})), nil
}

// config is what a command opens its installation with.
func (s *session) config(level slog.Level) (config, error) {
	log, err := s.logger(level)
	if err != nil {
		return config{}, err
	}
	private, err := s.isSet("private-webhooks")
	c := config{
		DB: s.value("db"), Data: s.value("data"), Log: log, AllowPrivate: private, Console: strings.TrimRight(s.value("url"), "/"),
		Stripe: stripeEnd{URL: s.value("stripe-url"), Key: s.value("stripe-key"), Prefix: s.value("stripe-descriptor-prefix")},
	}
	c.PayPal = paypalEnd{URL: s.value("paypal-url"), Client: s.value("paypal-client-id"), Secret: s.value("paypal-secret"), Webhook: s.value("paypal-webhook-id")}
	c.Scanner = s.value("scanner")
	for _, text := range strings.FieldsFunc(s.value("return-origins"), func(r rune) bool { return r == ',' || r == ' ' }) {
		u, wrong := url.Parse(text)
		if wrong != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.TrimRight(text, "/") != u.Scheme+"://"+u.Host {
			return c, errConfigValue.At("return-origins").WithNext("name origins such as https://cloud.example.com, with commas between them")
		}
		c.ReturnOrigins = append(c.ReturnOrigins, u.Scheme+"://"+strings.ToLower(u.Host))
	}
	if list := s.value("fonts"); list != "" {
		c.Fonts = filepath.SplitList(list)
	}
	c.Mail = mail.Options{URL: s.value("smtp-url"), User: s.value("smtp-user"), Password: mail.Secret(s.value("smtp-password")), From: s.value("mail-from")}
	for _, secret := range strings.Split(s.value("stripe-webhook-secret"), ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			c.Stripe.Secrets = append(c.Stripe.Secrets, secret)
		}
	}
	return c, err
}
