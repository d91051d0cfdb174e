package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A list is one page of a collection.
type list struct {
	Object  string            `json:"object"`
	URL     string            `json:"url"`
	HasMore bool              `json:"has_more"`
	Data    []json.RawMessage `json:"data"`
}

const (
	pageUsual = 10
	pageMax   = 100
)

// A collection says what can be listed and by what it can be filtered:
// parameter names and the SQL that each is compared with.
type collection struct {
	kind    string
	path    string
	filters map[string]string
	where   string // a condition for all
}

const pageParams = "limit starting_after ending_before created created.gt created.gte created.lt created.lte "

// takes are the parameters of listing a collection.
func (l collection) takes() *paramSet {
	names := pageParams
	for name := range l.filters {
		names += name + " " + name + ".* "
	}
	return takes(names + "expand.*")
}

// A question is the WHERE of a listing and its arguments.
type question struct {
	where []string
	args  []any
}

func (q *question) add(condition string, value any) {
	q.args = append(q.args, value)
	q.where = append(q.where, fmt.Sprintf(condition, fmt.Sprintf("$%d", len(q.args))))
}

// list answers a listing, newest first.
func (l collection) list(t *tx, c *call) (any, error) {
	f := &c.form
	q := &question{}
	q.add("kind = %s", l.kind)
	if l.where != "" {
		q.where = append(q.where, l.where)
	}
	l.filter(q, f)
	limit, given := f.number("limit")
	if !given {
		limit = pageUsual
	}
	if limit < 1 || limit > pageMax {
		f.fail(invalidRequest("parameter_invalid_integer", "limit", "limit is from 1 to 100."))
	}
	if f.err != nil {
		return nil, f.err
	}
	order := "DESC"
	if err := t.startAt(q, f, "starting_after", "seq < %s"); err != nil {
		return nil, err
	}
	if f.text("ending_before") != "" {
		order = "ASC"
		if err := t.startAt(q, f, "ending_before", "seq > %s"); err != nil {
			return nil, err
		}
	}
	q.args = append(q.args, limit+1)
	page := list{Object: "list", URL: l.path, Data: []json.RawMessage{}}
	err := t.w.store.each("SELECT doc FROM objects WHERE "+strings.Join(q.where, " AND ")+" ORDER BY seq "+order+fmt.Sprintf(" LIMIT $%d", len(q.args)),
		q.args, func(scan func(...any) error) error {
			var doc []byte
			err := scan(&doc)
			page.Data = append(page.Data, doc)
			return err
		})
	if int64(len(page.Data)) > limit {
		page.HasMore, page.Data = true, page.Data[:limit]
	}
	if order == "ASC" {
		slices.Reverse(page.Data)
	}
	return page, err
}

// filter narrows a listing by the parameters that were sent.
func (l collection) filter(q *question, f *form) {
	for _, name := range slices.Sorted(maps.Keys(l.filters)) {
		column := l.filters[name]
		switch values := f.all(name); {
		case len(values) > 0:
			set, err := json.Marshal(values)
			if err != nil {
				f.fail(err)
				return
			}
			q.add(column+" IN (SELECT value FROM json_each(%s))", string(set))
		case f.text(name) != "":
			q.add(column+" = %s", f.text(name))
		}
	}
	if at, ok := f.number("created"); ok {
		q.add("created = %s", at)
	}
	for _, bound := range []struct{ name, compare string }{{"gt", ">"}, {"gte", ">="}, {"lt", "<"}, {"lte", "<="}} {
		if at, ok := f.number("created." + bound.name); ok {
			q.add("created "+bound.compare+" %s", at)
		}
	}
}

// startAt continues a listing beside an object.
func (t *tx) startAt(q *question, f *form, param, condition string) error {
	id := f.text(param)
	if id == "" {
		return nil
	}
	var seq int64
	found, err := t.w.store.row("SELECT seq FROM objects WHERE id = $1", []any{id}, &seq)
	if err != nil {
		return err
	}
	if !found {
		return noSuch("object", id, param)
	}
	q.add(condition, seq)
	return nil
}

// listCustomerMethods lists what is attached to the customer in the path.
func listCustomerMethods(t *tx, c *call) (any, error) {
	if _, err := t.customer(c.ids[0], "customer"); err != nil {
		return nil, err
	}
	c.form.root.put([]string{"customer"}, c.ids[0])
	l := methodsList
	l.path = "/v1/customers/" + c.ids[0] + "/payment_methods"
	return l.list(t, c)
}

// listBalanceTransactions also says of each whether it is available by now.
func listBalanceTransactions(t *tx, c *call) (any, error) {
	got, err := balanceTransactionsList.list(t, c)
	if err != nil {
		return nil, err
	}
	page := got.(list)
	for i, doc := range page.Data {
		var b balanceTransaction
		if err := json.Unmarshal(doc, &b); err != nil {
			return nil, err
		}
		b.Status = b.statusAt(t.now.Unix())
		if page.Data[i], err = json.Marshal(&b); err != nil {
			return nil, err
		}
	}
	return page, nil
}
