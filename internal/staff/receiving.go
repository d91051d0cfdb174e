package staff

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/bank"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
)

// numbersShown is how many numbers of a list a page shows; the command line and the API
// show all.
const numbersShown = 20

// receivingLine is one of the seller's bank accounts with the numbers behind it.
type receivingLine struct {
	ID, Seller, Country, Serves, Currency, Bank, BIC, Holder, Code, Number, Rails string
	Shared, Open                                                                  bool
	Opened, Closed                                                                moment
	Pools                                                                         []poolLine
}

type poolLine struct {
	ID, Kind, Next, Last, Left string
	Low                        bool // so few are left that somebody asks the bank for more
}

// changeLine is somebody's proposal to change where customers pay to.
type changeLine struct {
	ID, What, Receiving, Reason, By, DecidedBy, Note string
	Facts                                            []changeFact
	State                                            standing
	Proposed, Decided                                moment
	Waits, Own                                       bool
}

type changeFact struct{ Name, Text string }

// changeNames say what a proposal would do.
var changeNames = map[bank.ChangeKind]string{
	bank.OpenReceiving: "Add a bank account", bank.CloseReceiving: "Close a bank account", bank.AddNumbers: "Add account numbers",
}

func receivingLineOf(p office.PooledAccount) receivingLine {
	r := p.ReceivingAccount
	line := receivingLine{
		ID: string(r.ID), Seller: r.Seller, Country: r.Country, Serves: servesText(r.Serves), Currency: string(r.Currency), Bank: r.Bank, BIC: r.BIC, Holder: r.Holder, Code: r.BankCode,
		Number: bank.ShownNumber(r.Scheme, r.Number), Rails: railsText(r.Rails), Shared: r.Shared, Open: r.IsOpen(), Opened: at(r.OpenedAt), Closed: at(r.ClosedAt),
	}
	for _, one := range p.Pools {
		line.Pools = append(line.Pools, poolLine{
			ID: string(one.ID), Kind: label(string(one.Kind)), Next: fmt.Sprint(one.Next), Last: fmt.Sprint(one.Last), Left: fmt.Sprint(one.Left()), Low: one.Left() <= one.WarnAt,
		})
	}
	return line
}

func servesText(countries []string) string {
	if len(countries) == 0 {
		return "all that no other one names"
	}
	return strings.Join(countries, ", ")
}

func railsText(rails []bank.Rail) string {
	texts := make([]string, len(rails))
	for i, r := range rails {
		texts[i] = label(string(r))
	}
	return strings.Join(texts, ", ")
}

func (v *visit) changeLine(c bank.Change) changeLine {
	line := changeLine{
		ID: string(c.ID), What: changeNames[c.Kind], Receiving: string(c.Receiving), Reason: c.Reason, By: v.who(c.ProposedBy), DecidedBy: v.owner(c.DecidedBy), Note: c.Note,
		State: standingOf(c.State), Proposed: at(c.ProposedAt), Decided: at(c.DecidedAt), Waits: c.State == bank.ChangeProposed, Own: c.ProposedBy == v.by.Name,
	}
	add := func(name, text string) {
		if text != "" {
			line.Facts = append(line.Facts, changeFact{name, text})
		}
	}
	switch r, p := c.Account, c.Pool; c.Kind {
	case bank.OpenReceiving:
		add("Number", bank.ShownNumber(r.Scheme, r.Number))
		add("Currency", string(r.Currency))
		add("Holder", r.Holder)
		add("Bank", r.Bank)
		add("BIC", r.BIC)
		add("Bank code", r.BankCode)
		add("Held in", r.Country)
		add("Seller", r.Seller)
		add("For customers in", servesText(r.Serves))
		add("Takes", railsText(r.Rails))
		if r.Shared {
			add("Shared", "customers without a number of their own pay to it")
		}
	case bank.AddNumbers:
		add("Behind", string(c.Receiving))
		add("Bank code", p.BankCode)
		add("Prefix", p.Prefix)
		add("How many", fmt.Sprint(p.Last-p.Next+1))
		shown := c.Numbers[:min(len(c.Numbers), numbersShown)]
		add("Numbers", strings.Join(shown, ", "))
		if p.Kind == bank.RangePool {
			for _, end := range []struct {
				name string
				n    int64
			}{{"First", p.Next}, {"Last", p.Last}} {
				if number, err := p.Number(end.n); err == nil {
					add(end.name, bank.ShownNumber(p.Scheme, number))
				}
			}
		}
	default:
		add("Account", string(c.Receiving))
	}
	return line
}

// showReceiving lists the seller's bank accounts, and what was proposed of them.
func showReceiving(v *visit) error {
	all, err := v.office().ReceivingAccounts(v.ctx(), v.by)
	if err != nil {
		return err
	}
	changes, next, err := v.office().ReceivingChanges(v.ctx(), v.by, "", v.part())
	if err != nil {
		return err
	}
	var accounts []receivingLine
	for _, a := range all {
		accounts = append(accounts, receivingLineOf(a))
	}
	var waiting, decided []changeLine
	for _, c := range changes {
		if line := v.changeLine(c); line.Waits {
			waiting = append(waiting, line)
		} else {
			decided = append(decided, line)
		}
	}
	v.show(http.StatusOK, "receiving.html", map[string]any{
		"Accounts": accounts, "Waiting": waiting, "Decided": decided, "More": v.more(next), "May": v.may(access.BankWrite), "MayApprove": v.may(access.BankApprove),
		"Schemes": bank.Schemes, "Rails": bank.Rails,
	})
	return nil
}

