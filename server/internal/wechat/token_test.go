package wechat_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

const (
	tokenPath = "/cgi-bin/stable_token"
	sendPath  = "/cgi-bin/message/subscribe/send"
	listPath  = "/wxaapi/newtmpl/gettemplate"
)

// together calls f from n goroutines at once and counts the failures.
func together(n int, f func() error) (failed int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	gate := make(chan struct{})
	for range n {
		wg.Go(func() {
			<-gate
			if f() != nil {
				mu.Lock()
				failed++
				mu.Unlock()
			}
		})
	}
	close(gate)
	wg.Wait()
	return failed
}

func (r *rig) list(ctx context.Context) error {
	_, err := r.Templates(ctx)
	return err
}

func TestStampedeFetchesOneToken(t *testing.T) {
	for name, prepare := range map[string]func(*rig){
		"redis up":     func(*rig) {},
		"redis down":   func(r *rig) { r.redis.Close() },
		"last minutes": func(r *rig) { r.emu.Inject(tokenPath, emulator.Fault{ExpiresIn: 300}) },
		"one error":    func(r *rig) { r.emu.Inject(listPath, emulator.Fault{Errcode: 42001, Times: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			prepare(r)
			failed := together(200, func() error { return r.list(context.Background()) })
			want := 1
			if name == "one error" {
				want = 2
			}
			if got := r.emu.Calls()[tokenPath]; failed != 0 || got != want {
				t.Fatalf("%d failures, %d fetches", failed, got)
			}
		})
	}
}

func TestStampedeOnADeadPlatformFailsTogether(t *testing.T) {
	r := newRig(t, func(c *wechat.Config, _ *emulator.Options) { c.Timeout = enough })
	r.emu.Inject(emulator.Everywhere, emulator.Fault{Hang: time.Minute})
	if failed := together(200, func() error { return r.list(context.Background()) }); failed != 200 {
		t.Fatal("succeeded without a platform:", 200-failed)
	}
	if n := r.emu.Calls()[tokenPath]; n > 3 { // who comes when the first ones have given up asks once more
		t.Fatal("they waited one after the other:", n, "fetches")
	}
}

func TestStampedeAfterARefusedToken(t *testing.T) {
	r := newRig(t)
	if err := r.list(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.emu.Expire()
	if failed := together(200, func() error { return r.list(context.Background()) }); failed != 0 {
		t.Fatal(failed, "failures")
	}
	if got := r.emu.Calls()[tokenPath]; got != 2 {
		t.Fatalf("%d fetches, want the first and one renewal", got)
	}
}

func TestInstancesShareTheToken(t *testing.T) {
	r := newRig(t)
	other := r.second(t)
	for _, c := range []*wechat.Client{r.Client, other} {
		if _, err := c.Templates(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.emu.Calls()[tokenPath]; got != 1 {
		t.Fatal(got, "fetches")
	}
	// One renews, the other finds the new token in Redis instead of fetching again.
	r.emu.Expire()
	for _, c := range []*wechat.Client{r.Client, other} {
		if _, err := c.Templates(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.emu.Calls()[tokenPath]; got != 2 {
		t.Fatal(got, "fetches")
	}
}

func TestTokenIsFetchedAgainWhenItsTimeIsOver(t *testing.T) {
	r := newRig(t)
	for range 2 {
		if err := r.list(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(2 * time.Hour)
		r.redis.FastForward(2 * time.Hour)
	}
	if got := r.emu.Calls(); got[tokenPath] != 2 || got[listPath] != 2 {
		t.Fatal("an expired token was used:", got)
	}
}

func TestAClientWithoutRedis(t *testing.T) {
	r := newRig(t)
	c := wechat.New(r.cfg, nil, r.clock, nil)
	defer c.Close()
	for range 3 {
		if _, err := c.Templates(context.Background()); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(time.Minute)
	}
	if got := r.emu.Calls()[tokenPath]; got != 1 {
		t.Fatal(got, "fetches")
	}
}
