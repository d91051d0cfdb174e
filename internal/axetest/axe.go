// Package axetest has axe-core, an engine that knows what keeps people with a
// disability from using a page, look at pages in a browser. The engine is a tool
// which "make tools-axe" fetches; nothing of it is part of this house.
package axetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// engine is the text of axe-core, from where the module's root keeps its tools.
var engine = sync.OnceValues(func() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(root, "go.mod"))
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) || root == filepath.Dir(root) {
			return "", err
		}
		root = filepath.Dir(root)
	}
	text, err := os.ReadFile(filepath.Join(root, "bin", "axe", "axe.min.js"))
	return string(text), err
})

// asks names the rules that pages are held to: WCAG 2.2 A and AA, and what is good
// practice besides. Frames of others are not ours to judge.
const asks = `axe.run(document, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
	rules: {"target-size": {enabled: true}},
	resultTypes: ["violations"], iframes: false, preload: false,
}).then((found) => found.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target + ": " + n.failureSummary)).join("\n"))`

// longest is how long a page may take to look at.
const longest = 20 * time.Second

// Barriers finds what keeps somebody from using the page that a window shows; "" is
// nothing. The browser evaluates the engine as it would for who debugs a page, so the
// page's policy stays as strict as it is.
func Barriers(ctx context.Context, t testing.TB) string {
	t.Helper()
	text, err := engine()
	if err != nil {
		t.Fatalf("these tests need axe-core: run make tools-axe: %v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	known, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`typeof axe === "object"`))
	if err == nil && !known {
		_, err = chromedp.Run(ctx, chromedp.Evaluate[bool](text+";true"))
	}
	if err != nil {
		t.Fatalf("load axe-core: %v", err)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](asks, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("look for barriers: %v", err)
	}
	return found
}
