package ledger

import (
	"slices"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Household is a 户: a couple, or people of one family who share a telephone. It is a mark on its persons
// and no place in the organisation: units, branches and figures know nothing of it.
type Household struct {
	ID      id.ID   // zero: the person is in none
	Members []Entry // the others that are in sight
	Hidden  int     // others that are not
	Asked   []Entry // in sight, with the same telephone, and nobody has said yet whether they are family
}

// Pair is two people with one telephone of whom nobody has said yet whether they are family.
type Pair struct{ One, Other Entry }

// maxHousehold bounds a household: more people are a home, not a family.
const maxHousehold = 8

// Errors of households.
var (
	ErrHouseholds    = errs.New(errs.Conflict, "ledger.two_households", "两位已分别登记在不同的户里，请先把其中一位移出原来的户")
	ErrHouseholdFull = errs.New(errs.Conflict, "ledger.household_full", "这一户已有8位，不能再加了")
	ErrNoHousehold   = errs.New(errs.Conflict, "ledger.no_household", "这位同志没有登记在哪一户里")
	ErrSameHousehold = errs.New(errs.Conflict, "ledger.same_household", "两位登记在同一户里；不是一家人的话，请先把其中一位移出")
	ErrWithOneself   = errs.New(errs.Conflict, "ledger.with_oneself", "请选择另一位同志")
)

// together puts two persons into one household; newID names one that neither has. It tells which of
// the two change.
func together(a, b Record, newID func() id.ID) (after [2]Record, changed [2]bool, err error) {
	at := a.HouseholdID
	switch {
	case a.ID == b.ID:
		return after, changed, ErrWithOneself
	case a.HouseholdID == 0 && b.HouseholdID == 0:
		at = newID()
	case a.HouseholdID == 0:
		at = b.HouseholdID
	case b.HouseholdID != 0 && b.HouseholdID != a.HouseholdID:
		return after, changed, ErrHouseholds
	}
	after = [2]Record{a, b}
	for i := range after {
		after[i].HouseholdID, changed[i] = at, after[i].HouseholdID != at
	}
	if a.Phone != "" && a.Phone == b.Phone {
		for i, other := range []Record{b, a} {
			if after[i].PhoneSharedWith == "" {
				after[i].PhoneSharedWith, changed[i] = other.Name, true
			}
		}
	}
	return after, changed, nil
}

// inPairs gives ids in the order in which rows are locked.
func inPairs(a, b id.ID) []id.ID {
	out := []id.ID{a, b}
	slices.Sort(out)
	return out
}
