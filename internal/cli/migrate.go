package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

type migrateCommand struct {
	Clock time.Time `placeholder:"TIME" help:"Where the clock of a new sandbox installation starts, such as 2024-09-01T00:00:00Z; now if it is left out."`
}

// Run makes the database's tables or brings them up to date.
func (m migrateCommand) Run(ctx context.Context, s *session) error {
	c, err := s.config(slog.LevelWarn)
	if err != nil {
		return err
	}
	c.Migrate, c.StartAt = true, m.Clock
	d, err := open(ctx, c)
	if err != nil {
		return err
	}
	engine, installation := d.store.Engine(), d.installation
	if err := d.Close(ctx); err != nil {
		return err
	}
	shape := map[string]string{"engine": engine, "installation": installation}
	return s.show(shape, func(w io.Writer) {
		fmt.Fprintf(w, "the tables are up to date (%s, %s)\n", engine, installation)
	})
}
