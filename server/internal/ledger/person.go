package ledger

import (
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/id"
)

// Status says whether a person still takes part.
type Status string

// Statuses of a person; the wire has the same words.
const (
	Active    Status = "active"
	Moved     Status = "moved"
	Deceased  Status = "deceased"
	Suspended Status = "suspended"
)

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool {
	return s == Active || s == Moved || s == Deceased || s == Suspended
}

// Person is what other packages need of somebody in the ledger; nothing in it is encrypted.
type Person struct {
	ID          id.ID
	UnitID      id.ID
	BranchID    id.ID // zero: none
	AllianceID  id.ID // zero: the unit is in none
	CommitteeID id.ID
	HouseholdID id.ID // zero: in none
	SeqNo       int
	Name        string
	Pinyin      string // guoaiguo
	Initials    string // gag
	Sex         string // 男, 女 or empty
	PartyPost   string
	Unit        string
	Branch      string
	Alliance    string
	Status      Status
}

// Place is where the person stands.
func (p Person) Place() actor.Place {
	return actor.Place{Committee: p.CommitteeID, Alliance: p.AllianceID, Unit: p.UnitID, Person: p.ID}
}

// Fields are a person's columns of the ledger in plain text, cleaned. Dates are YYYY, YYYY-MM or
// YYYY-MM-DD; an empty text means unknown.
type Fields struct {
	SeqNo               int    `json:",omitempty"`
	Name                string `json:",omitempty"`
	Sex                 string `json:",omitempty"`
	Ethnicity           string `json:",omitempty"`
	Birth               string `json:",omitempty"`
	IDNumber            string `json:",omitempty"`
	Education           string `json:",omitempty"`
	JoinedParty         string `json:",omitempty"`
	StartedWork         string `json:",omitempty"`
	LeaveKind           string `json:",omitempty"` // 离休 or 退休
	LeftAt              string `json:",omitempty"`
	FormerPost          string `json:",omitempty"`
	JobRank             string `json:",omitempty"`
	PartyPost           string `json:",omitempty"`
	Phone               string `json:",omitempty"` // digits only
	Address             string `json:",omitempty"`
	Community           string `json:",omitempty"`
	Elsewhere           string `json:",omitempty"` // 是否异地居住
	Living              string `json:",omitempty"` // 独居, 与配偶, 与子女, 养老机构
	Health              string `json:",omitempty"`
	Talents             string `json:",omitempty"`
	Hobbies             string `json:",omitempty"`
	TeamWish            string `json:",omitempty"`
	Volunteer           string `json:",omitempty"`
	CommunityRegistered string `json:",omitempty"`
	FamilyContact       string `json:",omitempty"`
	FamilyPhone         string `json:",omitempty"`
	Smartphone          string `json:",omitempty"`
	PhoneSharedWith     string `json:",omitempty"`
	LiaisonName         string `json:",omitempty"`
	Remark              string `json:",omitempty"`
}

// Record is a whole row of the ledger: what the import compares and the detail page shows masked.
type Record struct {
	ID       id.ID
	UnitID   id.ID
	BranchID id.ID
	Status   Status
	// StatusAt is the day from which the status holds, as far as it is known; StatusNote says more, such
	// as where somebody moved to.
	StatusAt, StatusNote string
	HouseholdID          id.ID  // zero: in none
	Contacts             string // of the family, as they are stored; the first one's name and number are columns
	Custom               string // what committees' own columns hold, as it is stored: see setCustom
	Fields

	version int // counts the changes of the row
}

// ErasedName stands where the name of somebody stood who was erased at their own wish.
const ErasedName = "已删除"

// Version counts the changes of the row: who finds another one than before knows that somebody wrote.
func (r Record) Version() int { return r.version }

// Erased reports whether everything about the person was erased.
func (r Record) Erased() bool {
	return r.Name == ErasedName && r.IDNumber == "" && r.Phone == "" && r.Birth == ""
}

// MaskPhone hides the middle of a number: 138****1234. Of short local ones it leaves the last two.
func MaskPhone(s string) string {
	switch {
	case len(s) < 7:
		return strings.Repeat("*", len(s))
	case len(s) < 10:
		return strings.Repeat("*", len(s)-2) + s[len(s)-2:]
	}
	return s[:3] + strings.Repeat("*", len(s)-7) + s[len(s)-4:]
}

// MaskIDNumber hides all of an identity number but its province and last four.
func MaskIDNumber(s string) string {
	if len(s) < 8 {
		return strings.Repeat("*", len(s))
	}
	return s[:2] + strings.Repeat("*", len(s)-6) + s[len(s)-4:]
}

// MaskText shows only that there is something.
func MaskText(s string) string {
	if s == "" {
		return ""
	}
	return "******"
}
