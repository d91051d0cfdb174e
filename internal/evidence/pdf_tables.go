package evidence

// place is an entry of a table: where an object is said to be.
type place struct {
	number int64
	offset int64 // in the file, or 0
	stream int64 // number of the stream that holds it, or 0
}

// table reads a table of objects in plain text, and the dictionary behind it (7.5.4).
func (p *pdf) table() error {
	p.tables[int64(p.at)] = true
	if err := p.expect("xref"); err != nil {
		return err
	}
	for {
		if err := p.skip(); err != nil {
			return err
		}
		if p.has("trailer") {
			break
		}
		first, err := p.integer()
		if err != nil {
			return err
		}
		count, err := p.integer()
		if err != nil {
			return err
		}
		if err := p.section(first, count); err != nil {
			return err
		}
	}
	if err := p.expect("trailer"); err != nil {
		return err
	}
	v, err := p.object(0)
	if err != nil {
		return err
	}
	d, ok := v.(dict)
	if !ok {
		return damaged("a table has no trailer")
	}
	return p.follow(d)
}

// section reads entries of a table for objects with numbers in a row.
func (p *pdf) section(first, count int64) error {
	if count > placesMax || first > 1<<40 {
		return ErrComplex
	}
	for i := range count {
		offset, err := p.integer()
		if err != nil {
			return err
		}
		if _, err := p.integer(); err != nil {
			return err
		}
		p.spaces()
		switch p.word() {
		case "n":
			err = p.place(place{number: first + i, offset: offset})
		case "f":
		default:
			err = damaged("a table has an unknown entry")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pdf) place(at place) error {
	if len(p.places) >= placesMax {
		return ErrComplex
	}
	p.places = append(p.places, at)
	return nil
}

// follow remembers to which other tables a trailer points.
func (p *pdf) follow(d dict) error {
	for _, k := range []name{"Prev", "XRefStm"} {
		switch v := d[k].(type) {
		case nil:
		case int64:
			p.ways = append(p.ways, v)
		default:
			return damaged("a table points nowhere")
		}
	}
	return nil
}

// tableStream reads a table of objects in a stream (7.5.8).
func (p *pdf) tableStream(offset int64, d dict, raw []byte) error {
	b, err := p.budget.whole(d, raw)
	if err != nil {
		return err
	}
	p.tables[offset] = true
	widths, ok := integers(d["W"])
	if !ok || len(widths) != 3 {
		return damaged("a table has no columns")
	}
	row := int64(0)
	for _, w := range widths {
		if w < 0 || w > 8 {
			return damaged("a table has strange columns")
		}
		row += w
	}
	index, ok := integers(d["Index"])
	if _, given := d["Index"]; !given {
		index, ok = []int64{0, number(d, "Size", -1)}, true
	}
	if !ok || len(index)%2 != 0 || row == 0 {
		return damaged("a table has no rows")
	}
	for ; len(index) > 0; index = index[2:] {
		first, count := index[0], index[1]
		if first < 0 || count < 0 || count > int64(len(b))/row {
			return damaged("a table is too short")
		}
		for i := range count {
			if err := p.row(first+i, b[:row], widths); err != nil {
				return err
			}
			b = b[row:]
		}
	}
	return p.follow(d)
}

// row reads one entry of a table in a stream.
func (p *pdf) row(number int64, b []byte, widths []int64) error {
	kind, b := field(b, widths[0])
	if widths[0] == 0 {
		kind = 1
	}
	second, _ := field(b, widths[1])
	switch kind {
	case 0:
		return nil
	case 1:
		return p.place(place{number: number, offset: second})
	case 2:
		return p.place(place{number: number, stream: second})
	}
	return damaged("a table has an unknown entry")
}

// field reads a number of so many bytes, and returns what is behind it.
func field(b []byte, width int64) (int64, []byte) {
	v := int64(0)
	for _, c := range b[:width] {
		v = v<<8 | int64(c)
	}
	return v, b[width:]
}

// integers returns an array of nothing but integers.
func integers(v any) ([]int64, bool) {
	a, ok := v.(array)
	if !ok {
		return nil, false
	}
	var all []int64
	for _, one := range a {
		n, ok := one.(int64)
		if !ok {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}

// agrees returns nil if everything that points into the file points at what was read
// there.
func (p *pdf) agrees() error {
	if p.lastWay == 0 || len(p.tables) == 0 {
		return damaged("it has no table of its objects")
	}
	for _, w := range p.ways {
		if !p.tables[w] {
			return damaged("a table is not where it is said to be")
		}
	}
	for _, at := range p.places {
		if !p.isAt(at) {
			return damaged("an object is not where it is said to be")
		}
	}
	for _, l := range p.lengths {
		if !p.isLong(l) {
			return damaged("a stream has a wrong length")
		}
	}
	return nil
}

func (p *pdf) isAt(at place) bool {
	if at.stream != 0 {
		return p.within[at.stream][at.number]
	}
	// Some programs point at the white space before an object.
	for at.offset > 0 && at.offset < int64(len(p.b)) && isSpace(p.b[at.offset]) {
		at.offset++
	}
	n, ok := p.starts[at.offset]
	return ok && n == at.number
}

// isLong tells whether each thing that the length of a stream was found to be leads
// to its end.
func (p *pdf) isLong(l length) bool {
	found := p.integers[l.from.number]
	for _, n := range found {
		if n < l.least || n > l.most {
			return false
		}
	}
	return len(found) > 0
}
