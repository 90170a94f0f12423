package checkin

import (
	"bense/server/internal/activity"
	"bense/server/internal/pdf"
	"bense/server/internal/qr"
)

// PosterSheet is a poster on A4: to be read from three metres, and scanned from one.
type PosterSheet struct {
	Activity    activity.Activity
	List        List
	URL, Window string
}

// PDF draws the poster.
func (s PosterSheet) PDF() ([]byte, error) {
	rows, err := qr.Matrix([]byte(s.URL))
	if err != nil {
		return nil, err
	}
	d, err := pdf.New("签到海报")
	if err != nil {
		return nil, err
	}
	d.AddPage()
	const side, edge = 120.0, 18.0
	w := pdf.Width - 2*edge
	line := func(y, h, size, least float64, text string) {
		d.Fit(pdf.Box{X: edge, Y: y, W: w, H: h}, size, least, pdf.Center, text)
	}
	word := "扫码签到"
	if s.List.Name != DefaultList {
		word = s.List.Name + "签到"
	}
	line(20, 26, 64, 40, word)
	line(52, 14, 28, 16, s.Activity.Title)
	line(68, 10, 18, 12, activity.Span(s.Activity.StartsAt, s.Activity.EndsAt))
	line(79, 10, 18, 12, s.Activity.Place)
	at := pdf.Box{X: (pdf.Width - side) / 2, Y: 100, W: side, H: side}
	d.Squares(at, rows)
	line(230, 14, 30, 20, "请用微信扫一扫")
	line(246, 11, 22, 16, "没带手机、不会扫的，请找工作人员")
	line(266, 8, 13, 9, s.Window+"有效，只在现场使用，请不要转发")
	return d.Bytes()
}
