package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

func TestTeamNames(t *testing.T) {
	for wish, want := range map[string][]string{
		"":            nil,
		" 无 ":         nil,
		"——":          nil,
		"书法队":         {"书法队"},
		"书法队、门球队，合唱队": {"书法队", "门球队", "合唱队"},
		"书法队;门球队／合唱队": {"书法队", "门球队", "合唱队"},
		"书法队\n 门球队":   {"书法队", "门球队"},
		"合 唱 队":       {"合唱队"},
		"太极拳 队、书法":    {"太极拳队", "书法"},
		"书法,书法队,书　法":  {"书法", "书法队"},
		"门球裁判、门球":     {"门球裁判", "门球"},
		"ＫＴＶ队、ktv队":   {"KTV队"},
		"乒乓球（初学），暂无，乒乓球": {"乒乓球(初学)", "乒乓球"},
	} {
		if d := cmp.Diff(want, ledger.TeamNames(wish)); d != "" {
			t.Errorf("%q: %s", wish, d)
		}
	}
}

func TestTeamsAreOfTheActiveAlone(t *testing.T) {
	w := newWorld(t)
	ctx, wish := t.Context(), "书法队、门球"
	for _, p := range []id.ID{w.zhang.Person.ID, w.li.Person.ID, w.wang.Person.ID} { // the last one is of another alliance
		must(w.ledger.UpdatePerson(ctx, w.office(0), p, ledger.PersonChange{Fields: map[string]string{"team_wish": wish}}))(t)
	}
	must(w.ledger.Restate(ctx, w.office(0), w.zhang.Person.ID, ledger.Restatement{Status: ledger.Deceased}))(t)
	got := must(w.ledger.Directory().TeamsInAlliance(ctx, w.a.ID))(t)
	if d := cmp.Diff(map[id.ID][]string{w.li.Person.ID: {"书法队", "门球"}}, got); d != "" {
		t.Error(d)
	}
}
