package internal_test

import (
	"go/ast"
	"path"
	"strings"
	"testing"
)

// The contract names an unnamed body after the type around it: two packages with such a type of one
// name would silently share a schema, and one of them would refuse what it should take.
func TestBodiesHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]string{}
	for _, s := range goSources(t) {
		if s.test() || !strings.HasPrefix(path.Base(s.path), "http") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			outer, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range outer.Fields.List {
				_, unnamed := f.Type.(*ast.StructType)
				if len(f.Names) == 0 || f.Names[0].Name != "Body" || !unnamed {
					continue
				}
				name := strings.ToUpper(spec.Name.Name[:1]) + spec.Name.Name[1:]
				if before := seen[name]; before != "" {
					t.Errorf("%s: %s has an unnamed body like the one in %s", s.path, spec.Name.Name, before)
				}
				seen[name] = s.path
			}
			return true
		})
	}
	if len(seen) == 0 {
		t.Fatal("no unnamed body found: the law looks in the wrong place")
	}
}
