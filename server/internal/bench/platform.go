package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"bense/server/internal/wechat/emulator"
)

const sendRoute = "/cgi-bin/message/subscribe/send"

// Platform is the emulator of WeChat behind a wire on which every answer takes as long as told. It
// counts what it was sent, by recipient and notice.
type Platform struct {
	Emulator *emulator.Emulator
	URL      string
	delay    time.Duration
	srv      *http.Server

	mu    sync.Mutex
	sends map[Receipt]int
	total int
}

// Receipt names one message: who was to get it, and which page it opens.
type Receipt struct{ OpenID, Page string }

// OpenPlatform listens on a free port.
func OpenPlatform(delay time.Duration) (*Platform, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	templates := emulator.DefaultTemplates()
	for i := range templates {
		templates[i].Type = 3 // long-term: a credit isn't used up
	}
	p := &Platform{Emulator: emulator.New(emulator.Options{Templates: templates, Max: phones}), URL: "http://" + ln.Addr().String(),
		delay: delay, sends: map[Receipt]int{}}
	p.srv = &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	go p.srv.Serve(ln) // until Close
	return p, nil
}

// Close stops answering.
func (p *Platform) Close() {
	p.Emulator.Close()
	p.srv.Close()
}

// ServeHTTP counts a message when it arrives and answers it later.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, sendRoute) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var in struct {
			ToUser string `json:"touser"`
			Page   string `json:"page"`
		}
		if json.Unmarshal(body, &in) == nil {
			p.mu.Lock()
			p.sends[Receipt{in.ToUser, in.Page}]++
			p.total++
			p.mu.Unlock()
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		<-time.After(p.delay)
	}
	p.Emulator.ServeHTTP(w, r)
}

// Total is how many messages have arrived.
func (p *Platform) Total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total
}

// Doubled is how many messages arrived more than once.
func (p *Platform) Doubled() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, times := range p.sends {
		if times > 1 {
			n++
		}
	}
	return n
}

// Got tells whether a message has arrived.
func (p *Platform) Got(r Receipt) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sends[r] > 0
}

// Environ makes a service talk to this platform.
func (p *Platform) Environ() []string {
	c := p.Emulator.Config(p.URL)
	return []string{"BENSE_WECHAT_EMULATOR=false", "BENSE_WECHAT_BASE_URL=" + c.BaseURL, "BENSE_WECHAT_APP_ID=" + c.AppID,
		"BENSE_WECHAT_SECRET=" + c.Secret, "BENSE_WECHAT_TOKEN=" + c.Token, "BENSE_WECHAT_AES_KEY=" + c.AESKey,
		"BENSE_WECHAT_TEMPLATES_NOTICE_ID=" + c.Templates["activity_notice"].ID,
		"BENSE_WECHAT_TEMPLATES_REMINDER_ID=" + c.Templates["activity_reminder"].ID,
		"BENSE_WECHAT_TEMPLATES_CHANGE_ID=" + c.Templates["activity_change"].ID}
}

// Accept has every user of the county agree to messages.
func (p *Platform) Accept(c *County) error {
	template := p.Emulator.Config(p.URL).Templates["activity_notice"].ID
	for i := range c.persons {
		if err := p.Emulator.Popup(emulator.User{OpenID: c.openID(i)}, map[string]bool{template: true}); err != nil {
			return err
		}
	}
	return nil
}

// forget drops what a side of comparison has sent.
func (p *Platform) forget(r Receipt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sends, r)
}
