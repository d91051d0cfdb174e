package document

// ReadFont reads a font, and tells whether it can be set.
func ReadFont(data []byte) error {
	_, err := readFont("test", data)
	return err
}

// Lines breaks a text into lines of at most so many characters.
func Lines(text string, room int) []string {
	return lines(text, float64(room), func(s string) float64 { return float64(len([]rune(s))) })
}

// Languages reads the texts of every language.
func Languages(tags []string) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, tag := range tags {
		s, err := speak(tag, nil)
		if err != nil {
			return nil, err
		}
		all[tag] = s.texts
	}
	return all, nil
}

// Percent writes a rate.
func Percent(rate string) string { return percent(rate) }

// Unclosed counts the glyphs of a font some part of which, however deep, is not among
// those that come with it.
func Unclosed(data []byte) (unclosed, compound int, err error) {
	f, err := readFont("test", data)
	if err != nil {
		return 0, 0, err
	}
	for g := range f.glyphs {
		with := map[uint16]bool{}
		for _, one := range f.closure([]uint16{uint16(g)}) {
			with[one] = true
		}
		if len(with) > 2 {
			compound++
		}
		for one := range with {
			outline := f.outline(one)
			for _, at := range f.parts(outline) {
				if !with[uint16(f.u16(outline, at))] {
					unclosed++
				}
			}
		}
	}
	return unclosed, compound, nil
}

// Redrawn counts the glyphs of a part of a font that are not as in the whole one.
func Redrawn(data []byte, text string) (differ int, err error) {
	f, err := readFont("whole", data)
	if err != nil {
		return 0, err
	}
	var wanted []uint16
	for _, r := range text {
		wanted = append(wanted, f.glyph(r))
	}
	glyphs := f.closure(wanted)
	part := &font{tables: map[string][]byte{}, long: true, glyphs: len(glyphs), metrics: len(glyphs), units: f.units}
	file := f.subset(glyphs)
	for i := range f.u16(file, 4) {
		at := 12 + 16*i
		part.tables[string(file[at:at+4])] = cutOut(file, int(f.u32(file, at+8)), int(f.u32(file, at+12)))
	}
	for i, g := range glyphs {
		whole, cut := f.outline(g), part.outline(uint16(i))
		same := len(cut) >= len(whole) && f.width(g) == part.width(uint16(i))
		named := map[int]bool{}
		for _, at := range f.parts(whole) {
			named[at], named[at+1] = true, true
			same = same && glyphs[f.u16(cut, at)] == uint16(f.u16(whole, at))
		}
		for at := range whole {
			same = same && (named[at] || whole[at] == cut[at])
		}
		if !same {
			differ++
		}
	}
	return differ, nil
}
