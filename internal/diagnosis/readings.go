package diagnosis

// A reading is what a reason means: the cause, what else may be behind it, and what
// can be done.
type reading struct {
	cause    Cause
	how      Certainty
	also     []Finding
	customer []Step
	staff    []Step
}

// read applies a reading.
func (d *Diagnosis) read(r reading) {
	d.found(r.cause, r.how)
	for _, f := range r.also {
		d.found(f.Cause, f.Certainty)
	}
	d.customer(r.customer...)
	d.staff(r.staff...)
}

// readingOf finds the reading of a reason, in the tables in turn. What none of them
// knows was refused for a reason that has no other words.
func readingOf(reason string, tables ...map[string]reading) reading {
	for _, t := range tables {
		if r, ok := t[reason]; ok {
			return r
		}
	}
	return reading{cause: NotUsable, how: Possible, customer: steps(UseAnother, ContactSupport), staff: steps(AskAtProvider)}
}

func steps(s ...Step) []Step { return s }

// What is worth ruling out beside a challenge that was not passed: the page may
// never have loaded, or the card is not enrolled.
var (
	maybeBrowser   = Finding{BrowserOrNetwork, Possible}
	maybeCardState = Finding{CardState, Possible}
	maybeFunds     = Finding{Funds, Possible}
	maybeHold      = Finding{HoldFailed, Possible}
)

