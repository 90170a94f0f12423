package notice_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
)

func withContact(_ *house, d *notice.Deps) {
	d.Contact = notice.Contact{Name: "老干部局张秀兰", Phone: "0546-5300000"}
}

func TestAPublishedNoticeCanBePassedOn(t *testing.T) {
	h := newHouse(t, withContact)
	key := h.published()
	l, err := h.svc.Forward(t.Context(), member(1201), key)
	h.must(err)
	want := "【七一主题党日通知】\n时间：7月3日 星期五 上午9:00到11:00\n地点：黄河文化馆\n请各位老同志参加。\n有事请打电话：老干部局张秀兰 0546-5300000\n联盟100"
	if l.Text() != want {
		t.Errorf("%s", l.Text())
	}
	_, err = h.svc.Cancel(t.Context(), head(), key, "下雨")
	h.must(err)
	l, err = h.svc.Forward(t.Context(), member(1201), key)
	if h.must(err); !strings.HasPrefix(l.Text(), "【取消】七一主题党日通知") || !strings.Contains(l.Text(), "请不要前往") {
		t.Errorf("%s", l.Text())
	}
	for name, c := range map[string]struct {
		who  id.ID
		key  id.ID
		want error
	}{
		"another alliance": {2101, key, errs.ErrNotFound},
		"a member's draft": {1201, h.loose(), errs.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			h.want(second(h.svc.Forward(t.Context(), member(c.who), c.key)), c.want)
			h.want(second(h.svc.Calendar(t.Context(), member(c.who), c.key)), c.want)
		})
	}
	h.want(second(h.svc.Forward(t.Context(), head(), h.loose())), notice.ErrNotOut)
}

func TestCalendarEntry(t *testing.T) {
	h := newHouse(t)
	f := h.facts[party]
	f.Title, f.Place = `七一,主题;党日\活动`, strings.Repeat("黄河文化馆二楼会议室", 8)
	h.facts[party] = f
	key := h.published()
	data, err := h.svc.Calendar(t.Context(), member(1201), key)
	h.must(err)
	text := string(data)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
	unfolded := strings.ReplaceAll(text, "\r\n ", "")
	for _, want := range []string{
		"BEGIN:VEVENT\r\n", "DTSTART:20260703T010000Z\r\n", "DTEND:20260703T030000Z\r\n", `SUMMARY:七一\,主题\;党日\\活动` + "\r\n",
		"LOCATION:" + f.Place + "\r\n", "TRIGGER:-PT2H\r\n", "STATUS:CONFIRMED\r\n", "END:VCALENDAR\r\n",
	} {
		if !strings.Contains(unfolded, want) {
			t.Errorf("no %q in\n%s", want, unfolded)
		}
	}
	n, err := h.svc.Create(t.Context(), head(), alliance, 0, "学习资料", "请传阅。")
	h.must(err)
	_, err = h.svc.Publish(t.Context(), head(), n.Notice.ID, h.rev(n.Notice.ID), false)
	h.must(err)
	h.want(second(h.svc.Calendar(t.Context(), member(1201), n.Notice.ID)), notice.ErrNoDate)
}

// The longest that people may type still fits into what WeChat sends, with whom to call on it.
func TestPictures(t *testing.T) {
	long := notice.Leaflet{
		Alliance: "城东片区离退休干部党建联盟", Title: strings.Repeat("关于开展重阳节主题党日活动的通知", 4)[:60*3], When: "10月19日 星期一 上午9:00到下午2:30",
		Place: "利津县黄河文化馆二楼东侧多功能会议室（电梯在南门）", Contact: "老干部局张秀兰 0546-5300000",
		Body: strings.Repeat("请各位老同志带好党徽和老花镜，乘2路公交车到文化馆站下车，\nhttps://example.org/a/very/long/address/without/any/gap/in/it", 20),
	}
	for name, l := range map[string]notice.Leaflet{
		"long":  long,
		"short": {Alliance: "城东党建联盟", Title: "学习资料", Body: "请传阅。"},
		"plain": {Alliance: "城东党建联盟", Title: "十月主题党日", When: "10月19日 星期一 上午9:00到11:00", Place: "黄河文化馆", Body: "请带党徽、老花镜。\n午饭在食堂。", Contact: "张秀兰 0546-5300000"},
		"off":   {Alliance: "城东党建联盟", Title: "十月主题党日", When: "10月19日 星期一 上午9:00", Place: "黄河文化馆", Off: true, Contact: "张秀兰 0546-5300000"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := l.Picture(nil)
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if size := img.Bounds(); size.Dx() != 750 || size.Dy() > 2400 || len(data) > notice.MaxPicture {
				t.Errorf("%v, %d bytes", size, len(data))
			}
			for y := range img.Bounds().Dy() { // nothing runs over the right edge
				if r, g, b, _ := img.At(749, y).RGBA(); r>>8 < 0x90 || (g>>8 > 0x40 && b>>8 < 0x80) {
					t.Fatalf("ink at the edge, line %d", y)
				}
			}
			if dir := os.Getenv("BENSE_PICTURES"); dir != "" {
				os.WriteFile(dir+"/"+name+".png", data, 0o600)
			}
		})
	}
}

