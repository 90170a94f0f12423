package ledger

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"bense/server/internal/actor"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Kinds of look-up hashes.
const (
	kindPhone    = "phone"
	kindLast4    = "phone_last4"
	kindIDNumber = "id_number"
)

// personRow is a row of persons; the other packages' view of it joins names to it.
type personRow struct {
	ID                  id.ID `gorm:"primaryKey;autoIncrement:false"`
	UnitID              id.ID
	BranchID            *id.ID
	SeqNo               int
	Name                string
	Pinyin              string
	Initials            string
	Sex                 string
	Ethnicity           string
	Birth               string
	IDNumberEnc         []byte `gorm:"column:id_number_enc"`
	IDNumberHash        []byte `gorm:"column:id_number_hash"`
	Education           string
	JoinedParty         string
	StartedWork         string
	LeaveKind           string
	LeftAt              string
	FormerPost          string
	JobRank             string
	PartyPost           string
	PhoneEnc            []byte
	PhoneHash           []byte
	PhoneLast4Hash      []byte `gorm:"column:phone_last4_hash"`
	AddressEnc          []byte
	Community           string
	Elsewhere           string
	Living              string
	HealthEnc           []byte
	Talents             string
	Hobbies             string
	TeamWish            string
	Volunteer           string
	CommunityRegistered string
	FamilyContactEnc    []byte
	FamilyPhoneEnc      []byte
	Smartphone          string
	PhoneSharedWith     string
	LiaisonName         string
	Status              Status
	RemarkEnc           []byte
	Version             int
	StatusAt            string
	StatusNoteEnc       []byte
	HouseholdID         *id.ID
	ContactsEnc         []byte
	CustomEnc           []byte
	CreatedAt           db.Time
	UpdatedAt           db.Time `gorm:"autoUpdateTime:false"`
}

func (personRow) TableName() string { return "persons" }

// updatable are the columns that a change of a person may touch.
var updatable = []string{
	"unit_id", "branch_id", "seq_no", "name", "pinyin", "initials", "sex", "ethnicity", "birth", "id_number_enc",
	"id_number_hash", "education", "joined_party", "started_work", "leave_kind", "left_at", "former_post", "job_rank",
	"party_post", "phone_enc", "phone_hash", "phone_last4_hash", "address_enc", "community", "elsewhere", "living",
	"health_enc", "talents", "hobbies", "team_wish", "volunteer", "community_registered", "family_contact_enc",
	"family_phone_enc", "smartphone", "phone_shared_with", "liaison_name", "status", "remark_enc",
	"version", "status_at", "status_note_enc", "household_id", "contacts_enc", "custom_enc", "updated_at",
}

const customContext = "persons.custom"

// sealed names the encrypted columns.
func sealed(r *personRow, rec *Record) []struct {
	column string
	at     *[]byte
	plain  *string
} {
	f := &rec.Fields
	return []struct {
		column string
		at     *[]byte
		plain  *string
	}{
		{"persons.id_number", &r.IDNumberEnc, &f.IDNumber}, {"persons.phone", &r.PhoneEnc, &f.Phone},
		{"persons.address", &r.AddressEnc, &f.Address}, {"persons.health", &r.HealthEnc, &f.Health},
		{"persons.family_contact", &r.FamilyContactEnc, &f.FamilyContact},
		{"persons.family_phone", &r.FamilyPhoneEnc, &f.FamilyPhone}, {"persons.remark", &r.RemarkEnc, &f.Remark},
		{"persons.status_note", &r.StatusNoteEnc, &rec.StatusNote}, {"persons.contacts", &r.ContactsEnc, &rec.Contacts},
		{customContext, &r.CustomEnc, &rec.Custom},
	}
}

