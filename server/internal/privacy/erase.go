package privacy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Count is how many rows of one kind an erasure touches.
type Count struct {
	Table string
	Rows  int64
	Keep  string // why they stay without what was in them; "" when they go
}

// Erasure is a request to erase a person, asked for or done.
type Erasure struct {
	Person      id.ID
	Name        string // "" once done
	Unit        string
	Reason      string // "" once done
	AskedBy     id.ID
	DoneBy      id.ID
	Asker, Doer string // their names, where they are known
	Own         bool   // the caller has asked; somebody else has to confirm
	Second      string // who can, in Chinese; for who asks or would ask
	Ready       bool   // somebody can
	AskedAt     time.Time
	DoneAt      time.Time
	Counts      []Count
}

// erased is a line of the list that outlives a restored backup: hashes only.
type erased struct {
	person, number []byte
	at             time.Time
}

// forErasure finds a person for somebody who may erase them.
func (s *Service) forErasure(ctx context.Context, who actor.Actor, person id.ID) (ledger.Entry, error) {
	e, err := s.Ledger.Person(ctx, who, person)
	if err != nil {
		return e, err
	}
	return e, who.Must(actor.ErasePerson, e.Person.Place())
}

// AskErasure is the first step: it writes down why and tells what would go and what would stay.
func (s *Service) AskErasure(ctx context.Context, who actor.Actor, person id.ID, reason string) (Erasure, error) {
	e, err := s.forErasure(ctx, who, person)
	if err != nil {
		return Erasure{}, err
	}
	if reason = ledger.FreeText(reason); reason == "" {
		return Erasure{}, ErrReason.With(errs.Field("reason", "请写明删除的原因"))
	}
	if r := []rune(reason); len(r) > 200 {
		reason = string(r[:200])
	}
	var out Erasure
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.ask(ctx, e.Person.CommitteeID, person, reason, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		if out, err = s.store.erasure(ctx, person); err != nil {
			return err
		}
		if !out.DoneAt.IsZero() {
			return ErrErased
		}
		return s.wrote(ctx, who, "privacy.ask_erasure", e.Person, nil)
	})
	if err != nil {
		return Erasure{}, err
	}
	out.Name, out.Unit, out.Own = e.Person.Name, e.Person.Unit, out.AskedBy == who.Account
	if out.Second, out.Ready, err = s.second(ctx, e.Person.CommitteeID, out.AskedBy); err != nil {
		return Erasure{}, err
	}
	out.Counts, err = s.store.count(ctx, person)
	return out, err
}

// DropErasure takes a request back that was not carried out.
func (s *Service) DropErasure(ctx context.Context, who actor.Actor, person id.ID) error {
	e, err := s.forErasure(ctx, who, person)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context) error {
		dropped, err := s.store.drop(ctx, person)
		if err != nil {
			return err
		}
		if !dropped {
			return ErrNotAsked
		}
		return s.wrote(ctx, who, "privacy.drop_erasure", e.Person, nil)
	})
}

// Erase is the second step, by a second person after the request: who types the name means it. Of two who confirm at once
// one erases, the other is told ErrErased.
func (s *Service) Erase(ctx context.Context, who actor.Actor, person id.ID, name string) (Erasure, error) {
	e, err := s.forErasure(ctx, who, person)
	if err != nil {
		return Erasure{}, err
	}
	asked, err := s.store.erasure(ctx, person)
	switch {
	case err != nil && isGone(err):
		return Erasure{}, ErrNotAsked
	case err != nil:
		return Erasure{}, err
	case !asked.DoneAt.IsZero():
		return Erasure{}, ErrErased
	case asked.AskedBy == who.Account && !who.System:
		advice, _, err := s.second(ctx, e.Person.CommitteeID, who.Account)
		if err != nil {
			return Erasure{}, err
		}
		return Erasure{}, ErrSamePerson.Say("%s。%s", ErrSamePerson.Message, advice)
	case ledger.NormalName(name) != e.Person.Name:
		return Erasure{}, ErrOtherMan.With(errs.Field("name", "和登记的姓名不一致"))
	}
	counts, err := s.erase(ctx, who, e.Person)
	if err != nil {
		return Erasure{}, err
	}
	done, err := s.store.erasure(ctx, person)
	if err != nil {
		return Erasure{}, err
	}
	done.Unit, done.Counts = e.Person.Unit, counts
	return done, s.KeepList(ctx)
}

