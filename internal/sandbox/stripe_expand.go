package sandbox

import (
	"bytes"
	"encoding/json"
	"strings"
)

const (
	expandMax      = 20
	expandDepthMax = 4
)

// expandPaths puts objects in the place of their ids in an answer.
func (t *tx) expandPaths(body []byte, paths []string) ([]byte, error) {
	if len(paths) > expandMax {
		return nil, invalidRequest("", "expand", "At most 20 properties can be expanded.")
	}
	root, err := decode(body)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		steps := strings.Split(path, ".")
		if len(steps) > expandDepthMax+1 {
			return nil, cannotExpand(path)
		}
		if err := t.expandAt(root, steps, path); err != nil {
			return nil, err
		}
	}
	return json.Marshal(root)
}

func decode(doc []byte) (any, error) {
	var value any
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	err := d.Decode(&value)
	return value, err
}

func cannotExpand(path string) error {
	return invalidRequest("", "expand", "This property cannot be expanded ("+shownName(path)+").")
}

func (t *tx) expandAt(value any, steps []string, path string) error {
	switch v := value.(type) {
	case nil:
		return nil
	case []any:
		for _, item := range v {
			if err := t.expandAt(item, steps, path); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		next, err := t.expanded(v, steps[0], path)
		if err != nil {
			return err
		}
		v[steps[0]] = next
		if len(steps) > 1 {
			return t.expandAt(next, steps[1:], path)
		}
		return nil
	}
	return cannotExpand(path)
}

// expanded is the value of a property with the object in the place of its id.
func (t *tx) expanded(object map[string]any, name, path string) (any, error) {
	value, there := object[name]
	if !there && object["object"] == "charge" && name == "refunds" {
		return t.refundsOf(object["id"].(string))
	}
	id, isText := value.(string)
	switch {
	case !there, isText && !looksLikeID(id):
		return nil, cannotExpand(path)
	case !isText:
		return value, nil
	}
	doc, found, err := t.document(id)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, cannotExpand(path)
	}
	return decode(doc)
}

func (t *tx) refundsOf(chargeID string) (any, error) {
	q := &call{form: form{root: &param{}}}
	q.form.root.put([]string{"charge"}, chargeID)
	page, err := refundsList.list(t, q)
	if err != nil {
		return nil, err
	}
	doc, err := json.Marshal(page)
	if err != nil {
		return nil, err
	}
	return decode(doc)
}
