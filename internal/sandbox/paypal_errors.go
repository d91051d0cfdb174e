package sandbox

import (
	"encoding/json"
	"net/http"
)

// A paypalError is a refusal as PayPal spells it.
type paypalError struct {
	status int
	// keep says that the request had an effect all the same, which is written
	// down.
	keep bool
	// oauth is the error of the token endpoint, which is spelled differently.
	oauth string

	Name    string         `json:"name"`
	Message string         `json:"message"`
	DebugID string         `json:"debug_id"`
	Details []paypalDetail `json:"details,omitempty"`
	Links   []paypalLink   `json:"links,omitempty"`
}

// A paypalDetail is one thing that is wrong with a request. The schemas of
// orders and payments allow one description of an issue only, word by word and
// by operation; there the sandbox sends none.
type paypalDetail struct {
	Field       string `json:"field,omitempty"`
	Location    string `json:"location,omitempty"`
	Issue       string `json:"issue"`
	Description string `json:"description,omitempty"`
}

// A paypalLink leads to what can be done next.
type paypalLink struct {
	Href   string `json:"href"`
	Rel    string `json:"rel"`
	Method string `json:"method,omitempty"`
}

func (e *paypalError) Error() string {
	text := "sandbox: " + e.Name
	for _, d := range e.Details {
		text += " " + d.Issue
	}
	return text
}

func (e *paypalError) keepsEffect() bool { return e.keep }

// answer is the error as it goes over the wire.
func (e *paypalError) answer(c *paypalCall) answer {
	if e.oauth != "" {
		body, err := json.Marshal(map[string]string{"error": e.oauth, "error_description": e.Message})
		if err != nil {
			panic("sandbox: an error that has no JSON: " + err.Error())
		}
		return answer{e.status, body}
	}
	said := *e
	said.DebugID = c.debugID
	body, err := json.Marshal(said)
	if err != nil {
		panic("sandbox: an error that has no JSON: " + err.Error())
	}
	return answer{e.status, body}
}

// malformed refuses a request for its form.
func malformed(issue string) *paypalError {
	return &paypalError{status: http.StatusBadRequest, Name: "INVALID_REQUEST",
		Message: "Request is not well-formed, syntactically incorrect, or violates schema.",
		Details: []paypalDetail{{Issue: issue}}}
}

// invalidField refuses a request for one field of its body.
func invalidField(field, issue string) *paypalError {
	e := malformed(issue)
	e.Details[0].Field, e.Details[0].Location = field, "body"
	return e
}

func missingField(field string) *paypalError {
	return invalidField(field, "MISSING_REQUIRED_PARAMETER")
}

// unprocessable refuses a request for the state that the world is in.
func unprocessable(issue string) *paypalError {
	return &paypalError{status: http.StatusUnprocessableEntity, Name: "UNPROCESSABLE_ENTITY",
		Message: "The requested action could not be performed, semantically incorrect, or failed business validation.",
		Details: []paypalDetail{{Issue: issue}}}
}

// at names the field that a refusal is about.
func (e *paypalError) at(field string) *paypalError {
	e.Details[0].Field, e.Details[0].Location = field, "body"
	return e
}

// saying describes an issue whose description is free.
func (e *paypalError) saying(description string) *paypalError {
	e.Details[0].Description = description
	return e
}

// leadingTo adds a link to a refusal.
func (e *paypalError) leadingTo(l paypalLink) *paypalError {
	e.Links = append(e.Links, l)
	return e
}

// paypalNotFound says that there is no such resource.
func paypalNotFound(location, issue string) *paypalError {
	return &paypalError{status: http.StatusNotFound, Name: "RESOURCE_NOT_FOUND", Message: "The specified resource does not exist.",
		Details: []paypalDetail{{Location: location, Issue: issue}}}
}

// noResource says that the id in the path names nothing.
func noResource() *paypalError { return paypalNotFound("path", "INVALID_RESOURCE_ID") }

// paypalConflict says that another request on the same thing is under way.
func paypalConflict() *paypalError {
	return &paypalError{status: http.StatusConflict, Name: "RESOURCE_CONFLICT",
		Message: "The server has detected a conflict while processing this request.",
		Details: []paypalDetail{{Issue: "PREVIOUS_REQUEST_IN_PROGRESS"}}}
}

func paypalBroken() *paypalError {
	return &paypalError{status: http.StatusInternalServerError, Name: "INTERNAL_SERVER_ERROR", Message: "An internal server error occurred."}
}

// refusedCaller says that the credentials or the access token are no good.
func refusedCaller(op string) *paypalError {
	if op == opPayPalToken {
		return &paypalError{status: http.StatusUnauthorized, oauth: "invalid_client", Message: "Client Authentication failed"}
	}
	return &paypalError{status: http.StatusUnauthorized, Name: "AUTHENTICATION_FAILURE",
		Message: "Authentication failed due to missing authorization header, or invalid authentication credentials."}
}
