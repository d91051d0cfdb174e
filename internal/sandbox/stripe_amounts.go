package sandbox

import (
	"fmt"
	"strings"
)

// currencies are what can be charged in, in Stripe's spelling.
// https://docs.stripe.com/currencies
var currencies = wordSet(`usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn
	bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg
	huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur
	mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd
	shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(words) {
		set[word] = true
	}
	return set
}

// minimums are the smallest charges, in minor units.
// https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
var minimums = map[string]int64{
	"usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
	"gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
	"pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}

// maximums are the largest charges where eight digits are not the limit.
var maximums = map[string]int64{
	"inr": 999_999_999, "cop": 9_999_999_999, "huf": 9_999_999_999, "jpy": 9_999_999_999,
	"idr": 999_999_999_999, "lbp": 999_999_999_999,
}

const maximumUsual = 99_999_999

// steps are currencies whose last digits must be zero: those with three
// decimals, and two that lost theirs but are still sent with two.
// https://docs.stripe.com/currencies#special-cases
var steps = map[string]int64{"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}

// checkAmount returns nil if amount, in minor units, can be charged.
func checkAmount(amount int64, currency string) error {
	if !currencies[currency] {
		return invalidRequest("", "currency", "Invalid currency. Stripe knows currencies by three lower-case letters, such as usd.")
	}
	least := int64(1)
	if m, ok := minimums[currency]; ok {
		least = m
	}
	most := int64(maximumUsual)
	if m, ok := maximums[currency]; ok {
		most = m
	}
	switch {
	case amount < 1:
		return invalidRequest("parameter_invalid_integer", "amount", "This value must be greater than or equal to 1.")
	case amount < least:
		return invalidRequest("amount_too_small", "amount", fmt.Sprintf("Amount must be no less than %d of the smallest unit of %s.", least, currency))
	case amount > most:
		return invalidRequest("amount_too_large", "amount", fmt.Sprintf("Amount must be no more than %d of the smallest unit of %s.", most, currency))
	case steps[currency] > 1 && amount%steps[currency] != 0:
		return invalidRequest("", "amount", fmt.Sprintf("Invalid amount: amounts in %s are multiples of %d.", currency, steps[currency]))
	}
	return nil
}
