package attachment_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/attachment"
	"bense/server/internal/audit"
	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
	"bense/server/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Main(m) }

var pdf = []byte("%PDF-1.4\n1 0 obj<</Secret(19900000001)>>endobj\n%%EOF\n")

func TestKindsByTheirBytes(t *testing.T) {
	var jpg, pic bytes.Buffer
	if err := errors.Join(jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 8, 8)), nil), png.Encode(&pic, image.NewGray(image.Rect(0, 0, 8, 8)))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		kind attachment.Kind
		err  error
	}{
		"pdf":             {pdf, attachment.PDF, nil},
		"jpeg":            {jpg.Bytes(), attachment.JPEG, nil},
		"png":             {pic.Bytes(), attachment.PNG, nil},
		"nothing":         {nil, "", attachment.ErrEmpty},
		"too large":       {append(bytes.Clone(pdf), make([]byte, attachment.MaxBytes)...), "", attachment.ErrTooLarge},
		"half a pdf":      {[]byte("%PDF-1.4\n"), "", attachment.ErrKind},
		"only a head":     {[]byte("\x89PNG\r\n\x1a\n"), "", attachment.ErrKind},
		"a page":          {[]byte("<!doctype html><script>alert(1)</script>"), "", attachment.ErrKind},
		"a vector image":  {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "", attachment.ErrKind},
		"a program":       {[]byte("MZ\x90\x00"), "", attachment.ErrKind},
		"a workbook":      {[]byte("PK\x03\x04"), "", attachment.ErrKind},
		"a late pdf head": {append([]byte("\n<script>"), pdf...), "", attachment.ErrKind},
		"a moving image":  {[]byte("GIF89a\x01\x00\x01\x00"), "", attachment.ErrKind},
	} {
		if kind, err := attachment.KindOf(c.data); kind != c.kind || !errors.Is(err, c.err) {
			t.Errorf("%s: %q %v", name, kind, err)
		}
	}
}

func TestNamesAreMadeSafe(t *testing.T) {
	for typed, want := range map[string]string{
		"入党志愿书.PDF":              "入党志愿书.pdf",
		"../../etc/passwd":       "passwd.pdf",
		`C:\扫描\证书.pdf`:           "证书.pdf",
		"a\r\nX-Evil: 1.pdf":     "aX-Evil 1.pdf",
		"\u202Efdp.exe":          "fdp.exe.pdf",
		"":                       "附件.pdf",
		"..":                     "附件.pdf",
		".pdf":                   "附件.pdf",
		"证书.pdf.html":            "证书.pdf.html.pdf",
		`<img src=x>".pdf`:       "img src=x.pdf",
		strings.Repeat("长", 300): strings.Repeat("长", 100) + ".pdf",
	} {
		if got := attachment.NameOf(typed, attachment.PDF); got != want {
			t.Errorf("%q became %q, want %q", typed, got, want)
		}
	}
	if got := attachment.NameOf("照片.JPEG", attachment.JPEG); got != "照片.jpeg" {
		t.Error(got)
	}
}

type named struct{}

func (named) AccountName(_ context.Context, accounts []id.ID) (map[id.ID]string, error) {
	return map[id.ID]string{77: "林主任"}, nil
}

// house is a county with a person, and another county.
type house struct {
	*attachment.Service
	t         *testing.T
	db        *db.DB
	clk       *clock.Fake
	audits    *audit.Log
	person    id.ID
	at, other actor.Place
}

