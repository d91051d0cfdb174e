package focus

import (
	"errors"
	"testing"
)

func TestRowsWithoutIDAreBounded(t *testing.T) {
	l := newLineIDs()
	l.max = 2
	for range l.max {
		if _, err := l.next([16]byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := l.next([16]byte{2}); !errors.Is(err, ErrBroken) {
		t.Errorf("got %s, %v, want %v", id, err, ErrBroken)
	}
}
