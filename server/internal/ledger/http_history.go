package ledger

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type columnChangeView struct {
	Key    string `json:"key" doc:"As in the columns of a person; also seq_no, unit_id, branch_id, status, status_at, status_note, household_id"`
	Label  string `json:"label"`
	From   string `json:"from"`
	To     string `json:"to"`
	Masked bool   `json:"masked" doc:"Sensitive: both texts are hidden; they are shown with a reason"`
}

type changeView struct {
	Seq       int                `json:"seq"`
	At        time.Time          `json:"at"`
	AccountID id.ID              `json:"account_id" doc:"Empty: the installation itself"`
	By        string             `json:"by" doc:"Name of the account, empty when nobody knows it"`
	Cause     Cause              `json:"cause" doc:"create, edit, status, undo, import, proposal, household or remove"`
	ImportID  id.ID              `json:"import_id"`
	Changes   []columnChangeView `json:"changes" nullable:"false"`
}

func viewChange(e HistoryEntry) changeView {
	v := changeView{Seq: e.Seq, At: e.At, AccountID: e.Account, By: e.By, Cause: e.Cause, ImportID: e.Import, Changes: make([]columnChangeView, len(e.Columns))}
	for i, c := range e.Columns {
		v.Changes[i] = columnChangeView(c)
	}
	return v
}

type countView struct {
	Active    int `json:"active"`
	Moved     int `json:"moved"`
	Deceased  int `json:"deceased"`
	Suspended int `json:"suspended"`
	Total     int `json:"total"`
}

// CountedAlliance is an alliance with its numbers.
type CountedAlliance struct {
	ID    id.ID     `json:"id" doc:"Empty: the units of no alliance"`
	Name  string    `json:"name"`
	Units int       `json:"units"`
	Count countView `json:"count"`
}

// CountedUnit is a unit with its numbers.
type CountedUnit struct {
	ID         id.ID     `json:"id"`
	Name       string    `json:"name"`
	AllianceID id.ID     `json:"alliance_id"`
	Alliance   string    `json:"alliance"`
	Count      countView `json:"count"`
}

type countsView struct {
	AsOf      string            `json:"as_of" doc:"The day asked for, empty: now"`
	Total     countView         `json:"total"`
	Alliances []CountedAlliance `json:"alliances" nullable:"false"`
	Units     []CountedUnit     `json:"units" nullable:"false"`
}

func viewCount(c Count) countView {
	return countView{Active: c.Active, Moved: c.Moved, Deceased: c.Deceased, Suspended: c.Suspended, Total: c.Total()}
}

func viewCounts(day string, c Counts) countsView {
	v := countsView{AsOf: day, Total: viewCount(c.Total), Alliances: make([]CountedAlliance, len(c.Alliances)), Units: make([]CountedUnit, len(c.Units))}
	for i, a := range c.Alliances {
		v.Alliances[i] = CountedAlliance{ID: a.ID, Name: a.Name, Units: a.Units, Count: viewCount(a.Count)}
	}
	for i, u := range c.Units {
		v.Units[i] = CountedUnit{ID: u.ID, Name: u.Name, AllianceID: u.AllianceID, Alliance: u.Alliance, Count: viewCount(u.Count)}
	}
	return v
}

type membershipView struct {
	AllianceID id.ID     `json:"alliance_id"`
	From       time.Time `json:"from"`
	Until      string    `json:"until" doc:"RFC 3339, empty: still"`
}

func viewMembership(m Membership) membershipView {
	v := membershipView{AllianceID: m.AllianceID, From: m.From}
	if !m.Until.IsZero() {
		v.Until = m.Until.Format(time.RFC3339)
	}
	return v
}

type restatedView struct {
	Person  personDetail `json:"person"`
	Message string       `json:"message" doc:"To be shown"`
}

func viewRestated(e Entry) restatedView {
	return restatedView{Person: viewDetail(e), Message: e.Status.Said()}
}

