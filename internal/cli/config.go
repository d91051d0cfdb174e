package cli

import (
	"io"
	"net/url"
	"strings"
)

type configCommand struct{}

// shownSetting is a setting as `bursar config` shows it.
type shownSetting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
	Env    string `json:"env"`
	About  string `json:"about"`
}

// Run shows every setting, its value and where that came from.
func (configCommand) Run(s *session) error {
	shown := make([]shownSetting, 0, len(settings))
	for _, k := range settings {
		v, source := s.of(k.name)
		shown = append(shown, shownSetting{k.name, hide(k, v), source, k.env, k.about})
	}
	return s.show(shown, func(w io.Writer) {
		table(w, "setting,value,from,environment,about", func(add func(...any)) {
			for _, k := range shown {
				add(k.Name, k.Value, k.Source, k.Env, k.About)
			}
		})
	})
}

const hidden = "(hidden)"

// hide keeps secrets off the screen: those that are, and the password in a
// database's or the mail server's address.
func hide(k setting, value string) string {
	if k.secret && value != "" {
		return hidden
	}
	if k.name != "db" && k.name != "smtp-url" || !strings.Contains(value, "://") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		return hidden
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", hidden)
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}
