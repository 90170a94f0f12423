package founding

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Desk is what staff work on: the draft of a survey, with all that its units are judged by.
type Desk struct {
	Survey   Survey
	Revision int
	Board    Board
	groups   []Group
	units    map[id.ID]Candidate
}

// known gives all units of a survey as the grouping sees them, and which of them are candidates.
func (s *Service) known(ctx context.Context, v Survey) (map[id.ID]Candidate, []id.ID, error) {
	rows, err := s.rows(ctx, everywhere, v, 0)
	if err != nil {
		return nil, nil, err
	}
	units, candidates := map[id.ID]Candidate{}, []id.ID{}
	for _, r := range rows {
		c := Candidate{Unit: r.Unit, Name: r.Name, Members: r.Members, OwnBranch: r.OwnBranch != nil && *r.OwnBranch,
			Street: r.Street, Spot: r.Spot, Line: r.Line, From: r.Alliance, FromName: r.AllianceName}
		if n := r.RegularNow(); n != nil {
			c.Regular = *n
		}
		units[r.Unit] = c
		if verdict, _ := r.Judge(v.Threshold); verdict == IsCandidate {
			candidates = append(candidates, r.Unit)
		}
	}
	return units, candidates, nil
}

// Propose makes the draft of a survey anew: its candidates that are in no alliance yet, and those named by
// include although they are in one, in so many alliances. revision is that of the draft which it replaces, 0 for none.
func (s *Service) Propose(ctx context.Context, who actor.Actor, surveyID id.ID, alliances int, include []id.ID, revision int) (Desk, error) {
	v, err := s.managed(ctx, who, surveyID)
	if err != nil {
		return Desk{}, err
	}
	if v.Version != 0 {
		return Desk{}, ErrFounded
	}
	units, candidates, err := s.known(ctx, v)
	if err != nil {
		return Desk{}, err
	}
	var list []Candidate
	for _, u := range candidates {
		if units[u].From == 0 || slices.Contains(include, u) {
			list = append(list, units[u])
		}
	}
	for _, u := range include {
		c, ok := units[u]
		switch {
		case !ok:
			return Desk{}, errs.ErrNotFound
		case !slices.ContainsFunc(list, func(o Candidate) bool { return o.Unit == u }):
			list = append(list, c)
		}
	}
	groups, err := Propose(list, alliances)
	if err != nil {
		return Desk{}, err
	}
	existing, err := s.Ledger.Alliances(ctx, who)
	if err != nil {
		return Desk{}, err
	}
	var takenNames []string
	for _, a := range existing {
		if a.CommitteeID == v.Committee {
			takenNames = append(takenNames, ledger.AllianceKey(a.Name))
		}
	}
	NameGroups(groups, units, takenNames)
	d := Draft{Survey: v.ID, Committee: v.Committee, Revision: revision, Groups: groups}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, v.ID); err != nil {
			return err
		}
		if revision == 0 {
			d.Revision = 1
			if err := s.store.insertDraft(ctx, d, who.Account, s.now()); err != nil {
				return err
			}
		} else if err := s.replace(ctx, who, &d); err != nil {
			return err
		}
		return s.wrote(ctx, who, "founding.propose", v, map[string]any{"alliances": alliances, "units": len(list), "score": Rate(groups, units).Total})
	})
	if err != nil {
		return Desk{}, err
	}
	return desk(v, d, units, candidates), nil
}

// replace writes over the draft of d's revision and counts that up.
func (s *Service) replace(ctx context.Context, who actor.Actor, d *Draft) error {
	first, err := s.store.updateDraft(ctx, *d, who.Account, s.now())
	if err != nil {
		return err
	}
	if !first {
		return ErrStale
	}
	d.Revision++
	return nil
}

func desk(v Survey, d Draft, units map[id.ID]Candidate, candidates []id.ID) Desk {
	return Desk{Survey: v, Revision: d.Revision, Board: Look(d.Groups, units, candidates), groups: d.Groups, units: units}
}

// Desk gives the draft of a survey, or ErrNoDraft.
func (s *Service) Desk(ctx context.Context, who actor.Actor, surveyID id.ID) (Desk, error) {
	v, err := s.managed(ctx, who, surveyID)
	if err != nil {
		return Desk{}, err
	}
	d, err := s.store.draft(ctx, surveyID)
	if err != nil {
		return Desk{}, err
	}
	units, candidates, err := s.known(ctx, v)
	return desk(v, d, units, candidates), err
}

