package wechat_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// inbox is a callback handler that remembers.
type inbox struct {
	mu     sync.Mutex
	events []wechat.Event
	fail   int // so many times first
	wait   chan struct{}
}

func (b *inbox) handle(_ context.Context, e wechat.Event) error {
	if b.wait != nil {
		<-b.wait
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return errors.New("not now")
	}
	b.events = append(b.events, e)
	return nil
}

func (b *inbox) got() []wechat.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.events
}

// listen puts a receiver of c behind a real address and points the emulator at it.
func (r *rig) listen(t *testing.T, c *wechat.Client, b *inbox) *wechat.Receiver {
	t.Helper()
	rec := c.Callback(b.handle)
	s := httptest.NewServer(rec)
	t.Cleanup(func() { s.Close(); rec.Wait() })
	r.emu.SetCallback(s.URL)
	return rec
}

func (r *rig) flush(t *testing.T) {
	t.Helper()
	if err := r.emu.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) templateID(occasion string) string {
	tpl, _ := r.Template(occasion)
	return tpl.ID
}

func TestPopupSentAndChangeArrive(t *testing.T) {
	for name, d := range map[string]emulator.Delivery{"json": {}, "array": {Array: true}, "xml": {XML: true}, "repeated": {Twice: true}} {
		t.Run(name, func(t *testing.T) {
			r, b := newRig(t), &inbox{}
			r.listen(t, r.Client, b)
			r.emu.SetDelivery(d)
			s := r.login(t, zhang)
			one, two := r.templateID("activity_notice"), r.templateID("activity_change")
			if err := r.emu.Popup(zhang, map[string]bool{one: true, two: false}); err != nil {
				t.Fatal(err)
			}
			if err := r.SendSubscribe(context.Background(), r.message(s.OpenID)); err != nil {
				t.Fatal(err)
			}
			if err := r.emu.Change(zhang, one, false); err != nil {
				t.Fatal(err)
			}
			r.flush(t)
			got := b.got()
			if len(got) != 3 || got[0].Kind != wechat.EventPopup || got[1].Kind != wechat.EventSent || got[2].Kind != wechat.EventChange {
				t.Fatal(got)
			}
			answers := map[string]bool{}
			for _, i := range got[0].Items {
				answers[i.TemplateID] = i.Accepted
			}
			if len(answers) != 2 || !answers[one] || answers[two] {
				t.Error("popup", answers)
			}
			if i := got[1].Items[0]; i.TemplateID != one || i.MessageID == "" || !i.Delivered() {
				t.Errorf("sent %+v", i)
			}
			if i := got[2].Items[0]; i.TemplateID != one || i.Accepted {
				t.Errorf("change %+v", i)
			}
			for _, e := range got {
				if e.OpenID != s.OpenID || !e.At.Equal(start) {
					t.Errorf("from %v at %v", e.OpenID == s.OpenID, e.At)
				}
			}
		})
	}
}

func TestForgedCallbacksAreRefused(t *testing.T) {
	r, b := newRig(t), &inbox{}
	r.listen(t, r.Client, b)
	event := emulator.PopupEvent(r.emu.User(zhang).OpenID, start, map[string]bool{r.templateID("activity_notice"): true})
	for name, d := range map[string]emulator.Delivery{
		"stale": {Stale: true}, "signature": {BadSignature: true}, "msg_signature": {BadMessageSig: true}, "plaintext": {Plaintext: true},
		"xml plaintext": {XML: true, Plaintext: true},
	} {
		status, _, err := r.emu.Deliver(context.Background(), event, d)
		if err != nil || status != http.StatusForbidden {
			t.Error(name, status, err)
		}
	}
	other := emulator.New(emulator.Options{AppID: "wxother", Clock: r.clock})
	defer other.Close()
	s := httptest.NewServer(r.Callback(b.handle))
	defer s.Close()
	other.SetCallback(s.URL)
	if status, _, _ := other.Deliver(context.Background(), event, emulator.Delivery{}); status != http.StatusForbidden {
		t.Error("for another mini-program:", status)
	}
	for name, try := range map[string]func() (*http.Response, error){
		"empty": func() (*http.Response, error) { return http.Post(s.URL, "application/json", nil) },
		"huge": func() (*http.Response, error) {
			return http.Post(s.URL, "text/xml", strings.NewReader(strings.Repeat("<", 1<<20)))
		},
		"get": func() (*http.Response, error) { return http.Get(s.URL + "?echostr=x") },
	} {
		resp, err := try()
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Error(name, resp.StatusCode)
		}
	}
	if n := len(b.got()); n != 0 {
		t.Fatal(n, "forgeries were handled")
	}
}