func (s store) row(rec Record, now db.Time) personRow {
	f := rec.Fields
	r := personRow{
		ID: rec.ID, UnitID: rec.UnitID, BranchID: orNull(rec.BranchID), SeqNo: f.SeqNo, Name: f.Name, Sex: f.Sex,
		Ethnicity: f.Ethnicity, Birth: f.Birth, Education: f.Education, JoinedParty: f.JoinedParty,
		StartedWork: f.StartedWork, LeaveKind: f.LeaveKind, LeftAt: f.LeftAt, FormerPost: f.FormerPost,
		JobRank: f.JobRank, PartyPost: f.PartyPost, Community: f.Community, Elsewhere: f.Elsewhere, Living: f.Living,
		Talents: f.Talents, Hobbies: f.Hobbies, TeamWish: f.TeamWish, Volunteer: f.Volunteer,
		CommunityRegistered: f.CommunityRegistered, Smartphone: f.Smartphone, PhoneSharedWith: f.PhoneSharedWith,
		LiaisonName: f.LiaisonName, Status: rec.Status, StatusAt: rec.StatusAt, HouseholdID: orNull(rec.HouseholdID), Version: rec.version, CreatedAt: now, UpdatedAt: now,
		IDNumberHash: s.box.Hash(kindIDNumber, f.IDNumber), PhoneHash: s.box.Hash(kindPhone, f.Phone),
		PhoneLast4Hash: s.box.Hash(kindLast4, last4(f.Phone)),
	}
	r.Pinyin, r.Initials = Pinyin(f.Name)
	for _, c := range sealed(&r, &rec) {
		*c.at = s.box.SealString(*c.plain, c.column)
	}
	return r
}

func (s store) record(r personRow) (Record, error) {
	rec := Record{ID: r.ID, UnitID: r.UnitID, BranchID: orZero(r.BranchID), Status: r.Status, StatusAt: r.StatusAt, HouseholdID: orZero(r.HouseholdID), version: r.Version, Fields: Fields{
		SeqNo: r.SeqNo, Name: r.Name, Sex: r.Sex, Ethnicity: r.Ethnicity, Birth: r.Birth, Education: r.Education,
		JoinedParty: r.JoinedParty, StartedWork: r.StartedWork, LeaveKind: r.LeaveKind, LeftAt: r.LeftAt,
		FormerPost: r.FormerPost, JobRank: r.JobRank, PartyPost: r.PartyPost, Community: r.Community,
		Elsewhere: r.Elsewhere, Living: r.Living, Talents: r.Talents, Hobbies: r.Hobbies, TeamWish: r.TeamWish,
		Volunteer: r.Volunteer, CommunityRegistered: r.CommunityRegistered, Smartphone: r.Smartphone,
		PhoneSharedWith: r.PhoneSharedWith, LiaisonName: r.LiaisonName,
	}}
	for _, c := range sealed(&r, &rec) {
		plain, err := s.box.OpenString(*c.at, c.column)
		if err != nil {
			return Record{}, err
		}
		*c.plain = plain
	}
	return rec, nil
}

// joinedRow is a person with the names and places around it.
type joinedRow struct {
	Row         personRow `gorm:"embedded"`
	CommitteeID id.ID
	AllianceID  *id.ID
	UnitName    string
	BranchName  *string
	Alliance    *string
}

func (j joinedRow) person() Person {
	r := j.Row
	p := Person{ID: r.ID, UnitID: r.UnitID, BranchID: orZero(r.BranchID), AllianceID: orZero(j.AllianceID),
		CommitteeID: j.CommitteeID, HouseholdID: orZero(r.HouseholdID), SeqNo: r.SeqNo, Name: r.Name, Pinyin: r.Pinyin, Initials: r.Initials, Sex: r.Sex,
		PartyPost: r.PartyPost, Unit: j.UnitName, Status: r.Status}
	if j.BranchName != nil {
		p.Branch = *j.BranchName
	}
	if j.Alliance != nil {
		p.Alliance = *j.Alliance
	}
	return p
}

const (
	personColumns = "persons.id, persons.unit_id, persons.branch_id, persons.seq_no, persons.name, persons.pinyin, " +
		"persons.initials, persons.sex, persons.party_post, persons.status, persons.household_id"
	placeColumns = ", units.committee_id AS committee_id, units.alliance_id AS alliance_id, units.name AS unit_name, " +
		"branches.name AS branch_name, alliances.name AS alliance"
)

var personPlaces = db.Columns{Committee: "units.committee_id", Alliance: "units.alliance_id", Unit: "persons.unit_id", Person: "persons.id"}

// joined is the base of every query for persons; columns are those of persons to read.
func (s store) joined(ctx context.Context, columns string) *gorm.DB {
	return s.db.Conn(ctx).Table("persons").Select(columns + placeColumns).
		Joins("JOIN units ON units.id = persons.unit_id").
		Joins("LEFT JOIN branches ON branches.id = persons.branch_id").
		Joins("LEFT JOIN alliances ON alliances.id = units.alliance_id")
}

