package ledger

import (
	"context"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
)

// ProposalFilter narrows a list of proposals; the zero value gives the open ones.
type ProposalFilter struct {
	Alliance, Unit id.ID
	Decision       Decision
}

// Proposals gives the proposals about persons whose rows who keeps.
func (s *Service) Proposals(ctx context.Context, who actor.Actor, f ProposalFilter, p page.Page) (page.List[Proposal], error) {
	after, err := cursor(p)
	if err != nil {
		return page.List[Proposal]{}, err
	}
	found, err := s.store.proposals(ctx, who.Scope(actor.EditPerson), f, after, p.Size()+1)
	return page.Of(found, p.Size(), func(x Proposal) string { return x.ID.String() }), err
}

// ConfirmProposal gives the person the proposed status and tells the hooks. A reason is for the audit.
func (s *Service) ConfirmProposal(ctx context.Context, who actor.Actor, proposalID id.ID, reason string) (Proposal, error) {
	return s.decide(ctx, who, proposalID, Confirmed, reason)
}

// DismissProposal closes a proposal; the same remark is not proposed again.
func (s *Service) DismissProposal(ctx context.Context, who actor.Actor, proposalID id.ID, reason string) (Proposal, error) {
	return s.decide(ctx, who, proposalID, Dismissed, reason)
}

func (s *Service) decide(ctx context.Context, who actor.Actor, proposalID id.ID, d Decision, reason string) (Proposal, error) {
	p, err := s.store.proposal(ctx, who.Scope(actor.SeePerson), proposalID)
	if err != nil {
		return Proposal{}, err
	}
	if err := who.Must(actor.EditPerson, p.Person.Place()); err != nil {
		return Proposal{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context) error {
		first, err := s.store.decide(ctx, proposalID, d, who.Account, s.now())
		if err != nil {
			return err
		}
		if !first {
			return ErrDecided
		}
		if err := s.wrote(ctx, who, "ledger.decide_proposal", "person", p.Person.ID, p.Person.Place(),
			map[string]any{"status": p.Status, "decision": d, "reason": clip(FreeText(reason), 200)}); err != nil {
			return err
		}
		if d != Confirmed {
			return nil
		}
		rec, err := s.store.lockPerson(ctx, p.Person.ID)
		if err != nil {
			return err
		}
		old := rec
		rec.Status = p.Status
		_, err = s.save(ctx, By{Account: who.Account, Cause: Proposed}, old, rec)
		return err
	})
	if err != nil {
		return Proposal{}, err
	}
	return s.store.proposal(ctx, everywhere, proposalID)
}
