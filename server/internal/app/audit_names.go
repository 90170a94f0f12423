package app

import (
	"context"
	"errors"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// auditNames tells the readers of the audit what things are called.
type auditNames struct{ a *App }

func (n auditNames) AccountName(ctx context.Context, accounts []id.ID) (map[id.ID]string, error) {
	return n.a.Identity.AccountName(ctx, accounts)
}

// SubjectName names persons, the organisation and activities; of other kinds the action says enough.
func (n auditNames) SubjectName(ctx context.Context, kind string, subjects []id.ID) (map[id.ID]string, error) {
	people := n.a.Ledger.Directory()
	var one func(id.ID) (string, error)
	switch kind {
	case "person":
		all, err := people.Persons(ctx, subjects)
		out := make(map[id.ID]string, len(all))
		for key, p := range all {
			out[key] = p.Name
		}
		return out, err
	case "notice":
		all, err := n.a.Notice.Titles(ctx, subjects)
		for key, title := range all {
			all[key] = "“" + title + "”"
		}
		return all, err
	case "unit":
		one = func(key id.ID) (string, error) { u, err := people.Unit(ctx, key); return u.Name, err }
	case "branch":
		one = func(key id.ID) (string, error) { b, err := people.Branch(ctx, key); return b.Name, err }
	case "alliance":
		one = func(key id.ID) (string, error) { a, err := people.Alliance(ctx, key); return a.Name, err }
	case "committee":
		one = func(key id.ID) (string, error) { c, err := people.Committee(ctx, key); return c.Name, err }
	case "column":
		one = func(key id.ID) (string, error) { c, err := people.Column(ctx, key); return "“" + c.Name + "”", err }
	case "activity":
		one = func(key id.ID) (string, error) {
			a, err := n.a.Activity.ByID(ctx, key)
			return "活动“" + a.Title + "”", err
		}
	default:
		return nil, nil
	}
	out := make(map[id.ID]string, len(subjects))
	for _, key := range subjects {
		name, err := one(key)
		if errors.Is(err, errs.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[key] = name
	}
	return out, nil
}