// jpegOf is a picture as it is stored, drawn point by point.
func jpegOf(t *testing.T, width, height int, at func(x, y int) color.RGBA) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A photograph is in the picture with all facts still around it, whatever it shows within 300 KB.
func TestPictureWithAPhotograph(t *testing.T) {
	l := notice.Leaflet{Alliance: "城东党建联盟", Title: "十月主题党日", When: "10月19日 星期一 上午9:00到11:00", Place: "黄河文化馆",
		Body: strings.Repeat("请带党徽、老花镜。\n午饭在食堂。\n", 7), Contact: "张秀兰 0546-5300000"}
	plain, err := l.Picture(nil)
	if err != nil {
		t.Fatal(err)
	}
	bare, _ := png.Decode(bytes.NewReader(plain))
	dice := rand.New(rand.NewPCG(1, 2))
	noise := func(int, int) color.RGBA {
		return color.RGBA{uint8(dice.Uint32()), uint8(dice.Uint32()), uint8(dice.Uint32()), 255}
	}
	shades := func(x, y int) color.RGBA { return color.RGBA{uint8(x / 5), uint8(y / 4), uint8((x + y) / 9), 255} }
	for name, photo := range map[string][]byte{
		"wide": jpegOf(t, 1280, 960, shades), "tall": jpegOf(t, 720, 1280, shades), "strip": jpegOf(t, 1280, 4, shades), "needle": jpegOf(t, 3, 1280, shades),
		"one colour": jpegOf(t, 640, 480, func(int, int) color.RGBA { return color.RGBA{0, 128, 0, 255} }), "noise": jpegOf(t, 1280, 960, noise),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := l.Picture(photo)
			if err != nil || len(data) > notice.MaxPicture {
				t.Fatalf("%d bytes, %v", len(data), err)
			}
			img, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			more := img.Bounds().Dy() - bare.Bounds().Dy()
			if img.Bounds().Dx() != 750 || more <= 0 {
				t.Errorf("%v: no photograph in it", img.Bounds())
			}
			for y := range bare.Bounds().Dy() { // what stands above and below is what stood there before
				at := y
				if y > bare.Bounds().Dy()-200 {
					at += more
				}
				for x := range 750 {
					if bare.At(x, y) != img.At(x, at) && (y < 1000 || y > bare.Bounds().Dy()-150) {
						t.Fatalf("the words have changed at %d,%d", x, y)
					}
				}
			}
			if dir := os.Getenv("BENSE_PICTURES"); dir != "" {
				os.WriteFile(dir+"/photo-"+name+".png", data, 0o600)
			}
		})
	}
	off := l
	off.Off = true
	with, err := off.Picture(jpegOf(t, 640, 480, shades))
	without, err2 := off.Picture(nil)
	if err != nil || err2 != nil || !bytes.Equal(with, without) {
		t.Error("what is cancelled shows a photograph", err, err2)
	}
}

// forwarded is how tall the picture is that is passed on.
func (h *house) forwarded(who actor.Actor, key id.ID) int {
	h.t.Helper()
	data, err := h.svc.Picture(h.t.Context(), who, key)
	h.must(err)
	img, err := png.Decode(bytes.NewReader(data))
	h.must(err)
	return img.Bounds().Dy()
}

// Only pictures that have passed the check leave the mini-program.
func TestUncheckedPicturesStayInside(t *testing.T) {
	h := newHouse(t)
	key, first := h.withPicture()
	i, err := h.svc.AddPhoto(t.Context(), head(), key, snapshot(t))
	h.must(err)
	second := i.Photos[1].ID
	_, err = h.db.SQL().ExecContext(t.Context(), "UPDATE notices SET state = 'published', published_at = created_at WHERE id = "+key.String())
	h.must(err)
	size := func(states ...notice.PhotoState) int {
		for n, p := range []id.ID{first, second} {
			_, err := h.db.SQL().ExecContext(t.Context(), "UPDATE notice_pictures SET state = '"+string(states[n])+"' WHERE id = "+p.String())
			h.must(err)
		}
		return h.forwarded(member(1101), key)
	}
	none := size(notice.PhotoRefused, notice.PhotoRefused)
	for _, s := range []notice.PhotoState{notice.PhotoPending, notice.PhotoReview} {
		if size(s, notice.PhotoRefused) != none {
			t.Errorf("a picture that is %s went out", s)
		}
	}
	if size(notice.PhotoPassed, notice.PhotoPending) == none || size(notice.PhotoPending, notice.PhotoPassed) == none {
		t.Error("a picture that has passed is missing")
	}
}
