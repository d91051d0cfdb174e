package mail

import "slices"

// Places lists the places in every text of a language, under the text's key.
func Places(tag string) map[string][]string {
	l, all := speak(tag), map[string][]string{}
	add := func(key, text string) { all[key] = placePattern.FindAllString(text, -1) }
	for name, text := range l.Words {
		if name != "date" && name != "month" { // languages order them differently
			add("word "+name, text)
		}
	}
	for code, text := range l.Reasons {
		add("reason "+code, text)
	}
	for name, w := range l.Kinds {
		all["kind "+name] = placePattern.FindAllString(w.Title, -1)
		for _, p := range w.Body {
			all["kind "+name] = append(all["kind "+name], slices.Sorted(slices.Values(placePattern.FindAllString(p, -1)))...)
		}
	}
	return all
}
