package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bursar-pay/bursar/internal/fault"
	"github.com/bursar-pay/bursar/internal/policy"
)

// marked takes the mark § out of text and returns the line and column where it stood.
func marked(t *testing.T, text string) (string, string) {
	t.Helper()
	before, after, found := strings.Cut(text, "§")
	if !found || strings.Contains(after, "§") {
		t.Fatal("the place of the fault is not marked once with §")
	}
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:]) + 1
	return before + after, fmt.Sprintf("line %d, column %d", line, column)
}

// TestParseTellsWhatIsWrongAndWhere edits the built-in policy; § is where the fault
// must be found.
func TestParseTellsWhatIsWrongAndWhere(t *testing.T) {
	moves := func(card string) []string {
		return []string{"300.000, 4: 30.0000}\n", "300.000, 4: 30.0000}\n    moves: " + card + "\n"}
	}
	const jp = "{version: jp, name: GST, country: JP, rate: 0.10, from: 2020-01-01}"
	tax := func(list string) []string { return []string{"tax: []\n", "tax:\n" + list + "\n"} }
	cases := []struct {
		name    string
		edit    []string
		path    string
		message string
		next    string // a part of it
	}{
		{"misspelt top field", []string{"accounts:", "§acounts: {silent_period: 15d}\naccounts:"}, "", "there is no field of this name", "did you mean accounts?"},
		{"unknown top field", []string{"accounts:", "§points: []\naccounts:"}, "", "there is no field of this name", "the fields here are version, effective"},
		{"misspelt field", []string{"  other_methods: off ", "  §relase_after: 30d\n  other_methods: off "}, "collection", "there is no field of this name", "did you mean release_after?"},
		{"missing field", []string{"  suspend_after: 15d              # ask the platform to suspend service\n", "", "collection:", "§collection:"}, "collection.suspend_after", "the field is missing", "add it"},
		{"missing section", []string{"accounts:\n  silent_period: 15d              # from closing an account until its cards may be bound elsewhere\n", "", "# What this installation", "§# What this installation"}, "accounts", "the field is missing", "docs/policy.md"},
		{"field given twice", []string{"zone: UTC ", "zone: UTC\n§zone: UTC "}, "", "this is given twice, first on line 9", "remove one"},
		{"empty field", []string{"descriptor: BURSAR.EXAMPLE", "descriptor: §~"}, "descriptor", "the field is empty", "write a single value"},
		{"empty text", []string{"descriptor: BURSAR.EXAMPLE", "descriptor: §''"}, "descriptor", "the field is empty", "write a value"},
		{"list for a text", []string{"zone: UTC ", "zone: §[UTC] "}, "zone", "this is not a single value", "write a single value"},
		{"text for a list", []string{"  eu: [visa, mastercard, amex]", "  eu: §visa"}, "availability.eu", "this is not a list, such as [a, b]", "write a list"},
		{"text for fields", []string{"networks: {ipv4: 24, ipv6: 56}", "networks: §24"}, "binding.limits.networks", "this is not fields, each with a name, a colon and a value", "write fields"},
		{"text over several lines", []string{"descriptor: BURSAR.EXAMPLE", "descriptor: §|\n  BURSAR.EXAMPLE"}, "descriptor", "this is not a single value", "write a single value"},
		{"long text", []string{"version: builtin-1 ", "version: §" + strings.Repeat("x", 81)}, "version", "this is longer than 80 characters", "shorten it"},
		{"version with a space", []string{"version: builtin-1 ", "version: §builtin 1 "}, "version", "this is not a version: up to 40 letters, digits, dots and hyphens", "write a version"},
		{"date that is not", []string{"effective: 2020-01-01", "effective: §2023-02-29"}, "effective", "there is no such date", "check day and month"},
		{"date in another form", []string{"effective: 2020-01-01", "effective: §1.1.2020"}, "effective", "this is not a date, nor an instant with its offset", "2026-01-31"},
		{"instant without offset", []string{"effective: 2020-01-01", "effective: §2020-01-01T00:00:00"}, "effective", "this is not a date, nor an instant with its offset", "2026-01-31"},
		{"unknown zone", []string{"zone: UTC ", "zone: §Europe/Berlln "}, "zone", "there is no time zone of this name", "IANA"},
		{"the machine's zone", []string{"zone: UTC ", "zone: §Local "}, "zone", "there is no time zone of this name", "IANA"},
		{"descriptor", []string{"descriptor: BURSAR.EXAMPLE", "descriptor: §BURSAR*EXAMPLE"}, "descriptor", `a descriptor has none of <>\'"*`, "5 to 22"},

		{"no such country", []string{"[US]", "[US, §ZZ]"}, "regions.united_states[1]", "there is no country of this code", "ISO 3166-1"},
		{"UK", []string{"GB, GG", "§UK, GG"}, "regions.europe_non_eu[6]", "this is not the country's ISO 3166-1 code", "write GB"},
		{"country in small letters", []string{"[US]", "[§us]"}, "regions.united_states[0]", "the code of a country has two capital letters", "write US"},
		{"country twice in a region", []string{"[US]", "[US, §US]"}, "regions.united_states[1]", "US is listed twice", "remove one"},
		{"country in two regions", []string{"malaysia: [MY]", "malaysia: §[MY, FR]"}, "regions.malaysia", "FR is in region eu already", "remove it"},
		{"name of a region", []string{"malaysia: [MY]", "§Malaysia: [MY]\n  malaysia: []"}, "regions", "this is not a region's name in lower case, such as europe_non_eu", "write a region's name"},
		{"no region has the rest", []string{"other: elsewhere", "other: []", "regions:\n", "§regions:\n"}, "regions", "no region has the countries that are not listed", "elsewhere"},
		{"two regions have the rest", []string{"malaysia: [MY]", "malaysia: elsewhere", "other: elsewhere", "other: §elsewhere"}, "regions.other", "another region has the countries elsewhere already", "list the countries"},
		{"elsewhere misspelt", []string{"other: elsewhere", "other: §elswhere"}, "regions.other", "this word has no meaning here", "did you mean elsewhere?"},
		{"region without availability", []string{"  malaysia: [visa, mastercard]\n", "", "availability:\n", "§availability:\n"}, "availability.malaysia", "the field is missing", "add it"},
		{"availability of no region", []string{"  malaysia: [visa, mastercard]\n", "  malaysia: [visa, mastercard]\n  §malasia: [visa]\n"}, "availability", "there is no field of this name", "did you mean malaysia?"},
		{"brand misspelt", []string{"  malaysia: [visa, mastercard]\n", "  malaysia: [visa, §mastercrad]\n"}, "availability.malaysia[1]", "this word has no meaning here", "did you mean mastercard?"},
		{"brand twice", []string{"  malaysia: [visa, mastercard]\n", "  malaysia: [visa, §visa]\n"}, "availability.malaysia[1]", "this is listed twice", "remove one"},
		{"cohort of an unknown region", []string{"cohorts: []", "cohorts: [{country: MY, registered_before: 2019-10-08, region: §others}]"}, "cohorts[0].region", "this word has no meaning here", "did you mean other?"},
		{"cohort twice", []string{"cohorts: []", "cohorts:\n  - {country: MY, registered_before: 2019-10-08, region: other}\n  - §{country: MY, registered_before: 2019-10-08, region: eu}"}, "cohorts[1]", "there is another cohort of MY with this date", "remove one"},
		{"funding", []string{"funding: [prepaid] ", "funding: [§giftcard] "}, "refused.funding[0]", "this word has no meaning here", "prepaid, debit, credit"},
		{"name of a wallet", []string{"[alipay, wechat_pay]", "[alipay, §WeChat]"}, "refused.wallets[1]", "this is not a wallet's name in lower case, such as wechat_pay", "write a wallet's name"},

		{"switch", []string{"open: on ", "open: §true "}, "binding.open", "this word has no meaning here", "on, off"},
		{"negative amount", []string{"USD: 1.00\n", "USD: §-1.00\n"}, "binding.hold.amounts.USD", "the amount is negative", "zero or more"},
		{"amount of nothing", []string{"USD: 1.00\n", "USD: §0.00\n"}, "binding.hold.amounts.USD", "the amount is too small", "larger"},
		{"too many decimals", []string{"USD: 1000.00", "USD: §1000.005"}, "thresholds.card.amounts.USD", "the amount has more decimals than the currency, which has 2", "at most 2"},
		{"decimals of a currency without", []string{"KRW: 1300000", "KRW: §1300000.00"}, "thresholds.card.amounts.KRW", "the amount has more decimals than the currency, which has 0", "at most 0"},
		{"amount with a comma", []string{"USD: 1000.00", "USD: §'1,000.00'"}, "thresholds.card.amounts.USD", "not a decimal number", "digits"},
		{"scientific notation", []string{"USD: 1000.00", "USD: §1e3"}, "thresholds.card.amounts.USD", "not a decimal number", "digits"},
		{"amount too large", []string{"USD: 1000.00", "USD: §" + strings.Repeat("9", 17)}, "thresholds.card.amounts.USD", "the amount is too large to be kept", ""},
		{"amount that is a list", []string{"USD: 1000.00", "USD: §[1000.00]"}, "thresholds.card.amounts.USD", "this is not a single value", "single value"},
		{"unknown currency", []string{"MYR: 1.00", "§RMB: 1.00"}, "binding.hold.amounts", "not an ISO 4217 currency code", "USD"},
		{"currency in small letters", []string{"MYR: 1.00", "§myr: 1.00"}, "binding.hold.amounts", "not an ISO 4217 currency code", "capital"},
		{"currency without a minor unit", []string{"MYR: 1.00", "§XAU: 1.00"}, "binding.hold.amounts", "this ISO 4217 code has no minor unit, so nothing can be charged in it", "USD"},
		{"currency twice", []string{"MYR: 1.00", "MYR: 1.00\n      §USD: 1.00"}, "binding.hold.amounts", "this is given twice, first on line 47", "remove one"},
		{"fallback incomplete", []string{"fallback: {0: 100, 2: 1.00, 3: 1.000, 4: 1.0000}", "fallback: §{0: 100, 2: 1.00, 3: 1.000}"}, "binding.hold.fallback.4", "the field is missing", "add it"},
		{"fallback for 5 decimals", []string{"fallback: {0: 100, 2: 1.00, 3: 1.000, 4: 1.0000}", "fallback: {0: 100, 2: 1.00, 3: 1.000, 4: 1.0000, §5: 1.00000}"}, "binding.hold.fallback", "there is no field of this name", "0, 2, 3, 4"},
		{"fallback with too many decimals", []string{"fallback: {0: 100, 2: 1.00, 3: 1.000, 4: 1.0000}", "fallback: {0: §1.00, 2: 1.00, 3: 1.000, 4: 1.0000}"}, "binding.hold.fallback.0", "the amount has more decimals than the currency, which has 0", "at most 0"},
		{"range upside down", []string{"{least: 8.00, start: 8.00, most: 500.00}", "§{least: 8.00, start: 800.00, most: 500.00}"}, "thresholds.paypal.USD", "the amounts are not in order", "at most"},
		{"range with an amount that is none", []string{"start: 8.00", "start: §eight"}, "thresholds.paypal.USD.start", "not a decimal number", "digits"},
		{"moves without a bound", moves("§{raise_after: 3, raise_by: 50%, lower_by: 50%, least: 50%}"), "thresholds.card.moves.most", "the field is missing", "add it"},
		{"moves that are a word", moves("§on"), "thresholds.card.moves", "this is not fields, each with a name, a colon and a value", "write fields"},
		{"moves that are empty", moves("§~"), "thresholds.card.moves", "the field is empty", "write fields"},
		{"moves with a misspelt field", moves("{raise_after: 3, raise_by: 50%, lower_by: 50%, §leest: 50%, least: 50%, most: 400%}"), "thresholds.card.moves", "there is no field of this name", "did you mean least?"},
		{"raised after none", moves("{raise_after: §0, raise_by: 50%, lower_by: 50%, least: 50%, most: 400%}"), "thresholds.card.moves.raise_after", "the number is out of range", "1 to 1000"},
		{"raised after a fraction", moves("{raise_after: §1.5, raise_by: 50%, lower_by: 50%, least: 50%, most: 400%}"), "thresholds.card.moves.raise_after", "this is not a whole number from 1 to 1000", "1 to 1000"},
		{"raised by a fraction", moves("{raise_after: 3, raise_by: §12.5%, lower_by: 50%, least: 50%, most: 400%}"), "thresholds.card.moves.raise_by", "this is not a whole percentage, such as 50%", "50%"},
		{"raised by a plain number", moves("{raise_after: 3, raise_by: §50, lower_by: 50%, least: 50%, most: 400%}"), "thresholds.card.moves.raise_by", "this is not a whole percentage, such as 50%", "50%"},
		{"raised by nothing", moves("{raise_after: 3, raise_by: §0%, lower_by: 50%, least: 50%, most: 400%}"), "thresholds.card.moves.raise_by", "the percentage is out of range", "1% to 10000%"},
		{"lowered by less than nothing", moves("{raise_after: 3, raise_by: 50%, lower_by: §-50%, least: 50%, most: 400%}"), "thresholds.card.moves.lower_by", "this is not a whole percentage, such as 50%", "50%"},
		{"least above the start", moves("{raise_after: 3, raise_by: 50%, lower_by: 50%, least: §101%, most: 400%}"), "thresholds.card.moves.least", "the percentage is out of range", "1% to 100%"},
		{"most below the start", moves("{raise_after: 3, raise_by: 50%, lower_by: 50%, least: 50%, most: §99%}"), "thresholds.card.moves.most", "the percentage is out of range", "100% to 10000%"},
		{"most beyond reason", moves("{raise_after: 3, raise_by: 50%, lower_by: 50%, least: 50%, most: §10001%}"), "thresholds.card.moves.most", "the percentage is out of range", "100% to 10000%"},
		{"most too large to be kept", append(moves("{raise_after: 3, raise_by: 50%, lower_by: 50%, least: 50%, most: §10000%}"), "USD: 1000.00", "USD: 999999999999.00"), "thresholds.card.moves.most", "a threshold could become too large to be kept", "smaller"},
		{"moves of PayPal with a bound", []string{"lower_by: 50%}", "lower_by: 50%, §most: 400%}"}, "thresholds.paypal.moves", "there is no field of this name", "raise_after"},
		{"limit", []string{"5 per 24h\n    cards", "§5 a day\n    cards"}, "binding.limits.tries_per_account", "this is not a limit, such as 5 per 24h", "5 per 24h"},
		{"limit of none", []string{"3 per 24h", "§0 per 24h"}, "binding.limits.cards_per_account", "a limit of nothing lets nobody through", "binding.open"},
		{"network", []string{"ipv4: 24", "ipv4: §33"}, "binding.limits.networks.ipv4", "the number is out of range", "8 to 32"},
		{"number", []string{"ipv4: 24", "ipv4: §0x18"}, "binding.limits.networks.ipv4", "this is not a whole number from 8 to 32", "8 to 32"},

		{"span without a unit", []string{"challenge_expires_after: 30m", "challenge_expires_after: §30"}, "three_ds.challenge_expires_after", "this is not a length of time: a whole number and s, m, h or d, such as 30m or 7d", "30m"},
		{"span of nothing", []string{"challenge_expires_after: 30m", "challenge_expires_after: §0m"}, "three_ds.challenge_expires_after", "this is too short", "1m or more"},
		{"negative span", []string{"silent_period: 15d", "silent_period: §-15d"}, "accounts.silent_period", "this is not a length of time: a whole number and s, m, h or d, such as 30m or 7d", "7d"},
		{"unknown region in 3DS", []string{"bind: [eu, malaysia]", "bind: [eu, §malaisia]"}, "three_ds.always.bind[1]", "this word has no meaning here", "did you mean malaysia?"},
		{"attempts out of order", []string{"[0d, 7d, 14d]", "[0d, 14d, §7d]"}, "collection.attempts[2]", "this is not later than the one before", "in order"},
		{"no attempts", []string{"[0d, 7d, 14d]", "§[]"}, "collection.attempts", "the list is empty", "at least one"},
		{"suspended before the last attempt", []string{"suspend_after: 15d", "suspend_after: §10d"}, "collection.suspend_after", "service would be suspended before the last attempt", "later"},
		{"released before suspended", []string{"release_after: 30d              # and", "release_after: §15d # and"}, "collection.release_after", "resources would be released before service is suspended", "later"},
		{"cap", []string{"visa: [15 per 30d]", "visa: [§15/30d]"}, "collection.scheme_limits.visa[0]", "this is not a limit, such as 15 per 30d or 35 of the same amount per 30d", "15 per 30d"},
		{"cap of none", []string{"visa: [15 per 30d]", "visa: [§0 per 30d]"}, "collection.scheme_limits.visa[0]", "a limit of nothing would stop every payment", "above zero"},
		{"day that not every month has", []string{"day: 1 ", "day: §31 "}, "bills.day", "the number is out of range", "1 to 28"},
		{"terms", []string{"30 calendar days", "§30 days"}, "bills.credit_terms", "this is not terms, such as 30 calendar days or 20 business days", "calendar"},
		{"negative carry", []string{"{JPY: 10}", "{JPY: §-10}"}, "bills.carry_below.amounts.JPY", "the amount is negative", "zero or more"},

		{"taxes overlap", tax("  - " + jp + "\n  - §{version: jp-2, name: GST, country: JP, rate: 0.20, from: 2024-01-01}"), "tax[1]", "this and jp would both apply at times", "until"},
		{"version of a tax twice", tax("  - " + jp + "\n  - {version: §jp, name: GST, country: KR, rate: 0.20, from: 2024-01-01}"), "tax[1].version", "another tax has this version", "another version"},
		{"tax in per cent", tax("  - {version: jp, name: GST, country: JP, rate: §10, from: 2020-01-01}"), "tax[0].rate", "the tax would be as much as the price, or more", "0.19 for 19 %"},
		{"rate with a sign", tax("  - {version: jp, name: GST, country: JP, rate: §10%, from: 2020-01-01}"), "tax[0].rate", "not a rate: a decimal number of zero or more, with at most 18 digits before and after the point", "0.19"},
		{"negative rate", tax("  - {version: jp, name: GST, country: JP, rate: §-0.1, from: 2020-01-01}"), "tax[0].rate", "not a rate: a decimal number of zero or more, with at most 18 digits before and after the point", "0.19"},
		{"tax of nowhere", tax("  - §{version: jp, name: GST, rate: 0.1, from: 2020-01-01}"), "tax[0]", "a tax is for one country, or for one region", "one of country and region"},
		{"tax of country and region", tax("  - §{version: jp, name: GST, country: DE, region: eu, rate: 0.1, from: 2020-01-01}"), "tax[0]", "a tax is for one country, or for one region", "one of country and region"},
		{"tax ends before it begins", tax("  - {version: jp, name: GST, country: JP, rate: 0.1, from: 2020-01-01, until: §2020-01-01}"), "tax[0].until", "the tax would end before it begins", "later date"},
		{"kind of account", tax("  - {version: jp, name: GST, country: JP, rate: 0.1, from: 2020-01-01, kinds: [§company]}"), "tax[0].kinds[0]", "this word has no meaning here", "individual, enterprise"},

		{"PayPal hold, a word for a step", []string{"[10.00 from 0.00,", "[§10.00,"}, "paypal_hold.sizes.USD[0]", "this is not a size and the usage from which on it is that, such as 15.00 from 100.00", "15.00 from 100.00"},
		{"PayPal hold of nothing", []string{"[10.00 from 0.00,", "[§0.00 from 0.00,"}, "paypal_hold.sizes.USD[0]", "the amount is too small", "larger"},
		{"PayPal hold with too many decimals", []string{"[10.00 from 0.00,", "[§10.001 from 0.00,"}, "paypal_hold.sizes.USD[0]", "the amount has more decimals than the currency, which has 2", "at most 2"},
		{"PayPal hold, usage that is no number", []string{"[10.00 from 0.00,", "[§10.00 from 0.0.0,"}, "paypal_hold.sizes.USD[0]", "not a decimal number", "digits"},
		{"PayPal hold, a negative size", []string{"[10.00 from 0.00,", "[§-10.00 from 0.00,"}, "paypal_hold.sizes.USD[0]", "this is not a size and the usage from which on it is that, such as 15.00 from 100.00", "such as"},
		{"PayPal hold, steps out of order", []string{"35.00 from 500.00", "§35.00 from 100.00"}, "paypal_hold.sizes.USD[2]", "this is not from more usage on than the one before", "in the order"},
		{"PayPal hold without steps", []string{"[10.00 from 0.00, 15.00 from 100.00, 35.00 from 500.00, 50.00 from 1000.00]", "§[]"}, "paypal_hold.sizes.USD", "the list is empty", "remove the currency"},
		{"PayPal hold where it is not offered", []string{"    USD: [10.00 from 0.00,", "    §EUR: [1.00 from 0.00]\n    USD: [10.00 from 0.00,"}, "paypal_hold.sizes", "PayPal is not offered in this currency", "thresholds.paypal"},
		{"PayPal hold in no currency", []string{"    USD: [10.00 from 0.00,", "    §UST: [1.00 from 0.00]\n    USD: [10.00 from 0.00,"}, "paypal_hold.sizes", "not an ISO 4217 currency code", "USD"},
		{"PayPal hold that is never released", []string{"  release_after: 30d              # without usage\n", "", "paypal_hold:\n", "§paypal_hold:\n"}, "paypal_hold.release_after", "the field is missing", "add it"},
		{"PayPal hold that is released at once", []string{"release_after: 30d              # without", "release_after: §0d # without"}, "paypal_hold.release_after", "this is too short", "1m or more"},
		{"PayPal hold, another field", []string{"  sizes:      ", "  §size: {}\n  sizes:      "}, "paypal_hold", "there is no field of this name", "did you mean sizes?"},
		{"PayPal hold sizes that are a word", []string{"  sizes:                          # by what the account used in its last billed month, before tax\n    USD: [10.00 from 0.00, 15.00 from 100.00, 35.00 from 500.00, 50.00 from 1000.00]\n", "  sizes: §off\n"}, "paypal_hold.sizes", "this is not fields, each with a name, a colon and a value", "write fields"},

		{"a refund window that no provider has", []string{"card_window: 150d", "card_window: §181d"}, "refunds.card_window", "providers do not take refunds so late", "180d or less"},
		{"no day to send documents", []string{"submit_days: 1", "submit_days: §0"}, "identity.submit_days", "the customer has 1 to 60 business days", "write a value within that"},
		{"documents kept for an hour", []string{"keep_expired: 15d", "keep_expired: §1h"}, "identity.keep_expired", "documents are kept for 1 day to 20 years", "write a value within that"},
		{"no business days", []string{"weekend: [saturday, sunday]", "weekend: §[monday, tuesday, wednesday, thursday, friday, saturday, sunday]"}, "identity.weekend", "a week has at least one business day", "write a value within that"},
		{"a holiday that is not", []string{"holidays: []", "holidays: [§2026-02-30]"}, "identity.holidays[0]", "there is no such date", "check day and month"},
		{"one refund window", []string{"  paypal_window: 180d\n", "", "refunds:\n", "§refunds:\n"}, "refunds.paypal_window", "the field is missing", "add it"},
		{"orders that lapse at once", []string{"lapse_after: 24h ", "lapse_after: §0h "}, "orders.lapse_after", "this is too short", "1m or more"},
		{"orders without a word for late money", []string{"  late_payment: apply             # what comes later all the same pays the order; or refund\n", "", "orders:\n", "§orders:\n"}, "orders.late_payment", "the field is missing", "add it"},

		{"tab", []string{"zone: UTC ", "zone: UTC\n§\t"}, "", "this cannot be read as YAML: found character 'tab' that cannot start any token", "spaces"},
		{"bracket left open", []string{"[alipay, wechat_pay]\n", "[alipay, wechat_pay\n", "binding:\n", "§binding:\n"}, "", "this cannot be read as YAML: ',' or ']' must be specified", "brackets"},
		{"merge key", []string{"networks: {ipv4: 24, ipv6: 56}", "networks: {§<<: {ipv4: 24}, ipv4: 24, ipv6: 56}"}, "binding.limits.networks", "this kind of key is not used in a policy", "plain name"},
		{"tag", []string{"zone: UTC ", "zone: §!!str UTC "}, "zone", "tags are not used in a policy", "remove"},
		{"two documents", []string{"accounts:", "accounts: {}\n§---\naccounts:"}, "", "there is more than one document in the file", "keep one"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, place := marked(t, document(t, c.edit...))
			place = "policy.yaml, " + place
			if c.path != "" {
				place += ": " + c.path
			}
			_, err := policy.Parse([]byte(text), "policy.yaml")
			faults := fault.All(err)
			if len(faults) == 0 {
				t.Fatalf("got %v, want %q at %s", err, c.message, place)
			}
			for _, f := range faults[1:] {
				t.Errorf("also got %s: %s", f.Place, f.Message)
			}
			if f := faults[0]; f.Code != "policy_invalid" || f.Place != place || f.Message != c.message || !strings.Contains(f.Next, c.next) {
				t.Errorf("got  %s: %s (%s) %s\nwant %s: %s (policy_invalid) %s", f.Place, f.Message, f.Code, f.Next, place, c.message, c.next)
			}
		})
	}
}