// erase forgets a person in one transaction.
func (s *Service) erase(ctx context.Context, who actor.Actor, p ledger.Person) ([]Count, error) {
	var counts []Count
	err := s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.lock(ctx, p.CommitteeID); err != nil {
			return err
		}
		if s.Confirm != nil {
			if err := s.Confirm(ctx, who, "erase", p.ID); err != nil {
				return err
			}
		}
		first, err := s.store.done(ctx, p.ID, who.Account, s.Clock.Now())
		if err != nil {
			return err
		}
		if !first {
			return ErrErased
		}
		if p.Status == ledger.Active || p.Status == ledger.Suspended { // notices, duties and rights end with the hooks
			moved := ledger.Moved
			if _, err := s.Ledger.UpdatePerson(ctx, actor.System, p.ID, ledger.PersonChange{Status: &moved}); err != nil {
				return err
			}
		}
		if s.Changed != nil {
			if err := s.Changed(ctx, p.ID); err != nil {
				return err
			}
		}
		if counts, err = s.store.erase(ctx, p, s.Clock.Now()); err != nil {
			return err
		}
		rows := map[string]int64{}
		for _, c := range counts {
			rows[c.Table] = c.Rows
		}
		return s.wrote(ctx, who, "privacy.erase_person", p, map[string]any{"rows": rows})
	})
	if err == nil {
		err = s.store.tidy(ctx)
	}
	return counts, err
}

func (s *Service) wrote(ctx context.Context, who actor.Actor, action string, p ledger.Person, detail map[string]any) error {
	return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "person", Subject: p.ID, Place: p.Place(), Detail: detail})
}

// KeepList writes the list of those erased beside the database: hashes of person and identity number, so
// that a backup from before can be cleaned again. What the file has and the database has not stays.
func (s *Service) KeepList(ctx context.Context) error {
	if s.List == "" {
		return nil
	}
	list, err := s.list(ctx)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, e := range list {
		fmt.Fprintf(&text, "%s %s %s\n", hex.EncodeToString(e.person), orDash(e.number), e.at.UTC().Format(time.RFC3339))
	}
	if err := os.MkdirAll(filepath.Dir(s.List), 0o700); err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	fresh, err := os.CreateTemp(filepath.Dir(s.List), ".erased-*")
	if err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	_, err = fresh.WriteString(text.String())
	if err = errors.Join(err, fresh.Sync(), fresh.Close()); err == nil {
		err = os.Rename(fresh.Name(), s.List)
	}
	if err != nil {
		os.Remove(fresh.Name())
		return fmt.Errorf("privacy: %w", err)
	}
	return nil
}

func orDash(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString(b)
}

// list joins the database's list with the file's.
func (s *Service) list(ctx context.Context) ([]erased, error) {
	list, err := s.store.erasedList(ctx)
	if err != nil || s.List == "" {
		return list, err
	}
	data, err := os.ReadFile(s.List)
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err != nil {
		return nil, fmt.Errorf("privacy: %w", err)
	}
	for n, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if line == "" {
			continue
		}
		e, err := parseErased(line)
		if err != nil {
			return nil, fmt.Errorf("privacy: %s, line %d: %w", filepath.Base(s.List), n+1, err)
		}
		if !slices.ContainsFunc(list, func(o erased) bool { return string(o.person) == string(e.person) }) {
			list = append(list, e)
		}
	}
	return list, nil
}

func parseErased(line string) (e erased, err error) {
	parts := strings.Fields(line)
	if len(parts) != 3 {
		return e, errors.New("want three fields")
	}
	if e.person, err = hex.DecodeString(parts[0]); err != nil {
		return e, err
	}
	if parts[1] != "-" {
		if e.number, err = hex.DecodeString(parts[1]); err != nil {
			return e, err
		}
	}
	e.at, err = time.Parse(time.RFC3339, parts[2])
	return e, err
}

// Reapply erases again whoever stands on the list and came back with an old backup: by the person's id, or
// by the identity number of a row that is older than the erasure. It tells how many.
func (s *Service) Reapply(ctx context.Context) (int, error) {
	list, err := s.list(ctx)
	if err != nil {
		return 0, err
	}
	found, err := s.store.returned(ctx, list)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range found {
		e, err := s.Ledger.Person(ctx, actor.System, r.person)
		if err != nil {
			return n, err
		}
		if err := s.store.restore(ctx, e.Person, r); err != nil {
			return n, err
		}
		switch _, err := s.erase(ctx, actor.System, e.Person); {
		case errors.Is(err, ErrErased):
		case err != nil:
			return n, err
		default:
			n++
		}
	}
	return n, s.KeepList(ctx)
}
