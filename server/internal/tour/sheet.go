package tour

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// totals are the numbers of one attendance sheet.
type totals struct{ Expected, Present, Leave, Absent int }

// fileSheets fetches every attendance sheet as a page and as a workbook, reads the workbook back and
// adds the numbers up.
func (t *thread) fileSheets(ctx context.Context) error {
	for _, a := range t.alliances {
		var page struct {
			Counts struct {
				Expected int `json:"expected"`
				Present  int `json:"present"`
				Leave    int `json:"leave"`
				Absent   int `json:"absent"`
			} `json:"counts"`
			Rows []struct {
				Name  string `json:"name"`
				State string `json:"state"`
			} `json:"rows"`
		}
		liaison := a.Units[0].liaison
		if err := liaison.get(ctx, "/activities/"+a.activity+"/attendance", &page); err != nil {
			return err
		}
		var file []byte
		if err := liaison.get(ctx, "/activities/"+a.activity+"/attendance.xlsx", &file); err != nil {
			return err
		}
		sheet, err := readSheet(file)
		if err != nil {
			return fmt.Errorf("attendance sheet of %s: %w", a.Name, err)
		}
		shown := totals(page.Counts)
		byRow := totals{Expected: len(page.Rows)}
		for _, r := range page.Rows {
			byRow.add(r.State)
		}
		if shown != byRow || shown != sheet.Head || shown != sheet.Rows {
			t.fault("%s 签到表 attendance: page %+v, its rows %+v, sheet %+v, its rows %+v", a.Name, shown, byRow, sheet.Head, sheet.Rows)
		}
		f := &t.figures
		f.Expected += shown.Expected
		f.Present += shown.Present
		f.Excused += shown.Leave
		f.Absent += shown.Absent
		t.say("%s 签到表 attendance sheet: 应到 expected %d, 实到 present %d, 请假 excused %d, 缺席 absent %d",
			a.Name, shown.Expected, shown.Present, shown.Leave, shown.Absent)
	}
	return nil
}

func (s *totals) add(state string) {
	switch state {
	case "present":
		s.Present++
	case "leave":
		s.Leave++
	case "absent":
		s.Absent++
	}
}

// readBack is an attendance workbook: the numbers in its head, and those of its rows.
type readBack struct{ Head, Rows totals }

// states are the words of the sheet's table.
var states = map[string]string{"到会": "present", "实到": "present", "已到": "present", "请假": "leave", "缺席": "absent"}

// readSheet finds 应到 … 缺席 with their numbers, then the table below the row that holds 姓名.
func readSheet(file []byte) (readBack, error) {
	book, err := excelize.OpenReader(bytes.NewReader(file))
	if err != nil {
		return readBack{}, err
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetName(0))
	if err != nil {
		return readBack{}, err
	}
	var out readBack
	name, state := -1, -1
	for _, row := range rows {
		if name < 0 {
			text := strings.Join(row, " ")
			for word, to := range map[string]*int{
				"应到": &out.Head.Expected, "实到": &out.Head.Present, "请假": &out.Head.Leave, "缺席": &out.Head.Absent,
			} {
				if n, ok := numberAfter(text, word); ok {
					*to = n
				}
			}
		}
		for i, cell := range row {
			switch strings.ReplaceAll(cell, " ", "") {
			case "姓名":
				name = i
			case "状态", "出席情况", "到会情况", "签到情况", "情况":
				state = i
			}
		}
		if name < 0 || state < 0 || len(row) <= max(name, state) || row[name] == "" {
			continue
		}
		if s := states[row[state]]; s != "" {
			out.Rows.Expected++
			out.Rows.add(s)
		}
	}
	if state < 0 {
		return out, fmt.Errorf("no table found in %d rows", len(rows))
	}
	return out, nil
}

// numberAfter reads the first number that follows a word, with nothing but other signs between.
func numberAfter(text, word string) (int, bool) {
	_, rest, ok := strings.Cut(text, word)
	if !ok {
		return 0, false
	}
	rest = strings.TrimLeft(rest, " ：:人数（(\t")
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.Atoi(rest[:end])
	return n, err == nil
}
