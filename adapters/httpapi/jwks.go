package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sajin-sns/sajin/ports/token"
)

// Keys is the resource of the public keys that access tokens are checked with.
type Keys struct{ Tokens token.Issuer }

type publicKeys struct {
	CacheControl string `header:"Cache-Control"`
	Body         keySet
}

func (k *Keys) register(r *registry) {
	register(r, operation{
		ID: "jwks", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tag: "sessions",
		Summary:     "The public keys of access tokens",
		Description: "For services that check tokens themselves. Look again when a token names a key that you do not have.",
	}, func(context.Context, caller, *struct{}) (*publicKeys, error) {
		return &publicKeys{CacheControl: "public, max-age=300", Body: keySet{k.Tokens.PublicKeys()}}, nil
	})
}

// keySet is a JSON Web Key Set (RFC 7517), as the issuer wrote it.
type keySet struct{ text []byte }

// MarshalJSON implements json.Marshaler.
func (k keySet) MarshalJSON() ([]byte, error) { return k.text, nil }

// Schema describes what the issuer writes.
func (keySet) Schema(huma.Registry) *huma.Schema {
	key := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"kty", "kid"},
		Properties: map[string]*huma.Schema{"kty": {Type: huma.TypeString}, "kid": {Type: huma.TypeString}},
	}
	return &huma.Schema{
		Type: huma.TypeObject, Required: []string{"keys"},
		Properties: map[string]*huma.Schema{"keys": {Type: huma.TypeArray, Items: key}},
	}
}
