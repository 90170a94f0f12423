// Package wechat speaks to the WeChat platform in this product's verbs. Requests go through the SDK
// (github.com/silenceper/wechat/v2), answers come back as our own types, failures as *Error.
// Nothing that leaves this package, neither error nor log line, holds a secret, an access token,
// an openid or a phone number.
package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/silenceper/wechat/v2/miniprogram"
	"github.com/silenceper/wechat/v2/miniprogram/auth"
	sdkconfig "github.com/silenceper/wechat/v2/miniprogram/config"
	"github.com/silenceper/wechat/v2/miniprogram/security"

	"bense/server/internal/clock"
)

// The platform's host. The SDK has it built in; BaseURL replaces it on the way out.
const apiHost = "api.weixin.qq.com"

const defaultTimeout = 5 * time.Second

// Config is the account of one mini-program.
type Config struct {
	AppID  string
	Secret string
	Token  string // of the message push, "令牌"
	AESKey string // of the message push, 43 characters, "消息加密密钥"

	// BaseURL sends every call elsewhere than to https://api.weixin.qq.com; a path is kept as a prefix.
	BaseURL string
	Timeout time.Duration // of one exchange; 5 s if zero
	// Env is the version that messages and codes open: release (also if empty), trial or develop.
	Env string
	// Templates by occasion: activity_notice, activity_reminder, activity_change.
	Templates map[string]TemplateConfig
}

// TemplateConfig says which subscribe template serves an occasion, and which of its fields carries
// which meaning: title → thing1, time → time2, place → thing3, note → thing4.
type TemplateConfig struct {
	ID     string
	Fields map[string]string
}

// Message turns meanings into a subscribe message, each text cut to what its field takes.
func (t TemplateConfig) Message(openID, page string, meanings map[string]string) SubscribeMessage {
	fields := make(map[string]string, len(t.Fields))
	for meaning, field := range t.Fields {
		fields[field] = Fit(Kind(field), meanings[meaning])
	}
	return SubscribeMessage{OpenID: openID, TemplateID: t.ID, Page: page, Fields: fields}
}

// Validate reports everything that would make calls fail for certain.
func (c Config) Validate() error {
	var faults []error
	if c.AppID == "" {
		faults = append(faults, errors.New("app id is empty"))
	}
	if c.Secret == "" {
		faults = append(faults, errors.New("secret is empty"))
	}
	if c.AESKey != "" && len(c.AESKey) != 43 {
		faults = append(faults, errors.New("AES key must have 43 characters"))
	}
	if _, err := c.base(); err != nil {
		faults = append(faults, errors.New("base URL must be http(s)://host[/path]"))
	}
	switch c.Env {
	case "", "release", "trial", "develop":
	default:
		faults = append(faults, errors.New("env must be release, trial or develop"))
	}
	for occasion, t := range c.Templates {
		if t.ID == "" {
			faults = append(faults, fmt.Errorf("template %s has no id", occasion))
		}
		for meaning, field := range t.Fields {
			if _, ok := rules[Kind(field)]; !ok {
				faults = append(faults, fmt.Errorf("template %s: %s is mapped to %q, which is no known kind of field", occasion, meaning, field))
			}
		}
	}
	return errors.Join(faults...)
}

func (c Config) base() (*url.URL, error) {
	if c.BaseURL == "" {
		return &url.URL{Scheme: "https", Host: apiHost}, nil
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("bad base URL")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	return u, nil
}

// LogValue keeps secrets out of logs that print a whole configuration.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("app_id", c.AppID), slog.String("base_url", c.BaseURL))
}

// String does the same for fmt.
func (c Config) String() string { return "wechat.Config(" + c.AppID + ")" }

// GoString does the same for %#v.
func (c Config) GoString() string { return c.String() }

// Client makes the calls of one mini-program. Safe for concurrent use.
type Client struct {
	cfg      Config
	base     *url.URL
	wire     http.RoundTripper
	clock    clock.Clock
	log      *slog.Logger
	tokens   *tokenSource
	auth     *auth.Auth
	security *security.Security
	first    *firstSeen
}

// New makes a client. Redis shares the access token and the marks of seen callbacks between
// instances; without it (nil) each process keeps its own. A configuration that Validate refuses panics
// where it can't be used at all (the base URL).
func New(cfg Config, rdb redis.UniversalClient, clk clock.Clock, log *slog.Logger) *Client {
	base, err := cfg.base()
	if err != nil {
		panic("wechat: " + err.Error()) // Validate reports it politely; this is a programming error
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	routeSDK()
	wire := http.DefaultTransport.(*http.Transport).Clone()
	wire.MaxIdleConns, wire.MaxIdleConnsPerHost = 0, 512 // as many as are under way: a new connection costs more than a call
	c := &Client{cfg: cfg, base: base, wire: wire, clock: clk, log: log, first: newFirstSeen(rdb, clk)}

	store := newTokenCache(rdb, clk)
	mp := miniprogram.NewMiniProgram(&sdkconfig.Config{
		AppID: cfg.AppID, AppSecret: cfg.Secret, Token: cfg.Token, EncodingAESKey: cfg.AESKey,
		Cache: store, UseStableAK: true,
	})
	c.tokens = &tokenSource{client: c, store: store, fetch: mp.GetContext().AccessTokenContextHandle, key: tokenKey(cfg.AppID)}
	mp.SetAccessTokenContextHandle(c.tokens)
	c.auth, c.security = mp.GetAuth(), mp.GetSecurity()
	return c
}

// Close drops idle connections.
func (c *Client) Close() {
	c.wire.(*http.Transport).CloseIdleConnections()
}

// Template gives the configured template of an occasion.
func (c *Client) Template(occasion string) (TemplateConfig, bool) {
	t, ok := c.cfg.Templates[occasion]
	return t, ok
}

// api makes an address of the platform with the current token. It exists for the calls that the SDK
// doesn't offer with a context.
func (c *Client) api(ctx context.Context, path string, query url.Values) (string, error) {
	token, err := c.tokens.GetAccessTokenContext(ctx)
	if err != nil {
		return "", err
	}
	if query == nil {
		query = url.Values{}
	}
	query.Set("access_token", token)
	return "https://" + apiHost + path + "?" + query.Encode(), nil
}

// What WeChat hands out for codes and openids; the SDK puts them into addresses without escaping.
var word = regexp.MustCompile(`^[\w-]{1,128}$`)
