package roster

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// readText reads a table of texts separated by commas, tabs or semicolons.
func readText(name string, data []byte) ([]sheet, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = separator(text), true, -1, true
	s := sheet{name: name}
	cells, total := 0, 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return []sheet{s}, nil
		}
		if err != nil {
			return nil, ErrBroken
		}
		if cells += len(record); cells > maxCells {
			return nil, ErrBomb
		}
		if len(s.rows) == maxRows {
			return nil, ErrTooManyRow
		}
		row := sheetRow{cells: make([]Cell, 0, min(len(record), maxColumns))}
		row.line, _ = r.FieldPos(0)
		for i, v := range record {
			if i >= maxColumns {
				if strings.TrimSpace(v) != "" {
					return nil, ErrTooWide
				}
				continue
			}
			// ="370599…" is how a text keeps a spreadsheet from making a number of it
			if inner, ok := strings.CutPrefix(v, `="`); ok && strings.HasSuffix(inner, `"`) && !strings.ContainsAny(inner, "(),") {
				v = strings.TrimSuffix(inner, `"`)
			}
			if v = cut(v); total+len(v) > maxTotal {
				return nil, ErrBomb
			}
			total += len(v)
			row.cells = append(row.cells, Cell{Text: strings.Clone(v)})
		}
		s.rows = append(s.rows, row)
	}
}

// decode makes UTF-8 of UTF-8, UTF-16 with a byte order mark, or GBK.
func decode(data []byte) (string, error) {
	var err error
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		data, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	case utf8.Valid(data):
		data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	default:
		data, err = simplifiedchinese.GB18030.NewDecoder().Bytes(data)
	}
	if err != nil || bytes.ContainsRune(data, utf8.RuneError) {
		return "", ErrEncoding
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", ErrNoTable
	}
	return string(data), nil
}

// separator is the one that the first lines hold most of.
func separator(text string) rune {
	head := text[:min(len(text), 4000)]
	best, most := ',', strings.Count(head, ",")
	for _, r := range "\t;" {
		if n := strings.Count(head, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// cut shortens a cell to what is read of it, at a whole character.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for !utf8.ValidString(s) && len(s) > maxText-utf8.UTFMax {
		s = s[:len(s)-1]
	}
	return s
}
