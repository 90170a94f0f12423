package internal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// order is the house's one way down: a package may import only what stands earlier in this list.
// Every package under server/internal is in it, and nothing else.
var order = []string{
	"errs", "clock", "page", "id", "actor", // kernel: standard library only
	"config", "log",
	"db", "cache", "crypt", "vault",
	"pdf", "qr",
	"web",
	"wechat", "wechat/emulator",
	"outbox", "audit", "live",
	"job",
	"ledger",
	"identity",
	"attachment",
	"roster",
	"notice",
	"activity",
	"checkin",
	"founding",
	"election",
	"privacy",
	"app",
	"rig",
	"tour", "bench",
	"testdb",
}

// pure packages import nothing but the standard library and each other.
var pure = []string{"errs", "clock", "page", "id", "actor"}

// The packages whose job it is may go past the file roles, or look at the wall clock: to measure how
// long something took, to drive the in-process Redis, to be the clock.
var (
	mayStore = []string{"db", "app", "testdb", "testkit"}
	mayServe = []string{"web", "app", "testdb", "testkit"}
	mayClock = []string{"clock", "log", "cache", "web", "wechat", "live", "app", "tour", "bench", "rig", "testdb", "testkit"}
)

const module = "bense/"

// packageOf gives the name of a package in order, or its path below the module for those outside of it.
func packageOf(dir string) string { return strings.TrimPrefix(dir, "server/internal/") }

// importFaults says what is wrong with one file's imports, under an order of packages.
func importFaults(s source, order []string) []string {
	var faults []string
	fault := func(format string, args ...any) {
		faults = append(faults, s.path+": "+fmt.Sprintf(format, args...))
	}
	pkg := packageOf(path.Dir(s.path))
	inside := strings.HasPrefix(s.path, "server/internal/")
	at := slices.Index(order, pkg)
	if inside && at < 0 && !s.test() {
		fault("package %s is not in the list of arch_test.go", pkg)
	}
	for _, spec := range s.file.Imports {
		imp := strings.Trim(spec.Path.Value, `"`)
		name := path.Base(s.path)
		third := strings.Contains(strings.Split(imp, "/")[0], ".")
		switch {
		case s.test():
		case pkg == "server/migrations" && imp != "embed":
			fault("migrations import nothing, not even %s", imp)
		case slices.Contains(pure, pkg) && third:
			fault("the kernel uses the standard library only, not %s", imp)
		case strings.HasPrefix(imp, "gorm.io/") && !strings.HasPrefix(name, "store") && !slices.Contains(mayStore, pkg):
			fault("only store*.go imports %s", imp)
		case servesHTTP(imp) && !strings.HasPrefix(name, "http") && !slices.Contains(mayServe, pkg):
			fault("only http*.go imports %s", imp)
		case inside && strings.HasPrefix(imp, module+"server/internal/"):
			if to := slices.Index(order, packageOf(strings.TrimPrefix(imp, module))); to < 0 || to >= at {
				fault("%s may not import %s: it does not stand earlier", pkg, imp)
			}
		}
	}
	return faults
}

func servesHTTP(imp string) bool {
	return strings.HasPrefix(imp, "github.com/danielgtaylor/huma/") || strings.HasPrefix(imp, "github.com/gin-gonic/gin")
}

// habitFaults says where one file asks the wall clock, sleeps, skips or sits inside its package.
func habitFaults(s source) []string {
	var faults []string
	if s.test() && !strings.HasSuffix(s.file.Name.Name, "_test") {
		faults = append(faults, s.path+": tests live in the external package "+s.file.Name.Name+"_test")
	}
	pkg := packageOf(path.Dir(s.path))
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		called := fmt.Sprintf("%s.%s", sel.X, sel.Sel.Name)
		var why string
		switch {
		case s.test() && called == "time.Sleep":
			why = "a test waits for what it wants to see, it does not sleep"
		case s.test() && slices.Contains([]string{"t.Skip", "t.Skipf", "t.SkipNow", "b.Skip"}, called):
			why = "a test that is skipped proves nothing"
		case !s.test() && called == "time.Now" && strings.HasPrefix(s.path, "server/internal/") && !slices.Contains(mayClock, pkg):
			why = "time comes in as an argument or from clock.Clock"
		}
		if why != "" {
			faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", s.path, s.line(sel.Pos()), called, why))
		}
		return true
	})
	return faults
}