// asked reads the reasons that mean the same whatever was asked for.
var asked = map[string]reading{
	"risk_control_rejection": {cause: Risk, how: Certain, customer: steps(VerifyIdentity, UseAnother, ContactSupport), staff: steps(LookAtRule)},
	"account_closed":         {cause: AccountState, how: Certain, customer: steps(Reopen, ContactSupport), staff: steps(LookAtAccount)},
	"account_silent":         {cause: AccountState, how: Certain, customer: steps(Reopen), staff: steps(LookAtAccount)},
	"account_overdue":        {cause: AccountState, how: Certain, customer: steps(PayOverdue), staff: steps(LookAtAccount)},
	"currency_not_offered":   {cause: NotUsable, how: Certain, customer: steps(ContactSupport), staff: steps(CollectOtherwise)},
	"provider_unplugged":     {cause: Provider, how: Certain, customer: steps(TryLater, UseAnother), staff: steps(CheckProvider)},
	"provider_stopped":       {cause: Provider, how: Certain, customer: steps(TryLater, UseAnother), staff: steps(CheckProvider)},
	"provider_unavailable":   {cause: Provider, how: Certain, customer: steps(TryLater, UseAnother), staff: steps(CheckProvider)},
	"provider_unreachable":   {cause: Provider, how: Certain, customer: steps(TryLater, UseAnother), staff: steps(CheckProvider)},
	"try_later":              {cause: Provider, how: Likely, customer: steps(TryLater, UseAnother), staff: steps(LeaveIt)},

	"issuer_country_blocked": {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"payer_country_blocked":  {cause: NotUsable, how: Certain, customer: steps(UseOtherPayPal, UseAnother), staff: steps(LookAtPolicy)},
	"method_not_available":   {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"wallet_refused":         {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"policy_withdrew":        {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"detached":               {cause: NotUsable, how: Certain, customer: steps(AddMethod)},

	"card_expired":    {cause: CardState, how: Certain, customer: steps(UseRenewed, UseAnother)},
	"card_lapsed":     {cause: CardState, how: Certain, customer: steps(UseRenewed, UseAnother)},
	"consent_revoked": {cause: Agreement, how: Certain, customer: steps(BeginAgain, UseAnother), staff: steps(AskForAnother)},
}

// binding reads why nothing was bound (S-19, R-BIND-14).
var binding = map[string]reading{
	"brand_unsupported":   {cause: CardType, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"unionpay_only":       {cause: CardType, how: Certain, customer: steps(UseOffered)},
	"card_prepaid":        {cause: CardType, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"funding_blocked":     {cause: CardType, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"unsupported":         {cause: CardType, how: Certain, also: []Finding{maybeCardState}, customer: steps(UseOffered, AskIssuer), staff: steps(AskAtProvider)},
	"card_expiry_invalid": {cause: Details, how: Certain, customer: steps(EnterAgain)},
	"data":                {cause: Details, how: Certain, customer: steps(EnterAgain, UseAnother)},

	"already_bound":   {cause: AlreadyBound, how: Certain, customer: steps(UnbindThere, UseAnother), staff: steps(LookAtHolder)},
	"too_many_tries":  {cause: Limits, how: Certain, customer: steps(TryLater, ContactSupport), staff: steps(LookAtTries)},
	"binding_stopped": {cause: Limits, how: Certain, customer: steps(TryLater), staff: steps(LookAtPolicy)},

	"issuer_block":       {cause: IssuerRefusal, how: Certain, also: []Finding{maybeHold, maybeCardState}, customer: steps(AskIssuer, UseAnother), staff: steps(AskAtProvider)},
	"final":              {cause: IssuerRefusal, how: Certain, customer: steps(UseAnother), staff: steps(DoNotRetry, DoNotTell)},
	"insufficient_funds": {cause: HoldFailed, how: Certain, also: []Finding{{Funds, Certain}}, customer: steps(EnsureFunds, AskIssuer, UseAnother)},
	"hold_cancelled":     {cause: HoldFailed, how: Likely, also: []Finding{maybeBrowser}, customer: steps(EnterAgain, UseAnother), staff: steps(AskAtProvider)},
	"authentication":     {cause: ThreeDS, how: Certain, also: []Finding{maybeCardState, maybeBrowser}, customer: steps(RetryAndConfirm, AskIssuer, OtherBrowser, UseAnother)},
	"challenge_expired":  {cause: ThreeDS, how: Certain, also: []Finding{maybeBrowser}, customer: steps(RetryAndConfirm, OtherBrowser, UseAnother)},
	"three_ds_missing":   {cause: ThreeDS, how: Certain, also: []Finding{{CardState, Likely}}, customer: steps(AskIssuer, UseAnother), staff: steps(LookAtPolicy)},

	"agreement_not_approved": {cause: Agreement, how: Certain, customer: steps(BeginAgain, AskPayPal, UseAnother)},
	"agreement_lapsed":       {cause: Agreement, how: Likely, also: []Finding{maybeBrowser}, customer: steps(BeginAgain, OtherBrowser, UseAnother)},
}

// bindingWallet reads what means something else where a PayPal account was to be
// bound: it is PayPal that answers, and the money comes from what is behind it (S-07).
var bindingWallet = map[string]reading{
	"issuer_block":       {cause: FundingSource, how: Likely, also: []Finding{maybeHold}, customer: steps(AddFunding, AskPayPal, UseAnother), staff: steps(AskAtProvider)},
	"insufficient_funds": {cause: FundingSource, how: Certain, also: []Finding{{HoldFailed, Certain}}, customer: steps(AddFunding, EnsureFunds, UseAnother)},
	"data":               {cause: FundingSource, how: Certain, customer: steps(AddFunding, UseAnother)},
	"unsupported":        {cause: NotUsable, how: Certain, customer: steps(UseOtherPayPal, UseAnother), staff: steps(AskAtProvider)},
	"final":              {cause: NotUsable, how: Likely, customer: steps(UseAnother, AskPayPal), staff: steps(DoNotRetry, DoNotTell)},
	"authentication":     {cause: Agreement, how: Certain, also: []Finding{maybeBrowser}, customer: steps(BeginAgain, OtherBrowser, UseAnother)},
	"challenge_expired":  {cause: Agreement, how: Certain, also: []Finding{maybeBrowser}, customer: steps(BeginAgain, OtherBrowser, UseAnother)},
	"card_expired":       {cause: FundingSource, how: Certain, customer: steps(AddFunding, UseAnother)},
}

// paying reads why a card was not charged (S-20).
var paying = map[string]reading{
	"insufficient_funds": {cause: Funds, how: Certain, customer: steps(EnsureFunds, UseAnother), staff: steps(LeaveIt)},
	"issuer_block":       {cause: CardState, how: Likely, also: []Finding{maybeFunds}, customer: steps(AskIssuer, UseAnother), staff: steps(LeaveIt, AskAtProvider)},
	"data":               {cause: CardState, how: Certain, customer: steps(UseRenewed, EnterAgain, UseAnother), staff: steps(AskForAnother)},
	"final":              {cause: CardState, how: Likely, customer: steps(UseAnother), staff: steps(DoNotRetry, DoNotTell, AskForAnother)},
	"unsupported":        {cause: NotUsable, how: Certain, customer: steps(UseOffered, AskIssuer), staff: steps(AskAtProvider)},
	"authentication":     {cause: ThreeDS, how: Certain, also: []Finding{maybeCardState, maybeBrowser}, customer: steps(RetryAndConfirm, AskIssuer, OtherBrowser, UseAnother), staff: steps(AskForAnother)},
	"challenge_expired":  {cause: ThreeDS, how: Certain, also: []Finding{maybeBrowser}, customer: steps(RetryAndConfirm, OtherBrowser, UseAnother), staff: steps(SendLink)},
	"three_ds_missing":   {cause: ThreeDS, how: Certain, also: []Finding{{CardState, Likely}}, customer: steps(AskIssuer, UseAnother), staff: steps(LookAtPolicy)},

	"brand_unsupported": {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"unionpay_only":     {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"card_prepaid":      {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},
	"funding_blocked":   {cause: NotUsable, how: Certain, customer: steps(UseOffered), staff: steps(LookAtPolicy)},

	"no_payment_method":     {cause: NoMethod, how: Certain, customer: steps(AddMethod), staff: steps(AskForAnother)},
	"method_not_active":     {cause: NotUsable, how: Certain, customer: steps(FinishVerification, UseAnother), staff: steps(AskForAnother)}, // R-BIND-16, S-24
	"no_mandate":            {cause: NotUsable, how: Certain, customer: steps(FinishVerification, UseAnother), staff: steps(AskForAnother)}, // R-3DS-08
	"attempts_capped":       {cause: Limits, how: Certain, customer: steps(UseAnother, TryLater), staff: steps(LeaveIt, AskForAnother)},     // R-DUN-07
	"attempt_too_soon":      {cause: Limits, how: Certain, customer: steps(TryLater, UseAnother), staff: steps(LeaveIt)},                    // R-DUN-06
	"card_refused_for_good": {cause: CardState, how: Likely, customer: steps(UseAnother), staff: steps(DoNotRetry, DoNotTell, AskForAnother)},
	"amount_not_chargeable": {cause: Amount, how: Certain, customer: steps(ContactSupport), staff: steps(CollectOtherwise)},
	"order_lapsed":          {cause: Lapsed, how: Certain, customer: steps(PlaceAgain)},
	"not_charged_by_itself": {cause: NoMethod, how: Certain, customer: steps(PayByHand), staff: steps(CollectOtherwise)}, // R-CRED-03
}

// payingWallet reads what means something else where a PayPal account was charged.
var payingWallet = map[string]reading{
	"issuer_block":          {cause: FundingSource, how: Likely, customer: steps(AddFunding, AskPayPal, UseAnother), staff: steps(LeaveIt, AskAtProvider)},
	"insufficient_funds":    {cause: Funds, how: Certain, also: []Finding{{FundingSource, Likely}}, customer: steps(AddFunding, EnsureFunds, UseAnother), staff: steps(LeaveIt)},
	"data":                  {cause: FundingSource, how: Certain, customer: steps(AddFunding, UseAnother), staff: steps(AskForAnother)},
	"unsupported":           {cause: NotUsable, how: Certain, customer: steps(UseAnother, AskPayPal), staff: steps(AskAtProvider)},
	"final":                 {cause: NotUsable, how: Likely, customer: steps(UseAnother, AskPayPal), staff: steps(DoNotRetry, DoNotTell, AskForAnother)},
	"card_refused_for_good": {cause: NotUsable, how: Likely, customer: steps(UseAnother, AskPayPal), staff: steps(DoNotRetry, DoNotTell, AskForAnother)},
	"authentication":        {cause: Agreement, how: Certain, also: []Finding{maybeBrowser}, customer: steps(RetryAtPayPal, OtherBrowser, UseAnother), staff: steps(AskForAnother)},
	"challenge_expired":     {cause: Agreement, how: Certain, also: []Finding{maybeBrowser}, customer: steps(RetryAtPayPal, OtherBrowser, UseAnother), staff: steps(SendLink)},
}