func proposeReceiving(v *visit) error {
	if err := v.by.May(access.BankWrite); err != nil {
		return err
	}
	f := v.r.PostForm
	field := func(name string) string { return strings.TrimSpace(f.Get(name)) }
	r := bank.ReceivingAccount{
		Seller: field("seller"), Country: strings.ToUpper(field("country")), Currency: money.Currency(strings.ToUpper(field("currency"))), Bank: field("bank"),
		BankAddress: field("bank_address"), BIC: field("bic"), Holder: field("holder"), Scheme: bank.Scheme(field("scheme")), BankCode: field("bank_code"), Number: field("number"),
		Shared: f.Get("shared") != "",
	}
	r.Serves = strings.FieldsFunc(strings.ToUpper(f.Get("serves")), func(c rune) bool { return c == ',' || c == ' ' })
	for _, rail := range f["rails"] {
		r.Rails = append(r.Rails, bank.Rail(rail))
	}
	_, err := v.office().ProposeReceiving(v.ctx(), v.by, r, field("reason"))
	return v.afterwards(err)
}

func proposeClosing(v *visit) error {
	_, err := v.office().ProposeClosing(v.ctx(), v.by, bank.ReceivingID(v.r.PathValue("id")), v.note())
	return v.afterwards(err)
}

func proposePool(v *visit) error {
	if err := v.by.May(access.BankWrite); err != nil {
		return err
	}
	f := v.r.PostForm
	n := office.NewPool{Receiving: bank.ReceivingID(f.Get("account")), BankCode: f.Get("bank_code"), Prefix: f.Get("prefix")}
	for _, one := range []struct {
		name string
		into *int64
	}{{"first", &n.First}, {"last", &n.Last}, {"warn_at", &n.WarnAt}} {
		text := strings.TrimSpace(f.Get(one.name))
		if text == "" {
			continue
		}
		var err error
		if *one.into, err = strconv.ParseInt(text, 10, 64); err != nil {
			return bank.ErrPoolInvalid.At(one.name).Detail("this is a whole number")
		}
	}
	lines := bufio.NewScanner(strings.NewReader(f.Get("numbers")))
	for lines.Scan() {
		if number := strings.TrimSpace(lines.Text()); number != "" {
			n.Numbers = append(n.Numbers, number)
		}
	}
	_, err := v.office().ProposePool(v.ctx(), v.by, n, v.note())
	return v.afterwards(err)
}

// afterwards leads to the page of bank accounts once something was done.
func (v *visit) afterwards(err error) error {
	if err == nil {
		v.onward("/staff/receiving")
	}
	return err
}

func decideReceiving(v *visit, agrees bool) error {
	id := bank.ChangeID(v.r.PathValue("id"))
	var err error
	if agrees {
		_, err = v.office().AgreeToReceiving(v.ctx(), v.by, id, v.note())
	} else {
		_, err = v.office().RefuseReceiving(v.ctx(), v.by, id, v.note())
	}
	return v.afterwards(err)
}

func agreeToReceiving(v *visit) error { return decideReceiving(v, true) }
func refuseReceiving(v *visit) error  { return decideReceiving(v, false) }

func withdrawReceiving(v *visit) error {
	_, err := v.office().WithdrawReceiving(v.ctx(), v.by, bank.ChangeID(v.r.PathValue("id")))
	return v.afterwards(err)
}

// receivingToDecide counts what was proposed of where money goes.
func receivingToDecide(v *visit) (task, error) {
	list, next, err := v.office().ReceivingChanges(v.ctx(), v.by, bank.ChangeProposed, countPage)
	mine := len(slices.DeleteFunc(slices.Clone(list), func(c bank.Change) bool { return c.ProposedBy != v.by.Name }))
	return task{Name: "Receiving accounts to agree to", Path: "/staff/receiving", Count: counted(len(list), next != ""), Note: own(mine)}, err
}

// openProof hands out a file that proves a claim. That it was opened is written down.
func openProof(v *visit) error {
	p, content, err := v.office().OpenProof(v.ctx(), v.by, bank.ProofID(v.r.PathValue("id")))
	if err != nil {
		return err
	}
	return v.attach(string(p.ID)+extensions[p.Media], p.Media, content)
}

// proofIn takes the file of a claim, if one was sent with it.
func proofIn(v *visit, id bank.RemittanceID) (bank.ProofID, error) {
	if v.r.MultipartForm == nil {
		return "", nil
	}
	heads := v.r.MultipartForm.File["file"]
	if len(heads) == 0 || heads[0].Size == 0 {
		return "", nil
	}
	file, err := heads[0].Open()
	if err != nil {
		return "", errForm
	}
	defer file.Close()
	p, err := v.office().AddProof(v.ctx(), v.by, id, heads[0].Filename, file)
	return p.ID, err
}

// claimsPath is where a claim is sent with a file: it says its receipt in the form, since
// larger forms are taken at fixed places alone.
const claimsPath = "/staff/claims"
