// Package emulator stands in for api.weixin.qq.com in the demo and in tests. It enforces the platform's rules
// (codes used once, credits, field limits, card states), misbehaves when told to, calls back like the
// platform and plays the phones: it mints login and phone codes, answers subscription questions, shares
// cards into groups. Everything lives in memory, in bounded shelves.
//
// The platform's endpoints have their own paths; what the phones and tests need lies under /client, /faults and
// /calls. All of them may be mounted below /emulator.
package emulator

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/wechat"
)

// Options of an emulator. The zero value works.
type Options struct {
	AppID, Secret, Token, AESKey string // made up if empty
	// Official is the service account beside the mini-program, made up if empty.
	Official Account
	// CallbackURL receives events; empty: none are sent. SetCallback changes it later.
	CallbackURL string
	// Seed makes codes, keys and tokens repeatable.
	Seed  uint64
	Clock clock.Clock
	// Templates of the account; DefaultTemplates if nil.
	Templates []Template
	// Pages that exist, without leading slash; nil: every well-formed page.
	Pages []string
	// Keywords for the content check; defaults if nil.
	Risky, Review []string
	// Max bounds each shelf (users, codes, …); 20 000 if zero.
	Max int
	// Retry is the pause between the three attempts of a callback; 1 s if zero.
	Retry time.Duration
}

// Emulator is an http.Handler. Safe for concurrent use; Close stops its callbacks.
type Emulator struct {
	opts   Options
	clock  clock.Clock
	client *http.Client
	stop   context.Context
	cancel context.CancelFunc
	ends   map[string]endpoint
	plays  *http.ServeMux

	mu         sync.Mutex
	random     *rand.ChaCha8
	calls      map[string]int
	faults     []*injected
	tokens     *shelf[string, time.Time]
	current    map[string]string // token by app id
	forced     []time.Time
	users      *shelf[string, *user] // by openid
	codes      *shelf[string, *code]
	activities *shelf[string, *activity]
	groups     *shelf[string, *group]
	followers  *shelf[string, string]    // by openid of the service account: that of the mini-program
	robots     *shelf[string, *chatroom] // by key
	templates  []Template
	post       mailbox
}

const defaultAppID = "wx0123456789abcdef"

// New makes an emulator.
func New(o Options) *Emulator {
	def := func(s *string, v string) {
		if *s == "" {
			*s = v
		}
	}
	def(&o.AppID, defaultAppID)
	def(&o.Secret, "0123456789abcdef0123456789abcdef")
	def(&o.Token, "emulatortoken")
	def(&o.AESKey, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
	def(&o.Official.AppID, "wxfedcba9876543210")
	def(&o.Official.Secret, "fedcba9876543210fedcba9876543210")
	def(&o.Official.Token, "officialtoken")
	def(&o.Official.AESKey, "GFEDCBA9876543210zyxwvutsrqponmlkjihgfedcba")
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Templates == nil {
		o.Templates = DefaultTemplates()
	}
	if o.Risky == nil {
		o.Risky = []string{"赌博", "代开发票", "色情"}
	}
	if o.Review == nil {
		o.Review = []string{"免费领取", "加我微信"}
	}
	if o.Max <= 0 {
		o.Max = 20_000
	}
	if o.Retry <= 0 {
		o.Retry = time.Second
	}
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("emulator %d", o.Seed))
	e := &Emulator{
		opts: o, clock: o.Clock, client: &http.Client{Timeout: 5 * time.Second},
		random: rand.NewChaCha8(seed), calls: map[string]int{}, templates: o.Templates,
		tokens: newShelf[string, time.Time](16), users: newShelf[string, *user](o.Max),
		codes: newShelf[string, *code](o.Max), activities: newShelf[string, *activity](o.Max),
		groups: newShelf[string, *group](o.Max), followers: newShelf[string, string](o.Max),
		robots: newShelf[string, *chatroom](o.Max), current: map[string]string{},
	}
	e.stop, e.cancel = context.WithCancel(context.Background())
	e.post.url = o.CallbackURL
	e.ends = e.endpoints()
	e.plays = e.playRoutes()
	return e
}

