// Package audit writes who did what: one line for every change and for every look at a masked
// field, in the transaction of the change itself. A moment later a sealer links the lines into a chain of
// signatures, so that none of them can be changed, taken away or added unnoticed by who has the database.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"bense/server/internal/actor"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/log"
)

// Log appends lines; it never changes or removes one.
type Log struct {
	db      *db.DB
	box     *crypt.Box
	ids     *id.Source
	clk     clock.Clock
	marks   marks
	names   Names     // nil: numbers only
	root    Root      // nil: lines without a place are nobody's
	confirm Confirmer // nil: no export at a desktop
	wrote   atomic.Bool
}

// New makes a Log.
func New(d *db.DB, box *crypt.Box, ids *id.Source, clk clock.Clock) *Log {
	return &Log{db: d, box: box, ids: ids, clk: clk, marks: newMarks(box)}
}

// Line is one thing that happened. Detail is kept encrypted: it may hold personal data.
type Line struct {
	Action  string // package.verb: "ledger.reveal_person"
	Kind    string // what Subject is: "person", "notice"
	Subject id.ID
	Place   actor.Place
	Detail  map[string]any
}

// Write appends a line to the transaction of ctx.
func (l *Log) Write(ctx context.Context, who actor.Actor, line Line) error {
	return l.WriteAll(ctx, []By{{who.Account, line}})
}

// By is a line with the account that it is about; zero where Detail names several.
type By struct {
	Account id.ID
	Line    Line
}

// WriteAll appends several lines at once.
func (l *Log) WriteAll(ctx context.Context, lines []By) error {
	rows := make([]row, len(lines))
	for i, by := range lines {
		line := by.Line
		var detail []byte
		if len(line.Detail) > 0 {
			b, err := json.Marshal(line.Detail)
			if err != nil {
				return fmt.Errorf("audit: %w", err)
			}
			if len(b) > maxDetail {
				b = []byte(`{"truncated":true}`)
			}
			detail = l.box.Seal(b, sealContext)
		}
		rows[i] = row{
			ID: l.ids.New(), At: db.At(l.clk.Now()), AccountID: by.Account, Action: line.Action,
			SubjectKind: line.Kind, SubjectID: line.Subject,
			CommitteeID: null(line.Place.Committee), AllianceID: null(line.Place.Alliance), UnitID: null(line.Place.Unit),
			DetailEnc: detail, RequestID: log.RequestID(ctx),
		}
		rows[i].MAC = mark(l.marks.line, rows[i].canonical())
	}
	l.wrote.Store(true)
	return l.append(ctx, rows)
}

const (
	sealContext = "audit_lines.detail"
	maxDetail   = 3900 // the column holds 4000 bytes with the cipher's overhead
)

func null(v id.ID) *id.ID {
	if v == 0 {
		return nil
	}
	return &v
}
