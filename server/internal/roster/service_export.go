package roster

import (
	"context"
	"errors"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
)

const (
	parcelExport = "export"
	maxScopeName = 120 // characters
)

// scope finds what a wish is about; outside of what who sees it is errs.ErrNotFound.
func (s *Service) scope(ctx context.Context, who actor.Actor, w Wish) (subject id.ID, place actor.Place, name string, err error) {
	switch {
	case w.Unit != 0:
		u, err := s.bulk.Unit(ctx, w.Unit)
		if err == nil && !who.Scope(actor.SeeOrg).Covers(u.Place()) {
			err = errs.ErrNotFound
		}
		return u.ID, u.Place(), u.Name, err
	case w.Alliance != 0:
		a, err := s.ledger.Alliance(ctx, who, w.Alliance)
		return a.ID, a.Place(), a.Name, err
	case w.Committee != 0:
		c, err := s.ledger.Committee(ctx, who, w.Committee)
		return c.ID, c.Place(), c.Name, err
	}
	return 0, actor.Place{}, "", ErrExportScope
}

// Export prepares a file in the background. Plain text of sensitive columns wants RevealPerson over all
// of it; at a console the phone confirms.
func (s *Service) Export(ctx context.Context, who actor.Actor, w Wish) (Export, error) {
	subject, place, name, err := s.scope(ctx, who, w)
	if err != nil {
		return Export{}, err
	}
	if err := who.Must(actor.ExportLedger, place); err != nil {
		return Export{}, err
	}
	if w.Plain {
		if err := who.Must(actor.RevealPerson, place); err != nil {
			return Export{}, err
		}
	}
	own, err := s.ledger.ColumnsAt(ctx, who, place)
	if err != nil {
		return Export{}, err
	}
	columns, err := w.columns(own)
	if err != nil {
		return Export{}, err
	}
	reason := ledger.FreeText(w.Reason)
	if len([]rune(reason)) < 2 || len([]rune(reason)) > 200 {
		return Export{}, ErrExportReason.With(errs.Field("reason", "请写明导出的用途，不超过 200 字"))
	}
	e := Export{ID: s.ids.New(), Account: who.Account, Form: w.Form, Place: place, ScopeName: name, Plain: w.Plain, Reason: reason, CreatedAt: s.clk.Now()}
	for _, c := range columns {
		e.Columns = append(e.Columns, c.Key)
	}
	if w.Own.Column != 0 {
		if e.only, err = filterOf(own, w.Own); err != nil {
			return Export{}, err
		}
		e.ScopeName = named(name, e.only.Words())
	}
	e.ExpiresAt = e.CreatedAt.Add(keepExport)
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.confirmed(ctx, who, "export", subject); err != nil {
			return err
		}
		if err := s.store.insertExport(ctx, e); err != nil {
			return err
		}
		j, err := s.jobs.Start(ctx, who, jobExport, e.ID, func(ctx context.Context, p *job.Progress) error {
			return s.make(ctx, who, e, columns, progress{p})
		})
		if err != nil {
			return err
		}
		e.Job = j.ID
		return s.store.setExportJob(ctx, e.ID, j.ID)
	})
	return e, err
}

// named is a place's name with what narrows it, as long as its column.
func named(place, only string) string {
	only = "（" + only + "）"
	place = string([]rune(place)[:min(len([]rune(place)), maxScopeName-len([]rune(only)))])
	return place + only
}

// filterOf checks what is asked of one of the columns that may be seen of everybody at the place.
func filterOf(own []ledger.Column, ask ledger.OwnAsk) (*ledger.OwnFilter, error) {
	i := slices.IndexFunc(own, func(c ledger.Column) bool { return c.ID == ask.Column })
	if i < 0 {
		return nil, errs.ErrInvalid.With(errs.Field("column_id", "这一栏已停用或不存在，请刷新页面"))
	}
	f, err := own[i].Filter(ask)
	return &f, err
}

// make writes the file of an export and keeps it, with a line in the audit that counts its rows.
func (s *Service) make(ctx context.Context, who actor.Actor, e Export, columns []ExportColumn, p progress) error {
	groups, rows, err := s.gather(ctx, e, p)
	if err != nil {
		return err
	}
	if rows == 0 {
		return ErrExportEmpty
	}
	names, err := s.names.AccountName(ctx, []id.ID{who.Account})
	if err != nil {
		return err
	}
	by := names[who.Account]
	if by == "" {
		by = "账号" + who.Account.String()
	}
	p.step("正在生成文件", 0)
	write, ext := county, ".xlsx"
	switch e.Form {
	case FormProvince:
		write = province
	case FormPrint:
		write, ext = printed, ".pdf"
	}
	file, err := write(e, groups, columns, by)
	if err != nil {
		return err
	}
	e.Rows, e.ReadyAt, e.FileName = rows, s.clk.Now(), e.ScopeName+formNames[e.Form]+"-"+e.ID.String()+ext
	return s.db.Tx(ctx, func(ctx context.Context) error {
		if err := s.parcels.Put(ctx, e.ID, parcelExport, file); err != nil {
			return err
		}
		if err := s.store.exportReady(ctx, e); err != nil {
			return err
		}
		if err := s.exported(ctx, who, "roster.export", e); err != nil {
			return err
		}
		return p.p.End(ctx, nil)
	})
}

