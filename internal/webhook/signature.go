package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// The headers of a delivery, as Standard Webhooks names them.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32 // Standard Webhooks asks for 24 to 64
)

var errSecret = errors.New("webhook: an endpoint's secret cannot be read")

// NewSecret makes a secret from chance.
func NewSecret(random io.Reader) (SecretText, error) {
	key := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make a webhook secret: %w", err)
	}
	return SecretText(secretPrefix + base64.StdEncoding.EncodeToString(key)), nil
}

// Sign returns the value of the signature header: one signature for each secret,
// with a space between them, so that a receiver that knows any of them accepts.
// The text signed is id, seconds and payload, with dots between.
func Sign(secrets []SecretText, id string, at time.Time, payload []byte) (string, error) {
	if len(secrets) == 0 {
		return "", errSecret
	}
	var header strings.Builder
	for i, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(s), secretPrefix))
		if err != nil || len(key) == 0 {
			return "", errSecret // without err, which shows a piece of the secret
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(payload)
		if i > 0 {
			header.WriteByte(' ')
		}
		header.WriteString("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return header.String(), nil
}