func TestConsoleCheck(t *testing.T) {
	r := newRig(t)
	r.listen(t, r.Client, &inbox{})
	if err := r.emu.Verify(context.Background(), emulator.Delivery{}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []emulator.Delivery{{Stale: true}, {BadSignature: true}} {
		if r.emu.Verify(context.Background(), d) == nil {
			t.Error("echoed to a stranger", d)
		}
	}
}

func TestRepetitionIsHandledOnceByAllInstances(t *testing.T) {
	for name, down := range map[string]bool{"redis up": false, "redis down": true} {
		t.Run(name, func(t *testing.T) {
			r, b := newRig(t), &inbox{}
			event := emulator.PopupEvent(r.emu.User(zhang).OpenID, start, map[string]bool{r.templateID("activity_notice"): true})
			clients := []*wechat.Client{r.Client, r.Client}
			if down {
				r.redis.Close()
			} else {
				clients = append(clients, r.second(t))
			}
			for _, c := range clients {
				r.listen(t, c, b)
				if status, body, err := r.emu.Deliver(context.Background(), event, emulator.Delivery{}); err != nil || status != 200 || body != "success" {
					t.Fatal(status, body, err)
				}
			}
			if n := len(b.got()); n != 1 {
				t.Fatal(n, "times")
			}
		})
	}
}

func TestAFailureIsRepeated(t *testing.T) {
	r, b := newRig(t), &inbox{fail: 2}
	r.listen(t, r.Client, b)
	r.credit(t, zhang)
	r.flush(t)
	if n := len(b.got()); n != 1 {
		t.Fatal(n, "events; the third attempt should have worked")
	}
	if ok, lost := r.emu.Callbacks(); ok != 1 || lost != 0 {
		t.Fatal(ok, lost)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	r := newRig(t)
	s := httptest.NewServer(r.Callback(func(context.Context, wechat.Event) error { panic("canary 13900000001") }))
	defer s.Close()
	r.emu.SetCallback(s.URL)
	event := emulator.PopupEvent("o", start, map[string]bool{"t": true})
	if status, _, err := r.emu.Deliver(context.Background(), event, emulator.Delivery{}); err != nil || status != http.StatusInternalServerError {
		t.Fatal(status, err)
	}
	if strings.Contains(r.logs.String(), "13900000001") {
		t.Fatal("the panic's text is in the log")
	}
}

func TestSlowWorkIsAnsweredInTime(t *testing.T) {
	t.Parallel() // waits three real seconds
	r, b := newRig(t), &inbox{wait: make(chan struct{})}
	rec := r.listen(t, r.Client, b)
	r.credit(t, zhang)
	r.flush(t) // answered although the handler still waits
	close(b.wait)
	rec.Wait()
	if len(b.got()) != 1 {
		t.Fatal("the work was dropped")
	}
}

func TestUnknownEventsAreNamed(t *testing.T) {
	r, b := newRig(t), &inbox{}
	r.listen(t, r.Client, b)
	event := emulator.Event{Name: "wxa_nickname_audit", OpenID: "o1", At: start, Extra: map[string]any{"task_id": "x"}}
	if status, _, err := r.emu.Deliver(context.Background(), event, emulator.Delivery{}); err != nil || status != 200 {
		t.Fatal(status, err)
	}
	if got := b.got(); len(got) != 1 || got[0].Kind != wechat.EventOther || got[0].Name != "wxa_nickname_audit" {
		t.Fatal(got)
	}
}

func TestPictureIsAskedAboutAndJudged(t *testing.T) {
	r, b := newRig(t), &inbox{}
	r.listen(t, r.Client, b)
	if _, err := r.CheckPicture(t.Context(), "no such openid", wechat.SceneForum, "https://h/p"); err == nil {
		t.Error("asked for nobody")
	}
	user := r.emu.User(zhang)
	_, err := r.CheckPicture(t.Context(), user.OpenID, wechat.SceneForum, "https://h/p")
	wantCode(t, err, wechat.AuthorInactive)
	r.login(t, zhang)
	trace, err := r.CheckPicture(t.Context(), user.OpenID, wechat.SceneForum, "https://h/p")
	if err != nil || trace == "" {
		t.Fatal(trace, err)
	}
	r.flush(t)
	if got := b.got(); len(got) != 1 || got[0].Kind != wechat.EventMedia || got[0].Trace != trace || got[0].Verdict != wechat.Pass {
		t.Errorf("%+v", got)
	}
}

func TestVerdictsAboutPictures(t *testing.T) {
	const head = `{"FromUserName":"o1","MsgType":"event","Event":"wxa_media_check","trace_id":"t1",`
	for raw, want := range map[string]wechat.Verdict{
		head + `"errcode":0,"result":{"suggest":"pass","label":100}}`: wechat.Pass,
		head + `"result":{"suggest":"risky"}}`:                        wechat.Risky,
		head + `"errcode":0,"result":{"suggest":"review"}}`:           wechat.Review,
		head + `"errcode":0,"result":{"suggest":"new word"}}`:         wechat.Review,
		head + `"errcode":-1008,"errmsg":"get media fail"}`:           wechat.Review, // it could not fetch the picture
		head + `"errcode":"-1008","result":{"suggest":"pass"}}`:       wechat.Review,
		`<xml><MsgType>event</MsgType><Event>wxa_media_check</Event><trace_id>t1</trace_id><result><suggest>risky</suggest></result></xml>`: wechat.Risky,
	} {
		if e, err := wechat.ParseEvent([]byte(raw)); err != nil || e.Trace != "t1" || e.Verdict != want {
			t.Errorf("%s: %+v %v", raw, e, err)
		}
	}
	if _, err := wechat.ParseEvent([]byte(`{"MsgType":"event","Event":"wxa_media_check","errcode":0}`)); err == nil {
		t.Error("a verdict about nothing")
	}
}

func TestParseEvent(t *testing.T) {
	const head = `"FromUserName":"o1","MsgType":"event","Event":"subscribe_msg_popup_event"`
	const x = `<FromUserName><![CDATA[o1]]></FromUserName><MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event>`
	for name, c := range map[string]struct {
		raw   string
		items int // -1: not readable
	}{
		"object":        {`{` + head + `,"CreateTime":"1782867600","List":{"TemplateId":"t","SubscribeStatusString":"accept"}}`, 1},
		"array":         {`{` + head + `,"CreateTime":1782867600,"List":[{"TemplateId":"t"},{"TemplateId":"u"}]}`, 2},
		"wrapped":       {`{` + head + `,"SubscribeMsgPopupEvent":{"List":[{"TemplateId":"t"}]}}`, 1},
		"numbers":       {`{` + head + `,"List":{"TemplateId":1,"PopupScene":0}}`, 1},
		"xml":           {`<xml>` + x + `<SubscribeMsgSentEvent><List><TemplateId>t</TemplateId><ErrorCode>0</ErrorCode></List></SubscribeMsgSentEvent></xml>`, 1},
		"no list":       {`{` + head + `}`, -1},
		"list of texts": {`{` + head + `,"List":["t"]}`, -1},
		"nobody":        {`{"MsgType":"event","Event":"subscribe_msg_popup_event","List":{"TemplateId":"t"}}`, -1},
		"a text":        {`{"FromUserName":"o1","MsgType":"text","Content":"你好"}`, 0},
		"empty":         {``, -1},
		"null":          {`null`, -1},
		"half":          {`{"FromUserName":`, -1},
		"entities":      {`<!DOCTYPE x [<!ENTITY a "b">]><xml>` + x + `&a;</xml>`, -1},
	} {
		e, err := wechat.ParseEvent([]byte(c.raw))
		if (err != nil) != (c.items < 0) || err == nil && len(e.Items) != c.items {
			t.Errorf("%s: %+v, %v", name, e.Items, err)
		}
	}
}

// Callback bodies are the platform's, but the parser must bear anything.
func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(`{"FromUserName":"o1","MsgType":"event","Event":"subscribe_msg_popup_event","CreateTime":"1","List":{"TemplateId":"t"}}`))
	f.Add([]byte(`{"FromUserName":1,"MsgType":"event","Event":"subscribe_msg_sent_event","List":[{"ErrorCode":"0"},null]}`))
	f.Add([]byte(`<xml><MsgType>event</MsgType><Event>subscribe_msg_change_event</Event><SubscribeMsgChangeEvent><List/></SubscribeMsgChangeEvent></xml>`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := wechat.ParseEvent(raw)
		if err == nil && e.Kind != wechat.EventOther && (len(e.Items) == 0 || e.OpenID == "") {
			t.Errorf("an event about nothing: %+v", e)
		}
		if err != nil && err.Error() != "wechat: callback can't be read" {
			t.Errorf("the error quotes: %v", err)
		}
	})
}

// The whole receiver under arbitrary envelopes with a good outer signature.
func FuzzReceiver(f *testing.F) {
	f.Add([]byte(`{"Encrypt":"AAAA"}`))
	f.Add([]byte(`<xml><Encrypt>AAAA</Encrypt></xml>`))
	cfg := wechat.Config{AppID: "wx", Secret: "s", Token: "t", AESKey: strings.Repeat("a", 43)}
	c := wechat.New(cfg, nil, fixed{}, nil)
	rec := c.Callback(func(context.Context, wechat.Event) error { return nil })
	f.Fuzz(func(t *testing.T, body []byte) {
		q := "?timestamp=1782867600&nonce=1&encrypt_type=aes&signature=" + wechat.Signature("t", "1782867600", "1")
		w := httptest.NewRecorder()
		rec.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/"+q, strings.NewReader(string(body))))
		if w.Code != http.StatusForbidden {
			t.Errorf("status %d without msg_signature", w.Code)
		}
	})
}

type fixed struct{}

func (fixed) Now() time.Time { return time.Unix(1782867600, 0) }
