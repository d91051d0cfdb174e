package sandbox

import "strings"

// Payment methods that Stripe publishes for testing, by what tests ask for
// most. Each can be used wherever a payment method's id can.
const (
	Visa                    = "pm_card_visa"
	VisaDebit               = "pm_card_visa_debit"
	Mastercard              = "pm_card_mastercard"
	MastercardPrepaid       = "pm_card_mastercard_prepaid"
	Amex                    = "pm_card_amex"
	JCB                     = "pm_card_jcb"
	UnionPay                = "pm_card_unionpay"
	Declined                = "pm_card_visa_chargeDeclined"
	DeclinedNoFunds         = "pm_card_visa_chargeDeclinedInsufficientFunds"
	AttachesThenFails       = "pm_card_chargeCustomerFail"
	AuthenticateUnlessSetUp = "pm_card_authenticationRequiredOnSetup"
	AlwaysAuthenticate      = "pm_card_authenticationRequired"
	Disputed                = "pm_card_createDispute"
)

// auth says when a card's issuer wants its holder to authenticate.
type auth uint8

const (
	authUnenrolled   auth = iota // 3-D Secure can be asked for and is merely attempted
	authUnsupported              // cannot be asked for
	authOptional                 // challenges if it is asked for
	authBroken                   // a lookup that is asked for fails, the charge goes on
	authUnlessSetUp              // challenges, but not off session once set up
	authAlways                   // challenges always, so that off session is declined
	authWasSetUp                 // challenges on session, never off session
	authLookupFails              // must be asked for, fails, and the charge is declined
	authFrictionless             // authenticates without the holder
)

// A card is one published test card. The world remembers it by its first
// name; its number is here and nowhere else.
type card struct {
	number  string
	names   string // as in pm_card_NAME and tok_NAME, separated by spaces
	brand   string
	funding string
	country string

	cobrand   string
	auth      auth
	decline   string // decline code of every charge
	attaches  bool   // although its charges are declined
	dispute   string // reason of the dispute that follows a charge
	inquiry   bool   // the dispute is an inquiry
	refund    string // what becomes of refunds: "pending" or "fails"
	available bool   // funds skip the pending balance
	risk      string // "elevated" or "highest", else normal
	blocked   bool   // by Radar
	cvcFails  bool
	zipFails  bool
	lineFails bool
}

// name is what the world remembers a card by.
func (c *card) name() string {
	first, _, _ := strings.Cut(c.names, " ")
	return first
}

func (c *card) last4() string { return c.number[len(c.number)-4:] }

func (c *card) cvcLength() int {
	if c.brand == "amex" {
		return 4
	}
	return 3
}

// supports3DS is the card's three_d_secure_usage.
func (c *card) supports3DS() bool { return c.auth != authUnsupported }

const (
	visa, mastercard, amex, discover, diners, jcb, unionpay = "visa", "mastercard", "amex", "discover", "diners", "jcb", "unionpay"
	credit, debit, prepaid                                  = "credit", "debit", "prepaid"
)

