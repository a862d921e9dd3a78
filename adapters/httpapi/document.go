package httpapi

import (
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// documents are where the document that describes the API can be read. Each
// form is made once, when it is first asked for.
func documents(api huma.API) []Route {
	form := func(path, kind string, write func() ([]byte, error)) Route {
		made := sync.OnceValues(write)
		return Route{Pattern: "GET " + path, Name: "openapi", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			text, err := made()
			if err != nil {
				panic(err) // a document that cannot be written fails its tests
			}
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(text)
		})}
	}
	const inJSON, inYAML = "application/openapi+json", "application/openapi+yaml"
	return []Route{
		form("/openapi.json", inJSON, func() ([]byte, error) { return api.OpenAPI().MarshalJSON() }),
		form("/openapi-3.0.json", inJSON, func() ([]byte, error) { return api.OpenAPI().Downgrade() }),
		form("/openapi.yaml", inYAML, func() ([]byte, error) { return api.OpenAPI().YAML() }),
		form("/openapi-3.0.yaml", inYAML, func() ([]byte, error) { return api.OpenAPI().DowngradeYAML() }),
	}
}
