package roster

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"bense/server/internal/errs"
)

// workbook reads the parts of an .xlsx straight from the zip: unlike a general library it keeps which
// cells were numbers or formulas while streaming, stops at the first limit that is passed and never
// writes a file.
type workbook struct {
	parts   map[string]*zip.File
	strings []string
	opened  map[string]bool
	cells   int
	total   int
}

func readWorkbook(data []byte) ([]sheet, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, ErrBroken
	}
	w := &workbook{parts: map[string]*zip.File{}, opened: map[string]bool{}}
	var size uint64
	for _, f := range z.File {
		if f.UncompressedSize64 > maxUnzipped || len(z.File) > maxParts {
			return nil, ErrBomb
		}
		if size += f.UncompressedSize64; size > maxUnzipped {
			return nil, ErrBomb
		}
		w.parts[partName(f.Name)] = f
	}
	sheets, err := w.sheets()
	if err != nil {
		if _, ours := errs.As(err); ours {
			return nil, err
		}
		return nil, errs.Wrap(ErrBroken, err)
	}
	return sheets, nil
}

func partName(s string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(s, `\`, "/"), "/"))
}

// relation is an entry of a .rels part.
type relation struct{ id, kind, target string }

func (w *workbook) sheets() ([]sheet, error) {
	main := "xl/workbook.xml"
	for _, r := range w.relations("", "_rels/.rels") {
		if r.kind == "officeDocument" {
			main = r.target
		}
	}
	if w.parts[main] == nil {
		return nil, ErrNoTable // a zip of something else
	}
	dir := path.Dir(main)
	targets := map[string]string{}
	for _, r := range w.relations(dir, path.Join(dir, "_rels", path.Base(main)+".rels")) {
		switch r.kind {
		case "worksheet":
			targets[r.id] = r.target
		case "sharedStrings":
			if err := w.readStrings(r.target); err != nil {
				return nil, err
			}
		}
	}
	var out []sheet
	err := w.walk(main, func(t xml.StartElement, _ *xml.Decoder) error {
		if t.Name.Local != "sheet" {
			return nil
		}
		s := sheet{name: attr(t, "name"), hidden: strings.Contains(strings.ToLower(attr(t, "state")), "hidden")}
		target, ok := targets[attr(t, "id")]
		if !ok {
			return nil // a chart
		}
		if len(out) == maxSheets {
			return ErrBomb
		}
		if !s.hidden {
			var err error
			if s.rows, err = w.readSheet(target); err != nil {
				return err
			}
		}
		out = append(out, s)
		return nil
	})
	if err == nil && len(out) == 0 {
		return nil, ErrNoSheet
	}
	return out, err
}

// relations reads a .rels part; a missing one has none. Targets become names of parts.
func (w *workbook) relations(dir, name string) []relation {
	var out []relation
	_ = w.walk(name, func(t xml.StartElement, _ *xml.Decoder) error { // a broken one shows as missing parts
		if t.Name.Local == "Relationship" {
			target := strings.ReplaceAll(attr(t, "Target"), `\`, "/")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(dir, target)
			}
			out = append(out, relation{id: attr(t, "Id"), kind: path.Base(attr(t, "Type")), target: partName(target)})
		}
		return nil
	})
	return out
}

func attr(t xml.StartElement, local string) string {
	for _, a := range t.Attr {
		if a.Name.Local == local && (local != "id" || a.Name.Space != "") {
			return a.Value
		}
	}
	return ""
}

// walk calls at for every start of an element. Raw tokens are enough and twice as fast; entities of
// a DOCTYPE are never expanded.
func (w *workbook) walk(name string, at func(xml.StartElement, *xml.Decoder) error) error {
	f := w.parts[partName(name)]
	if f == nil || w.opened[name] { // one part shown as many sheets would multiply the work
		return errors.New("roster: a part is missing or used twice")
	}
	w.opened[name] = true
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := t.(xml.StartElement); ok {
			if err := at(start, d); err != nil {
				return err
			}
		}
	}
}

// textOf gathers the text up to the end of an element, without phonetic hints.
func textOf(d *xml.Decoder, end string) (string, error) {
	var b strings.Builder
	inText, hint := false, false
	for {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "t"
			hint = hint || t.Name.Local == "rPh"
		case xml.EndElement:
			switch t.Name.Local {
			case end:
				return unescape(cut(b.String())), nil
			case "rPh":
				hint = false
			}
			inText = false
		case xml.CharData:
			if inText && !hint && b.Len() <= maxText {
				b.Write(t)
			}
		}
	}
}

// unescape reads _x000D_, which is how a workbook writes what XML cannot hold.
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return strings.NewReplacer("_x000D_", " ", "_x000d_", " ", "_x000A_", " ", "_x0009_", " ", "_x005F_", "_").Replace(s)
}

func (w *workbook) readStrings(name string) error {
	return w.walk(name, func(t xml.StartElement, d *xml.Decoder) error {
		if t.Name.Local != "si" {
			return nil
		}
		s, err := textOf(d, "si")
		w.strings = append(w.strings, s)
		return err
	})
}

func (w *workbook) readSheet(name string) ([]sheetRow, error) {
	var rows []sheetRow
	var merged []string
	line, col := 0, -1
	err := w.walk(name, func(t xml.StartElement, d *xml.Decoder) error {
		switch t.Name.Local {
		case "row":
			line, col = line+1, -1
			if n, err := strconv.Atoi(attr(t, "r")); err == nil {
				if n < line || n > 1<<20 {
					return errors.New("roster: rows out of order")
				}
				line = n
			}
		case "c":
			if w.cells++; w.cells > maxCells {
				return ErrBomb
			}
			col++
			if ref := attr(t, "r"); ref != "" {
				c, _, ok := position(ref)
				if !ok || c < col {
					return ErrTooWide
				}
				col = c
			}
			v, err := w.readCell(t, d)
			if err != nil || v.Text == "" && !v.Formula {
				return err
			}
			if col >= maxColumns {
				return ErrTooWide
			}
			if len(rows) == 0 || rows[len(rows)-1].line != line {
				if len(rows) == maxRows {
					return ErrTooManyRow
				}
				rows = append(rows, sheetRow{line: line})
			}
			r := &rows[len(rows)-1]
			r.cells = append(r.cells, make([]Cell, col-len(r.cells)+1)...)
			r.cells[col] = v
		case "mergeCell":
			if merged = append(merged, attr(t, "ref")); len(merged) > maxRows {
				return ErrBomb
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fill(rows, merged), nil
}

func (w *workbook) readCell(start xml.StartElement, d *xml.Decoder) (Cell, error) {
	kind := attr(start, "t")
	var v Cell
	var value strings.Builder
	inValue := false
	for {
		t, err := d.RawToken()
		if err != nil {
			return Cell{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			inValue = t.Name.Local == "v"
			v.Formula = v.Formula || t.Name.Local == "f"
			if t.Name.Local == "is" {
				if v.Text, err = textOf(d, "is"); err != nil {
					return Cell{}, err
				}
			}
		case xml.CharData:
			if inValue && value.Len() <= maxText {
				value.Write(t)
			}
		case xml.EndElement:
			inValue = false
			if t.Name.Local != "c" {
				continue
			}
			if err := w.value(kind, cut(value.String()), &v); err != nil {
				return Cell{}, err
			}
			if w.total += len(v.Text); w.total > maxTotal {
				return Cell{}, ErrBomb
			}
			return v, nil
		}
	}
}

func (w *workbook) value(kind, raw string, v *Cell) error {
	switch kind {
	case "s":
		if raw == "" {
			return nil
		}
		n, err := strconv.Atoi(strings.TrimSpace(raw))
		if err != nil || n < 0 || n >= len(w.strings) {
			return errors.New("roster: no such shared text")
		}
		v.Text = w.strings[n]
	case "inlineStr":
	case "str", "d":
		v.Text = unescape(raw)
	case "e": // #REF! and its like say nothing
	default:
		v.Text, v.Number = strings.TrimSpace(raw), raw != ""
	}
	return nil
}

// position reads A1; columns count from 0.
func position(ref string) (col, line int, ok bool) {
	i := 0
	for i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' {
		if i == 3 {
			return 0, 0, false // beyond XFD
		}
		col = col*26 + int(ref[i]-'A') + 1
		i++
	}
	line, err := strconv.Atoi(ref[i:])
	return col - 1, line, i > 0 && err == nil && line > 0 && col <= 16384
}

// letter names a column: 0 is A.
func letter(col int) string {
	s := ""
	for col++; col > 0; col = (col - 1) / 26 {
		s = string(rune('A'+(col-1)%26)) + s
	}
	return s
}

// fill gives every cell of a merged area the value that stands in its corner, as far as rows exist.
func fill(rows []sheetRow, merged []string) []sheetRow {
	budget := maxCells
	for _, ref := range merged {
		a, b, _ := strings.Cut(ref, ":")
		left, top, ok := position(a)
		right, bottom, ok2 := position(b)
		if !ok || !ok2 {
			continue
		}
		first, found := slices.BinarySearchFunc(rows, top, func(r sheetRow, line int) int { return r.line - line })
		if !found || rows[first].at(left).Text == "" {
			continue
		}
		v := rows[first].at(left)
		right = min(right, maxColumns-1)
		for i := first; i < len(rows) && rows[i].line <= bottom; i++ {
			if budget -= right - left + 1; budget < 0 {
				return rows
			}
			r := &rows[i]
			if n := right + 1 - len(r.cells); n > 0 {
				r.cells = append(r.cells, make([]Cell, n)...)
			}
			for c := left; c <= right; c++ {
				if r.cells[c].Text == "" {
					r.cells[c] = v
				}
			}
		}
	}
	return rows
}
