package focus

import (
	"encoding/hex"
	"strconv"
)

// unnamedRowsMax bounds the rows without an Id in one file, and so the memory: 35 bytes
// for each that differs from the others, 170 MB at most.
const unnamedRowsMax = 5_000_000

// lineIDs makes ids for rows that have none: the hash of the row's content, and how often
// that content came in the file. Identical rows are different lines, and a file read twice
// gives the same ids.
type lineIDs struct {
	seen map[[16]byte]uint32
	rows int
	max  int
}

func newLineIDs() lineIDs {
	return lineIDs{seen: map[[16]byte]uint32{}, max: unnamedRowsMax}
}

func (l *lineIDs) next(content [16]byte) (string, error) {
	l.rows++
	if l.rows > l.max {
		return "", ErrBroken.Detail("the file has more than %d rows without an Id", l.max).
			WithNext("split the file by charge period, so that identical rows stay together")
	}
	l.seen[content]++
	id := make([]byte, 0, 48)
	id = append(id, "focus:"...)
	id = hex.AppendEncode(id, content[:])
	id = append(id, '#')
	id = strconv.AppendUint(id, uint64(l.seen[content]), 10)
	return string(id), nil
}
