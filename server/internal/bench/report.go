package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Environment is where the figures come from.
type Environment struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Kernel     string `json:"kernel"`
	MariaDB    string `json:"mariadb"`
	Redis      string `json:"redis"`
	Go         string `json:"go"`
	LoadBefore string `json:"load_before"` // one, five, fifteen minutes
	LoadAfter  string `json:"load_after"`
	Members    int    `json:"members"`
	Rounds     int    `json:"rounds"`
	Quick      bool   `json:"quick"`
	InMemory   bool   `json:"in_memory"` // the databases' folder is no disk: durable commits cost nothing
}

// Goal is one thing to reach, and whether it was.
type Goal struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Stretch   float64 `json:"stretch,omitempty"`
	AtMost    bool    `json:"at_most,omitempty"` // the value may not exceed the threshold; else it may not fall below
	OK        bool    `json:"ok"`
	Note      string  `json:"note,omitempty"`
}

// RunFigures are those of one run.
type RunFigures struct {
	Goal        string         `json:"goal"`
	Side        string         `json:"side"`
	Round       int            `json:"round"`
	Connections int            `json:"connections"`
	PerSecond   float64        `json:"per_second"`
	P50         float64        `json:"p50_ms"`
	P99         float64        `json:"p99_ms"`
	P999        float64        `json:"p999_ms"`
	Sent        int            `json:"sent"`
	New         int            `json:"new"`
	Already     int            `json:"already"`
	Errors      map[string]int `json:"errors,omitempty"`
	ServerCPU   float64        `json:"server_cpu_us"`   // a request
	DatabaseCPU float64        `json:"database_cpu_us"` // a request
	LoadCPU     float64        `json:"load_cpu_us"`     // a request, of the bench itself
}

// cost is the processor time of a request in everything that has to do with it, in microseconds. Where
// the machine has other work too, its ratios are steadier than those of the rates.
func (f RunFigures) cost() float64 { return f.ServerCPU + f.DatabaseCPU + f.LoadCPU }

// Report is everything that was found.
type Report struct {
	Goals       []Goal       `json:"goals"`
	Environment Environment  `json:"environment"`
	Runs        []RunFigures `json:"runs"`
}

func environment() Environment {
	e := Environment{Cores: runtime.NumCPU(), Go: runtime.Version(), LoadBefore: loadAverage(),
		MariaDB: version("mariadbd", "--version"), Redis: version("redis-server", "--version")}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(text); m != nil {
			e.CPU = string(m[1])
		}
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		e.Kernel = strings.TrimSpace(string(text))
	}
	return e
}

func version(program, flag string) string {
	out, err := exec.Command(program, flag).Output()
	if err != nil {
		return "missing"
	}
	return regexp.MustCompile(`\d+\.\d+\.\d+(-MariaDB)?`).FindString(string(out))
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// least makes a goal whose value may not fall below the threshold, most one that may not exceed it.
func least(id, name string, value, threshold float64) Goal {
	return Goal{ID: id, Name: name, Value: value, Threshold: threshold, OK: value >= threshold}
}

func most(id, name string, value, threshold float64) Goal {
	return Goal{ID: id, Name: name, Value: value, Threshold: threshold, AtMost: true, OK: value <= threshold}
}

// unmeasured is a goal that could not be looked at: not reached, and why.
func unmeasured(g Goal, why string) Goal {
	g.OK, g.Note = false, "not measured: "+why
	return g
}

// median of the values; zero of none.
func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	switch n := len(s); {
	case n == 0:
		return 0
	case n%2 == 1:
		return s[n/2]
	default:
		return (s[n/2-1] + s[n/2]) / 2
	}
}

// print shows the report to people.
func (r *Report) print(out io.Writer) {
	e := r.Environment
	fmt.Fprintf(out, "\nenvironment  %s, %d cores, Linux %s, MariaDB %s, Redis %s, %s\n", e.CPU, e.Cores, e.Kernel, e.MariaDB, e.Redis, e.Go)
	fmt.Fprintf(out, "             %d members, %d rounds, load average %s before, %s after\n", e.Members, e.Rounds, e.LoadBefore, e.LoadAfter)
	fmt.Fprintf(out, "\n%-4s %-22s %6s %10s %8s %8s %8s %9s %9s %8s %8s %s\n", "goal", "side (median)", "conns", "per s", "p50 ms", "p99 ms", "p99.9", "sent", "server µs", "db µs", "load µs", "errors")
	type key struct {
		goal, side string
		conns      int
	}
	var order []key
	groups := map[key][]RunFigures{}
	for _, f := range r.Runs {
		k := key{f.Goal, f.Side, f.Connections}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], f)
	}
	for _, k := range order {
		of := func(get func(RunFigures) float64) float64 {
			var v []float64
			for _, f := range groups[k] {
				v = append(v, get(f))
			}
			return median(v)
		}
		errs := map[string]int{}
		for _, f := range groups[k] {
			for name, n := range f.Errors {
				errs[name] += n
			}
		}
		said := ""
		if len(errs) > 0 {
			said = fmt.Sprint(errs)
		}
		fmt.Fprintf(out, "%-4s %-22s %6d %10.0f %8.2f %8.2f %8.2f %9.0f %9.1f %8.1f %8.1f %s\n", k.goal, k.side, k.conns,
			of(func(f RunFigures) float64 { return f.PerSecond }), of(func(f RunFigures) float64 { return f.P50 }),
			of(func(f RunFigures) float64 { return f.P99 }), of(func(f RunFigures) float64 { return f.P999 }),
			of(func(f RunFigures) float64 { return float64(f.Sent) }), of(func(f RunFigures) float64 { return f.ServerCPU }),
			of(func(f RunFigures) float64 { return f.DatabaseCPU }), of(func(f RunFigures) float64 { return f.LoadCPU }), said)
	}
	r.printGoals(out)
}

func (r *Report) printGoals(out io.Writer) {
	fmt.Fprintf(out, "\n%-6s %-62s %10s %12s\n", "goal", "", "value", "threshold")
	for _, g := range r.Goals {
		sign, mark := "≥", "MISSED"
		if g.AtMost {
			sign = "≤"
		}
		if g.OK {
			mark = "ok"
		}
		stretch := ""
		if g.Stretch > 0 {
			stretch = fmt.Sprintf(" (stretch %.2f)", g.Stretch)
		}
		if g.Note != "" {
			stretch += " · " + g.Note
		}
		fmt.Fprintf(out, "%-6s %-62s %10.3f %s %10.3f  %s%s\n", g.ID, g.Name, g.Value, sign, g.Threshold, mark, stretch)
	}
}

// json writes the report in one line.
func (r *Report) json(out io.Writer) error { return jsonLine(out, r) }

func jsonLine(out io.Writer, report any) error {
	line, err := json.Marshal(report)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", line)
	}
	return err
}
