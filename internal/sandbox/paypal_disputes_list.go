package sandbox

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// disputesMax is how many disputes a page of the list has at most.
const disputesMax = 50

// A disputeInfo is a dispute as the list shows it.
type disputeInfo struct {
	ID         string       `json:"dispute_id"`
	CreateTime string       `json:"create_time"`
	UpdateTime string       `json:"update_time"`
	Reason     string       `json:"reason"`
	Status     string       `json:"status"`
	State      string       `json:"dispute_state"`
	Amount     *paypalMoney `json:"dispute_amount"`
	Stage      string       `json:"dispute_life_cycle_stage"`
	Channel    string       `json:"dispute_channel"`
	SellerDue  string       `json:"seller_response_due_date,omitempty"`
	Links      []paypalLink `json:"links"`
}

type disputeList struct {
	Items []disputeInfo `json:"items"`
	Links []paypalLink  `json:"links,omitempty"`
}

// listPayPalDisputes answers with a page of disputes, the newest first.
func listPayPalDisputes(t *tx, c *paypalCall) (any, error) {
	size, err := c.number("page_size", 10, 1, disputesMax)
	if err != nil {
		return nil, err
	}
	from, _, err := c.period("start_time", "", time.Time{}, t.now)
	if err != nil {
		return nil, err
	}
	after, before, err := c.period("update_time_after", "update_time_before", time.Time{}, t.now)
	if err != nil {
		return nil, err
	}
	capture := c.query.Get("disputed_transaction_id")
	if capture != "" && c.query.Get("start_time") != "" {
		return nil, inQuery("start_time", "INVALID_REQUEST", "Send start_time or disputed_transaction_id, not both.")
	}
	states := strings.Split(c.query.Get("dispute_state"), ",")
	list, last := disputeList{Items: []disputeInfo{}, Links: []paypalLink{}}, int64(0)
	err = t.w.store.each(`
		SELECT seq, doc, json_extract(hidden, '$.Updated') FROM objects
		 WHERE kind = 'paypal_dispute' AND created >= $1 AND ($2 = '' OR charge = $2) AND ($3 = 0 OR seq < $3) ORDER BY seq DESC`,
		[]any{from.Unix(), capture, disputeToken(c.query.Get("next_page_token"))}, func(scan func(...any) error) error {
			var seq, updated int64
			var doc []byte
			if err := scan(&seq, &doc, &updated); err != nil {
				return err
			}
			var d disputeInfo
			if err := json.Unmarshal(doc, &d); err != nil {
				return err
			}
			if states[0] != "" && !slices.Contains(states, d.State) || updated < after.Unix() || updated > before.Unix() {
				return nil
			}
			if len(list.Items) == size {
				if len(list.Links) == 0 {
					list.Links = append(list.Links, paypalLink{Href: c.nextDisputes(t, last), Rel: "next", Method: http.MethodGet})
				}
				return nil
			}
			d.Links, last = d.Links[:1], seq
			list.Items = append(list.Items, d)
			return nil
		})
	return list, err
}

func (c *paypalCall) nextDisputes(t *tx, after int64) string {
	next := maps.Clone(c.query)
	next.Set("next_page_token", base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(after))))
	return t.w.paypalOrigin(t) + "/v1/customer/disputes?" + next.Encode()
}

// disputeToken is after what a page begins; 0 if the token is none.
func disputeToken(token string) int64 {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) != 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(raw))
}

// number reads a whole number from the query.
func (c *paypalCall) number(name string, usual, least, most int) (int, error) {
	raw := c.query.Get(name)
	if raw == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		return 0, inQuery(name, "INVALID_PARAMETER_VALUE", fmt.Sprintf("The value has to be a whole number from %d to %d.", least, most))
	}
	return n, nil
}
