package identity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/page"
)

func pageOf(n int) page.Page { return page.Page{Limit: n} }

// asks puts a question from a desktop and gives the actor that carries it.
func (d *desk) asks(action string, subject id.ID) (identity.Confirmation, actor.Actor) {
	d.r.t.Helper()
	who := d.who()
	c, err := d.r.Ask(d.r.t.Context(), who, action, subject, "共12人")
	d.r.must(err)
	who.Confirmation = c.ID
	return c, who
}

// needs wants a refusal with the code that makes a desktop ask, and with these words.
func (r *rig) needs(who actor.Actor, action string, subject id.ID, words string) {
	r.t.Helper()
	err := r.Confirmed(r.t.Context(), who, action, subject)
	wantErr(r.t, err, identity.ErrConfirm)
	if e, _ := errs.As(err); !strings.Contains(e.Message, words) {
		r.t.Errorf("%q, want %q", e.Message, words)
	}
}

func TestConfirmOnThePhone(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	d := h.signedIn()
	p := r.person(r.bank, "郭爱国", "")
	r.must(r.Confirmed(t.Context(), h.who(), identity.ConfirmReveal, p.ID)) // the phone itself
	r.needs(d.who(), identity.ConfirmReveal, p.ID, "请在手机上确认")
	c, who := d.asks(identity.ConfirmReveal, p.ID)
	r.needs(who, identity.ConfirmReveal, p.ID, "请在手机上确认")
	list, err := r.Waiting(t.Context(), h.who())
	r.must(err)
	if len(list) != 1 || list[0].Number != c.Number || list[0].Title != "查看完整的个人信息" || list[0].Summary != "共12人" ||
		list[0].About != r.bank.Name+" 郭爱国" || list[0].Device.Browser != "Chrome（Windows）" {
		t.Fatalf("%+v", list)
	}
	wantErr(t, r.Decide(t.Context(), d.who(), c.ID, true), identity.ErrPhoneOnly)
	wantErr(t, r.Decide(t.Context(), r.liaison(r.bank).who(), c.ID, true), errs.ErrNotFound)
	r.must(r.Decide(t.Context(), h.who(), c.ID, true))
	wantErr(t, r.Decide(t.Context(), h.who(), c.ID, false), identity.ErrConfirmDecided)

	other := r.person(r.bank, "王秀英", "")
	r.needs(who, identity.ConfirmReveal, other.ID, "不是这一步")
	r.needs(who, identity.ConfirmErase, p.ID, "不是这一步")
	second := h.signedIn().who()
	second.Confirmation = c.ID
	r.needs(second, identity.ConfirmReveal, p.ID, "不是这一步")
	thief := r.liaison(r.bank).signedIn().who()
	thief.Confirmation = c.ID
	r.needs(thief, identity.ConfirmReveal, p.ID, "请在手机上确认")

	failed := errors.New("the change itself fails")
	err = r.db.Tx(t.Context(), func(ctx context.Context) error {
		r.must(r.Confirmed(ctx, who, identity.ConfirmReveal, p.ID))
		return failed
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	r.must(r.Confirmed(t.Context(), who, identity.ConfirmReveal, p.ID)) // what failed has spent nothing
	r.needs(who, identity.ConfirmReveal, p.ID, "已经用过")
	r.audited("ask", c.ID, 1)
	r.audited("confirm", c.ID, 1)
	r.audited("spend_confirmation", c.ID, 1)
}

func TestConfirmationsDoNotWaitForEver(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	d := h.signedIn()
	p := r.person(r.bank, "郭爱国", "")
	late, who := d.asks(identity.ConfirmReveal, p.ID)
	r.clk.Advance(2 * time.Minute)
	wantErr(t, r.Decide(t.Context(), h.who(), late.ID, true), identity.ErrConfirmExpired)
	r.needs(who, identity.ConfirmReveal, p.ID, "已过期")
	slow, who := d.asks(identity.ConfirmReveal, p.ID)
	r.must(r.Decide(t.Context(), h.who(), slow.ID, true))
	r.clk.Advance(5 * time.Minute)
	r.needs(who, identity.ConfirmReveal, p.ID, "已过期")
	no, who := d.asks(identity.ConfirmReveal, p.ID)
	r.must(r.Decide(t.Context(), h.who(), no.ID, false))
	r.needs(who, identity.ConfirmReveal, p.ID, "没有同意")
	got, err := r.Asked(t.Context(), d.who(), no.ID)
	r.must(err)
	if got.State != identity.ConfirmRefused {
		t.Error(got.State)
	}
}

func TestConfirmationIsSpentOnce(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	p := r.person(r.bank, "郭爱国", "")
	c, who := h.signedIn().asks(identity.ConfirmReveal, p.ID)
	r.must(r.Decide(t.Context(), h.who(), c.ID, true))
	var spent atomic.Int64
	together(20, func(int) {
		if err := r.Confirmed(t.Context(), who, identity.ConfirmReveal, p.ID); err == nil {
			spent.Add(1)
		}
	})
	if spent.Load() != 1 {
		t.Errorf("spent %d times", spent.Load())
	}
}

func TestWhatMayBeAsked(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	d := h.signedIn()
	ask := func(who actor.Actor, action string, subject id.ID) error {
		_, err := r.Ask(t.Context(), who, action, subject, "")
		return err
	}
	wantErr(t, ask(h.who(), identity.ConfirmExport, r.north.ID), identity.ErrConsoleOnly)
	wantErr(t, ask(d.who(), "win", r.north.ID), errs.ErrInvalid)
	wantErr(t, ask(d.who(), identity.ConfirmReveal, r.person(r.farm, "李建设", "").ID), errs.ErrNotFound)
	wantErr(t, ask(d.who(), identity.ConfirmExport, r.south.ID), errs.ErrNotFound)
	wantErr(t, ask(d.who(), identity.ConfirmExport, 5), errs.ErrNotFound)
	for range 5 {
		r.must(ask(d.who(), identity.ConfirmExport, r.north.ID))
	}
	wantErr(t, ask(d.who(), identity.ConfirmExport, r.north.ID), identity.ErrConfirmMany)
}

func TestConfirmationsOverHTTP(t *testing.T) {
	r := newRig(t)
	h := r.liaison(r.bank)
	d := h.signedIn()
	desk := &phone{r: r, token: d.token}
	body := fmt.Sprintf(`{"action":"export","subject_id":%q,"summary":"台账42人"}`, r.bank.ID)
	c := r.want(desk, "POST", "/me/confirmations", body, 201, "")
	path := "/me/confirmations/" + c["id"].(string)
	if c["title"] != "导出台账" || c["about"] != r.bank.Name || c["state"] != "pending" {
		t.Fatal(c)
	}
	r.want(desk, "POST", path+"/approve", "", 403, "identity.phone_only")
	if list := items(r.want(h, "GET", "/me/confirmations", "", 200, "")); len(list) != 1 {
		t.Fatal(list)
	}
	r.want(h, "POST", path+"/approve", "", 204, "")
	if got := r.want(desk, "GET", path, "", 200, ""); got["state"] != "approved" {
		t.Fatal(got)
	}
	r.want(h, "POST", path+"/refuse", "", 409, "identity.confirm_decided")
	r.want(h, "POST", "/me/confirmations", body, 403, "identity.console_only")
	if strings.Contains(r.logs.String(), "台账42人") {
		t.Error("what the desktop says is in the log")
	}
}
