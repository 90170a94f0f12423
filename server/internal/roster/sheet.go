package roster

import (
	"bytes"
	"path/filepath"
	"strings"
)

// Cell is one cell as the file holds it.
type Cell struct {
	Text    string
	Number  bool // kept as a number by the spreadsheet
	Formula bool
}

// sheetRow is a row with at least one cell; line counts from 1.
type sheetRow struct {
	line  int
	cells []Cell
}

func (r sheetRow) at(col int) Cell {
	if col < 0 || col >= len(r.cells) {
		return Cell{}
	}
	return r.cells[col]
}

// sheet is one table of a file.
type sheet struct {
	name   string
	hidden bool
	rows   []sheetRow
}

var (
	oleMagic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1}
	zipMagic = []byte("PK\x03\x04")
	zipEmpty = []byte("PK\x05\x06")
	// name of the stream in which Office keeps an encrypted workbook, in UTF-16
	encrypted = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
)

// read turns a file into sheets. What the file is, its first bytes say; the name only tells a text
// table from other texts.
func read(filename string, data []byte) ([]sheet, error) {
	switch ext := strings.ToLower(filepath.Ext(filename)); {
	case len(data) == 0:
		return nil, ErrEmpty
	case len(data) > MaxBytes:
		return nil, ErrTooLarge
	case bytes.HasPrefix(data, oleMagic) && bytes.Contains(data, encrypted):
		return nil, ErrEncrypted
	case bytes.HasPrefix(data, oleMagic):
		return nil, ErrOldExcel
	case bytes.HasPrefix(data, zipMagic), bytes.HasPrefix(data, zipEmpty):
		return readWorkbook(data)
	case ext == ".xls" || ext == ".et":
		return nil, ErrOldExcel
	case ext == ".csv" || ext == ".txt" || ext == ".tsv":
		return readText(strings.TrimSuffix(filepath.Base(filename), filepath.Ext(filename)), data)
	}
	return nil, ErrNoTable
}

// admissible says at once what is wrong with a file as a whole, before it is read in the background.
func admissible(filename string, data []byte) error {
	ext := strings.ToLower(filepath.Ext(filename))
	switch {
	case bytes.HasPrefix(data, zipMagic) && len(data) <= MaxBytes, len(data) > 0 && len(data) <= MaxBytes && (ext == ".csv" || ext == ".txt" || ext == ".tsv"):
		return nil
	}
	_, err := read(filename, data)
	return err
}
