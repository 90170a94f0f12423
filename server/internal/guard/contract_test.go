package guard_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// embeddedFaults names the embedded structs of a file whose types are not exported. The library behind the
// contract passes over them in silence: their fields are neither described nor checked, parameters
// in them stay empty.
func embeddedFaults(t *testing.T, name string, src any) []string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	if src == nil && !slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.Contains(i.Path.Value, "huma") }) {
		return nil // not in the contract
	}
	var faults []string
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, f := range s.Fields.List {
			if len(f.Names) > 0 {
				continue
			}
			kind := f.Type
			if p, ok := kind.(*ast.StarExpr); ok {
				kind = p.X
			}
			if id, ok := kind.(*ast.Ident); ok && !ast.IsExported(id.Name) {
				faults = append(faults, set.Position(f.Pos()).String()+": "+id.Name+" is embedded and not exported: the contract loses its fields")
			}
		}
		return true
	})
	return faults
}

func TestContractLosesNoFields(t *testing.T) {
	files, err := filepath.Glob("../*/http*.go")
	if err != nil || len(files) < 6 {
		t.Fatalf("only %d files: %v", len(files), err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		for _, fault := range embeddedFaults(t, f, nil) {
			t.Error(fault)
		}
	}
	if got := embeddedFaults(t, "x.go", "package x\ntype a struct{ b; C; d int }\n"); len(got) != 1 {
		t.Errorf("the guard does not bite: %v", got)
	}
}