var formNames = map[Form]string{FormCounty: "党员台账", FormProvince: "党员信息（省格式）", FormPrint: "党员名册"}

func (s *Service) exported(ctx context.Context, who actor.Actor, action string, e Export) error {
	return s.audit.Write(ctx, who, audit.Line{Action: action, Kind: "export", Subject: e.ID, Place: e.Place, Detail: map[string]any{
		"form": e.Form, "scope": e.ScopeName, "columns": e.Columns, "plain": e.Plain, "reason": e.Reason, "rows": e.Rows}})
}

// gather reads everybody of the place, by alliance and unit.
func (s *Service) gather(ctx context.Context, e Export, p progress) ([]group, int, error) {
	alliances, err := s.bulk.Alliances(ctx, e.Place.Committee)
	if err != nil {
		return nil, 0, err
	}
	units, err := s.bulk.Units(ctx, e.Place.Committee)
	if err != nil {
		return nil, 0, err
	}
	name := map[id.ID]string{}
	for _, u := range units {
		name[u.ID] = u.Name
	}
	units = slices.DeleteFunc(units, func(u ledger.Unit) bool {
		return e.Place.Unit != 0 && u.ID != e.Place.Unit || e.Place.Unit == 0 && e.Place.Alliance != 0 && u.AllianceID != e.Place.Alliance
	})
	groups := make([]group, len(alliances)+1) // the last one: units in none
	for i, a := range alliances {
		groups[i].alliance, groups[i].lead = a, name[a.LeadUnitID]
	}
	p.step("正在读取台账", len(units))
	rows := 0
	for n, u := range units {
		i := slices.IndexFunc(alliances, func(a ledger.Alliance) bool { return a.ID == u.AllianceID })
		if i < 0 {
			i = len(alliances)
		}
		people, records, err := s.bulk.Sheet(ctx, u.ID)
		if err != nil {
			return nil, 0, err
		}
		for k, person := range people {
			if e.Form.listed(records[k].Status) && (e.only == nil || e.only.Fits(records[k].Own(e.only.Column))) {
				groups[i].members = append(groups[i].members, member{Person: person, rec: records[k]})
				rows++
			}
		}
		p.at(n + 1)
	}
	return slices.DeleteFunc(groups, func(g group) bool { return len(g.members) == 0 }), rows, nil
}

// Exports gives the last exports of who's own account, the newest first.
func (s *Service) Exports(ctx context.Context, who actor.Actor) ([]Export, error) {
	return s.store.exports(ctx, who.Account)
}

// ExportByID gives an export of who's own account, else errs.ErrNotFound.
func (s *Service) ExportByID(ctx context.Context, who actor.Actor, exportID id.ID) (Export, error) {
	return s.store.export(ctx, who.Account, exportID)
}

// Download gives the file to its maker, as long as it is kept and the maker still may export the place.
func (s *Service) Download(ctx context.Context, who actor.Actor, exportID id.ID) (Export, []byte, error) {
	e, err := s.ExportByID(ctx, who, exportID)
	if err != nil {
		return Export{}, nil, err
	}
	if err := who.Must(actor.ExportLedger, e.Place); err != nil {
		return Export{}, nil, err
	}
	if !e.ExpiresAt.After(s.clk.Now()) {
		return Export{}, nil, ErrExportGone
	}
	if e.ReadyAt.IsZero() {
		return Export{}, nil, ErrNotReady
	}
	file, err := s.parcels.Get(ctx, e.ID, parcelExport)
	if errors.Is(err, errs.ErrNotFound) {
		return Export{}, nil, ErrExportGone
	}
	if err != nil {
		return Export{}, nil, err
	}
	return e, file, s.exported(ctx, who, "roster.download", e)
}

// pruneExports removes files that nobody fetched in a day.
func (s *Service) pruneExports(ctx context.Context) error {
	return s.parcels.Prune(ctx, parcelExport, s.clk.Now().Add(-keepExport))
}
