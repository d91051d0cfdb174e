package office

// Page says which part of a list is wanted: so many at most, those that follow
// the object with this id in the order of the list. "" starts at its beginning.
type Page struct {
	After string
	Limit int
}

// cut returns the page of a list that was read one longer than the page, and the
// id to go on after; "" on the last page.
func cut[T any](list []T, p Page, idOf func(T) string) ([]T, string) {
	if len(list) <= p.Limit {
		return list, ""
	}
	list = list[:p.Limit]
	return list, idOf(list[p.Limit-1])
}
