package privacy

import (
	"fmt"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/pdf"
)

// The export in millimetres, type in points: large, because it is read at eighty.
const (
	margin    = 15.0
	bottom    = 18.0
	wordWidth = 42.0
	size      = 13.0
	small     = 10.5
)

// sheet is an export that is being drawn.
type sheet struct {
	d    *pdf.Doc
	y    float64
	page int
}

// PDF is the export for reading, A4.
func (x Export) PDF() ([]byte, error) {
	d, err := pdf.New(x.Person.Name + "的资料")
	if err != nil {
		return nil, err
	}
	s := &sheet{d: d}
	s.turn()
	s.d.Put(pdf.Box{X: margin, Y: s.y, W: pdf.Width - 2*margin, H: 12}, 20, pdf.Center, x.Person.Name+"的资料")
	s.y += 14
	s.note(fmt.Sprintf("本色家园于%s为本人导出。里面有身份证号、电话和住址，请像存折一样收好。", day(x.Made)))
	s.head("登记了什么，为什么")
	s.row("单位", x.Person.Unit, "")
	s.row("党支部", x.Person.Branch, "")
	s.row("联盟", x.Person.Alliance, "")
	for _, it := range x.Items {
		s.row(it.Label, it.Value, "用来："+it.Why)
	}
	s.note(fmt.Sprintf("%s登记，%s最后改动。", day(x.Since), day(x.Changed)))
	s.head("谁看过您的电话、身份证号这些")
	for _, l := range x.Looks {
		s.row(moment(l.At), l.Sentence(), "")
	}
	s.none(len(x.Looks), "没有人看过。")
	s.head("参加过的活动")
	for _, a := range x.Takings.Attended {
		s.row(moment(a.At), a.Title+"（"+a.List+"）", a.Place)
	}
	s.none(len(x.Takings.Attended), "还没有签到记录。")
	s.head("请您参加的活动和您的答复")
	for _, e := range x.Expected {
		s.row(day(e.StartsAt), e.Title+"："+answerWord(e.Answer), e.Reason)
	}
	s.none(len(x.Expected), "还没有。")
	s.head("收到的通知")
	for _, n := range x.Takings.Told {
		read := "没有看"
		if !n.ReadAt.IsZero() {
			read = moment(n.ReadAt) + "看过"
		}
		s.row(day(n.At), n.Title, read)
	}
	s.none(len(x.Takings.Told), "还没有。")
	s.head("能替您办事的微信")
	for _, t := range x.Ties {
		s.row(day(t.At), t.Name, map[string]string{"self": "本人", "family": "家人"}[t.Relation])
	}
	s.head("签到卡和同意记录")
	for _, c := range x.Cards {
		state := "在用"
		if !c.RevokedAt.IsZero() {
			state = day(c.RevokedAt) + "作废"
		}
		s.row(day(c.IssuedAt), "发了签到卡", state)
	}
	for _, a := range x.Agreements {
		state := ""
		if !a.WithdrawnAt.IsZero() {
			state = day(a.WithdrawnAt) + "收回"
		}
		s.row(day(a.AgreedAt), "同意隐私说明 "+a.Version, state)
	}
	s.foot()
	return s.d.Bytes()
}

func answerWord(a string) string {
	if w, ok := map[string]string{"going": "参加", "leave": "请假", "unsure": "不确定", "waiting": "候补", "": "还没有答复"}[a]; ok {
		return w
	}
	return "已答复"
}

func (s *sheet) foot() {
	s.d.Put(pdf.Box{X: margin, Y: pdf.Height - 13, W: pdf.Width - 2*margin, H: 6}, small, pdf.Center, fmt.Sprintf("第 %d 页", s.page))
}

func (s *sheet) turn() {
	if s.page > 0 {
		s.foot()
	}
	s.d.AddPage()
	s.page, s.y = s.page+1, margin
}

// room begins a page when there is not enough on this one.
func (s *sheet) room(height float64) {
	if s.y+height > pdf.Height-bottom {
		s.turn()
	}
}

func (s *sheet) head(text string) {
	s.room(24)
	s.y += 4
	s.d.Put(pdf.Box{X: margin, Y: s.y, W: pdf.Width - 2*margin, H: 9}, 15, pdf.Left, text)
	s.y += 9.5
	s.d.Fill(pdf.Box{X: margin, Y: s.y, W: pdf.Width - 2*margin, H: 0.4}, 0.4)
	s.y += 2
}

func (s *sheet) lines(x, w, points float64, text string) {
	for _, line := range s.d.Wrap(text, points, w) {
		s.room(pdf.LineHeight(points))
		s.d.Put(pdf.Box{X: x, Y: s.y, W: w, H: pdf.LineHeight(points)}, points, pdf.Left, line)
		s.y += pdf.LineHeight(points)
	}
}

func (s *sheet) note(text string) { s.lines(margin, pdf.Width-2*margin, small, text); s.y += 1 }

func (s *sheet) none(n int, text string) {
	if n == 0 {
		s.note(text)
	}
}

func (s *sheet) row(word, text, note string) {
	if text == "" {
		return
	}
	s.room(2 * pdf.LineHeight(size))
	s.d.Fit(pdf.Box{X: margin, Y: s.y, W: wordWidth - 3, H: pdf.LineHeight(size)}, size, 9, pdf.Left, word)
	s.lines(margin+wordWidth, pdf.Width-2*margin-wordWidth, size, text)
	if note != "" {
		s.lines(margin+wordWidth, pdf.Width-2*margin-wordWidth, small, note)
	}
	s.y += 1.5
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format("2006年1月2日")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Shanghai).Format("2006年1月2日15:04")
}
