package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"bense/server/internal/crypt"
)

// LedgerOptions of the bench of the ledger.
type LedgerOptions struct {
	Goals  []string // S search, I import, K change of keys; none: all
	Rows   int      // persons of the installation that is searched
	Sheet  int      // rows of the file that is imported
	JSON   bool     // the report in one line at the end
	Dir    string   // a folder on a disk for the servers' files; a temporary one by default
	Server string   // the program that imports; this one by default
}

// LedgerReport is everything that was found about the ledger.
type LedgerReport struct {
	Goals       []Goal          `json:"goals"`
	Environment Environment     `json:"environment"`
	Fill        float64         `json:"fill_s"` // how long it took to make the persons
	Searches    []SearchFigures `json:"searches"`
	Steps       []StepFigures   `json:"steps"`
}

// StepFigures are those of one step of an import, or of the change of keys.
type StepFigures struct {
	Name    string  `json:"name"`
	Rows    int     `json:"rows"`
	Seconds float64 `json:"s"`
	PeakMB  float64 `json:"peak_mb,omitempty"` // of the server so far
}

// ledgerBench is one under way.
type ledgerBench struct {
	*bench
	LedgerOptions
	report LedgerReport
}

// RunLedger measures the ledger, shows the report on out and fails only when it could not measure.
func RunLedger(ctx context.Context, o LedgerOptions, out io.Writer) (err error) {
	x := &ledgerBench{bench: &bench{out: out}, LedgerOptions: o}
	defer x.close()
	if x.self, err = os.Executable(); err != nil {
		return err
	}
	if x.bench.Server = o.Server; o.Server == "" {
		x.bench.Server = x.self
	}
	x.report.Environment = environment()
	if x.dir, err = os.MkdirTemp(o.Dir, "bense-bench-"); err != nil {
		return err
	}
	x.onClose(func() { os.RemoveAll(x.dir) })
	x.report.Environment.InMemory = inMemory(x.dir)
	x.say("servers below %s", x.dir)
	if x.maria, err = startMariaDB(ctx, x.dir, "province", "county"); err != nil {
		return err
	}
	x.onClose(func() { x.maria.stop() })
	x.master = crypt.NewKey(1)
	if x.want("S") {
		if err := x.search(ctx); err != nil {
			return fmt.Errorf("bench: search: %w", err)
		}
	}
	var failed error // what was measured before is shown all the same
	if x.want("I") || x.want("K") {
		if err := x.imports(ctx); err != nil {
			failed = fmt.Errorf("bench: import: %w", err)
		}
	}
	x.report.Environment.LoadAfter, x.report.Environment.Members = loadAverage(), x.Rows
	x.report.print(out)
	if o.JSON {
		failed = errors.Join(failed, jsonLine(out, x.report))
	}
	return failed
}

func (x *ledgerBench) want(part string) bool { return wanted(x.LedgerOptions.Goals, part) }

func (x *ledgerBench) goal(g Goal) { x.report.Goals = append(x.report.Goals, g) }

// search is S: what somebody types is answered at once, however many persons there are.
func (x *ledgerBench) search(ctx context.Context) error {
	d, err := x.schema(ctx, "province")
	if err != nil {
		return err
	}
	begun := time.Now()
	p, err := Populate(ctx, d, x.maria.root, "province", x.master, x.Rows, x.say)
	if err != nil {
		return err
	}
	x.report.Fill = time.Since(begun).Seconds()
	x.say("%d persons in %.0f s", x.Rows, x.report.Fill)
	s, err := newSearcher(d, p, x.master)
	if err != nil {
		return err
	}
	base, err := s.measure(ctx, s.byID())
	if err != nil {
		return err
	}
	x.report.Searches = append(x.report.Searches, base)
	cases, err := s.cases(ctx)
	if err != nil {
		return err
	}
	worst, far, walks := SearchFigures{}, SearchFigures{}, []string{}
	for _, c := range cases {
		f, err := s.measure(ctx, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		f.Ratio = f.Database / base.Database
		x.report.Searches = append(x.report.Searches, f)
		x.say("%s: p50 %.1f ms, p95 %.1f ms, at the database %.2f ms (%.1f ×), %d found", f.Name, f.P50, f.P95, f.Database, f.Ratio, f.Found)
		if f.Scans {
			walks = append(walks, f.Name)
		}
		if strings.HasPrefix(f.Name, wholeProvince) {
			continue // no role sees all counties at once: shown, and no goal
		}
		if f.P95 > worst.P95 {
			worst = f
		}
		if f.Ratio > far.Ratio {
			far = f
		}
	}
	x.goal(noted(most("S1", "slowest search, p95 in ms", worst.P95, 50), fmt.Sprintf("%s, p50 %.1f", worst.Name, worst.P50)))
	x.goal(noted(most("S2", "dearest search ÷ a person by id, at the database", far.Ratio, 20), far.Name))
	x.goal(noted(most("S3", "searches whose plan reads a whole table", float64(len(walks)), 0), strings.Join(walks, ", ")))
	return nil
}

func noted(g Goal, note string) Goal {
	g.Note = note
	return g
}

// print shows the report to people.
func (r *LedgerReport) print(out io.Writer) {
	e := r.Environment
	fmt.Fprintf(out, "\nenvironment  %s, %d cores, Linux %s, MariaDB %s, %s\n", e.CPU, e.Cores, e.Kernel, e.MariaDB, e.Go)
	fmt.Fprintf(out, "             %d persons, made in %.0f s, load average %s before, %s after\n", e.Members, r.Fill, e.LoadBefore, e.LoadAfter)
	if len(r.Searches) > 0 {
		fmt.Fprintf(out, "\n%-44s %8s %8s %8s %9s %7s %6s %6s  %s\n", "search", "p50 ms", "p95 ms", "p99 ms", "db p50", "÷ id", "SQL", "found", "plan")
	}
	for _, f := range r.Searches {
		fmt.Fprintf(out, "%-44s %8.2f %8.2f %8.2f %9.3f %7.1f %6.1f %6d  %s\n", f.Name, f.P50, f.P95, f.P99, f.Database, f.Ratio, f.Statements, f.Found, strings.Join(f.Plan, " | "))
	}
	for _, f := range r.Steps {
		fmt.Fprintf(out, "\n%-44s %8d rows %8.1f s %8.0f rows/s", f.Name, f.Rows, f.Seconds, float64(f.Rows)/f.Seconds)
		if f.PeakMB > 0 {
			fmt.Fprintf(out, " %8.0f MB at the most", f.PeakMB)
		}
	}
	fmt.Fprintln(out)
	(&Report{Goals: r.Goals}).printGoals(out)
}
