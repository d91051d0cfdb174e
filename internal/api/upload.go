package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bursar-pay/bursar/internal/api/problem"
	"github.com/bursar-pay/bursar/internal/fault"
)

const (
	uploadPartsMax = 10
	uploadField    = "file"
)

// formFile is a file of a form.
type formFile struct {
	name    string
	content []byte
}

// filesIn finds the files of a form that have these names. The first one must be there;
// malformed says so. None is read beyond so many bytes, of a body that is in memory
// already.
func filesIn(r *http.Request, malformed *fault.Error, most int64, names ...string) (map[string]formFile, error) {
	form, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return nil, problem.ErrMediaType.WithNext(malformed.Next)
	}
	found := map[string]formFile{}
	for n := 0; err == nil && n < uploadPartsMax; n++ {
		part, e := form.NextPart()
		if e != nil {
			break
		}
		for _, name := range names {
			if part.FormName() != name {
				continue
			}
			content, e := io.ReadAll(io.LimitReader(part, most))
			if e != nil {
				return nil, malformed
			}
			found[name] = formFile{part.FileName(), content}
		}
	}
	if _, ok := found[names[0]]; !ok {
		return nil, malformed
	}
	return found, nil
}

// formBody describes a form with files of these names, of which the first is needed.
func formBody(names ...string) *huma.RequestBody {
	fields := map[string]*huma.Schema{}
	for _, name := range names {
		fields[name] = &huma.Schema{Type: "string", Format: "binary"}
	}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: names[:1], Properties: fields}}}}
}

// endings are those of files, by what they are.
var endings = map[string]string{"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}

// handOut answers with a file to be kept beside the page, that nothing may render or run
// here.
func handOut(w http.ResponseWriter, id, media string, content []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s%s"`, id, endings[media]))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(content) // the caller may have gone
}
