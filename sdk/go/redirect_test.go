package sajin_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sajin "github.com/sajin-sns/sajin/sdk/go"
)

func TestRedirects(t *testing.T) {
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "told %q", r.Header.Get("Authorization"))
	}))
	defer bucket.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("the server is told %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, bucket.URL+"/k?signed", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	client, err := sajin.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	client.Resume(sajin.Tokens{Access: "secret", Expires: time.Now().Add(time.Hour)}, nil)
	t.Run("the access token stays at home, also on the same host", func(t *testing.T) {
		body, err := client.Open(t.Context(), server.URL+"/media/k")
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if got, err := io.ReadAll(body); err != nil || string(got) != `told ""` {
			t.Errorf("%s, %v", got, err)
		}
	})
}