// listFaults compares the list with the packages that exist.
func listFaults(order, exist []string) []string {
	var faults []string
	for _, p := range order {
		if !slices.Contains(exist, p) {
			faults = append(faults, p+" is listed in arch_test.go and does not exist")
		}
	}
	for i, p := range order {
		if slices.Contains(order[:i], p) {
			faults = append(faults, p+" is listed twice")
		}
	}
	return faults
}

func TestPackagesImportOnlyWhatStandsEarlier(t *testing.T) {
	var exist []string
	for _, s := range goSources(t) {
		if strings.HasPrefix(s.path, "server/internal/") && !s.test() {
			exist = append(exist, packageOf(path.Dir(s.path)))
		}
		report(t, importFaults(s, order))
	}
	report(t, listFaults(order, exist))
}

func TestHabits(t *testing.T) {
	for _, s := range goSources(t) {
		report(t, habitFaults(s))
	}
}

func TestArchitectureGuardBites(t *testing.T) {
	list := []string{"errs", "id", "db", "web", "ledger", "notice", "testdb"}
	imports := func(p string) string { return "package x\nimport _ \"" + p + "\"\n" }
	internal := func(p string) string { return imports("bense/server/internal/" + p) }
	for _, c := range []struct{ path, text, want string }{
		{"server/internal/ledger/ledger.go", internal("notice"), "does not stand earlier"},
		{"server/internal/ledger/ledger.go", internal("ledger/sub"), "does not stand earlier"},
		{"server/internal/notice/service.go", internal("testdb"), "does not stand earlier"},
		{"server/internal/util/util.go", "package util\n", "not in the list"},
		{"server/internal/id/id.go", imports("github.com/google/uuid"), "standard library only"},
		{"server/migrations/embed.go", imports("os"), "migrations import nothing"},
		{"server/internal/ledger/service.go", imports("gorm.io/gorm/clause"), "only store*.go"},
		{"server/internal/ledger/store.go", imports("github.com/gin-gonic/gin"), "only http*.go"},
		{"server/internal/ledger/ledger.go", imports("github.com/danielgtaylor/huma/v2"), "only http*.go"},
		{"server/internal/ledger/ledger_test.go", "package ledger\n", "external package"},
		{"server/internal/ledger/ledger.go", "package ledger\nvar at = time.Now()\n", "clock.Clock"},
		{"server/internal/ledger/a_test.go", "package ledger_test\nfunc f() { time.Sleep(1) }\n", "does not sleep"},
		{"server/internal/ledger/a_test.go", "package ledger_test\nfunc f() { t.Skip() }\n", "proves nothing"},
		{"server/internal/ledger/store_person.go", internal("db") + "import _ \"gorm.io/gorm\"\n", ""},
		{"server/internal/ledger/http.go", internal("web") + "import _ \"github.com/danielgtaylor/huma/v2\"\n", ""},
		{"server/internal/ledger/a_test.go", "package ledger_test\nimport _ \"bense/server/internal/testdb\"\n", ""},
		{"server/internal/web/web.go", "package web\nvar at = time.Now()\n", ""},
	} {
		s := parse(t, c.path, c.text)
		expect(t, c.path+"\n"+c.text, append(importFaults(s, list), habitFaults(s)...), c.want)
	}
	expect(t, "a package that is gone", listFaults(list, list[1:]), "does not exist")
	expect(t, "a package twice", listFaults(append(list, "id"), list), "listed twice")
}

// line gives the line of a position.
func (s source) line(p token.Pos) int { return s.set.Position(p).Line }
