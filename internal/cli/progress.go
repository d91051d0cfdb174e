package cli

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// progress shows people at a terminal how far long work has come. Elsewhere it is
// silent.
type progress struct{ bar *progressbar.ProgressBar }

// progress starts a bar up to most, or a counter if that is -1.
func (s *session) progress(most int64, what string) progress {
	if !isTerminal(s.Err) {
		return progress{}
	}
	options := []progressbar.Option{
		progressbar.OptionSetWriter(s.Err), progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetRenderBlankState(true),
	}
	return progress{progressbar.NewOptions64(most, options...)}
}

func (p progress) to(n int64) {
	if p.bar != nil {
		_ = p.bar.Set64(n) // only the picture would be wrong
	}
}

func (p progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish() // only the picture would be wrong
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
