package roster_test

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/roster"
)

func (c *county) export(who actor.Actor, w roster.Wish) (roster.Export, []byte) {
	c.t.Helper()
	e, err := c.roster.Export(context.Background(), who, w)
	if err != nil {
		c.t.Fatal(err)
	}
	c.jobs.Wait()
	e, file, err := c.roster.Download(context.Background(), who, e.ID)
	if err != nil {
		c.t.Fatal(err)
	}
	return e, file
}

func (c *county) wish(f roster.Form) roster.Wish {
	return roster.Wish{Form: f, Committee: c.committee.ID, Plain: true, Reason: "年度核对台账"}
}

// texts gives the cells of a workbook, by sheet.
func texts(t *testing.T, file []byte) map[string][][]string {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][][]string{}
	for _, s := range f.GetSheetList() {
		if out[s], err = f.GetRows(s); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestTheCountysFormComesBackUnchanged(t *testing.T) {
	for _, name := range []string{"ledger-clean.xlsx", "ledger-messy.xlsx"} {
		c := newCounty(t)
		c.loadSample(name)
		e, file := c.export(c.staff, c.wish(roster.FormCounty))
		if e.Rows != 517 || !strings.HasSuffix(e.FileName, ".xlsx") {
			t.Errorf("%s: %+v", name, e)
		}
		sheets := texts(t, file)
		if len(sheets) != 4 || len(sheets["群团"]) < 100 || sheets["群团"][0][0] != "群团离退休干部党建联盟党员台账" || !strings.Contains(sheets["群团"][2][0], e.ID.String()) ||
			!strings.Contains(sheets["群团"][2][0], "经办人") {
			t.Errorf("%s: %d sheets, %v", name, len(sheets), sheets["群团"][:4])
		}
		r := c.preview("back.xlsx", file).Report
		if r.New != 0 || r.Changed != 0 || r.Same != 517 || len(r.Refused) != 0 || len(r.Warnings) != 0 || len(r.Asked) != 0 || r.Alliances != 4 || r.Units != 24 || r.Branches != 24 {
			t.Errorf("%s comes back as %+v %v %v", name, sumsOf(r), r.Warnings, r.Asked)
		}
		// masked, it says nothing new either
		w := c.wish(roster.FormCounty)
		w.Plain = false
		_, file = c.export(c.staff, w)
		if r := c.preview("masked.xlsx", file).Report; r.Same != 517 || r.New+r.Changed+len(r.Refused) != 0 {
			t.Errorf("masked %s comes back as %+v", name, sumsOf(r))
		}
		if n, err := c.audit.Count(t.Context(), "roster.export", e.ID); err != nil || n != 1 {
			t.Errorf("%d lines, %v", n, err)
		}
	}
}

func TestTheProvincesForm(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	_, file := c.export(c.staff, c.wish(roster.FormProvince))
	rows := texts(t, file)["党员信息"]
	if len(rows) != 519 || rows[1][0] != "序号" || rows[1][len(rows[1])-1] != "民族代码" || rows[2][1] != "郭爱国" || rows[2][len(rows[2])-2] != "2" || rows[2][len(rows[2])-1] != "01" {
		t.Errorf("%d rows, %v, %v", len(rows), rows[1], rows[2])
	}
}

func TestThePrintedRoster(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	w := c.wish(roster.FormPrint)
	w.Plain = false
	e, file := c.export(c.staff, w)
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal("pdftotext (Debian: poppler-utils):", err)
	}
	pages := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	for i, p := range pages {
		if !strings.Contains(p, e.ID.String()) {
			t.Errorf("page %d has no number", i+1)
		}
	}
	if len(pages) < 10 || !strings.Contains(pages[0], "郭爱国") || strings.Contains(string(out), "19900000007") || !strings.Contains(string(out), "199****0007") {
		t.Errorf("%d pages: %s", len(pages), pages[0])
	}
	w.Columns = strings.Fields("name sex ethnicity birth education job_rank party_post phone unit branch remark")
	if _, err := c.roster.Export(t.Context(), c.staff, w); !errors.Is(err, errs.ErrInvalid) {
		t.Errorf("too many columns for paper: %v", err)
	}
}

