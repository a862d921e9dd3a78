package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

func TestTheDemoIsNotForProduction(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"ENV": "production", "DATA_DIR": dir, "HTTP_LISTEN": "127.0.0.1:0", "HTTP_PUBLIC_URL": "https://photos.example.com",
		"AUTH_SIGNING_KEY_FILE": filepath.Join(dir, "key.pem"), "PAYMENTS_PROVIDERS": "",
	} {
		t.Setenv("SAJIN_"+name, value)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // should it start, it need not run
	if err := (serveCmd{Demo: true}).Run(ctx, &globals{}); !errors.Is(err, errDemo) {
		t.Error(err)
	}
}