// cards are the published test cards; country cards are added below.
// https://docs.stripe.com/testing
var cards = append([]card{
	// Brands.
	{number: "4242424242424242", names: "visa us", brand: visa, funding: credit, country: "US"},
	{number: "4000056655665556", names: "visa_debit", brand: visa, funding: debit, country: "US"},
	{number: "5555555555554444", names: "mastercard", brand: mastercard, funding: credit, country: "US"},
	{number: "2223003122003222", names: "mastercard_2series", brand: mastercard, funding: credit, country: "US"},
	{number: "5200828282828210", names: "mastercard_debit", brand: mastercard, funding: debit, country: "US"},
	{number: "5105105105105100", names: "mastercard_prepaid", brand: mastercard, funding: prepaid, country: "US"},
	{number: "378282246310005", names: "amex amex_threeDSecureNotSupported", brand: amex, funding: credit, country: "US", auth: authUnsupported},
	{number: "371449635398431", names: "amex_other", brand: amex, funding: credit, country: "US"},
	{number: "6011111111111117", names: "discover", brand: discover, funding: credit, country: "US"},
	{number: "6011000990139424", names: "discover_other", brand: discover, funding: credit, country: "US"},
	{number: "6011981111111113", names: "discover_debit", brand: discover, funding: debit, country: "US"},
	{number: "3056930009020004", names: "diners", brand: diners, funding: credit, country: "US"},
	{number: "36227206271667", names: "diners_14", brand: diners, funding: credit, country: "US"},
	{number: "6555900000604105", names: "bccard", brand: discover, funding: credit, country: "KR"},
	{number: "3566002020360505", names: "jcb", brand: jcb, funding: credit, country: "JP"},
	{number: "3530111333300000", names: "jcb_jp", brand: jcb, funding: credit, country: "JP"},
	{number: "6200000000000005", names: "unionpay", brand: unionpay, funding: credit, country: "CN", auth: authUnsupported},
	{number: "6200000000000047", names: "unionpay_debit", brand: unionpay, funding: debit, country: "CN", auth: authUnsupported},
	{number: "6205500000000000004", names: "unionpay_19", brand: unionpay, funding: credit, country: "CN", auth: authUnsupported},

	// Two brands on one card.
	{number: "4000002500001001", names: "visa_cartesBancaires", brand: visa, cobrand: "cartes_bancaires", funding: credit, country: "FR"},
	{number: "5555552500001001", names: "mastercard_cartesBancaires", brand: mastercard, cobrand: "cartes_bancaires", funding: credit, country: "FR"},
	{number: "4000050360000001", names: "visa_debit_eftposAuCoBranded", brand: visa, cobrand: "eftpos_au", funding: debit, country: "AU"},
	{number: "5555050360000080", names: "mastercard_debit_eftposAuCoBranded", brand: mastercard, cobrand: "eftpos_au", funding: debit, country: "AU"},

	// Charges that the issuer declines.
	{number: "4000000000000002", names: "visa_chargeDeclined chargeDeclined", brand: visa, funding: credit, country: "US", decline: "generic_decline"},
	{number: "4000000000009995", names: "visa_chargeDeclinedInsufficientFunds chargeDeclinedInsufficientFunds", brand: visa, funding: credit, country: "US", decline: "insufficient_funds"},
	{number: "4000000000009987", names: "visa_chargeDeclinedLostCard chargeDeclinedLostCard", brand: visa, funding: credit, country: "US", decline: "lost_card"},
	{number: "4000000000009979", names: "visa_chargeDeclinedStolenCard chargeDeclinedStolenCard", brand: visa, funding: credit, country: "US", decline: "stolen_card"},
	{number: "4000000000000069", names: "chargeDeclinedExpiredCard visa_chargeDeclinedExpiredCard", brand: visa, funding: credit, country: "US", decline: "expired_card"},
	{number: "4000000000000127", names: "chargeDeclinedIncorrectCvc visa_chargeDeclinedIncorrectCvc", brand: visa, funding: credit, country: "US", decline: "incorrect_cvc"},
	{number: "4000000000000119", names: "chargeDeclinedProcessingError visa_chargeDeclinedProcessingError", brand: visa, funding: credit, country: "US", decline: "processing_error"},
	{number: "4000000000006975", names: "visa_chargeDeclinedVelocityLimitExceeded", brand: visa, funding: credit, country: "US", decline: "card_velocity_exceeded"},
	{number: "4000000000000341", names: "chargeCustomerFail visa_chargeCustomerFail", brand: visa, funding: credit, country: "US", decline: "generic_decline", attaches: true},

	// 3-D Secure.
	{number: "4000002500003155", names: "authenticationRequiredOnSetup", brand: visa, funding: credit, country: "FR", auth: authUnlessSetUp},
	{number: "4000002760003184", names: "authenticationRequired", brand: visa, funding: credit, country: "DE", auth: authAlways},
	{number: "4000003800000446", names: "authenticationRequiredSetupForOffSession", brand: visa, funding: credit, country: "IT", auth: authWasSetUp},
	{number: "4000008260003178", names: "authenticationRequiredChargeDeclinedInsufficientFunds", brand: visa, funding: credit, country: "GB", auth: authUnlessSetUp, decline: "insufficient_funds", attaches: true},
	{number: "4000000000003220", names: "threeDSecure2Required", brand: visa, funding: credit, country: "IE", auth: authAlways},
	{number: "4000008400000027", names: "threeDSecure2RequiredUS", brand: visa, funding: credit, country: "US", auth: authAlways},
	{number: "4000000000003063", names: "threeDSecureRequired", brand: visa, funding: credit, country: "US", auth: authAlways},
	{number: "4000008400001629", names: "threeDSecureRequiredChargeDeclined", brand: visa, funding: credit, country: "US", auth: authAlways, decline: "generic_decline", attaches: true},
	{number: "4000008400001280", names: "threeDSecureRequiredProcessingError", brand: visa, funding: credit, country: "US", auth: authLookupFails},
	{number: "4000000000003055", names: "threeDSecureOptional", brand: visa, funding: credit, country: "US", auth: authOptional},
	{number: "4000000000003097", names: "threeDSecureOptionalProcessingError", brand: visa, funding: credit, country: "US", auth: authBroken},
	{number: "4000000032200000", names: "threeDSecureFrictionless", brand: visa, funding: credit, country: "US", auth: authFrictionless},

	// What comes after: disputes, refunds, balance.
	{number: "4000000000000259", names: "createDispute", brand: visa, funding: credit, country: "US", dispute: "fraudulent"},
	{number: "4000000000002685", names: "createDisputeProductNotReceived", brand: visa, funding: credit, country: "US", dispute: "product_not_received"},
	{number: "4000000000001976", names: "createDisputeInquiry", brand: visa, funding: credit, country: "US", dispute: "fraudulent", inquiry: true},
	{number: "4000000000005423", names: "createIssuerFraudRecord", brand: visa, funding: credit, country: "US"},
	{number: "4000000000007726", names: "pendingRefund", brand: visa, funding: credit, country: "US", refund: "pending"},
	{number: "4000000000005126", names: "refundFail", brand: visa, funding: credit, country: "US", refund: "fails"},
	{number: "4000000000000077", names: "bypassPending", brand: visa, funding: credit, country: "US", available: true},
	{number: "4000003720000278", names: "bypassPendingInternational", brand: visa, funding: credit, country: "IE", available: true},

	// Risk and checks.
	{number: "4100000000000019", names: "radarBlock", brand: visa, funding: credit, country: "US", risk: "highest", blocked: true},
	{number: "4000000000004954", names: "riskLevelHighest", brand: visa, funding: credit, country: "US", risk: "highest", blocked: true},
	{number: "4000000000009235", names: "riskLevelElevated", brand: visa, funding: credit, country: "US", risk: "elevated"},
	{number: "4000000000000101", names: "cvcCheckFail", brand: visa, funding: credit, country: "US", cvcFails: true},
	{number: "4000000000000036", names: "avsZipFail", brand: visa, funding: credit, country: "US", zipFails: true},
	{number: "4000000000000028", names: "avsLine1Fail", brand: visa, funding: credit, country: "US", lineFails: true},
	{number: "4000000000000010", names: "avsFail", brand: visa, funding: credit, country: "US", zipFails: true, lineFails: true},

	// Countries with more than one card.
	{number: "5200007840000022", names: "ae_mastercard", brand: mastercard, funding: credit, country: "AE"},
	{number: "4000058260000005", names: "gb_debit", brand: visa, funding: debit, country: "GB"},
	{number: "5555558265554449", names: "gb_mastercard", brand: mastercard, funding: credit, country: "GB"},
	{number: "4000007640000003", names: "th_credit", brand: visa, funding: credit, country: "TH"},
	{number: "4000057640000008", names: "th_debit", brand: visa, funding: debit, country: "TH"},
}, countryCards(`
	AR 4000000320000021  BR 4000000760000002  CA 4000001240000000  CL 4000001520000001  CO 4000001700000003
	CR 4000001880000005  EC 4000002180000000  MX 4000004840008001  PA 4000005910000000  PY 4000006000000066
	PE 4000006040000068  UY 4000008580000003  AE 4000007840000001  AT 4000000400000008  BE 4000000560000004
	BG 4000001000000000  BY 4000001120000005  HR 4000001910000009  CY 4000001960000008  CZ 4000002030000002
	DK 4000002080000001  EE 4000002330000009  FI 4000002460000001  FR 4000002500000003  DE 4000002760000016
	GI 4000002920000005  GR 4000003000000030  HU 4000003480000005  IE 4000003720000005  IT 4000003800000008
	LV 4000004280000005  LI 4000004380000004  LT 4000004400000000  LU 4000004420000006  MT 4000004700000007
	NL 4000005280000002  NO 4000005780000007  PL 4000006160000005  PT 4000006200000007  RO 4000006420000001
	SA 4000006820000007  SI 4000007050000006  SK 4000007030000001  ES 4000007240000007  SE 4000007520000008
	CH 4000007560000009  GB 4000008260000000  AU 4000000360000006  CN 4000001560000002  HK 4000003440000004
	IN 4000003560000008  JP 4000003920000003  MY 4000004580000002  NZ 4000005540000008  SG 4000007020000003
	TW 4000001580000008`)...)

// countryCards makes Visa credit cards out of pairs of country and number.
func countryCards(pairs string) []card {
	words := strings.Fields(pairs)
	made := make([]card, 0, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		made = append(made, card{number: words[i+1], names: strings.ToLower(words[i]), brand: visa, funding: credit, country: words[i]})
	}
	return made
}

var cardsByNumber, cardsByName = indexCards()

func indexCards() (byNumber, byName map[string]*card) {
	byNumber, byName = map[string]*card{}, map[string]*card{}
	for i := range cards {
		c := &cards[i]
		byNumber[c.number] = c
		for _, name := range strings.Fields(c.names) {
			byName[name] = c
		}
	}
	return byNumber, byName
}

// publishedCard finds the card behind pm_card_NAME or tok_NAME.
func publishedCard(id string) *card {
	for _, prefix := range []string{"pm_card_", "tok_"} {
		if name, ok := strings.CutPrefix(id, prefix); ok {
			return cardsByName[name]
		}
	}
	return nil
}

// plausibleNumber reports whether digits pass the check that real card numbers
// pass (Luhn, ISO/IEC 7812-1 annex B).
func plausibleNumber(digits string) bool {
	if len(digits) < 12 || len(digits) > 19 {
		return false
	}
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
