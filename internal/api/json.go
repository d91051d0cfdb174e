package api

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// jsonFormat reads JSON more strictly than Go does by itself: text must be UTF-8,
// no name may occur twice in an object, since two readers would take another one
// of them, and no text may hold the NUL character, which databases cannot keep.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if err := checkJSON(data); err != nil {
			return err
		}
		return json.Unmarshal(data, v)
	},
}

var errJSON = errors.New("api: not one JSON value in UTF-8, with each name once and without NUL")

func checkJSON(data []byte) error {
	if !jsontext.Value(data).IsValid() || holdsNUL(data) {
		return errJSON
	}
	return nil
}

// holdsNUL tells whether a text in valid JSON holds the character U+0000. It can
// only be there as an escape.
func holdsNUL(data []byte) bool {
	for i := 0; i+5 < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		if string(data[i+1:i+6]) == "u0000" {
			return true
		}
		i++ // the escaped character
	}
	return false
}