// R32: what a spreadsheet would compute stays a text. Such a text cannot be typed or imported; here it
// stands in the table all the same.
func TestExportedCellsAreTexts(t *testing.T) {
	c := newCounty(t)
	bad := []string{"=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠a"}
	c.load("a.csv", many(len(bad)+1))
	people := c.snapshot().Persons
	for i, text := range append(bad, `<b>&"'`) {
		if _, err := c.db.SQL().Exec("UPDATE persons SET hobbies = ?, seq_no = ? WHERE id = ?", text, i+1, people[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	w := c.wish(roster.FormCounty)
	w.Columns = []string{"name", "hobbies"}
	_, file := c.export(c.staff, w)
	f, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sheet, neutral := f.GetSheetList()[0], 0
	for i, want := range append(bad, `<b>&"'`) {
		at, _ := excelize.CoordinatesToCellName(2, i+5)
		kind, err := f.GetCellType(sheet, at)
		formula, _ := f.GetCellFormula(sheet, at)
		got, _ := f.GetCellValue(sheet, at)
		style, _ := f.GetCellStyle(sheet, at)
		if err != nil || kind != excelize.CellTypeInlineString || formula != "" || strings.TrimSpace(got) != strings.TrimSpace(want) || (style == 5) != (i < len(bad)) {
			t.Errorf("%q: type %d, formula %q, text %q, style %d, %v", want, kind, formula, got, style, err)
		}
		if style == 5 {
			neutral++
		}
	}
	t.Logf("%d cells neutralised", neutral)
}

func TestWhoMayExportWhat(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	other, err := c.ledger.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: "邻县老干部局"})
	if err != nil {
		t.Fatal(err)
	}
	snap := c.snapshot()
	u, second := snap.Units[0], snap.Units[1]
	abroad := snap.Units[len(snap.Units)-1]
	as := func(account id.ID, r actor.Role) actor.Actor {
		return actor.Actor{Account: account, Grants: []actor.Grant{{Role: r, Place: u.Place()}}}
	}
	head, liaison := as(21, actor.Head), as(22, actor.Liaison)
	for name, s := range map[string]struct {
		who  actor.Actor
		wish roster.Wish
		want error
	}{
		"the office, all":                         {c.staff, roster.Wish{Committee: c.committee.ID, Plain: true}, nil},
		"the office, without saying why":          {c.staff, roster.Wish{Committee: c.committee.ID, Reason: " "}, roster.ErrExportReason},
		"the office, nothing":                     {c.staff, roster.Wish{}, roster.ErrExportScope},
		"another county's office":                 {staffOf(other.ID), roster.Wish{Committee: c.committee.ID}, errs.ErrNotFound},
		"another county's office, a unit":         {staffOf(other.ID), roster.Wish{Unit: u.ID}, errs.ErrNotFound},
		"a head, the alliance":                    {head, roster.Wish{Alliance: u.AllianceID}, nil},
		"a head, the alliance in plain text":      {head, roster.Wish{Alliance: u.AllianceID, Plain: true}, errs.ErrForbidden},
		"a head, another alliance":                {head, roster.Wish{Alliance: abroad.AllianceID}, errs.ErrNotFound},
		"a liaison, the unit in plain text":       {liaison, roster.Wish{Unit: u.ID, Plain: true}, nil},
		"a liaison, another unit of the alliance": {liaison, roster.Wish{Unit: second.ID}, errs.ErrForbidden},
		"a liaison, the alliance":                 {liaison, roster.Wish{Alliance: u.AllianceID}, errs.ErrForbidden},
		"a member":                                {as(23, actor.Member), roster.Wish{Unit: u.ID}, errs.ErrForbidden},
	} {
		w := s.wish
		w.Form = roster.FormCounty
		if w.Reason == "" {
			w.Reason = "年度核对台账"
		}
		if _, err := c.roster.Export(t.Context(), s.who, w); !errors.Is(err, s.want) {
			t.Errorf("%s: %v, want %v", name, err, s.want)
		}
		c.jobs.Wait()
	}
}

func TestAnExportIsForItsMakerForADay(t *testing.T) {
	c := newCounty(t)
	c.loadSample("ledger-clean.xlsx")
	e, _ := c.export(c.staff, c.wish(roster.FormCounty))
	colleague := c.staff
	colleague.Account = 8
	if _, _, err := c.roster.Download(t.Context(), colleague, e.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("a colleague: %v", err)
	}
	if _, _, err := c.roster.Download(t.Context(), actor.Actor{Account: c.staff.Account}, e.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Errorf("who lost the role: %v", err)
	}
	c.clk.Advance(25 * time.Hour)
	if _, _, err := c.roster.Download(t.Context(), c.staff, e.ID); !errors.Is(err, roster.ErrExportGone) {
		t.Errorf("after a day: %v", err)
	}
	if err := c.roster.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept int
	if err := c.db.SQL().QueryRow("SELECT COUNT(*) FROM parcels WHERE owner_id = ?", e.ID).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d parts kept, %v", kept, err)
	}
	bare, err := c.ledger.CreateUnit(t.Context(), c.staff, ledger.Unit{CommitteeID: c.committee.ID, Name: "县新设局"})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := c.roster.Export(t.Context(), c.staff, roster.Wish{Form: roster.FormCounty, Unit: bare.ID, Reason: "年度核对台账"})
	if err != nil {
		t.Fatal(err)
	}
	c.jobs.Wait()
	if j, err := c.jobs.Get(t.Context(), c.staff, empty.Job); err != nil || j.State != job.Failed || j.Message != roster.ErrExportEmpty.Message {
		t.Errorf("%+v %v", j, err)
	}
}
