package audit

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"
)

const (
	csvType  = "text/csv; charset=utf-8"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// CSV writes entries for a spreadsheet program: UTF-8 with its mark, and a ' before what would be computed.
func CSV(list []Entry) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	for _, row := range table(list) {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("audit: write file: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// plain keeps a spreadsheet program from computing a cell: it looks at the first character, also behind
// spaces and in its wide form.
func plain(cell string) string {
	cell = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, cell)
	if first := strings.TrimLeftFunc(cell, unicode.IsSpace); first != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(first)[0]) {
		return "'" + cell
	}
	return cell
}

// XLSX writes entries as a workbook; every cell is of type text, so that none is computed.
func XLSX(list []Entry) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "审计记录"
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		return nil, fmt.Errorf("audit: write workbook: %w", err)
	}
	w, err := f.NewStreamWriter(sheet)
	if err != nil {
		return nil, fmt.Errorf("audit: write workbook: %w", err)
	}
	for i, width := range []float64{20, 14, 16, 16, 60, 24, 22} {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return nil, fmt.Errorf("audit: write workbook: %w", err)
		}
	}
	for n, row := range table(list) {
		cells := make([]any, len(row))
		for i, cell := range row {
			cells[i] = cell
		}
		if err := w.SetRow(fmt.Sprintf("A%d", n+1), cells); err != nil {
			return nil, fmt.Errorf("audit: write workbook: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("audit: write workbook: %w", err)
	}
	out, err := f.WriteToBuffer()
	if err != nil {
		return nil, fmt.Errorf("audit: write workbook: %w", err)
	}
	return out.Bytes(), nil
}
