package notice

import (
	"context"
	"slices"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// rule is a rule of approval: whose notices it is about, and where that stands.
type rule struct {
	of   id.ID // an alliance, or a committee for its notices to all of them
	kind string
	at   actor.Place
}

// Approval gives whose approval the notices of an alliance need.
func (s *Service) Approval(ctx context.Context, who actor.Actor, alliance id.ID) (Level, error) {
	if _, err := s.ofAlliance(ctx, who, alliance); err != nil {
		return "", err
	}
	return s.store.approval(ctx, alliance)
}

// OwnApproval gives whose approval the committee's notices to all its alliances need: nobody's, or that of another
// one of its people.
func (s *Service) OwnApproval(ctx context.Context, who actor.Actor, committee id.ID) (Level, error) {
	if _, err := s.ofCommittee(ctx, who, committee); err != nil {
		return "", err
	}
	return s.store.approval(ctx, committee)
}

// SetApproval sets it for an alliance. What the committee has set for itself only the committee changes.
func (s *Service) SetApproval(ctx context.Context, who actor.Actor, alliance id.ID, level Level) (Level, error) {
	r, err := s.ofAlliance(ctx, who, alliance)
	if err != nil {
		return "", err
	}
	return s.setRule(ctx, who, r, level, NoApproval, LeadApproval, CommitteeApproval)
}

// SetOwnApproval sets it for the committee's own notices.
func (s *Service) SetOwnApproval(ctx context.Context, who actor.Actor, committee id.ID, level Level) (Level, error) {
	r, err := s.ofCommittee(ctx, who, committee)
	if err != nil {
		return "", err
	}
	return s.setRule(ctx, who, r, level, NoApproval, CommitteeApproval)
}

func (s *Service) setRule(ctx context.Context, who actor.Actor, r rule, level Level, of ...Level) (Level, error) {
	if !slices.Contains(of, level) {
		return "", errs.ErrInvalid.With(errs.Field("level", "请选一种审批办法"))
	}
	office := who.Must(actor.ApproveNotice, actor.Place{Committee: r.at.Committee}) == nil
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		now, err := s.store.approval(ctx, r.of)
		if err != nil {
			return err
		}
		if !office && (level == CommitteeApproval || now == CommitteeApproval) {
			return errs.ErrForbidden
		}
		if err := s.store.setApproval(ctx, r.of, level, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: "notice.approval", Kind: r.kind, Subject: r.of, Place: r.at,
			Detail: map[string]any{"level": level}})
	})
	return level, err
}

func (s *Service) ofAlliance(ctx context.Context, who actor.Actor, alliance id.ID) (rule, error) {
	a, err := s.Directory.Alliance(ctx, alliance)
	if err != nil {
		return rule{}, err
	}
	if !who.Scope(actor.SeeOrg).Covers(a.Place()) {
		return rule{}, errs.ErrNotFound
	}
	return rule{of: alliance, kind: "alliance", at: a.Place()}, who.Must(actor.ApproveNotice, a.Place())
}

func (s *Service) ofCommittee(ctx context.Context, who actor.Actor, committee id.ID) (rule, error) {
	c, err := s.Committees.Committee(ctx, who, committee)
	if err != nil {
		return rule{}, err
	}
	return rule{of: committee, kind: "committee", at: c.Place()}, who.Must(actor.ApproveNotice, c.Place())
}
