package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/adapters/httpapi"
)

func TestEveryOperationHasAClass(t *testing.T) {
	var document bytes.Buffer
	if err := writeDocument(t.Context(), &document, "3.1"); err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths map[string]map[string]struct {
			ID    string        `json:"operationId"`
			Class httpapi.Class `json:"x-rate-limit-class"`
		}
	}
	if err := json.Unmarshal(document.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	classes := map[string]httpapi.Class{}
	for _, item := range d.Paths {
		for _, op := range item {
			if !slices.Contains(httpapi.Classes(), op.Class) {
				t.Errorf("%s is of the class %q", op.ID, op.Class)
			}
			classes[op.ID] = op.Class
		}
	}
	for id, want := range map[string]httpapi.Class{
		"sign-in": httpapi.Credentials, "register": httpapi.Credentials, "change-password": httpapi.Credentials, "step-up": httpapi.Credentials,
		"purchase-post": httpapi.Money, "start-top-up": httpapi.Money, "receive-webhook": httpapi.Webhook, "search-profiles": httpapi.Expensive,
		"create-upload": httpapi.Expensive, "list-posts": httpapi.Reading, "create-post": httpapi.Writing, "readiness": httpapi.Probe,
	} {
		if classes[id] != want {
			t.Errorf("%s is of the class %q, want %q", id, classes[id], want)
		}
	}
}

func TestTheDocumentInTheRepositoryIsTheServers(t *testing.T) {
	var got bytes.Buffer
	if err := writeDocument(t.Context(), &got, "3.1"); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../sdk/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the API changed; if that is meant: make sdk\n%s", diff)
	}
}

func TestTheDocumentIsAlsoThereInVersion30(t *testing.T) {
	var got bytes.Buffer
	if err := writeDocument(t.Context(), &got, "3.0"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got.Bytes(), []byte(`"openapi": "3.0.3"`)) {
		t.Error("it does not say so")
	}
}
