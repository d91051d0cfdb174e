package console_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/bursar-pay/bursar/internal/axetest"
)

// looks are how the pages of each language are looked at for barriers, so that every
// page is seen on a phone and on a desk, in the light and in the dark.
var looks = map[string]struct {
	width, height int64
	dark          bool
}{
	"en":      {1280, 900, false},
	"zh-Hant": {320, 640, true},
	"zh-Hans": {320, 640, false},
	"ja":      {1280, 900, true},
}

// keepsNobodyOut fails the test if the page, which is in a language, keeps somebody
// from using it.
func (s *screen) keepsNobodyOut(language string) {
	s.T.Helper()
	look := looks[language]
	s.shows(look.width, look.height, look.dark)
	if found := axetest.Barriers(s.ctx, s.T); found != "" {
		s.T.Errorf("%s at %d, dark %t:\n%s", language, look.width, look.dark, found)
	}
}

// suits fails the test if the page is not for every screen and everybody.
func (s *screen) suits(language string) {
	s.T.Helper()
	for _, size := range sizes {
		if size.name != "390" { // of two phones, the smaller
			s.shows(size.width, size.height, false)
			s.fits(language + " at " + size.name)
		}
	}
	s.keepsNobodyOut(language)
}

// The engine that finds nothing on our pages finds what is wrong on one that was
// spoilt.
func TestBarriersAreFound(t *testing.T) {
	s := newScreen(t)
	s.enter(s.Customer(), "/account")
	s.settles()
	if found := axetest.Barriers(s.ctx, t); found != "" {
		t.Errorf("before:\n%s", found)
	}
	spoil := `(document.documentElement.lang = "", document.querySelector("label[for=language] .label").remove(), document.querySelector("h1").style.color = "#ccc", true)`
	if _, err := chromedp.Run(s.ctx, chromedp.Evaluate[bool](spoil)); err != nil {
		t.Fatal(err)
	}
	s.scheme(false)
	found := axetest.Barriers(s.ctx, t)
	for _, rule := range []string{"html-has-lang: ", "select-name: ", "color-contrast: "} {
		if !strings.Contains(found, rule) {
			t.Errorf("%s was not found, only:\n%s", rule, found)
		}
	}
}
