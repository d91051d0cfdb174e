package console

// Patterns lists every door of the pages, by the mux's pattern.
func Patterns(options Options) []string {
	c := &console{options: options, books: newCatalogue()}
	var list []string
	for _, pages := range c.doors() {
		for pattern := range pages {
			list = append(list, pattern)
		}
	}
	return list
}