func TestParseTellsEverythingAtOnce(t *testing.T) {
	text := document(t, "zone: UTC ", "zone: Mars ", "[US]", "[USA]", "USD: 1.00\n", "USD: a\n", "day: 1 ", "day: 0 ")
	_, err := policy.Parse([]byte(text), "")
	var got []string
	for _, f := range fault.All(err) {
		got = append(got, f.Place)
	}
	want := []string{
		"line 9, column 7: zone",
		"line 16, column 19: regions.united_states[0]",
		"line 47, column 12: binding.hold.amounts.USD",
		"line 165, column 8: bills.day",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestParseOfWhatIsNoPolicy has texts that are no policy at all, some of them hostile.
func TestParseOfWhatIsNoPolicy(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		previous := fmt.Sprintf("*a%d", i-1)
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(previous+", ", 8)+previous)
	}
	cases := []struct{ name, text, place, message string }{
		{"nothing", "", "line 1, column 1", "the document is empty"},
		{"comments only", "# nothing\n", "line 1, column 1", "the document is empty"},
		{"a word", "policy", "line 1, column 1", "this is not fields, each with a name, a colon and a value"},
		{"a list", "- a\n- b\n", "line 1, column 1", "this is not fields, each with a name, a colon and a value"},
		{"a megabyte", strings.Repeat("# filling\n", 1<<20/10), "line 1, column 1", "the document is longer than 64 KiB"},
		{"Latin-1", "version: a\nname: Geb\xfchr\n", "line 2, column 10", "the document is not UTF-8"},
		{"UTF-16", "\xff\xfev\x00e\x00", "line 1, column 1", "the document is not UTF-8"},
		{"a NUL", "version: a\x00\n", "line 1, column 11", "there is a control character"},
		{"deep brackets", strings.Repeat("[", 60000), "line 1, column 17", "brackets are nested more than 16 deep"},
		{"deep braces", strings.Repeat("{a: ", 15000), "line 1, column 65", "brackets are nested more than 16 deep"},
		{"aliases that multiply", bomb, "line 1, column 1", "there is no field of this name"},
		{"an alias", "version: &v a\nzone: *v\n", "line 1, column 10: version", "anchors, aliases and merges are not used in a policy"},
		{"deep indentation", strings.Repeat("- ", 30000), "line 1, column 1", "this is not fields, each with a name, a colon and a value"},
		{"an HTML page", "<!DOCTYPE html>\n<html><body>Not found</body></html>\n", "line 1, column 1", "this is not fields, each with a name, a colon and a value"},
		{"JSON of something else", `{"a": 1}`, "line 1, column 2", "there is no field of this name"},
		{"the key of something else", "-----BEGIN PRIVATE KEY-----\nMIIE\n", "line 1, column 1", "this is not fields, each with a name, a colon and a value"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.Parse([]byte(c.text), "")
			var all []string
			for _, f := range fault.All(err) {
				if f.Place == c.place && f.Message == c.message {
					checkFaults(t, f)
					return
				}
				all = append(all, f.Place+": "+f.Message)
			}
			t.Errorf("got\n%.400s\nwant %s: %s", strings.Join(all, "\n"), c.place, c.message)
		})
	}
}