// Config gives the configuration of a client that talks to this emulator at baseURL.
func (e *Emulator) Config(baseURL string) wechat.Config {
	c := wechat.Config{
		AppID: e.opts.AppID, Secret: e.opts.Secret, Token: e.opts.Token, AESKey: e.opts.AESKey,
		BaseURL: baseURL, Templates: map[string]wechat.TemplateConfig{},
	}
	for _, t := range e.opts.Templates {
		if t.Occasion != "" {
			c.Templates[t.Occasion] = wechat.TemplateConfig{ID: t.ID, Fields: t.Meanings}
		}
	}
	return c
}

// Close drops waiting callbacks and ends hanging answers.
func (e *Emulator) Close() { e.cancel() }

// Calls tells how often each endpoint of the platform was called.
func (e *Emulator) Calls() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make(map[string]int, len(e.calls))
	for k, v := range e.calls {
		out[k] = v
	}
	return out
}

// request is one call of the platform's API.
type request struct {
	*http.Request
	body  []byte
	fault Fault // with its parts that change an answer instead of replacing it
}

type endpoint struct {
	method string
	open   bool // needs no access token
	serve  func(*request) answer
	// official: belongs to the service account, whose tokens are good for nothing else.
	official bool
}

func (e *Emulator) endpoints() map[string]endpoint {
	return map[string]endpoint{
		"/cgi-bin/stable_token":                      {"POST", true, e.stableToken, false},
		"/sns/jscode2session":                        {"GET", true, e.code2session, false},
		"/wxa/checksession":                          {"GET", false, e.checkSession, false},
		"/wxa/business/getuserphonenumber":           {"POST", false, e.phoneNumber, false},
		"/cgi-bin/message/subscribe/send":            {"POST", false, e.subscribeSend, false},
		"/wxaapi/newtmpl/gettemplate":                {"GET", false, e.getTemplate, false},
		"/cgi-bin/message/wxopen/activityid/create":  {"GET", false, e.createActivity, false},
		"/cgi-bin/message/wxopen/updatablemsg/send":  {"POST", false, e.updateCard, false},
		"/cgi-bin/message/wxopen/chattoolmsg/send":   {"POST", false, e.chatTool, false},
		"/wxa/getwxacodeunlimit":                     {"POST", false, e.wxaCode, false},
		"/wxa/msg_sec_check":                         {"POST", false, e.checkText, false},
		"/wxa/media_check_async":                     {"POST", false, e.checkMedia, false},
		"/cgi-bin/message/template/send":             {"POST", false, e.templateSend, true},
		"/cgi-bin/template/get_all_private_template": {"GET", false, e.privateTemplates, true},
		"/cgi-bin/user/info":                         {"GET", false, e.userInfo, true},
		"/cgi-bin/webhook/send":                      {"POST", true, e.webhookSend, false},
	}
}

// ServeHTTP answers as the platform does: status 200 with errcode, errmsg and rid, whatever happened.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/emulator")
	if path == "/faults" || path == "/calls" || strings.HasPrefix(path, "/client/") {
		r2 := r.Clone(r.Context())
		r2.URL.Path = path
		e.plays.ServeHTTP(w, r2)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		e.write(w, fail(41005, "media data missing"))
		return
	}
	end, known := e.ends[path]
	if !known {
		e.write(w, fail(40066, "invalid url"))
		return
	}
	e.mu.Lock()
	e.calls[path]++
	f, faulty := e.fault(path, end.open)
	e.mu.Unlock()
	if faulty && !f.After && e.misbehave(w, r, f, fail(f.Errcode, "emulated")) {
		return
	}
	a := e.answer(end, &request{Request: r, body: body, fault: f})
	if faulty && f.After && e.misbehave(w, r, f, a) {
		return
	}
	e.write(w, a)
}

func (e *Emulator) answer(end endpoint, r *request) answer {
	if r.Method != end.method {
		return fail(43002, "require "+end.method+" method")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !end.open {
		if a, ok := e.authorize(r.URL.Query().Get("access_token"), end.official); !ok {
			return a
		}
	}
	return end.serve(r)
}

// text gives n bytes of chance as url-safe text. e.mu is held.
func (e *Emulator) text(n int) string {
	b := make([]byte, n)
	_, _ = e.random.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func (e *Emulator) hex(n int) string {
	b := make([]byte, n)
	_, _ = e.random.Read(b)
	return hex.EncodeToString(b)
}
