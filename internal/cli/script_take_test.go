package cli

import (
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// take NAME PREFIX keeps in $NAME the first word of the last output that begins so,
// such as an id.
func take(ts *testscript.TestScript, _ bool, args []string) {
	for _, word := range strings.FieldsFunc(ts.ReadFile("stdout"), func(r rune) bool { return strings.ContainsRune(" \n\t\",:", r) }) {
		if strings.HasPrefix(word, args[1]) {
			ts.Setenv(args[0], word)
			return
		}
	}
	ts.Fatalf("nothing begins with %s", args[1])
}
