// Package arch holds the parts of the dependency rule that a linter's list of
// packages cannot say. It reads the source and runs none of it, so that it
// works on a tree that is half written.
package arch_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Dir          string
	Imports      []string // of the files that are no tests
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, module) }

// list finds the packages of the module, broken ones as well.
func list(t *testing.T) []pkg {
	t.Helper()
	root := filepath.Join("..", "..")
	visit(t, root)
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,Imports,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, complaints.String())
	}
	var found []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, p)
	}
	if !slices.ContainsFunc(found, func(p pkg) bool { return p.path() == "domain/fault" }) {
		t.Fatalf("go list found %d packages, and not the kernel", len(found))
	}
	return found
}

// visit looks into every folder: go test keeps the result of a test for as long
// as what the test itself looked at is unchanged, and does not see what go list
// does, so that a new package would otherwise go unnoticed.
func visit(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file may go while one looks
		t.Fatal(err)
	}
}

// files parses files of a package; what does not parse is the compiler's to tell.
func (p pkg) files(set *token.FileSet, names ...string) []*ast.File {
	var files []*ast.File
	for _, name := range names {
		if file, err := parse(set, filepath.Join(p.Dir, name), nil); err == nil {
			files = append(files, file)
		}
	}
	return files
}

func TestDependencyRule(t *testing.T) {
	set := token.NewFileSet()
	for _, p := range list(t) {
		layer, _ := split(p.path())
		code := p.files(set, append(p.GoFiles, p.CgoFiles...)...)

		for _, imported := range p.Imports {
			to, ours := strings.CutPrefix(imported, module)
			if why := importRule(p.path(), to); ours && why != "" {
				t.Errorf("%s imports %s: %s", p.path(), to, why)
			}
			if layer == "domain" && imported == "context" {
				t.Errorf("%s imports context: rules do not wait for anything", p.path())
			}
		}
		for _, file := range code {
			if layer == "domain" {
				for _, at := range jsonTags(file) {
					t.Errorf("%s: how a thing is encoded is for adapters to say", set.Position(at))
				}
			}
			if !readsClock(p.path()) {
				for _, at := range clockReads(file) {
					t.Errorf("%s: only cmd and adapters look at the clock; others are given the time", set.Position(at))
				}
			}
		}
		if all := append(code, p.files(set, append(p.TestGoFiles, p.XTestGoFiles...)...)...); len(all) > 0 && !introduced(all) {
			t.Errorf("%s has no package comment to say what it is for", p.path())
		}
	}
}

// introduced tells whether any of the files has a package comment.
func introduced(files []*ast.File) bool {
	return slices.ContainsFunc(files, func(f *ast.File) bool { return f.Doc.Text() != "" })
}
