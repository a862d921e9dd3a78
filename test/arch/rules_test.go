package arch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/sajin-sns/sajin/"

// kernel are the packages of domain that every layer may use.
var kernel = []string{"domain/fault", "domain/ident", "domain/money", "domain/text"}

// seams are the adapters that others stand on.
var seams = map[string][]string{
	"sqlstore": {"sqldb"},
	"postgres": {"sqldb"},
	"sqlite":   {"sqldb"},
}

// importRule tells what is wrong with a package, by its path below the module,
// importing another one of the module; nothing when it may.
func importRule(from, to string) string {
	layer, name := split(from)
	target, other := split(to)
	switch {
	case layer == "app" && target == "domain" && other != name && !slices.Contains(kernel, to):
		return "a use case uses the rules of its own module and the kernel"
	case layer == "app" && target == "app" && other != name && to != "app/once":
		return "a module asks another one through ports/access, or hears of it in an event"
	case layer == "adapters" && target == "adapters" && other != name && !slices.Contains(seams[name], other):
		return "an adapter knows no other one, but for those of SQL, which share sqldb"
	}
	return ""
}

// split takes "app/wallet/x" apart into layer and name: "app", "wallet".
func split(path string) (layer, name string) {
	layer, rest, _ := strings.Cut(path, "/")
	name, _, _ = strings.Cut(rest, "/")
	return layer, name
}

// readsClock tells whether the code of a package may ask what time it is.
func readsClock(path string) bool {
	layer, _ := split(path)
	return layer == "cmd" || layer == "adapters" || layer == "test" || layer == "sdk"
}

// clockReads finds where a file asks what time it is.
func clockReads(file *ast.File) []token.Pos {
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Now", "Since", "Until"}, s.Sel.Name) {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == importedAs(file, "time") {
				found = append(found, s.Pos())
			}
		}
		return true
	})
	return found
}

// importedAs is the name that a file has for a package, "" if it has none.
func importedAs(file *ast.File, path string) string {
	for _, spec := range file.Imports {
		if spec.Path.Value != strconv.Quote(path) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path[strings.LastIndex(path, "/")+1:]
	}
	return ""
}

// jsonTags finds the fields of structs that say how they are encoded.
func jsonTags(file *ast.File) []token.Pos {
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil && strings.Contains(f.Tag.Value, `json:"`) {
			found = append(found, f.Pos())
		}
		return true
	})
	return found
}

func parse(set *token.FileSet, name string, source any) (*ast.File, error) {
	return parser.ParseFile(set, name, source, parser.ParseComments|parser.SkipObjectResolution)
}
