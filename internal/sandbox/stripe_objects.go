package sandbox

import "encoding/json"

// opt is text that is null when it is empty.
type opt string

// MarshalJSON writes null for the empty text.
func (o opt) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(o))
}

// optInt is a number that is null when it is 0.
type optInt int64

// MarshalJSON writes null for 0.
func (o optInt) MarshalJSON() ([]byte, error) {
	if o == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(int64(o))
}

// null is a field that the sandbox does not fill.
type null struct{}

// MarshalJSON writes null.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// UnmarshalJSON takes anything.
func (*null) UnmarshalJSON([]byte) error { return nil }

type address struct {
	City       opt `json:"city"`
	Country    opt `json:"country"`
	Line1      opt `json:"line1"`
	Line2      opt `json:"line2"`
	PostalCode opt `json:"postal_code"`
	State      opt `json:"state"`
}

type billingDetails struct {
	Address address `json:"address"`
	Email   opt     `json:"email"`
	Name    opt     `json:"name"`
	Phone   opt     `json:"phone"`
	TaxID   opt     `json:"tax_id"`
}

func (f *form) address(path string, before address) address {
	before.City = f.textOr(path+".city", before.City)
	before.Country = f.textOr(path+".country", before.Country)
	before.Line1 = f.textOr(path+".line1", before.Line1)
	before.Line2 = f.textOr(path+".line2", before.Line2)
	before.PostalCode = f.textOr(path+".postal_code", before.PostalCode)
	before.State = f.textOr(path+".state", before.State)
	return before
}

func (f *form) billing(path string, before billingDetails) billingDetails {
	before.Address = f.address(path+".address", before.Address)
	before.Email = f.textOr(path+".email", before.Email)
	before.Name = f.textOr(path+".name", before.Name)
	before.Phone = f.textOr(path+".phone", before.Phone)
	return before
}
