package arch_test

import (
	"go/ast"
	"go/token"
	"testing"
)

func TestWhoMayImportWhom(t *testing.T) {
	for _, c := range []struct {
		from, to string
		allowed  bool
	}{
		{"app/wallet", "domain/wallet", true},
		{"app/wallet", "domain/money", true},
		{"app/wallet", "domain/text", true},
		{"app/wallet", "ports/store", true},
		{"app/wallet/internal", "app/wallet", true},
		{"app/wallet", "domain/content", false},
		{"app/wallet", "domain/walletry", false},
		{"app/wallet", "app/content", false},
		{"adapters/sqlstore", "adapters/sqldb", true},
		{"adapters/postgres", "adapters/sqldb/migration", true},
		{"adapters/sqldb", "adapters/sqldb/migration", true},
		{"adapters/httpapi", "app/wallet", true},
		{"adapters/httpapi", "adapters/sqldb", false},
		{"adapters/sqlite", "adapters/postgres", false},
		{"adapters/sqldb", "adapters/sqlite", false},
		{"cmd/sajin/server", "adapters/sqlite", true},
		{"test/sajintest", "adapters/sqlite", true},
	} {
		if why := importRule(c.from, c.to); (why == "") != c.allowed {
			t.Errorf("%s imports %s: allowed must be %t, got %q", c.from, c.to, c.allowed, why)
		}
	}
}

func TestWhereTheClockIsRead(t *testing.T) {
	for source, want := range map[string]int{
		"package p\nimport \"time\"\nvar at, since, left = time.Now(), time.Since(x), time.Until(x)": 3,
		"package p\nimport clock \"time\"\nvar now = clock.Now":                                      1,
		"package p\nimport \"time\"\nvar at = time.Unix(0, 0)":                                       0,
		"package p\nvar at = time.Now()":                                                             0,
		"package p\nimport \"time\"\nvar at = s.time.Now()":                                          0,
	} {
		if got := len(clockReads(parsed(t, source))); got != want {
			t.Errorf("found %d times, not %d, in %s", got, want, source)
		}
	}
	for path, may := range map[string]bool{
		"cmd/sajin": true, "adapters/bus": true, "test/e2e": true, "app/wallet": false, "domain/money": false, "ports/tx": false, "config": false,
	} {
		if readsClock(path) != may {
			t.Errorf("%s may read the clock: must be %t", path, may)
		}
	}
}

func TestJSONTagsAreFound(t *testing.T) {
	const source = "package p\ntype a struct {\n\tb int `json:\"b\"`\n\tc int `koanf:\"c\"`\n\td struct{ e int `xml:\"e\" json:\"-\"` }\n}"
	if got := len(jsonTags(parsed(t, source))); got != 2 {
		t.Errorf("found %d", got)
	}
}

func TestPackageCommentsAreFound(t *testing.T) {
	bare, build := parsed(t, "package p"), parsed(t, "//go:build linux\n\npackage p")
	said := parsed(t, "// Package p is.\npackage p")
	if introduced([]*ast.File{bare, build}) || !introduced([]*ast.File{bare, said}) {
		t.Error("a package is introduced by a comment right before its clause in one of the files, and by nothing else")
	}
}

func parsed(t *testing.T, source string) *ast.File {
	t.Helper()
	file, err := parse(token.NewFileSet(), "p.go", source)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
