package checkin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"bense/server/internal/actor"
	"bense/server/internal/checkin"
	"bense/server/internal/errs"
	"bense/server/internal/ledger"
)

const dpi = 150

// raster prints a PDF in grey as a cheap printer does, page by page.
func raster(t testing.TB, file []byte) []*image.Gray {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("pdftoppm", "-r", strconv.Itoa(dpi), "-gray", "-png", "-", filepath.Join(dir, "page"))
	cmd.Stdin = bytes.NewReader(file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm (Debian: poppler-utils): %v %s", err, out)
	}
	found := must(filepath.Glob(filepath.Join(dir, "page*.png")))(t)
	slices.Sort(found)
	pages := make([]*image.Gray, len(found))
	for i, name := range found {
		img := must(png.Decode(bytes.NewReader(must(os.ReadFile(name))(t))))(t)
		pages[i] = image.NewGray(img.Bounds())
		draw.Draw(pages[i], img.Bounds(), img, img.Bounds().Min, draw.Src)
	}
	return pages
}

// part is one of the eight cards of a page.
func part(page *image.Gray, n int) *image.Gray {
	mm := func(v float64) int { return int(math.Round(v / 25.4 * dpi)) }
	x, y := 15+float64(n%2)*90, 12.5+float64(n/2)*68
	return page.SubImage(image.Rect(mm(x), mm(y), mm(x+90), mm(y+68))).(*image.Gray)
}

// scanned reads a card, held either way up: a phone takes many pictures, a test has one raster.
func scanned(t testing.TB, card *image.Gray) (*gozxing.Result, *image.Gray) {
	t.Helper()
	var fault error
	for range 2 {
		found, err := qrcode.NewQRCodeReader().Decode(must(gozxing.NewBinaryBitmapFromImage(card))(t), nil)
		if err == nil {
			return found, card
		}
		fault = err
		b := card.Bounds()
		turned := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				turned.SetGray(b.Dx()-1-x, b.Dy()-1-y, card.GrayAt(b.Min.X+x, b.Min.Y+y))
			}
		}
		card = turned
	}
	t.Fatal("a card that no phone can read: ", fault)
	return nil, nil
}

// decode reads a code with a decoder that is none of ours, and holds its size and its quiet zone against
// elder.md E34: modules give the size, and not one dark point stands in the four around them.
func decode(t testing.TB, card *image.Gray) string {
	t.Helper()
	found, card := scanned(t, card)
	p := found.GetResultPoints() // bottom left, top left, top right: the middles of the finders
	module := math.Hypot(p[2].GetX()-p[1].GetX(), p[2].GetY()-p[1].GetY()) / (25 - 7)
	if mm := module * 25 / dpi * 25.4; mm < 30 {
		t.Errorf("the code is %.1f mm wide", mm)
	}
	left := min(p[0].GetX(), p[1].GetX(), p[2].GetX()) - 3.5*module
	top := min(p[0].GetY(), p[1].GetY(), p[2].GetY()) - 3.5*module
	b := card.Bounds()
	zone := image.Rect(b.Min.X+int(math.Ceil(left-4*module))+1, b.Min.Y+int(math.Ceil(top-4*module))+1,
		b.Min.X+int(left+29*module)-1, b.Min.Y+int(top+29*module)-1)
	if !zone.In(b) {
		t.Errorf("the quiet zone %v leaves the card %v", zone, b)
	}
	code := image.Rect(b.Min.X+int(left)-2, b.Min.Y+int(top)-2, b.Min.X+int(left+25*module)+3, b.Min.Y+int(top+25*module)+3)
	for y := zone.Min.Y; y < zone.Max.Y; y++ {
		for x := zone.Min.X; x < zone.Max.X; x++ {
			if !(image.Point{X: x, Y: y}).In(code) && card.GrayAt(x, y).Y < 250 {
				t.Fatalf("something stands in the quiet zone at %d, %d", x-b.Min.X, y-b.Min.Y)
			}
		}
	}
	return found.GetText()
}

