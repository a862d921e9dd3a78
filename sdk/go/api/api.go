// Package api is the HTTP API of sajin as Go types and calls, generated from the
// OpenAPI document that the server itself writes. Package sajin, one folder up,
// is what programs want: it signs in, refreshes tokens and sends files.
package api

//go:generate sh -c "cd ../../.. && go run ./cmd/sajin openapi >sdk/openapi.json.new && mv sdk/openapi.json.new sdk/openapi.json"
//go:generate sh -c "go tool -modfile=../../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../../openapi.json >api.gen.go.new && mv api.gen.go.new api.gen.go"
