package mail

import (
	"embed"
	htmltemplate "html/template"
	"io"
	"strings"
	"text/template"
	"time"

	"github.com/bursar-pay/bursar/internal/account"
)

//go:embed templates
var templateFiles embed.FS

var (
	htmlLetter  = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/letter.html"))
	plainLetter = template.Must(template.ParseFS(templateFiles, "templates/letter.txt"))
)

// Draft is all that goes into a mail.
type Draft struct {
	Message string // its id
	Kind    Kind
	Subject string // the id of what it is about
	Facts   Facts
	Account account.Account
	Console string // origin of the pages; "" there are none to lead to

	Challenge      string    // a single-use link that the mail leads to instead of a page; "" none
	ChallengeUntil time.Time // when that link ends
}

// Mail is a message as a mailbox gets it.
type Mail struct {
	Message  string // the message's id, from which its Message-ID is made
	To       string
	Language string
	Title    string
	Text     string
	HTML     string
	Choices  string // page on which mails of this kind can be switched off; "" they cannot
}

const nameMax = 80 // characters of a customer's name in a greeting

// Compose writes the mail of a message, in its account's language.
func Compose(d Draft) (Mail, error) {
	l, zone := speak(d.Account.Language), d.Account.Location()
	w := Write(d.Kind.Name, d.Facts, Reader{Language: l.Tag, Zone: zone})
	page := letterPage{
		Written: w, Language: l.Tag,
		Greeting: l.say("greeting", "name", plain(d.Account.Name, nameMax)),
		About:    l.say("footer.account", "reference", plain(d.Account.Reference, nameMax)),
		Never:    l.say("footer.never"),
	}
	m := Mail{Message: d.Message, To: d.Account.Email, Language: l.Tag, Title: w.Title}
	switch {
	case d.Challenge != "":
		page.Link, page.Once = d.Challenge, l.say("link.once", "until", l.moment(d.ChallengeUntil, zone))
	case d.Console != "" && d.Kind.Page != "":
		page.Link = d.Console + d.Kind.PageOf(d.Subject)
	}
	if d.Kind.Critical {
		page.Critical = l.say("footer.critical")
	} else if d.Console != "" {
		m.Choices = d.Console + ChoicesPage
		page.Choices, page.ChoicesWord = m.Choices, l.say("footer.choices")
	}
	var err error
	if m.Text, err = filled(plainLetter, page); err != nil {
		return m, err
	}
	m.HTML, err = filled(htmlLetter, page)
	return m, err
}

// letterPage is what the templates are filled with.
type letterPage struct {
	Written
	Language             string
	Greeting             string
	Link                 string
	Once                 string // says that the link works once
	About                string // which account the mail is about
	Critical             string // why it cannot be switched off; "" it can
	Choices, ChoicesWord string
	Never                string
}

// filled fills a template of either kind.
func filled(t interface{ Execute(io.Writer, any) error }, p letterPage) (string, error) {
	text := &strings.Builder{}
	err := t.Execute(text, p)
	return text.String(), err
}
