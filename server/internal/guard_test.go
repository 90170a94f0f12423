// Package internal_test holds the laws of the house that concern the whole tree, as tests. A law is a
// function from a text to its faults: it runs over the tree, and over small bad samples, to show that
// it bites.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the top of the tree, seen from this package.
const root = "../.."

// source is one Go file, its path as seen from the top of the tree.
type source struct {
	path string
	text string
	file *ast.File
	set  *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func parse(t *testing.T, path, text string) source {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{path: path, text: text, file: file, set: set}
}

// texts gives the files below dir whose names end in one of the suffixes, without what is built or fetched.
func texts(t *testing.T, dir string, suffixes ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && (name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".") && name != "..") {
			return filepath.SkipDir
		}
		for _, suffix := range suffixes {
			if d.Type().IsRegular() && strings.HasSuffix(name, suffix) {
				rel, _ := filepath.Rel(root, p) // both are relative to the same folder
				found[filepath.ToSlash(rel)] = read(t, filepath.ToSlash(rel))
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatalf("nothing ends in %v below %s: the guard looks at the wrong place", suffixes, dir)
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func goSources(t *testing.T) []source {
	t.Helper()
	var out []source
	for path, text := range texts(t, "server", ".go") {
		out = append(out, parse(t, path, text))
	}
	return out
}

// report fails the test with each fault.
func report(t *testing.T, faults []string) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}

// expect wants a fault that contains want, or none at all when want is empty.
func expect(t *testing.T, sample string, faults []string, want string) {
	t.Helper()
	all := strings.Join(faults, "\n")
	if want == "" && all != "" {
		t.Errorf("a good sample is refused:\n%s\n%s", sample, all)
	}
	if !strings.Contains(all, want) {
		t.Errorf("the guard does not bite, want %q, have %q:\n%s", want, all, sample)
	}
}
