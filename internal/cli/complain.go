package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bursar-pay/bursar/internal/fault"
)

const complaintsMax = 20 // faults that are shown of one failure

// errSaid is a failure that the command has shown by itself.
var errSaid = errors.New("cli: said already")

// complain shows why a command failed: the code, the place, what is wrong and the
// next step of every fault, or the error if it is none that we expected.
func complain(w io.Writer, err error) {
	if errors.Is(err, errSaid) {
		return
	}
	faults := fault.All(err)
	switch {
	case len(faults) == 0 && errors.Is(err, context.Canceled):
		fmt.Fprintln(w, "bursar: stopped")
	case len(faults) == 0:
		fmt.Fprintf(w, "bursar: error: %v\n", err)
	}
	next := ""
	for i, f := range faults {
		if i == complaintsMax {
			fmt.Fprintln(w, "bursar: and more of them")
			break
		}
		place := ""
		if f.Place != "" {
			place = f.Place + ": "
		}
		fmt.Fprintf(w, "bursar: %s: %s%s\n", f.Code, place, f.Message)
		if f.Next != "" && f.Next != next {
			fmt.Fprintf(w, "  next: %s\n", f.Next)
			next = f.Next
		}
	}
}
