package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
