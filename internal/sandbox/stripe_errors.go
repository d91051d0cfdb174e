package sandbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// An apiError is a refusal as Stripe spells it.
type apiError struct {
	status int
	// keep says that the request took effect all the same, as a declined
	// charge does: it is written down.
	keep bool
	// began says that the request was understood and looked at, so that its
	// refusal is remembered under the idempotency key; a refusal of its
	// parameters is not.
	began bool

	Type               string          `json:"type"`
	Code               string          `json:"code,omitempty"`
	DeclineCode        string          `json:"decline_code,omitempty"`
	AdviceCode         string          `json:"advice_code,omitempty"`
	NetworkAdviceCode  string          `json:"network_advice_code,omitempty"`
	NetworkDeclineCode string          `json:"network_decline_code,omitempty"`
	DocURL             string          `json:"doc_url,omitempty"`
	Message            string          `json:"message"`
	Param              string          `json:"param,omitempty"`
	Charge             string          `json:"charge,omitempty"`
	PaymentIntent      json.RawMessage `json:"payment_intent,omitempty"`
	PaymentMethod      json.RawMessage `json:"payment_method,omitempty"`
	SetupIntent        json.RawMessage `json:"setup_intent,omitempty"`
}

func (e *apiError) Error() string { return "sandbox: " + e.Code + ": " + e.Message }

func (e *apiError) keepsEffect() bool { return e.keep }

// answer is the error as it goes over the wire.
func (e *apiError) answer() answer {
	if e.Code != "" && e.DocURL == "" {
		e.DocURL = docURL(e.Code)
	}
	body, err := json.Marshal(map[string]*apiError{"error": e})
	if err != nil {
		panic("sandbox: an error that has no JSON: " + err.Error())
	}
	return answer{status: e.status, body: body}
}

func docURL(code string) string {
	return "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(code, "_", "-")
}

const (
	typeInvalidRequest = "invalid_request_error"
	typeCard           = "card_error"
	typeAPI            = "api_error"
	typeIdempotency    = "idempotency_error"
)

// invalidRequest refuses a request for what it says.
func invalidRequest(code, param, message string) *apiError {
	return &apiError{status: http.StatusBadRequest, Type: typeInvalidRequest, Code: code, Param: param, Message: message}
}

// refusal refuses a request for the state that the world is in.
func refusal(code, param, message string) *apiError {
	e := invalidRequest(code, param, message)
	e.began = true
	return e
}

func missing(param string) *apiError {
	return invalidRequest("parameter_missing", param, "Missing required param: "+param+".")
}

// noSuch says that an object does not exist. The id is repeated, as Stripe
// does, only if it can be an id.
func noSuch(noun, id, param string) *apiError {
	shown := "the one named"
	if looksLikeID(id) {
		shown = "'" + id + "'"
	}
	e := refusal("resource_missing", param, "No such "+noun+": "+shown)
	e.status = http.StatusNotFound
	if param != "" && param != "id" && param != "intent" {
		e.status = http.StatusBadRequest
	}
	return e
}

// looksLikeID reports whether text has the form of an id: a few letters, an
// underscore, then letters, digits and underscores.
func looksLikeID(text string) bool {
	head, _, found := strings.Cut(text, "_")
	if !found || len(head) > 12 || len(text) > 80 {
		return false
	}
	for _, r := range text {
		if r != '_' && !strings.ContainsRune(idLetters, r) {
			return false
		}
	}
	return true
}

func unrecognizedURL(method string) *apiError {
	return &apiError{status: http.StatusNotFound, Type: typeInvalidRequest,
		Message: "Unrecognized request URL (" + shownMethod(method) + "). The sandbox knows the part of Stripe's API that collecting by card needs; see /_sandbox/."}
}

func shownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodPut, http.MethodPatch, http.MethodHead:
		return method
	}
	return "unknown method"
}

func unauthorized(message string) *apiError {
	return &apiError{status: http.StatusUnauthorized, Type: typeInvalidRequest, Message: message}
}

// An answer is a complete response.
type answer struct {
	status int
	body   []byte
}

func writeAnswer(rw http.ResponseWriter, a answer) {
	h := rw.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set("Cache-Control", "no-cache, no-store")
	rw.WriteHeader(a.status)
	rw.Write(a.body)
}
