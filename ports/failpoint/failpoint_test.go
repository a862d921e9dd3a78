package failpoint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sajin-sns/sajin/ports/failpoint"
)

func TestPoints(t *testing.T) {
	t.Run("every point of the list is in the source once, and there is no other", func(t *testing.T) {
		hit := regexp.MustCompile(`failpoint\.Hit\(([^)]*)\)`)
		var found []string
		for _, layer := range []string{"app", "adapters", "cmd", "domain"} {
			err := filepath.WalkDir(filepath.Join("..", "..", layer), func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
					return err
				}
				source, err := os.ReadFile(path)
				for _, call := range hit.FindAllSubmatch(source, -1) {
					found = append(found, strings.Trim(string(call[1]), `"`))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(found)
		if diff := cmp.Diff(slices.Sorted(slices.Values(failpoint.Points)), found); diff != "" {
			t.Errorf("listed (-) and hit (+):\n%s", diff)
		}
	})
}
