package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bursar-pay/bursar/internal/access"
	"github.com/bursar-pay/bursar/internal/account"
	"github.com/bursar-pay/bursar/internal/money"
	"github.com/bursar-pay/bursar/internal/office"
	"github.com/bursar-pay/bursar/internal/payment"
	"github.com/bursar-pay/bursar/internal/sandbox"
)

// midMonth is the day on which the demo's largest customer goes over to PayPal.
const midMonth = 15

// choosePayPal says who will pay by PayPal: the largest customer from mid month on,
// and the first other one from where PayPal is offered from the start. Customers in
// currencies without PayPal keep their cards.
func (d *demo) choosePayPal(used map[payer]money.Exact) {
	offered := func(i int) bool {
		country := demoRegions[i%len(demoRegions)].country
		return d.order[i].currency == "USD" && country != "DE" && country != "MY"
	}
	if at := slices.IndexFunc(d.order, func(p payer) bool { return p.currency == "USD" }); at >= 0 && offered(at) {
		d.switches = d.order[at]
	}
	d.chooseTransfer(used)
	for i, p := range d.order {
		if offered(i) && p != d.switches && p != d.failing && p != d.transfers {
			d.wallets = []payer{p}
			return
		}
	}
}

// payersAbroad are the pretend payers of countries that have one.
var payersAbroad = map[string]string{"GB": sandbox.PayerGB, "JP": sandbox.PayerJP}

// bindWallets binds PayPal where it is the only way to pay.
func (d *demo) bindWallets(ctx context.Context) error {
	for _, p := range d.wallets {
		who := payersAbroad[d.accounts[p].Country]
		if who == "" {
			who = sandbox.PayerUSSecond
		}
		if _, err := d.bindPayPal(ctx, d.accounts[p], who); err != nil {
			return err
		}
	}
	if len(d.wallets) > 0 {
		d.say("%s  bound %d PayPal account, agreed to on PayPal's page", d.now(), len(d.wallets))
	}
	return nil
}

// bindPayPal binds a pretend payer's PayPal account, as their browser would.
func (d *demo) bindPayPal(ctx context.Context, a account.Account, who string) (payment.MethodID, error) {
	o := d.desk.office
	g, err := o.BindPayPal(ctx, access.CommandLine, a.ID, office.PayPalToBind{Consent: "demo", ReturnURL: "http://" + deskHost + "/"})
	if err != nil {
		return "", fmt.Errorf("ask for an agreement: %w", err)
	}
	if _, err := d.world.ApproveAs(g.Ref[strings.LastIndex(g.Ref, ":")+1:], who); err != nil {
		return "", fmt.Errorf("agree at the pretend PayPal: %w", err)
	}
	if g, err = o.ReturnToAgreement(ctx, access.CommandLine, g.ID, false); err != nil {
		return "", err
	}
	if g.State != payment.AgreementKept {
		return "", fmt.Errorf("the agreement at the pretend PayPal is %s: %s", g.State, g.Reason)
	}
	d.report.Wallets++
	return g.Method, nil
}

// switchToPayPal has the largest customer make PayPal the preferred method in mid
// month: what is charged next goes there, from PayPal's own threshold on.
func (d *demo) switchToPayPal(ctx context.Context, now time.Time) error {
	if d.switched || d.switches == (payer{}) || now.Day() < midMonth {
		return nil
	}
	d.switched = true
	id, err := d.bindPayPal(ctx, d.accounts[d.switches], sandbox.PayerUS)
	if err != nil {
		return err
	}
	if _, err := d.desk.office.PreferMethod(ctx, access.CommandLine, id); err != nil {
		return fmt.Errorf("make PayPal preferred: %w", err)
	}
	d.say("%s  the largest customer went over from card to PayPal", d.now())
	return nil
}
