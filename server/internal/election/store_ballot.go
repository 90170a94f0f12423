package election

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"

	"gorm.io/gorm"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

const choiceContext = "election_ballots.choice"

type voterRow struct {
	ElectionID id.ID `gorm:"primaryKey;autoIncrement:false"`
	Round      int   `gorm:"primaryKey;autoIncrement:false"`
	PersonID   id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID     id.ID
	Door       string
	CastIn     int
	OnBehalf   int
	AccountID  *id.ID
}

func (voterRow) TableName() string { return "election_voters" }

func (r voterRow) voter() Voter {
	v := Voter{Person: r.PersonID, Unit: r.UnitID, Door: Door(r.Door), Cast: r.CastIn != 0, OnBehalf: r.OnBehalf != 0}
	if r.AccountID != nil {
		v.Account = *r.AccountID
	}
	return v
}

// freeze writes the roll of a round.
func (s store) freeze(ctx context.Context, e Election, list []Voter) error {
	for part := range slices.Chunk(list, chunk) {
		rows := make([]voterRow, len(part))
		for i, v := range part {
			rows[i] = voterRow{ElectionID: e.ID, Round: e.Round, PersonID: v.Person, UnitID: v.Unit}
		}
		if err := s.db.Conn(ctx).CreateInBatches(&rows, 100).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

func (s store) onRoll(ctx context.Context, e Election) *gorm.DB {
	return s.db.Conn(ctx).Model(&voterRow{}).Where("election_id = ? AND round = ?", e.ID, e.Round)
}

// roll gives everybody of the current round.
func (s store) roll(ctx context.Context, e Election) ([]Voter, error) {
	var rows []voterRow
	err := s.onRoll(ctx, e).Order("person_id").Find(&rows).Error
	out := make([]Voter, len(rows))
	for i, r := range rows {
		out[i] = r.voter()
	}
	return out, db.Unavailable(err)
}

// votersIn gives the rows of some persons in the current rounds of some elections.
func (s store) votersIn(ctx context.Context, list []Election, persons []id.ID) (map[id.ID][]Voter, error) {
	out := map[id.ID][]Voter{}
	if len(list) == 0 || len(persons) == 0 {
		return out, nil
	}
	current := make(map[id.ID]int, len(list))
	keys := make([]id.ID, len(list))
	for i, e := range list {
		keys[i], current[e.ID] = e.ID, e.Round
	}
	var rows []voterRow
	err := s.db.Conn(ctx).Where("election_id IN ? AND person_id IN ?", keys, persons).Order("election_id, person_id").Find(&rows).Error
	for _, r := range rows {
		if r.Round == current[r.ElectionID] {
			out[r.ElectionID] = append(out[r.ElectionID], r.voter())
		}
	}
	return out, db.Unavailable(err)
}

// take marks that somebody votes through a door. Of several only one gets the mark; the others are
// told why not.
func (s store) take(ctx context.Context, e Election, person id.ID, door Door, cast, behalf bool, by id.ID) error {
	res := s.onRoll(ctx, e).Where("person_id = ? AND door = ''", person).
		Updates(map[string]any{"door": string(door), "cast_in": bit(cast), "on_behalf": bit(behalf), "account_id": by})
	if res.Error != nil || res.RowsAffected == 1 {
		return db.Unavailable(res.Error)
	}
	var r voterRow
	err := s.onRoll(ctx, e).Where("person_id = ?", person).Take(&r).Error
	switch {
	case db.IsNotFound(err):
		return ErrNotOnRoll
	case err != nil:
		return db.Unavailable(err)
	case r.Door == string(Paper) && r.CastIn == 0:
		return ErrHasPaper
	}
	return ErrVoted
}

// giveBack takes the mark of a paper back that is still out.
func (s store) giveBack(ctx context.Context, e Election, person id.ID) error {
	res := s.onRoll(ctx, e).Where("person_id = ? AND door = ? AND cast_in = 0", person, string(Paper)).
		Updates(map[string]any{"door": "", "account_id": nil})
	if res.Error == nil && res.RowsAffected == 0 {
		return ErrNoPaper
	}
	return db.Unavailable(res.Error)
}

// papersOut narrows to the papers that were handed out and not entered, of a unit if one is given.
func (s store) papersOut(ctx context.Context, e Election, unit id.ID) *gorm.DB {
	q := s.onRoll(ctx, e).Where("door = ? AND cast_in = 0", string(Paper))
	if unit != 0 {
		q = q.Where("unit_id = ?", unit)
	}
	return q
}

func (s store) countOut(ctx context.Context, e Election, unit id.ID) (int, error) {
	var n int64
	err := s.papersOut(ctx, e, unit).Count(&n).Error
	return int(n), db.Unavailable(err)
}

// enter marks the papers that are out as cast and tells how many they were.
func (s store) enter(ctx context.Context, e Election, unit id.ID) (int, error) {
	res := s.papersOut(ctx, e, unit).Update("cast_in", 1)
	return int(res.RowsAffected), db.Unavailable(res.Error)
}

// Turnout is how many have taken part in the current round; PapersOut hold a paper.
type Turnout struct{ Expected, Voted, PapersOut int }

func (s store) turnout(ctx context.Context, list []Election) (map[id.ID]Turnout, error) {
	out := make(map[id.ID]Turnout, len(list))
	for _, e := range list {
		var r struct{ Everybody, Inside, Outside int }
		err := s.onRoll(ctx, e).Select("COUNT(*) AS everybody, COALESCE(SUM(cast_in), 0) AS inside, "+
			"COALESCE(SUM(CASE WHEN door = ? AND cast_in = 0 THEN 1 ELSE 0 END), 0) AS outside", string(Paper)).Scan(&r).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		out[e.ID] = Turnout{Expected: r.Everybody, Voted: r.Inside, PapersOut: r.Outside}
	}
	return out, nil
}

type ballotRow struct {
	ID         int32 `gorm:"primaryKey;autoIncrement:false"`
	ElectionID id.ID
	Round      int
	ChoiceEnc  []byte
}

func (ballotRow) TableName() string { return "election_ballots" }

// cast puts ballots into the urn; zero is a blank one. Each gets a random number for an id: the next
// free one would tell the order.
func (s store) cast(ctx context.Context, e Election, choices []id.ID) error {
	for _, choice := range choices {
		if err := s.castOne(ctx, e, choice); err != nil {
			return err
		}
	}
	return nil
}

// castOne looks for a free number first: a refused insert would end a transaction on some engines.
func (s store) castOne(ctx context.Context, e Election, choice id.ID) error {
	r := ballotRow{ElectionID: e.ID, Round: e.Round, ChoiceEnc: s.seal(choice)}
	for range 20 {
		r.ID = lot()
		var n int64
		if err := s.db.Conn(ctx).Model(&ballotRow{}).Where("id = ?", r.ID).Count(&n).Error; err != nil {
			return db.Unavailable(err)
		}
		if n == 0 {
			return db.Unavailable(s.db.Conn(ctx).Create(&r).Error)
		}
	}
	return errors.New("election: no free number for a ballot")
}

// shake takes all ballots of the round out and puts them back sealed anew, under new numbers: who kept
// copies of the table from while the vote ran can follow none of them. It gives what is on them.
func (s store) shake(ctx context.Context, e Election) ([]id.ID, error) {
	var rows []ballotRow
	urn := s.db.Conn(ctx).Where("election_id = ? AND round = ?", e.ID, e.Round)
	if err := urn.Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	choices := make([]id.ID, len(rows))
	for i, r := range rows {
		plain, err := s.box.Open(r.ChoiceEnc, choiceContext)
		if err != nil || len(plain) != 8 {
			return nil, errors.New("election: a ballot cannot be opened")
		}
		choices[i] = id.ID(binary.BigEndian.Uint64(plain))
	}
	slices.Sort(choices)
	if err := s.db.Conn(ctx).Where("election_id = ? AND round = ?", e.ID, e.Round).Delete(&ballotRow{}).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	return choices, s.cast(ctx, e, choices)
}

func (s store) ballots(ctx context.Context, e Election) (int, error) {
	var n int64
	err := s.db.Conn(ctx).Model(&ballotRow{}).Where("election_id = ? AND round = ?", e.ID, e.Round).Count(&n).Error
	return int(n), db.Unavailable(err)
}

// seal writes a choice so that all sealed choices have one length.
func (s store) seal(choice id.ID) []byte {
	return s.box.Seal(binary.BigEndian.AppendUint64(nil, uint64(choice)), choiceContext)
}

// lot draws a positive 31-bit number.
func lot() int32 {
	var b [4]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return max(1, int32(binary.BigEndian.Uint32(b[:])>>1))
}

func bit(v bool) int {
	if v {
		return 1
	}
	return 0
}
