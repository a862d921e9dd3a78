package httpapi

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Keyed is embedded by the inputs of operations that must happen once.
type Keyed struct {
	IdempotencyKey string `header:"Idempotency-Key" required:"true" minLength:"16" maxLength:"130" doc:"Names this attempt: make one up, keep it, and send it again when you did not hear the answer. 16 to 128 visible ASCII characters, quoted (RFC 8941) or bare. Kept for 7 days." example:"8e03978e-40d5-43dd-bc93-6894a57f9324"`
}

func (k Keyed) key() string { return bareKey(k.IdempotencyKey) }

// Replayed is embedded by the outputs of such operations.
type Replayed struct {
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the answer to the first request with the key, given again"`
}

func replay(yes bool) Replayed {
	if yes {
		return Replayed{"true"}
	}
	return Replayed{}
}

var errKey = fault.New(fault.BadRequest, "idempotency.key", "this operation needs one Idempotency-Key of 16 to 128 visible ASCII characters")

// requireKey refuses requests without a usable key.
func (r *registry) requireKey(ctx huma.Context, next func(huma.Context)) {
	req, _ := unwrap(ctx)
	values := req.Header.Values("Idempotency-Key")
	if len(values) != 1 || !usableKey(bareKey(values[0])) {
		r.refuse(ctx, errKey)
		return
	}
	next(ctx)
}

// bareKey takes the quotes of an RFC 8941 string off.
func bareKey(value string) string {
	if len(value) >= 2 && strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
		return value[1 : len(value)-1]
	}
	return value
}

func usableKey(key string) bool {
	if len(key) < 16 || len(key) > 128 {
		return false
	}
	for _, c := range []byte(key) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