type totalView struct {
	ID        id.ID     `json:"id"`
	ParentID  id.ID     `json:"parent_id" doc:"Empty at the top"`
	Name      string    `json:"name"`
	Alliances int       `json:"alliances"`
	Units     int       `json:"units"`
	Loose     int       `json:"loose" doc:"Units of no alliance"`
	Persons   countView `json:"persons"`
}

func viewTotal(t CommitteeTotal) totalView {
	return totalView{ID: t.ID, ParentID: t.ParentID, Name: t.Name, Alliances: t.Alliances, Units: t.Units, Loose: t.Loose, Persons: viewCount(t.Count)}
}

func historyRoutes(api huma.API, s *Service) {
	type history struct {
		web.IDPath
		web.Paging
	}
	route(api, op("personHistory", http.MethodGet, "/persons/{id}/history", "ledger", "Who changed what of a person, newest first, masked"),
		func(ctx context.Context, who actor.Actor, in *history) (page.List[HistoryEntry], error) {
			return s.History(ctx, who, in.ID.ID, in.Page())
		}, func(l page.List[HistoryEntry]) page.List[changeView] { return listOf(l, viewChange) })

	type revealed struct {
		web.IDPath
		Seq  string `path:"seq" doc:"seq of the change"`
		Body struct {
			Reason string `json:"reason" maxLength:"200"`
		}
	}
	route(api, op("revealChange", http.MethodPost, "/persons/{id}/history/{seq}/reveal", "ledger", "Show what a change hides, with a reason"),
		func(ctx context.Context, who actor.Actor, in *revealed) (HistoryEntry, error) {
			seq, err := strconv.Atoi(in.Seq)
			if err != nil || seq < 1 || seq > 1<<30 {
				seq = 0 // no change has it
			}
			return s.RevealChange(ctx, who, in.ID.ID, seq, in.Body.Reason)
		}, viewChange)

	type restatement struct {
		web.IDPath
		Body struct {
			Status Status `json:"status" doc:"active, moved, deceased or suspended"`
			At     string `json:"at,omitempty" maxLength:"10" doc:"YYYY, YYYY-MM or YYYY-MM-DD"`
			Note   string `json:"note,omitempty" maxLength:"300" doc:"Such as where somebody moved to"`
		}
	}
	route(api, op("restatePerson", http.MethodPost, "/persons/{id}/status", "ledger", "Register a death, a move or a return, with its day"),
		func(ctx context.Context, who actor.Actor, in *restatement) (Entry, error) {
			return s.Restate(ctx, who, in.ID.ID, Restatement{Status: in.Body.Status, At: in.Body.At, Note: in.Body.Note})
		}, viewRestated)
	route(api, op("undoStatus", http.MethodPost, "/persons/{id}/status/undo", "ledger", "Take back a status given by mistake"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) (Entry, error) {
			return s.UndoStatus(ctx, who, in.ID.ID)
		}, viewRestated)

	type counted struct {
		AsOf string `query:"as_of" maxLength:"10" doc:"YYYY-MM-DD: as the ledger held it at the end of that day; now when absent"`
	}
	huma.Register(api, op("ledgerCounts", http.MethodGet, "/ledger/counts", "ledger", "Persons by unit and by alliance"),
		func(ctx context.Context, in *counted) (*web.Out[countsView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			c, err := s.Counts(ctx, who, in.AsOf)
			if err != nil {
				return nil, err
			}
			return web.JSON(viewCounts(in.AsOf, c)), nil
		})

	route(api, op("ledgerTotals", http.MethodGet, "/ledger/totals", "ledger", "Each committee in figures; nobody is named"),
		func(ctx context.Context, who actor.Actor, _ *struct{}) ([]CommitteeTotal, error) {
			return s.Totals(ctx, who)
		}, all(viewTotal))

	route(api, op("unitAlliances", http.MethodGet, "/units/{id}/alliances", "ledger", "The alliances that a unit was in, oldest first"),
		func(ctx context.Context, who actor.Actor, in *web.IDPath) ([]Membership, error) {
			return s.Memberships(ctx, who, in.ID.ID)
		}, all(viewMembership))
}