func (s store) persons(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) ([]Person, error) {
	return list(narrow(s.joined(ctx, personColumns)), joinedRow.person)
}

func (s store) personsByID(ctx context.Context, ids []id.ID) (map[id.ID]Person, error) {
	out := make(map[id.ID]Person, len(ids))
	for part := range parts(ids) {
		found, err := s.persons(ctx, func(q *gorm.DB) *gorm.DB { return q.Where("persons.id IN ?", part) })
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			out[p.ID] = p
		}
	}
	return out, nil
}

func (s store) activeInAlliance(ctx context.Context, allianceID id.ID) ([]Person, error) {
	return s.persons(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("units.alliance_id = ? AND persons.status = ?", allianceID, Active).
			Order("persons.unit_id, persons.seq_no, persons.id")
	})
}

func (s store) activeInUnit(ctx context.Context, unitID id.ID) ([]Person, error) {
	return s.persons(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("persons.unit_id = ? AND persons.status = ?", unitID, Active).Order("persons.seq_no, persons.id")
	})
}

func (s store) headcounts(ctx context.Context, committeeID id.ID) (map[id.ID]int, error) {
	var rows []struct {
		UnitID id.ID
		N      int
	}
	err := s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id").Select("persons.unit_id, COUNT(*) AS n").
		Where("units.committee_id = ? AND persons.status = ?", committeeID, Active).Group("persons.unit_id").Scan(&rows).Error
	out := make(map[id.ID]int, len(rows))
	for _, r := range rows {
		out[r.UnitID] = r.N
	}
	return out, db.Unavailable(err)
}

func (s store) personsByPhone(ctx context.Context, number string) ([]Person, error) {
	return s.persons(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("persons.phone_hash = ?", s.box.Hash(kindPhone, number)).Order("persons.id")
	})
}

func (s store) personsByNameInUnit(ctx context.Context, name, unit string) ([]Person, error) {
	return s.persons(ctx, func(q *gorm.DB) *gorm.DB {
		return q.Where("persons.name = ? AND units.name = ?", name, unit).Order("persons.id")
	})
}

// maxFound bounds what a search gives: more than that nobody reads.
const maxFound = 50

func (s store) searchIn(ctx context.Context, allianceID id.ID, q string) ([]Person, error) {
	if NormalText(q) == "" {
		return []Person{}, nil
	}
	return s.persons(ctx, func(base *gorm.DB) *gorm.DB {
		base = base.Where("units.alliance_id = ? AND persons.status = ?", allianceID, Active)
		return s.matching(base, q).Order("persons.unit_id, persons.seq_no, persons.id").Limit(maxFound)
	})
}

// hashed tells the look-up column for digits of a phone; "" when something else was typed.
func (s store) hashed(typed string) (column string, hash []byte) {
	typed = NormalName(typed)
	if number, ok := NormalPhone(typed); ok {
		return "persons.phone_hash", s.box.Hash(kindPhone, number)
	}
	if len(typed) == 4 && digits(typed) {
		return "persons.phone_last4_hash", s.box.Hash(kindLast4, typed)
	}
	return "", nil
}

// matching narrows a few persons to what somebody typed: digits of a phone, letters of pinyin, or a name.
func (s store) matching(q *gorm.DB, typed string) *gorm.DB {
	if column, hash := s.hashed(typed); column != "" {
		return q.Where(column+" = ?", hash)
	}
	typed = strings.ToLower(NormalName(typed))
	escaped := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(typed)
	return q.Where("(persons.name LIKE ? ESCAPE '!' OR persons.initials LIKE ? ESCAPE '!' OR persons.pinyin LIKE ? ESCAPE '!')",
		"%"+escaped+"%", escaped+"%", strings.ReplaceAll(escaped, " ", "")+"%")
}

func (s store) phones(ctx context.Context, ids []id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(ids))
	for part := range parts(ids) {
		var rows []personRow
		err := s.db.Conn(ctx).Select("id", "phone_enc").Where("id IN ?", part).Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			phone, err := s.box.OpenString(r.PhoneEnc, "persons.phone")
			if err != nil {
				return nil, err
			}
			if phone != "" {
				out[r.ID] = phone
			}
		}
	}
	return out, nil
}

// detail is a whole row with the names around it.
type detail struct {
	Person
	Record
	createdAt time.Time
}

