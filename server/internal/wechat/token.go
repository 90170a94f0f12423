package wechat

import (
	"context"
	"sync"
	"time"

	"github.com/silenceper/wechat/v2/credential"
)

// tokenSource hands out the stable access token. The SDK fetches it; this wrapper lets everybody who
// waits share one fetch and its failure (behind the SDK's lock each would try in turn), gives up when
// the caller does, and renews after a refusal.
type tokenSource struct {
	client *Client
	store  *tokenCache
	fetch  credential.AccessTokenContextHandle
	key    string

	mu      sync.Mutex
	flight  *flight
	renewed time.Time
}

type flight struct {
	done  chan struct{}
	token string
	err   error
}

// The key under which the SDK keeps the stable token.
func tokenKey(appID string) string {
	return credential.CacheKeyMiniProgramPrefix + "_stable_access_token_" + appID
}

// GetAccessToken is for SDK calls without a context; none is used here.
func (t *tokenSource) GetAccessToken() (string, error) {
	return t.GetAccessTokenContext(context.Background())
}

// GetAccessTokenContext gives the cached token or waits for the one fetch under way.
func (t *tokenSource) GetAccessTokenContext(ctx context.Context) (string, error) {
	if token := t.store.token(t.key); token != "" {
		return token, nil
	}
	t.mu.Lock()
	f := t.flight
	if f == nil {
		if token := t.store.here(t.key); token != "" { // landed in between
			t.mu.Unlock()
			return token, nil
		}
		f = &flight{done: make(chan struct{})}
		t.flight = f
		go t.fly(context.WithoutCancel(ctx), f)
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		// The verb itself was never sent.
		return "", &Error{Code: Unavailable, Retryable: true, cause: ctx.Err()}
	}
}

// fly fetches on behalf of all who wait; it ends by the client's time-out, not with its first caller.
func (t *tokenSource) fly(ctx context.Context, f *flight) {
	f.err = t.client.do(ctx, false, func(ctx context.Context) (err error) {
		f.token, err = t.fetch.GetAccessTokenContext(ctx)
		if err == nil && f.token == "" {
			err = &Error{Code: BadAnswer, Retryable: true}
		}
		return err
	})
	t.mu.Lock()
	t.flight = nil
	t.mu.Unlock()
	close(f.done)
}

// Within this time a refused token isn't fetched again: the platform sometimes refuses a good one.
const renewPause = 5 * time.Second

// renew replaces a token that the platform refused. Of many callers with the same token one fetches.
// It never forces a refresh: the platform allows that 20 times a day, and the stable token of all
// instances would change under them.
func (t *tokenSource) renew(ctx context.Context, refused string) (string, error) {
	t.mu.Lock()
	now := t.client.clock.Now()
	if here := t.store.token(t.key); here != "" && (here != refused || now.Sub(t.renewed) < renewPause) {
		t.mu.Unlock()
		return here, nil
	}
	t.store.refuse(t.key, refused)
	shared := t.store.token(t.key) // another instance may have renewed it already
	if shared == "" {
		t.renewed = now
	}
	t.mu.Unlock()
	if shared != "" {
		return shared, nil
	}
	return t.GetAccessTokenContext(ctx)
}
