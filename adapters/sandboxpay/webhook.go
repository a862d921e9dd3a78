package sandboxpay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/wallet"
	"github.com/sajin-sns/sajin/ports/payment"
)

// Webhooks are signed as Standard Webhooks has it: an HMAC-SHA256 over the id,
// the time of the attempt and the raw body, in three headers.
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"

	tolerance    = 5 * time.Minute
	secretPrefix = "whsec_"
)

// signingKey reads a secret.
func signingKey(secret string) ([]byte, error) {
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, secretPrefix); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return nil, errors.New("sandbox: what follows whsec_ in the webhook secret must be base64")
		}
	}
	if len(key) == 0 {
		return nil, errors.New("sandbox: the webhook secret must not be empty")
	}
	return key, nil
}

func sign(key []byte, id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, id+"."+timestamp+".")
	_, _ = mac.Write(body)
	return mac.Sum(nil)
}

// message is a webhook; every attempt to deliver it has the same id.
type message struct {
	id   string
	body []byte
}

// header signs the message for an attempt at a time.
func (m message) header(key []byte, at time.Time) http.Header {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return http.Header{
		"Content-Type":  {"application/json"},
		headerID:        {m.id},
		headerTimestamp: {timestamp},
		headerSignature: {"v1," + base64.StdEncoding.EncodeToString(sign(key, m.id, timestamp, m.body))},
	}
}

// event is the body of a webhook. It carries no amount: who wants to know asks.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		ID        string `json:"id"`
		Reference string `json:"reference"`
	} `json:"data"`
}

// types name the events that tell where a payment stands.
var types = map[wallet.PaymentStatus]string{
	wallet.PaymentAwaiting:   "payment.created",
	wallet.PaymentProcessing: "payment.processing",
	wallet.PaymentFailed:     "payment.failed",
	wallet.PaymentCanceled:   "payment.canceled",
	wallet.PaymentPaid:       "payment.succeeded",
}

// message writes the webhook that tells where a payment stands.
func (p *Provider) message(r record) (message, error) {
	id := make([]byte, 12)
	if _, err := io.ReadFull(p.random, id); err != nil {
		return message{}, fmt.Errorf("sandbox: no randomness: %w", err)
	}
	e := event{Type: types[r.Status], Timestamp: p.now().UTC()}
	e.Data.ID, e.Data.Reference = r.Ref, r.Reference
	body, err := json.Marshal(e)
	if err != nil {
		return message{}, fmt.Errorf("sandbox: webhook of %s: %w", r.Ref, err)
	}
	return message{id: "msg_" + hex.EncodeToString(id), body: body}, nil
}

// Parse implements payment.Provider.
func (p *Provider) Parse(header http.Header, body []byte, now time.Time) ([]payment.Hint, error) {
	id, err := verify(p.key, header, body, now)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w: %w", payment.ErrBadSignature, err)
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, fmt.Errorf("sandbox: %w: %w", payment.ErrInvalid, err)
	}
	for _, known := range types {
		if e.Type == known {
			if e.Data.ID == "" {
				return nil, fmt.Errorf("sandbox: %w: a %s of no payment", payment.ErrInvalid, e.Type)
			}
			return []payment.Hint{{DedupeKey: id, Kind: e.Type, Ref: e.Data.ID}}, nil
		}
	}
	return nil, nil
}

// verify answers the id of a message that was signed with the key lately. Of
// several signatures, as there are while a secret is being replaced, one has
// to hold; those of other versions are passed over.
func verify(key []byte, header http.Header, body []byte, now time.Time) (id string, err error) {
	id, timestamp := header.Get(headerID), header.Get(headerTimestamp)
	if len(header[headerID]) != 1 || len(header[headerTimestamp]) != 1 || len(header[headerSignature]) != 1 || id == "" {
		return "", errors.New("each of the webhook headers is wanted once")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return "", errors.New("webhook-timestamp must be seconds")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return "", errors.New("it was signed too long ago, or is yet to be")
	}
	want := sign(key, id, timestamp, body)
	for signature := range strings.FieldsSeq(header.Get(headerSignature)) {
		encoded, ok := strings.CutPrefix(signature, "v1,")
		if !ok {
			continue
		}
		if got, err := base64.StdEncoding.DecodeString(encoded); err == nil && hmac.Equal(got, want) {
			return id, nil
		}
	}
	return "", errors.New("no signature holds")
}