// oddCards are eight names and units as hard as they come.
func oddCards() []checkin.MemberCard {
	names := []string{"王芳", "张建国", "欧阳德明", "买买提·艾合买提江", "买买提·艾合买提江·吐尔逊·阿卜杜热合曼", "Abdurehim Heyit Tursun", "王𠮷明", strings.Repeat("长", 60)}
	units := []string{"县水利局", "县委老干部局", "县农业农村局离退休干部党支部联合办公室", "河口街道", strings.Repeat("县", 90), "A", "", "东营市利津县陈庄镇中心卫生院"}
	out := make([]checkin.MemberCard, len(names))
	for i, n := range names {
		out[i] = checkin.MemberCard{Name: n, Unit: units[i], Alliance: strings.Repeat("群团离退休干部党建联盟", i%3), Code: fmt.Sprintf("BC1.%022d", i)}
	}
	return out
}

func TestCardsAreReadFromACheapPrint(t *testing.T) {
	sheet := checkin.CardSheet{Title: "群团联盟会员卡", Help: checkin.Help{Name: "县委老干部局", Phone: "0546-5628123"}, Cards: oddCards()}
	for i := range 9 { // a second and a third page
		sheet.Cards = append(sheet.Cards, checkin.MemberCard{Name: "赵国庆", Unit: "县水利局", Alliance: "群团联盟", Code: fmt.Sprintf("BC1.%022d", 8+i)})
	}
	file := must(sheet.PDF())(t)
	if to := os.Getenv("KEEP_CARDS"); to != "" {
		os.WriteFile(to, file, 0o600)
	}
	pages := raster(t, file)
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, c := range sheet.Cards {
		if got := decode(t, part(pages[i/8], i%8)); got != c.Code {
			t.Errorf("card %d says %q", i, got)
		}
	}
	text := pdfText(t, file)
	if n := strings.Count(text[0], "0546-5628123"); n != 8 {
		t.Errorf("whom to call stands on %d of 8 cards", n)
	}
	for _, want := range []string{"张建国", "欧阳德明", "王□明", "县委老干部局", "第 3 页，共 3 页"} {
		if !strings.Contains(strings.Join(text, ""), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// A Chinese character is as wide as its type is high.
func TestNamesHaveTwentyEightPoints(t *testing.T) {
	sheet := checkin.CardSheet{Title: "会员卡", Help: checkin.Help{Name: "老干部局", Phone: "0546-5628123"}}
	names := []string{"赵钱孙", "买买提·艾合买提江", "阿不都热合曼·艾合买提江"}
	for _, n := range names {
		sheet.Cards = append(sheet.Cards, checkin.MemberCard{Name: n, Unit: "县水利局", Code: "BC1.0123456789012345678901"})
	}
	cmd := exec.Command("pdftotext", "-bbox", "-", "-")
	cmd.Stdin = bytes.NewReader(must(sheet.PDF())(t))
	out := string(must(cmd.Output())(t))
	word := regexp.MustCompile(`<word xMin="([\d.]+)" yMin="[\d.]+" xMax="([\d.]+)" yMax="[\d.]+">([^<]+)</word>`)
	var seen []string
	for _, m := range word.FindAllStringSubmatch(out, -1) {
		from, _ := strconv.ParseFloat(m[1], 64)
		to, _ := strconv.ParseFloat(m[2], 64)
		if !strings.Contains(strings.Join(names, " "), m[3]) {
			continue
		}
		seen = append(seen, m[3])
		wide := float64(len([]rune(strings.ReplaceAll(m[3], "·", "")))) // a dot counts for nothing here
		if size := (to - from) / wide; size < 28 {
			t.Errorf("%s has %.1f points", m[3], size)
		}
	}
	slices.Sort(seen)
	want := []string{"买买提·", "艾合买提江", "赵钱孙", "阿不都热合曼·", "艾合买提江"} // broken where a name has a joint
	if slices.Sort(want); !slices.Equal(seen, want) {
		t.Errorf("of the names are there: %q", seen)
	}
}

// codesOf reads all codes of a file.
func codesOf(t testing.TB, file []byte, cards int) []string {
	t.Helper()
	pages := raster(t, file)
	var out []string
	for i := range cards {
		out = append(out, decode(t, part(pages[i/8], i%8)))
	}
	return out
}

func card(code string, at time.Time) checkin.Item {
	return checkin.Item{Nonce: newNonce(), Happened: at, Door: checkin.Scan, Code: code}
}

// From the printer to the door and back: what is printed lets in, and no longer once it is lost.
func TestAPrintedCardOpensTheDoorUntilItIsLost(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	unit := checkin.CardScope{Unit: c.units[0]}
	if _, _, err := c.checkin.CardFile(ctx, c.liaison, unit, time.Time{}, 1); !errors.Is(err, checkin.ErrNoCards) {
		t.Error("before anybody has one:", err)
	}
	dead := ledger.Deceased
	if _, err := c.ledger.UpdatePerson(ctx, actor.System, c.persons[0][2], ledger.PersonChange{Status: &dead}); err != nil {
		t.Fatal(err)
	}
	if n, _, err := c.checkin.IssueCards(ctx, c.liaison, unit); err != nil || n != 3 {
		t.Fatal(n, err)
	}
	name, file, err := c.checkin.CardFile(ctx, c.liaison, unit, time.Time{}, 1)
	if err != nil || name != "县水利局会员卡.pdf" {
		t.Fatal(name, err)
	}
	text := strings.Join(pdfText(t, file), "")
	for _, want := range []string{"张建国", "李淑芬", "=1+1", "县水利局", "0546-5628123", "群团离退休"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	for _, secret := range []string{"199000", "0001", "王志强", "BC1"} { // telephones, who died, the serial to copy
		if strings.Contains(text, secret) {
			t.Errorf("%s is on the cards", secret)
		}
	}
	codes := codesOf(t, file, 3)
	alive := slices.Delete(slices.Clone(c.persons[0]), 2, 3)
	for i, code := range codes {
		got := c.record(t, c.liaison, card(code, c.clk.Now()))[0]
		if got.Answer != checkin.OK || got.Person.ID != alive[i] {
			t.Errorf("card %d: %+v", i, got)
		}
	}
	_, again, err := c.checkin.CardFile(ctx, c.liaison, unit, time.Time{}, 1)
	if err != nil || !slices.Equal(codesOf(t, again, 3), codes) {
		t.Error("printed again, the cards are others:", err)
	}

	lost := c.persons[0][1]
	extra := must(c.checkin.IssueCard(ctx, c.liaison, lost))(t)
	c.clk.Advance(time.Minute)
	serial, revoked, err := c.checkin.ReissueCard(ctx, c.liaison, lost)
	if err != nil || revoked != 2 {
		t.Fatal(revoked, err)
	}
	for _, old := range []string{codes[1], checkin.CardPrefix + extra} {
		if got := c.record(t, c.liaison, card(old, c.clk.Now()))[0]; got.Answer != checkin.CodeExpired || got.Message != "这张卡已挂失作废，请用新卡，或在名单上点名字签到" {
			t.Errorf("a lost card: %+v", got)
		}
	}
	_, file, err = c.checkin.CardFile(ctx, c.liaison, checkin.CardScope{Person: lost}, time.Time{}, 1)
	if err != nil || !slices.Equal(codesOf(t, file, 1), []string{checkin.CardPrefix + serial}) {
		t.Error("the new card is not what is printed:", err)
	}
	if got := c.record(t, c.liaison, card(checkin.CardPrefix+serial, c.clk.Now()))[0]; got.Answer != checkin.Already {
		t.Errorf("the new card: %+v", got)
	}
	for action, want := range map[string]int{"checkin.reissue_card": 1, "checkin.issue_card": 1} {
		if n := must(c.audit.Count(ctx, action, lost))(t); int(n) != want {
			t.Errorf("%s: %d lines", action, n)
		}
	}
	if n := must(c.audit.Count(ctx, "checkin.print_cards", c.units[0]))(t); n != 2 {
		t.Errorf("prints: %d lines", n)
	}
}

func TestCardsOfAnAlliance(t *testing.T) {
	c := newCounty(t)
	ctx := t.Context()
	all := checkin.CardScope{Alliance: c.alliances[0]}
	must(c.checkin.IssueCard(ctx, c.liaison, c.persons[0][0]))(t)
	before := must(c.checkin.Cards(ctx, c.head, all))(t)
	if len(before.Lines) != 8 || before.Carded != 1 || before.Lines[0].Cards != 1 || !before.Lines[0].Issued.Equal(c.clk.Now()) || !before.Lines[1].Issued.IsZero() {
		t.Errorf("%+v", before)
	}
	c.clk.Advance(time.Hour)
	n, at, err := c.checkin.IssueCards(ctx, c.head, all)
	if err != nil || n != 7 {
		t.Fatal(n, err)
	}
	_, file, err := c.checkin.CardFile(ctx, c.head, all, at, 1)
	if text := strings.Join(pdfText(t, file), ""); err != nil || strings.Contains(text, "张建国") || strings.Count(text, "0546-5628123") != 7 {
		t.Error("the new ones alone:", text, err)
	}
	if n, _, err := c.checkin.IssueCards(ctx, c.head, all); err != nil || n != 0 {
		t.Error("everybody has one:", n, err)
	}
	if _, _, err := c.checkin.CardFile(ctx, c.head, all, time.Time{}, 2); !errors.Is(err, errs.ErrNotFound) {
		t.Error("a second file:", err)
	}
	gone := ledger.Moved
	if _, err := c.ledger.UpdatePerson(ctx, actor.System, c.persons[1][0], ledger.PersonChange{Status: &gone}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.checkin.ReissueCard(ctx, c.head, c.persons[1][0]); !errors.Is(err, checkin.ErrInactive) {
		t.Error("somebody who moved away:", err)
	}
	if after := must(c.checkin.Cards(ctx, c.head, all))(t); len(after.Lines) != 7 || after.Carded != 7 {
		t.Errorf("%+v", after)
	}
}

func TestWhoHandsOutCards(t *testing.T) {
	c := newCounty(t)
	unit, other, all := checkin.CardScope{Unit: c.units[0]}, checkin.CardScope{Unit: c.units[1]}, checkin.CardScope{Alliance: c.alliances[0]}
	one := checkin.CardScope{Person: c.persons[0][0]}
	for i, x := range []struct {
		who   actor.Actor
		scope checkin.CardScope
		want  error
	}{
		{c.staff, all, nil}, {c.head, all, nil}, {c.head, unit, nil}, {c.liaison, unit, nil}, {c.liaison, one, nil},
		{c.liaison, all, errs.ErrForbidden}, {c.liaison, other, errs.ErrForbidden}, {c.member, unit, errs.ErrForbidden}, {c.member, one, errs.ErrForbidden},
		{c.foreign, all, errs.ErrNotFound}, {c.foreign, unit, errs.ErrNotFound}, {c.second, one, errs.ErrNotFound}, {actor.Actor{}, unit, errs.ErrNotFound},
	} {
		_, err := c.checkin.Cards(t.Context(), x.who, x.scope)
		_, _, issue := c.checkin.IssueCards(t.Context(), x.who, x.scope)
		_, _, file := c.checkin.CardFile(t.Context(), x.who, x.scope, time.Time{}, 1)
		for _, got := range []error{err, issue, file} {
			if !errors.Is(got, x.want) {
				t.Errorf("case %d: %v, want %v", i, got, x.want)
			}
		}
	}
}

func TestNoCardWithoutANumberToCall(t *testing.T) {
	c := newCounty(t)
	c.checkin.Help = checkin.Help{Name: "老干部局"}
	must(c.checkin.IssueCard(t.Context(), c.liaison, c.persons[0][0]))(t)
	if _, _, err := c.checkin.CardFile(t.Context(), c.liaison, checkin.CardScope{Unit: c.units[0]}, time.Time{}, 1); !errors.Is(err, checkin.ErrNoHelp) {
		t.Error(err)
	}
}

// Of twenty who hand cards out at once, each member gets one; of twenty who replace a lost one, one
// card is left that counts.
func TestCardsAreIssuedOnce(t *testing.T) {
	c := newCounty(t)
	all, lost := checkin.CardScope{Alliance: c.alliances[0]}, c.persons[0][0]
	crowd := func(call func(ctx context.Context) error) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := call(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	check := func() {
		for _, l := range must(c.checkin.Cards(t.Context(), c.head, all))(t).Lines {
			if l.Cards != 1 {
				t.Errorf("%s has %d cards", l.Person.Name, l.Cards)
			}
		}
	}
	crowd(func(ctx context.Context) error { _, _, err := c.checkin.IssueCards(ctx, c.head, all); return err })
	check()
	crowd(func(ctx context.Context) error { _, _, err := c.checkin.ReissueCard(ctx, c.head, lost); return err })
	check()
}

// One file is what a process holds at a time, however many cards are asked for.
func BenchmarkCards(b *testing.B) {
	for _, n := range []int{150, 400} {
		sheet := checkin.CardSheet{Title: "会员卡", Help: checkin.Help{Name: "老干部局", Phone: "0546-5628123"}}
		for i := range n {
			sheet.Cards = append(sheet.Cards, checkin.MemberCard{Name: "赵国庆", Unit: "县水利局", Alliance: "群团联盟", Code: fmt.Sprintf("BC1.%022d", i)})
		}
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sheet.PDF(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