func TestParseLimitsWhatItTells(t *testing.T) {
	_, err := policy.Parse([]byte(strings.Repeat("x", 3)+": 1\n"+strings.Repeat("x: 1\n", 500)), "")
	faults := fault.All(err)
	if len(faults) != 51 {
		t.Fatalf("got %d faults, want 50 and one that counts the rest", len(faults))
	}
	if got := faults[50].Message; !strings.HasPrefix(got, "and ") {
		t.Errorf("the last is %q, want a count of the rest", got)
	}
}

func TestParseTakesOtherSpellings(t *testing.T) {
	text := document(t, "USD: 1000.00", `"USD": "1000.00"`, "zone: UTC ", "zone: 'UTC' ", "open: on ", `open: "on" `)
	cases := map[string]string{
		"quoted":                 text,
		"with a byte-order mark": "\xef\xbb\xbf" + text,
		"with CRLF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"with a document start":  "---\n" + text,
	}
	for name, text := range cases {
		p, err := policy.Parse([]byte(text), name)
		if err != nil {
			t.Errorf("%s: got %v, want a policy", name, err)
			continue
		}
		checkChanges(t, policy.Diff(policy.BuiltIn(), p), nil)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(policy.BuiltIn().Document)
	f.Add("a: [b, {c: d}]\n")
	f.Add("a: &x 1\nb: *x\n? c\n: d\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policy.Parse([]byte(text), "fuzz")
		if err == nil && p.Version == "" {
			t.Error("a policy without a version was accepted")
		}
		if err != nil && len(fault.All(err)) == 0 {
			t.Errorf("the error is not a fault: %v", err)
		}
	})
}
