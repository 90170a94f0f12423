package checkin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"bense/server/internal/activity"
	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// wipeAfter is how long after the list has closed a phone may keep its door pack.
const wipeAfter = 24 * time.Hour

// DoorPack is what a phone at the door keeps in order to go on without network: names, and hashes by
// which it knows a code that is held up to it. Nothing in it lets anybody make such a code.
type DoorPack struct {
	List     List
	Activity activity.Activity
	Wipe     time.Time
	Salt     string
	People   []Packed
}

// Packed is one person of a pack.
type Packed struct {
	Person  ledger.Person
	Answer  string
	Present bool
	Codes   []string
}

// DoorPack gives everybody expected on a list or there already. It takes names out of the house: who
// fetched it is written down.
func (s *Service) DoorPack(ctx context.Context, who actor.Actor, listID id.ID) (DoorPack, error) {
	l, a, err := s.open(ctx, who, actor.CheckInOthers, listID)
	if err != nil {
		return DoorPack{}, err
	}
	if a.Cancelled {
		return DoorPack{}, activity.ErrCancelled
	}
	if err := s.Activities.Refresh(ctx, a.ID); err != nil {
		return DoorPack{}, err
	}
	lines, _, err := s.roll(ctx, l)
	if err != nil {
		return DoorPack{}, err
	}
	ids := make([]id.ID, len(lines))
	for i, line := range lines {
		ids[i] = line.Expected.Person
	}
	cards, err := s.store.cardsOf(ctx, ids)
	if err != nil {
		return DoorPack{}, err
	}
	v := DoorPack{List: l, Activity: a, Wipe: l.ClosesAt.Add(wipeAfter), Salt: newSalt(), People: make([]Packed, 0, len(lines))}
	days := passDays(l, a.StartsAt, a.EndsAt)
	for _, line := range lines {
		p := Packed{Person: line.Person, Answer: line.Expected.Answer, Present: line.State == StatePresent, Codes: []string{}}
		if line.Person.Status == ledger.Active {
			p.Codes = s.packCodes(v.Salt, line.Person.ID, cards[line.Person.ID], days)
		}
		v.People = append(v.People, p)
	}
	return v, s.Audit.Write(ctx, who, audit.Line{Action: "checkin.door_pack", Kind: "activity", Subject: a.ID, Place: a.At(),
		Detail: map[string]any{"list": l.ID, "persons": len(v.People)}})
}

func (s *Service) packCodes(salt string, person id.ID, serials []string, days []time.Time) []string {
	out := make([]string, 0, len(serials)+len(days))
	for _, serial := range serials {
		out = append(out, packHash(salt, CardPrefix+serial))
	}
	for _, day := range days {
		for _, pass := range s.codes.DayPasses(person, day) {
			out = append(out, packHash(salt, passPrefix+pass))
		}
	}
	return out
}

func newSalt() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}
