package roster_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

// edit changes columns of a person as a clerk does.
func (c *county) edit(person id.ID, change ledger.PersonChange) {
	c.t.Helper()
	if _, err := c.ledger.UpdatePerson(context.Background(), c.staff, person, change); err != nil {
		c.t.Fatal(err)
	}
}

func (c *county) named(name string) ledger.Record {
	c.t.Helper()
	var found []ledger.Record
	for _, r := range c.snapshot().Persons {
		if r.Name == name {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		c.t.Fatalf("%d persons are called %s", len(found), name)
	}
	return found[0]
}

func warned(r roster.Report, row int) string {
	var out []string
	for _, w := range r.Warnings {
		if w.Row == row && strings.Contains(w.Reason, "预览之后") {
			out = append(out, w.Column)
		}
	}
	return strings.Join(out, " ")
}

// What a clerk writes between preview and commit is newer than the file: it stays, column by column, and
// the report says where. Everything else of the file comes in.
func TestWhatWasWrittenAfterThePreviewStays(t *testing.T) {
	c := newCounty(t)
	const title = "姓名,单位,出生年月,联系电话,现居住地址,爱好\n"
	c.load("a.csv", []byte(title+"张三三,县妇联,1948.03,19900000001,旧址一,\n李四四,县妇联,1948.04,19900000002,旧址二,\n王五五,县妇联,1948.05,19900000003,旧址三,\n赵六六,县妇联,1948.06,19900000004,旧址四,\n"+
		"外单位,县科协,1948.07,19900000007,,\n"))
	zhang, li, wang, zhao := c.named("张三三"), c.named("李四四"), c.named("王五五"), c.named("赵六六")
	imp := c.preview("b.csv", []byte(title+"张三三,县妇联,1948.03,19900000011,新址一,门球\n李四四,县妇联,1948.04,19900000012,新址二,门球\n王五五,县妇联,1948.05,19900000003,旧址三,门球\n"+
		"赵六六,县妇联,1948.06,19900000004,旧址四,太极\n孙七七,县妇联,1948.08,19900000008,新址八,门球\n"))
	if imp.Report.Changed != 4 || imp.Report.New != 1 {
		t.Fatalf("%+v", imp.Report)
	}
	c.edit(zhang.ID, ledger.PersonChange{Fields: map[string]string{"phone": "19900000099"}})    // the file says another one
	c.edit(li.ID, ledger.PersonChange{Fields: map[string]string{"talents": "书法"}})              // the file says nothing about it
	c.edit(wang.ID, ledger.PersonChange{Fields: map[string]string{"name": "王武武"}})              // the row finds him no more
	away := c.named("外单位").UnitID                                                               // and somebody moves
	c.edit(zhao.ID, ledger.PersonChange{Unit: &away, Fields: map[string]string{"hobbies": ""}}) // the hobby is as it was
	sun, err := c.ledger.CreatePerson(t.Context(), c.staff, zhang.UnitID, 0, ledger.Fields{Name: "孙七七", Birth: "1948-08", Phone: "19900000008", Address: "电话里说的新址"})
	if err != nil {
		t.Fatal(err)
	}
	done, err := c.roster.Commit(t.Context(), c.staff, imp.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.snapshot().Persons); n != 6 {
		t.Errorf("%d persons, somebody was entered twice", n)
	}
	if got := c.named("张三三"); got.Phone != "19900000099" || got.Address != "新址一" || got.Hobbies != "门球" {
		t.Errorf("%+v", got.Fields)
	}
	if got := c.named("李四四"); got.Phone != "19900000012" || got.Talents != "书法" || got.Hobbies != "门球" {
		t.Errorf("%+v", got.Fields)
	}
	if got := c.named("王武武"); got.ID != wang.ID || got.Hobbies != "门球" {
		t.Errorf("%+v", got.Fields)
	}
	if got := c.named("赵六六"); got.UnitID != away || got.Hobbies != "太极" {
		t.Errorf("%d %+v", got.UnitID, got.Fields)
	}
	if got := c.named("孙七七"); got.ID != sun.Person.ID || got.Address != "电话里说的新址" || got.Hobbies != "门球" {
		t.Errorf("%+v", got.Fields)
	}
	r := done.Report
	if r.Newer != 4 || r.New != 0 || r.Changed != 5 || warned(r, 2) != "联系电话" || warned(r, 3) != "" || warned(r, 4) != "姓名" || warned(r, 5) != "单位" || warned(r, 6) != "现居住地址" {
		t.Errorf("newer %d, new %d, changed %d, %+v", r.Newer, r.New, r.Changed, r.Warnings)
	}
	// the undo takes back what the import wrote, and nothing of what was kept
	if _, err := c.roster.Undo(t.Context(), c.staff, imp.ID, false); err != nil {
		t.Fatal(err)
	}
	if got := c.named("张三三"); got.Phone != "19900000099" || got.Address != "旧址一" || got.Hobbies != "" {
		t.Errorf("after the undo: %+v", got.Fields)
	}
	if got := c.named("赵六六"); got.UnitID != away || got.Hobbies != "" {
		t.Errorf("after the undo: %d %+v", got.UnitID, got.Fields)
	}
}

// Clerks write while an import is being committed and undone: whatever they wrote last stands at the end.
func TestNobodysWriteIsLostInAnImport(t *testing.T) {
	c := newCounty(t)
	const n = 60
	c.load("a.csv", many(n))
	people := c.snapshot().Persons
	imp := c.preview("b.csv", []byte(strings.ReplaceAll(strings.ReplaceAll(string(many(n)), "门球", "太极"), "幸福家园", "平安家园")))
	if imp.Report.Changed != n {
		t.Fatalf("%+v", imp.Report)
	}
	last := make([]atomic.Int64, n)
	var clerks, work sync.WaitGroup
	stop := make(chan struct{})
	for w := range 3 {
		clerks.Go(func() {
			for k := 1; ; k++ {
				select {
				case <-stop:
					return
				default:
				}
				i := (k*3 + w) % n // each person has one clerk
				_, err := c.ledger.UpdatePerson(context.Background(), actor.System, people[i].ID, ledger.PersonChange{
					Fields: map[string]string{"address": fmt.Sprintf("上门登记%d", k), "talents": fmt.Sprint(k)}})
				if err != nil {
					t.Error(err)
					return
				}
				last[i].Store(int64(k))
			}
		})
	}
	work.Go(func() {
		if _, err := c.roster.Commit(context.Background(), c.staff, imp.ID); err != nil {
			t.Error(err)
			return
		}
		if _, err := c.roster.Undo(context.Background(), c.staff, imp.ID, true); err != nil {
			t.Error(err)
		}
	})
	work.Wait()
	close(stop)
	clerks.Wait()
	for i, p := range c.snapshot().Persons {
		if k := last[i].Load(); k > 0 && (p.Address != fmt.Sprintf("上门登记%d", k) || p.Talents != fmt.Sprint(k)) {
			t.Errorf("person %d: %q %q, the clerk wrote %d last", i, p.Address, p.Talents, k)
		}
		if p.Hobbies != "门球" {
			t.Errorf("person %d: %q after the undo", i, p.Hobbies)
		}
	}
}
