package notice_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/notice"
	"bense/server/internal/page"
	"bense/server/internal/wechat"
)

func pageOf() page.Page { return page.Page{} }

func snapshot(t *testing.T) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for i := range 400 {
		img.Set(i, i*3/4, color.RGBA{200, 20, 20, 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (h *house) withPicture() (key, photo id.ID) {
	h.t.Helper()
	key = h.draft()
	i, err := h.svc.AddPhoto(h.t.Context(), head(), key, snapshot(h.t))
	h.must(err)
	return key, i.Photos[0].ID
}

func (h *house) judged(trace int, v wechat.Verdict) {
	h.t.Helper()
	h.must(h.svc.HandleEvent(h.t.Context(), wechat.Event{Kind: wechat.EventMedia, Trace: fmt.Sprintf("trace-%d", trace), Verdict: v}))
}

func TestPictureIsCheckedBeforeItGoesOut(t *testing.T) {
	h := newHouse(t)
	key, photo := h.withPicture()
	h.work()
	if len(h.asked) != 1 {
		t.Fatal(h.asked)
	}
	token := h.asked[0][strings.LastIndex(h.asked[0], "/")+1:]
	if _, err := h.svc.Shown(t.Context(), token); err != nil {
		t.Error("WeChat can't look at it:", err)
	}
	_, err := h.svc.Shown(t.Context(), photo.String()+".00")
	h.want(err, notice.ErrNoPhoto)
	i, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	if i.Notice.State != notice.Scheduled {
		t.Errorf("went out unchecked: %s", i.Notice.State)
	}
	h.work()
	h.judged(1, wechat.Pass)
	h.judged(1, wechat.Pass)
	h.work()
	if n := h.state(key); n.State != notice.Published {
		t.Errorf("%+v", n)
	}
	_, err = h.svc.Shown(t.Context(), token)
	h.want(err, notice.ErrNoPhoto)
	data, err := h.svc.Photo(t.Context(), member(1201), key, photo)
	if err != nil || !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		t.Error(err)
	}
}

func TestAVerdictMayComeFirst(t *testing.T) {
	h := newHouse(t)
	key, _ := h.withPicture()
	h.judged(1, wechat.Pass)
	h.work()
	if _, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false); err != nil || h.state(key).State != notice.Published {
		t.Error(err, h.state(key).State)
	}
}

func TestARefusedPictureHoldsTheNotice(t *testing.T) {
	h := newHouse(t)
	key, photo := h.withPicture()
	h.work()
	_, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
	h.judged(1, wechat.Risky)
	h.work()
	if n := h.state(key); n.State != notice.Draft || !strings.Contains(n.Remark, "没有通过微信的检查") {
		t.Errorf("%+v", n)
	}
	_, err = h.svc.Publish(t.Context(), staff(), key, h.rev(key), true)
	h.want(err, notice.ErrPhotoRefused)
	_, err = h.svc.RemovePhoto(t.Context(), head(), key, photo)
	h.must(err)
	_, err = h.svc.RemovePhoto(t.Context(), head(), key, photo)
	h.want(err, notice.ErrNoPhoto)
	_, err = h.svc.Publish(t.Context(), head(), key, h.rev(key), false)
	h.must(err)
}

func TestALostVerdictIsForAPerson(t *testing.T) {
	for name, lose := range map[string]func(h *house){
		"never called back": func(h *house) { h.work(); h.clk.Advance(31 * time.Minute); h.work() },
		"not taken":         func(h *house) { h.pictureErr = &wechat.Error{Code: wechat.AuthorInactive}; h.work() },
		"away for long": func(h *house) {
			h.pictureErr = &wechat.Error{Code: wechat.Unavailable, Retryable: true}
			for range 8 {
				h.work()
				h.clk.Advance(30 * time.Minute)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			key, photo := h.withPicture()
			lose(h)
			_, err := h.svc.Publish(t.Context(), head(), key, h.rev(key), true)
			h.want(err, notice.ErrPhotoReview)
			_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
			h.must(err)
			i, err := h.svc.Approve(t.Context(), lead(), key, h.state(key).Revision)
			h.must(err)
			if i.Notice.State != notice.Published || i.Photos[0].State != notice.PhotoPassed || i.Photos[0].ID != photo {
				t.Errorf("%+v %+v", i.Notice, i.Photos)
			}
			h.judged(1, wechat.Risky) // much too late: a person has looked
			if got := h.state(key); got.State != notice.Published {
				t.Error(got.State)
			}
		})
	}
}

func TestAtMostThreePictures(t *testing.T) {
	h := newHouse(t)
	key := h.draft()
	data := snapshot(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := h.svc.AddPhoto(t.Context(), head(), key, data)
			if e, ok := errs.As(err); err != nil && (!ok || e.Code != notice.ErrPhotos.Code) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	i, err := h.svc.Get(t.Context(), head(), key)
	h.must(err)
	if len(i.Photos) != 3 {
		t.Errorf("%d pictures", len(i.Photos))
	}
	_, err = h.svc.AddPhoto(t.Context(), member(1201), key, data)
	h.want(err, errs.ErrNotFound)
}

// Who approves has read pictures and people too: after a change of either they read again. The text is not
// asked about anew.
func TestNobodyApprovesPicturesOrPeopleUnread(t *testing.T) {
	h := newHouse(t)
	key, photo := h.withPicture()
	h.work()
	h.judged(1, wechat.Pass)
	changes := map[string]func() error{
		"picture taken off": func() error { _, err := h.svc.RemovePhoto(t.Context(), head(), key, photo); return err },
		"another picture":   func() error { _, err := h.svc.AddPhoto(t.Context(), head(), key, snapshot(t)); return err },
		"other people": func() error {
			_, err := h.svc.Address(t.Context(), head(), key, notice.Audience{Kind: notice.SomeUnits, Subjects: []id.ID{11}}, 0)
			return err
		},
	}
	for name, change := range changes {
		i, err := h.svc.Submit(t.Context(), head(), key, time.Time{})
		h.must(err)
		_, err = h.svc.Withdraw(t.Context(), head(), key)
		h.must(err)
		h.must(change())
		_, err = h.svc.Submit(t.Context(), head(), key, time.Time{})
		h.must(err)
		if _, err = h.svc.Approve(t.Context(), lead(), key, i.Notice.Revision); !errors.Is(err, notice.ErrChanged) {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = h.svc.Withdraw(t.Context(), head(), key)
		h.must(err)
	}
	if len(h.checked) != 1 {
		t.Errorf("the text was asked about %d times", len(h.checked))
	}
}
