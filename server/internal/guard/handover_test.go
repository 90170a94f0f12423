package guard_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bense/server/internal/clock"
)

// again logs somebody in anew: a session doesn't outlast the times that these tests let pass.
func (w *world) again(t *testing.T, u user) string {
	t.Helper()
	return w.must(t, "", "POST", "/sessions", map[string]string{"code": w.Emulator.LoginCode(u.User)}).text("token")
}

// A whole election over the wire: four vote, the result is confirmed, the successor heads the alliance
// at once with everything that waits there, and whoever headed it before is a member again.
func TestTheSuccessorTakesOver(t *testing.T) {
	w := newWorld(t)
	s := w.sites[itself]
	lead, head := w.actors["lead_staff"].token, w.actors["head"].token
	draft := w.must(t, head, "POST", "/notices", map[string]string{"alliance_id": s["alliance"], "title": "会长的草稿", "body": "写了一半"}).text("id")
	mates := map[string]user{"关本人": w.actors["member"], "关同事": w.login(t, "关同事", "19900030001"),
		"关邻居": w.login(t, "关邻居", "19900030003"), "关邻居丙": w.login(t, "关邻居丙", "19900030004")}
	w.clock.Advance(31 * time.Minute)
	lead, head = w.again(t, w.actors["lead_staff"]), w.again(t, w.actors["head"])
	at := "/elections/" + s["election"]
	for name, u := range mates {
		token := w.again(t, u)
		person := w.must(t, token, "GET", "/me", nil).text("persons.0.id")
		v := w.must(t, token, "POST", at+"/voters/"+person+"/ballot", map[string]string{"choice": s["person"]})
		if v.text("mine.0.state") != "voted" {
			t.Errorf("%s: %s", name, v.Body)
		}
	}
	counted := w.must(t, lead, "POST", at+"/count", nil)
	if counted.text("elected") != "关本人" || counted.text("results.0.outcome") != "elected" {
		t.Fatalf("%s", counted.Body)
	}
	today := w.clock.Now().In(clock.Shanghai).Format(time.DateOnly)
	w.must(t, lead, "POST", at+"/confirm", map[string]string{"starts_on": today})
	if again := w.call(t, lead, "POST", at+"/confirm", map[string]string{"starts_on": today}); again.Status != 409 {
		t.Errorf("confirmed twice: %d", again.Status)
	}
	w.clock.Advance(20 * time.Second) // what is remembered of a role is forgotten by then

	next := w.again(t, mates["关本人"])
	if got := w.call(t, head, "PATCH", "/notices/"+draft, map[string]string{"title": "我还能改"}); got.Status < 400 {
		t.Error("whoever headed the alliance still writes its notices")
	}
	w.must(t, next, "PATCH", "/notices/"+draft, map[string]string{"title": "接手的草稿"})
	w.must(t, next, "PATCH", "/activities/"+s["activity"], map[string]string{"place": "新地点"})
	term := w.must(t, next, "GET", "/terms?alliance_id="+s["alliance"], nil)
	if term.text("items.0.name") != "关本人" || term.text("items.0.former") != "关会长" || term.text("items.0.starts_on") != today {
		t.Fatalf("%s", term.Body)
	}
	list := w.must(t, next, "GET", "/terms/"+term.text("items.0.id")+"/handover", nil)
	var kinds []string
	for i := range 4 {
		kinds = append(kinds, list.text(fmt.Sprintf("items.%d.kind", i)))
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, []string{"activity", "draft", "draft", "notice"}) {
		t.Errorf("%s", list.Body)
	}
	w.must(t, next, "POST", "/terms/"+term.text("items.0.id")+"/seen", nil)
	if got := w.must(t, next, "GET", "/terms", nil); !strings.Contains(string(got.Body), `"seen":true`) {
		t.Errorf("%s", got.Body)
	}
}

// An acting head has the role from the first day to the end of the last one, beside the head.
func TestAnActingHeadForSomeDays(t *testing.T) {
	w := newWorld(t)
	s := w.sites[itself]
	lead := w.actors["lead_staff"].token
	day := func(n int) string { return w.clock.Now().In(clock.Shanghai).AddDate(0, 0, n).Format(time.DateOnly) }
	midnight := func(text string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, text, clock.Shanghai)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	first, last, over := day(1), day(3), day(4)
	body := map[string]string{"alliance_id": s["alliance"], "person_id": s["person"], "starts_on": first, "ends_on": last, "reason": "外出探亲"}
	made := w.must(t, lead, "POST", "/terms", body)
	if again := w.call(t, lead, "POST", "/terms", body); again.Status != 409 {
		t.Errorf("acting twice: %d", again.Status)
	}
	writes := func() bool {
		got := w.call(t, w.again(t, w.actors["member"]), "POST", "/notices", map[string]string{"alliance_id": s["alliance"], "title": "代理通知", "body": "请留意"})
		return got.Status == 201
	}
	if writes() {
		t.Error("acts before the first day")
	}
	for _, step := range []struct {
		at   time.Time
		want bool
	}{{midnight(first).Add(time.Second), true}, {midnight(over).Add(-time.Hour), true}, {midnight(over).Add(time.Second), false}} {
		w.clock.Set(step.at)
		if err := w.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(20 * time.Second)
		if got := writes(); got != step.want {
			t.Errorf("%s: acts %t", step.at, got)
		}
	}
	lead = w.again(t, w.actors["lead_staff"])
	if got := w.must(t, lead, "GET", "/terms", nil); got.text("items.0.id") != made.text("id") || got.text("items.0.state") != "ended" {
		t.Errorf("%s", got.Body)
	}
	w.must(t, w.again(t, w.actors["head"]), "POST", "/notices", map[string]string{"alliance_id": s["alliance"], "title": "会长在", "body": "一直在"})
}