// Effects says what putting a unit into each of the groups would do, and taking it out of all.
func (s *Service) Effects(ctx context.Context, who actor.Actor, surveyID, unit id.ID) ([]Effect, error) {
	d, err := s.Desk(ctx, who, surveyID)
	if err != nil {
		return nil, err
	}
	c, ok := d.units[unit]
	if !ok {
		return nil, errs.ErrNotFound
	}
	out := make([]Effect, 0, len(d.groups)+1)
	for to := range len(d.groups) + 1 {
		after, err := Moved(d.groups, d.units, unit, to)
		if err != nil {
			return nil, err
		}
		out = append(out, EffectOf(c, to, d.groups, after, d.units))
	}
	return out, nil
}

// Move puts a unit into the group of a number, or out of all groups with 0, and says what that did. A
// unit of another alliance that is moved in leaves that one when the draft is founded.
func (s *Service) Move(ctx context.Context, who actor.Actor, surveyID, unit id.ID, to, revision int) (Desk, Effect, error) {
	var effect Effect
	d, err := s.edit(ctx, who, surveyID, revision, "founding.move", map[string]any{"unit": unit, "to": to}, func(d Desk) ([]Group, error) {
		c, ok := d.units[unit]
		if !ok {
			return nil, errs.ErrNotFound
		}
		after, err := Moved(d.groups, d.units, unit, to)
		if err != nil {
			return nil, err
		}
		effect = EffectOf(c, to, d.groups, after, d.units)
		return after, nil
	})
	return d, effect, err
}

// GroupChange names what to change of a group; nil leaves it.
type GroupChange struct {
	Name, Basis *string
	Lead        *id.ID
}

// ChangeGroup renames the group of a number, counted from 1, or appoints one of its units to lead it.
func (s *Service) ChangeGroup(ctx context.Context, who actor.Actor, surveyID id.ID, number int, c GroupChange, revision int) (Desk, error) {
	return s.edit(ctx, who, surveyID, revision, "founding.change_group", map[string]any{"group": number, "name": c.Name, "lead": c.Lead}, func(d Desk) ([]Group, error) {
		if number < 1 || number > len(d.groups) {
			return nil, errs.ErrNotFound
		}
		groups := slices.Clone(d.groups)
		g := &groups[number-1]
		if c.Name != nil {
			g.Name = ledger.AllianceKey(*c.Name)
			switch {
			case g.Name == "" || len([]rune(g.Name)) > 30 || ledger.LooksLikeFormula(g.Name):
				return nil, invalid("name", "请填写联盟名称，30字以内")
			case slices.ContainsFunc(d.groups, func(o Group) bool { return o.Name == g.Name && o.Name != d.groups[number-1].Name }):
				return nil, invalid("name", "方案里已有同名的联盟")
			}
		}
		if c.Basis != nil {
			if g.Basis = ledger.NormalText(*c.Basis); len([]rune(g.Basis)) > 10 {
				return nil, invalid("basis", "联建依据太长")
			}
		}
		if c.Lead != nil {
			if !slices.Contains(g.Units, *c.Lead) {
				return nil, invalid("lead_unit_id", "牵头单位要在这个联盟里")
			}
			g.Lead = *c.Lead
		}
		return groups, nil
	})
}

// edit changes the draft of a revision.
func (s *Service) edit(ctx context.Context, who actor.Actor, surveyID id.ID, revision int, action string, detail map[string]any,
	change func(Desk) ([]Group, error)) (Desk, error) {
	was, err := s.Desk(ctx, who, surveyID)
	if err != nil {
		return Desk{}, err
	}
	if was.Revision != revision {
		return Desk{}, ErrStale
	}
	groups, err := change(was)
	if err != nil {
		return Desk{}, err
	}
	d := Draft{Survey: was.Survey.ID, Committee: was.Survey.Committee, Revision: revision, Groups: groups}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lockSurvey(ctx, d.Survey); err != nil {
			return err
		}
		if err := s.replace(ctx, who, &d); err != nil {
			return err
		}
		return s.wrote(ctx, who, action, was.Survey, detail)
	})
	if err != nil {
		return Desk{}, err
	}
	return s.Desk(ctx, who, surveyID)
}
