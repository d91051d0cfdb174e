package cli

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

type versionCommand struct{}

// Run shows the version of this binary.
func (versionCommand) Run(s *session) error {
	shape := map[string]string{"version": version(), "go": runtime.Version()}
	return s.show(shape, func(w io.Writer) { fmt.Fprintf(w, "bursar %s (%s)\n", shape["version"], shape["go"]) })
}

// version is the module's version, or the commit that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "development"
}
