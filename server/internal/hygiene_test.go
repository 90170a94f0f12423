package internal_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// top is the top level as it was fixed; dotfiles may join it, nothing else.
var top = []string{
	"LICENSE", "README.md", "configs", "docker-compose.yml", "go.mod", "go.sum", "miniprogram", "scripts", "server",
}

func topFaults(have []string) []string {
	var faults []string
	for _, name := range have {
		if !strings.HasPrefix(name, ".") && !slices.Contains(top, name) {
			faults = append(faults, name+" does not belong at the top of the tree")
		}
	}
	for _, name := range top {
		if !slices.Contains(have, name) {
			faults = append(faults, name+" is missing at the top of the tree")
		}
	}
	return faults
}

const (
	scriptLines = 40
	goLines     = 450 // a file is split by noun at about 400
)

// scriptFaults: short, strict, and started by its first line.
func scriptFaults(p, text string) []string {
	var faults []string
	if n := strings.Count(text, "\n"); n > scriptLines {
		faults = append(faults, fmt.Sprintf("%s has %d lines, %d are allowed", p, n, scriptLines))
	}
	if path.Dir(p) == "scripts" {
		if !strings.HasPrefix(text, "#!/usr/bin/env bash\n") {
			faults = append(faults, p+" does not begin with #!/usr/bin/env bash")
		}
		if !strings.Contains(text, "\nset -euo pipefail\n") {
			faults = append(faults, p+" lacks set -euo pipefail")
		}
	}
	return faults
}

// The words are put together here, or this file would be found by itself.
var (
	openEnd     = regexp.MustCompile(`\b(` + strings.Join([]string{"TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"}, "|") + `)\b`)
	lazyTest    = regexp.MustCompile(`\b(it|test|describe)\.(` + "skip|only|fixme|todo" + `)\b|\bwaitFor` + `Timeout\b`)
	vagueName   = regexp.MustCompile(`(^|/)(util|utils|common|base|manager|helper|helpers|misc)(/|\.(go|ts|vue)$)`)
	foreignHost = regexp.MustCompile(`(?i)\b(src|href)\s*=\s*["']https?://`)
)

func textFaults(p, text string) []string {
	var faults []string
	for n, line := range strings.Split(text, "\n") {
		at := fmt.Sprintf("%s:%d: ", p, n+1)
		if hit := openEnd.FindString(line); hit != "" {
			faults = append(faults, at+hit+": finish it, or write an issue")
		}
		if hit := lazyTest.FindString(line); hit != "" {
			faults = append(faults, at+hit+": a test runs, and waits for what it wants to see")
		}
		if hit := foreignHost.FindString(line); hit != "" && (strings.HasSuffix(p, ".vue") || strings.HasSuffix(p, ".html")) {
			faults = append(faults, at+hit+": pages load nothing from foreign hosts")
		}
	}
	if vagueName.MatchString(p) {
		faults = append(faults, p+": a name that says nothing")
	}
	if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") && strings.Count(text, "\n") > goLines {
		faults = append(faults, fmt.Sprintf("%s has %d lines: split it by noun", p, strings.Count(text, "\n")))
	}
	return faults
}

func TestTopLevelIsAsFixed(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	report(t, topFaults(have))
}

func TestScriptsAreShortAndStrict(t *testing.T) {
	for p, text := range texts(t, "scripts", ".sh") {
		report(t, scriptFaults(p, text))
		file := filepath.Join(root, p)
		if info, err := os.Stat(file); err != nil || path.Dir(p) == "scripts" && info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be executed: %v", p, err)
		}
		if out, err := exec.Command("bash", "-n", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %s", p, out)
		}
	}
}

func TestTextsAreFinished(t *testing.T) {
	for _, dir := range []string{"server", "miniprogram", "scripts", "configs"} {
		for p, text := range texts(t, dir, ".go", ".ts", ".mjs", ".vue", ".sql", ".sh", ".yaml", ".yml", ".html", ".scss") {
			if path.Base(p) != "schema.d.ts" {
				report(t, textFaults(p, text))
			}
		}
	}
}

func TestHygieneGuardBites(t *testing.T) {
	expect(t, "a stray folder", topFaults(append(slices.Clone(top), "notes")), "notes does not belong")
	expect(t, "no licence", topFaults(top[1:]), "LICENSE is missing")
	expect(t, "a dotfile", topFaults(append(slices.Clone(top), ".editorconfig")), "")

	good := "#!/usr/bin/env bash\nset -euo pipefail\n"
	expect(t, good, scriptFaults("scripts/up.sh", good), "")
	expect(t, "long", scriptFaults("scripts/lib/long.sh", strings.Repeat("\n", 41)), "41 lines")
	expect(t, "lax", scriptFaults("scripts/up.sh", "#!/usr/bin/env bash\n"), "set -euo pipefail")
	expect(t, "shell", scriptFaults("scripts/up.sh", "#!/bin/sh\nset -euo pipefail\n"), "does not begin")

	for _, c := range []struct{ path, text, want string }{
		{"server/internal/a/a.go", "// TO" + "DO: later", "finish it"},
		{"miniprogram/e2e/a.spec.ts", "test" + ".only('a')", "a test runs"},
		{"miniprogram/e2e/a.spec.ts", "await page.waitFor" + "Timeout(100)", "a test runs"},
		{"miniprogram/src/a.vue", `<img src="https://cdn.example/a.png">`, "foreign hosts"},
		{"server/internal/util/a.go", "", "says nothing"},
		{"miniprogram/src/utils.ts", "", "says nothing"},
		{"server/internal/a/a.go", strings.Repeat("\n", 451), "split it"},
		{"server/internal/a/a_test.go", strings.Repeat("\n", 451), ""},
	} {
		expect(t, c.path+" "+c.text, textFaults(c.path, c.text), c.want)
	}
}