func (s store) details(rows []joinedRow) ([]detail, error) {
	out := make([]detail, len(rows))
	for i, j := range rows {
		rec, err := s.record(j.Row)
		if err != nil {
			return nil, err
		}
		out[i] = detail{Person: j.person(), Record: rec, createdAt: j.Row.CreatedAt.Time}
	}
	return out, nil
}

// filtered gives persons in sight: those found by a text in its alphabetical order, by digits in that of
// their ids, all of them unit by unit.
func (s store) filtered(ctx context.Context, scope actor.Scope, f Filter, after place, limit int) ([]detail, error) {
	if NormalText(f.Query) == "" {
		return s.listed(ctx, scope, f, after, limit)
	}
	column, hash := s.hashed(f.Query)
	if column == "" {
		return s.search(ctx, scope, f, after.person, limit)
	}
	q := narrowed(db.Within(s.joined(ctx, "persons.*"), scope, personPlaces).Where("persons.id > ?", after.person), f).Where(column+" = ?", hash)
	var rows []joinedRow
	if err := q.Order("persons.id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	return s.details(rows)
}

func (s store) person(ctx context.Context, scope actor.Scope, personID id.ID) (detail, error) {
	var j joinedRow
	err := db.Within(s.joined(ctx, "persons.*"), scope, personPlaces).Where("persons.id = ?", personID).Take(&j).Error
	if err != nil {
		return detail{}, db.NotFound(err)
	}
	all, err := s.details([]joinedRow{j})
	if err != nil {
		return detail{}, err
	}
	return all[0], nil
}

// lockPerson gives the person for changing; the row is the lock.
func (s store) lockPerson(ctx context.Context, personID id.ID) (Record, error) {
	found, err := s.lockPersons(ctx, []id.ID{personID})
	if err != nil {
		return Record{}, err
	}
	rec, ok := found[personID]
	if !ok {
		return Record{}, errs.ErrNotFound
	}
	return rec, nil
}

// unitsAtOnce bounds how many units' rows are held sealed while they are opened.
const unitsAtOnce = 40

// recordsOf gives all persons of a committee by id. What is sealed is read in portions: of a large county
// it takes more room than what is opened.
func (s store) recordsOf(ctx context.Context, committeeID id.ID) ([]Record, error) {
	var units []id.ID
	if err := s.db.Conn(ctx).Model(&unitRow{}).Where("committee_id = ?", committeeID).Order("id").Pluck("id", &units).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	var n int64
	if err := s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id").Where("units.committee_id = ?", committeeID).Count(&n).Error; err != nil {
		return nil, db.Unavailable(err)
	}
	out := make([]Record, 0, n)
	for some := range slices.Chunk(units, unitsAtOnce) {
		var rows []personRow
		if err := s.db.Conn(ctx).Where("unit_id IN ?", some).Find(&rows).Error; err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			rec, err := s.record(r)
			if err != nil {
				return nil, err
			}
			out = append(out, rec)
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// holders tells which committee each of the identity numbers stands in, those that left not counted.
func (s store) holders(ctx context.Context, numbers []string) (map[string]id.ID, error) {
	out := map[string]id.ID{}
	for part := range parts(numbers) {
		byHash := map[string]string{}
		hashes := make([][]byte, len(part))
		for i, n := range part {
			hashes[i] = s.box.Hash(kindIDNumber, n)
			byHash[string(hashes[i])] = n
		}
		var rows []struct {
			IDNumberHash []byte `gorm:"column:id_number_hash"`
			CommitteeID  id.ID
		}
		err := s.db.Conn(ctx).Table("persons").Joins("JOIN units ON units.id = persons.unit_id").
			Select("persons.id_number_hash, units.committee_id AS committee_id").
			Where("persons.id_number_hash IN ? AND persons.status NOT IN ?", hashes, []Status{Moved, Deceased}).
			Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			out[byHash[string(r.IDNumberHash)]] = r.CommitteeID
		}
	}
	return out, nil
}

func (s store) idNumberTaken(ctx context.Context, number string, except id.ID) (bool, error) {
	if number == "" {
		return false, nil
	}
	var n int64
	err := s.db.Conn(ctx).Model(&personRow{}).
		Where("id_number_hash = ? AND id <> ?", s.box.Hash(kindIDNumber, number), except).Count(&n).Error
	return n > 0, db.Unavailable(err)
}
