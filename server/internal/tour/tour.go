// Package tour drives the main job end to end through the public HTTP API on an isolated server: a
// ledger comes in, its people bind their phones, notices go out and are read and answered, people
// sign in through three doors, attendance sheets come back. Every figure that the server gives is
// held against the database.
package tour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"bense/server/internal/app"
	"bense/server/internal/vault"
)

// workers is how many phones act at the same moment.
const workers = 8

// Options of a tour. Without a ledger it takes the sample county, without URLs a temporary SQLite
// file and the in-process Redis. A database must be empty.
type Options struct {
	Ledger, Database, Redis string
	JSON                    bool // one object on the last line
}

// Figures are what a tour found. The same ledger gives the same figures on every database, but for
// Seconds.
type Figures struct {
	Persons        int     `json:"persons"`
	Units          int     `json:"units"`
	Branches       int     `json:"branches"`
	Alliances      int     `json:"alliances"`
	RefusedRows    int     `json:"refused_rows"`
	RepeatedRows   int     `json:"repeated_rows"`
	Warnings       int     `json:"warnings"`
	Proposals      int     `json:"proposals"`
	Bound          int     `json:"bound"`
	Notices        int     `json:"notices"`
	PushesSent     int     `json:"pushes_sent"`
	PushesRefused  int     `json:"pushes_refused"`
	Reads          int     `json:"reads"`
	Answers        int     `json:"answers"`
	CallList       int     `json:"call_list"`
	Expected       int     `json:"expected"`
	Present        int     `json:"present"`
	Excused        int     `json:"excused"`
	Absent         int     `json:"absent"`
	DuplicateScans int     `json:"duplicate_scans"`
	DuplicateRows  int     `json:"duplicate_rows"`
	Seconds        float64 `json:"seconds"`
	// Errors are the failures of the platform with what came of each.
	Errors []ErrorRow `json:"errors"`
	OK     bool       `json:"ok"`
}

// ErrMismatch reports that the server's answers and the database tell different stories.
var ErrMismatch = errors.New("tour: the server's answers do not agree with the database, see above")

// Run makes the tour and writes its progress to out. It fails with ErrMismatch when figures differ.
func Run(ctx context.Context, o Options, out io.Writer) error {
	f, err := run(ctx, o, out)
	if err != nil {
		return fmt.Errorf("tour: %w", err)
	}
	if o.JSON {
		line, err := json.Marshal(f)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", line)
	}
	if !f.OK {
		return ErrMismatch
	}
	return nil
}

func run(ctx context.Context, o Options, out io.Writer) (Figures, error) {
	begun := time.Now()
	name, book := "sample-county.xlsx", app.SampleCounty()
	if o.Ledger != "" {
		var err error
		if book, err = os.ReadFile(o.Ledger); err != nil {
			return Figures{}, err
		}
		name = filepath.Base(o.Ledger)
	}
	clk := &shiftable{}
	inst, err := app.Isolated(ctx, app.IsolatedOptions{
		Database: o.Database, Redis: o.Redis, Log: slog.New(slog.DiscardHandler), Clock: clk,
	})
	if errors.Is(err, vault.ErrWrongKey) { // it was sealed by somebody else's keys
		return Figures{}, errNotEmpty
	}
	if err != nil {
		return Figures{}, err
	}
	defer inst.Close()
	t := &thread{inst: inst, emu: inst.Emulator, api: newClient(inst.URL, workers), clock: clk, books: books{inst.DB}, out: out, begun: begun}
	defer t.api.close()
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return t.importLedger(ctx, name, book) },
		t.meetStaff, t.bindMembers, t.announce, t.readAndAnswer, t.remindAndCall, t.openDoors, t.fileSheets, t.closeBooks,
	} {
		if err := step(ctx); err != nil {
			return Figures{}, err
		}
	}
	if t.figures.Errors, err = Errors(ctx, out); err != nil && !errors.Is(err, ErrMismatch) {
		return Figures{}, err
	}
	t.figures.OK = len(t.faults) == 0 && err == nil
	t.figures.Seconds = time.Since(begun).Round(10 * time.Millisecond).Seconds()
	return t.figures, nil
}
