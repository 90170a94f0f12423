package internal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bense/server/internal/audit"
)

// kept are the tables that are only ever added to; the database's user needs no other right on them.
var (
	keptTable  = regexp.MustCompile(`(?i)\baudit_(lines|links|anchors)\b`)
	keptChange = regexp.MustCompile(`(?is)\b(UPDATE|DELETE\s+FROM|TRUNCATE(\s+TABLE)?|REPLACE\s+INTO|DROP\s+TABLE)\s+audit_(lines|links|anchors)\b`)
)

// keptFaults says where code changes or removes what the audit keeps, or reaches for it from elsewhere.
func keptFaults(s source) []string {
	if s.test() {
		return nil
	}
	pkg := packageOf(s.path[:strings.LastIndex(s.path, "/")])
	inside := pkg == "audit"
	looks := pkg == "tour" || slices.Contains([]string{ // the tour counts lines, as an auditor would; the others name the table in an inventory
		"server/internal/vault/vault.go", "server/internal/privacy/place.go", "server/internal/ledger/store_undo.go",
	}, s.path)
	var faults []string
	fault := func(at token.Pos, why string) {
		faults = append(faults, fmt.Sprintf("%s:%d: %s", s.path, s.line(at), why))
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind != token.STRING || err != nil {
				return true
			}
			if keptChange.MatchString(text) {
				fault(n.Pos(), "lines, links and anchors of the audit are never changed or removed")
			} else if !inside && !looks && keptTable.MatchString(text) && !strings.HasPrefix(s.path, "server/migrations") {
				fault(n.Pos(), "only package audit reads and writes its tables")
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok || !inside || !slices.Contains([]string{"Update", "Updates", "UpdateColumn", "UpdateColumns", "Delete", "OnConflict"}, sel.Sel.Name) {
				return true
			}
			if call := s.text[s.set.Position(n.Pos()).Offset:s.set.Position(n.End()).Offset]; !strings.Contains(call, "sealerRow{}") {
				fault(n.Pos(), "only the sealer's lease is ever changed")
			}
		}
		return true
	})
	return faults
}

// writers are the ways in which services name the action of a line, with what stands in front of the name.
func actionsOf(s source) []string {
	pkg := packageOf(s.path[:max(0, strings.LastIndex(s.path, "/"))])
	var out []string
	add := func(e ast.Expr, prefix string) {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil && (prefix != "" || strings.HasPrefix(text, pkg+".")) {
				out = append(out, prefix+text)
			}
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Action" {
				add(n.Value, "")
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			for _, arg := range n.Args {
				switch sel.Sel.Name {
				case "note":
					if len(n.Args) > 2 && arg == n.Args[2] && pkg == "identity" {
						add(arg, "identity.")
					}
				case "wrote", "audit", "log", "end", "finish", "write", "step", "paper", "edit", "logTerm", "exported":
					add(arg, "")
				}
			}
		}
		return true
	})
	return out
}

func TestTheAuditIsOnlyAddedTo(t *testing.T) {
	for _, s := range goSources(t) {
		report(t, keptFaults(s))
	}
	sample := func(path, body string) source {
		return parse(t, path, "package x\nfunc f() { "+body+" }\n")
	}
	store := "server/internal/audit/store.go"
	expect(t, "an update", keptFaults(sample("server/internal/ledger/store.go", `d.Exec("UPDATE audit_lines SET at = ?")`)), "never changed")
	expect(t, "a reader", keptFaults(sample("server/internal/ledger/store.go", `d.Table("audit_lines")`)), "only package audit")
	expect(t, "gorm", keptFaults(sample(store, `d.Model(&row{}).Where("id = 1").Update("at", 1)`)), "only the sealer")
	expect(t, "gorm's delete", keptFaults(sample(store, `d.Delete(&linkRow{})`)), "only the sealer")
	expect(t, "the lease", keptFaults(sample(store, `d.Model(&sealerRow{}).Where("slot = 1").Updates(m)`)), "")
}

func TestEveryActionHasAChineseName(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range goSources(t) {
		if s.test() || !strings.HasPrefix(s.path, "server/internal/") {
			continue
		}
		for _, a := range actionsOf(s) {
			seen[a] = true
			if !audit.Named(a) {
				t.Errorf("%s: the action %s has no Chinese name in audit/action.go", s.path, a)
			}
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d actions found: the guard looks at the wrong place", len(seen))
	}
}