func newHouse(t *testing.T) *house {
	t.Helper()
	d, box, clk := testdb.Own(t), testdb.Box(t), clock.NewFake(time.Date(2026, 7, 1, 1, 0, 0, 0, time.UTC))
	ids := id.NewSource(1, clk.Now)
	log := audit.New(d, box, ids, clk)
	l := ledger.New(d, box, ids, clk, log)
	h := &house{t: t, db: d, clk: clk, audits: log, Service: attachment.New(attachment.Deps{DB: d, Box: box, IDs: ids, Clock: clk, Audit: log, Ledger: l, Names: named{}})}
	for i, name := range []string{"本县老干部局", "邻县老干部局"} {
		c, err := l.CreateCommittee(t.Context(), actor.System, ledger.Committee{Name: name})
		h.must(err)
		if i == 1 {
			h.other = c.Place()
			continue
		}
		u, err := l.CreateUnit(t.Context(), actor.System, ledger.Unit{CommitteeID: c.ID, Name: "本单位"})
		h.must(err)
		e, err := l.CreatePerson(t.Context(), actor.System, u.ID, 0, ledger.Fields{Name: "张爱国"})
		h.must(err)
		h.person, h.at = e.Person.ID, e.Person.Place()
	}
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func as(r actor.Role, p actor.Place) actor.Actor {
	a := actor.Actor{Account: 77, Grants: []actor.Grant{{Role: r, Place: p}}}
	if r == actor.Member {
		a.Persons = []id.ID{p.Person}
	}
	return a
}

func second[T any](_ T, err error) error { return err }

func TestAFileIsKeptAndComesBack(t *testing.T) {
	h := newHouse(t)
	ctx, liaison := t.Context(), as(actor.Liaison, h.at)
	a, err := h.Add(ctx, liaison, h.person, "../入党志愿书.pdf", pdf)
	h.must(err)
	got, data, err := h.Open(ctx, liaison, h.person, a.ID)
	h.must(err)
	if !bytes.Equal(data, pdf) || got.Name != "入党志愿书.pdf" || got.Kind != attachment.PDF || got.Size != len(pdf) {
		t.Errorf("%+v %q", got, data)
	}
	h.must(h.Remove(ctx, liaison, h.person, a.ID))
	h.must(h.Remove(ctx, liaison, h.person, a.ID))
	if _, _, err := h.Open(ctx, liaison, h.person, a.ID); !errors.Is(err, attachment.ErrNone) {
		t.Errorf("one that was taken off opens: %v", err)
	}
	h.must(h.Restore(ctx, liaison, h.person, a.ID))
	list, err := h.List(ctx, liaison, h.person)
	h.must(err)
	if len(list) != 1 || list[0].ByName != "林主任" || !list[0].RemovedAt.IsZero() {
		t.Errorf("%+v", list)
	}
	for action, want := range map[string]int64{"attachment.add": 1, "attachment.open": 1, "attachment.remove": 2, "attachment.restore": 1} {
		if n, err := h.audits.Count(ctx, action, h.person); err != nil || n != want {
			t.Errorf("%s: %d lines, %v", action, n, err)
		}
	}
	var plain int
	h.must(h.db.SQL().QueryRow("SELECT COUNT(*) FROM person_attachments WHERE data_enc LIKE '%19900000001%' OR data_enc LIKE '%PDF%' OR name_enc LIKE '%志愿书%'").Scan(&plain))
	if plain != 0 {
		t.Error("a file lies in the open")
	}
	h.must(h.Remove(ctx, liaison, h.person, a.ID))
	h.clk.Advance(attachment.KeepRemoved - time.Hour)
	h.must(h.Prune(ctx))
	h.must(h.Restore(ctx, liaison, h.person, a.ID))
	h.must(h.Remove(ctx, liaison, h.person, a.ID))
	h.clk.Advance(attachment.KeepRemoved + time.Hour)
	h.must(h.Prune(ctx))
	if err := h.Restore(ctx, liaison, h.person, a.ID); !errors.Is(err, attachment.ErrNone) {
		t.Errorf("after thirty days: %v", err)
	}
}

func TestFilesOfOthers(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	a, err := h.Add(ctx, as(actor.CommitteeStaff, h.at), h.person, "a.pdf", pdf)
	h.must(err)
	stranger, member := as(actor.CommitteeStaff, h.other), as(actor.Member, h.at)
	for what, c := range map[string]struct{ err, want error }{
		"list elsewhere":    {second(h.List(ctx, stranger, h.person)), errs.ErrNotFound},
		"add elsewhere":     {second(h.Add(ctx, stranger, h.person, "a.pdf", pdf)), errs.ErrNotFound},
		"remove elsewhere":  {h.Remove(ctx, stranger, h.person, a.ID), errs.ErrNotFound},
		"list by oneself":   {second(h.List(ctx, member, h.person)), errs.ErrForbidden},
		"add by oneself":    {second(h.Add(ctx, member, h.person, "a.pdf", pdf)), errs.ErrForbidden},
		"restore oneself":   {h.Restore(ctx, member, h.person, a.ID), errs.ErrForbidden},
		"of another person": {h.Remove(ctx, as(actor.CommitteeStaff, h.at), h.person, a.ID+1), attachment.ErrNone},
		"of another kind":   {second(h.Add(ctx, as(actor.CommitteeStaff, h.at), h.person, "a.pdf", []byte("MZ"))), attachment.ErrKind},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v", what, c.err)
		}
	}
	if _, _, err := h.Open(ctx, stranger, h.person, a.ID); !errors.Is(err, errs.ErrNotFound) {
		t.Error(err)
	}
	if _, _, err := h.Open(ctx, member, h.person, a.ID); !errors.Is(err, errs.ErrForbidden) {
		t.Error(err)
	}
	asked := 0
	h.Confirm = func(context.Context, actor.Actor, string, id.ID) error { asked++; return errs.ErrForbidden }
	desk := as(actor.CommitteeStaff, h.at)
	desk.Console = true
	if _, _, err := h.Open(ctx, desk, h.person, a.ID); !errors.Is(err, errs.ErrForbidden) || asked != 1 {
		t.Errorf("a desktop opens without its phone: %v", err)
	}
}

// Clerks who upload at once don't pass the limit together.
func TestFilesAddedAtOnce(t *testing.T) {
	h := newHouse(t)
	who := as(actor.CommitteeStaff, h.at)
	var wg sync.WaitGroup
	var kept, refused atomic.Int32
	for range 26 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			switch _, err := h.Add(t.Context(), who, h.person, "a.pdf", pdf); {
			case err == nil:
				kept.Add(1)
			case errors.Is(err, attachment.ErrMany):
				refused.Add(1)
			default:
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	if kept.Load() != 20 || refused.Load() != 6 {
		t.Errorf("%d kept, %d refused", kept.Load(), refused.Load())
	}
}
