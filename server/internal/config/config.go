// Package config reads the configuration: defaults, then one YAML file, then BENSE_* environment
// variables, then BENSE_*_FILE for secrets. Unknown keys fail; all faults are reported together.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// Modes of an installation.
const (
	Production = "production"
	Demo       = "demo" // emulator, sample county, demo identities; never with real data
)

// Config is the whole configuration. Constructors receive only their part of it.
type Config struct {
	Mode     string   `koanf:"mode"`
	DataDir  string   `koanf:"data_dir"` // SQLite file and generated keys of the demo
	Server   Server   `koanf:"server"`
	Database Database `koanf:"database"`
	Redis    Redis    `koanf:"redis"`
	Keys     Keys     `koanf:"keys"`
	Session  Session  `koanf:"session"`
	WeChat   WeChat   `koanf:"wechat"`
	Channels Channels `koanf:"channels"`
	Worker   Worker   `koanf:"worker"`
	Keep     Keep     `koanf:"keep"`
	Help     Help     `koanf:"help"`
	Log      Log      `koanf:"log"`
}

// Server is the HTTP side.
type Server struct {
	Listen          string        `koanf:"listen"`
	PublicURL       string        `koanf:"public_url"` // stands in QR codes, https in production
	TrustedProxies  []string      `koanf:"trusted_proxies"`
	MetricsToken    string        `koanf:"metrics_token"` // empty: /metrics answers only local callers
	ShutdownTimeout time.Duration `koanf:"shutdown_timeout"`
	Pprof           string        `koanf:"pprof"` // demo only: HOST:PORT of this machine for Go's profiles
}

// Database is chosen by URL: mysql://… or sqlite://…; empty in demo mode means a file in DataDir.
type Database struct {
	URL     string `koanf:"url"`
	Migrate bool   `koanf:"migrate"` // bring the schema up to date when serving starts
}

// Redis is chosen by URL: redis://… or embedded.
type Redis struct {
	URL string `koanf:"url"`
}

// Keys are the master keys, newest last, each ID:BASE64 of 32 bytes, separated by spaces or commas.
type Keys struct {
	Master string `koanf:"master"`
}

// Session is the life of an access token, and of the sessions of the desktop console: without a
// request, and at most.
type Session struct {
	TTL         time.Duration `koanf:"ttl"`
	ConsoleIdle time.Duration `koanf:"console_idle"`
	ConsoleMax  time.Duration `koanf:"console_max"`
}

// WeChat holds the mini-program's identity on the platform.
type WeChat struct {
	AppID     string        `koanf:"app_id"`
	Secret    string        `koanf:"secret"`
	Token     string        `koanf:"token"`   // of the message push settings
	AESKey    string        `koanf:"aes_key"` // of the message push settings, 43 characters
	BaseURL   string        `koanf:"base_url"`
	Emulator  bool          `koanf:"emulator"`
	Timeout   time.Duration `koanf:"timeout"`
	Templates Templates     `koanf:"templates"`
}

// Templates are the subscribe-message templates of the product.
type Templates struct {
	Notice   Template `koanf:"notice"`
	Reminder Template `koanf:"reminder"`
	Change   Template `koanf:"change"`
}

// Template names a template's id and the fields that carry title, time, place and note.
type Template struct {
	ID    string `koanf:"id"`
	Title string `koanf:"title"`
	Time  string `koanf:"time"`
	Place string `koanf:"place"`
	Note  string `koanf:"note"`
}

// Channels are the further ways on which notices reach people; each is off unless it is set up.
type Channels struct {
	Official Official `koanf:"official"`
	Robot    bool     `koanf:"robot"`     // WeCom group robots may be entered for alliances
	ChatTool bool     `koanf:"chat_tool"` // the platform has given the mini-program this ability
	SMS      string   `koanf:"sms"`       // provider of text messages; log: counts and sends nothing
}

// Official is the service account (公众号) whose followers get template messages.
type Official struct {
	AppID     string    `koanf:"app_id"`
	Secret    string    `koanf:"secret"`
	Token     string    `koanf:"token"`
	AESKey    string    `koanf:"aes_key"`
	Templates Templates `koanf:"templates"`
}

// Worker sends what waits in the outbox.
type Worker struct {
	Embedded    bool          `koanf:"embedded"` // run inside serve
	Concurrency int           `koanf:"concurrency"`
	Sends       int           `koanf:"sends"`
	Poll        time.Duration `koanf:"poll"`
	Lease       time.Duration `koanf:"lease"`
	Limits      string        `koanf:"limits"` // of the platforms, as outbox.ParseLimits reads them
	BreakAfter  int           `koanf:"break_after"`
	BreakFor    time.Duration `koanf:"break_for"`
}

// Keep says how long what is kept, see privacy.Keep; zero keeps it for good.
type Keep struct {
	Departed time.Duration `koanf:"departed"`
	Notes    time.Duration `koanf:"notes"`
	Claims   time.Duration `koanf:"claims"`
	Reports  time.Duration `koanf:"reports"`
	Accounts time.Duration `koanf:"accounts"`
}

// Help is whom people call when no liaison is known.
type Help struct {
	Name  string `koanf:"name"`
	Phone string `koanf:"phone"`
}

// Log sets the level of the JSON log.
type Log struct {
	Level string `koanf:"level"`
}

func defaults() map[string]any {
	tpl := func() map[string]any {
		return map[string]any{"id": "", "title": "thing1", "time": "time2", "place": "thing3", "note": "thing4"}
	}
	return map[string]any{
		"mode": Production, "data_dir": ".data",
		"server": map[string]any{
			"listen": "127.0.0.1:8080", "public_url": "", "trusted_proxies": []string{}, "metrics_token": "",
			"shutdown_timeout": "15s", "pprof": "",
		},
		"database": map[string]any{"url": "", "migrate": true},
		"redis":    map[string]any{"url": "embedded"},
		"keys":     map[string]any{"master": ""},
		"session":  map[string]any{"ttl": "30m", "console_idle": "30m", "console_max": "12h"},
		"wechat": map[string]any{
			"app_id": "", "secret": "", "token": "", "aes_key": "", "base_url": "", "emulator": false, "timeout": "5s",
			"templates": map[string]any{"notice": tpl(), "reminder": tpl(), "change": tpl()},
		},
		"channels": map[string]any{
			"official": map[string]any{
				"app_id": "", "secret": "", "token": "", "aes_key": "",
				"templates": map[string]any{"notice": tpl(), "reminder": tpl(), "change": tpl()},
			},
			"robot": false, "chat_tool": false, "sms": "",
		},
		"worker": map[string]any{"embedded": true, "concurrency": 8, "sends": 512, "poll": "500ms", "lease": "2m",
			"limits": "robot_post=20/m", "break_after": 5, "break_for": "5s"},
		"keep": map[string]any{"departed": "17520h", "notes": "8760h", "claims": "8760h", "reports": "4320h", "accounts": "17520h"},
		"help": map[string]any{"name": "老干部局", "phone": ""},
		"log":  map[string]any{"level": "info"},
	}
}

// secrets may also come from a file named by BENSE_<KEY>_FILE.
var secrets = []string{"keys.master", "wechat.secret", "wechat.token", "wechat.aes_key",
	"channels.official.secret", "channels.official.token", "channels.official.aes_key", "database.url", "redis.url", "server.metrics_token"}

// EnvKeys lists every environment variable that is understood, for documentation and checks.
func EnvKeys() []string {
	var out []string
	for k := range envNames() {
		out = append(out, k)
	}
	return out
}

func envNames() map[string]string {
	k := koanf.New(".")
	k.Load(confmap.Provider(defaults(), ""), nil) // a literal map cannot fail
	names := map[string]string{}
	for _, key := range k.Keys() {
		names[envName(key)] = key
	}
	for _, key := range secrets {
		names[envName(key)+"_FILE"] = key
	}
	return names
}

func envName(key string) string {
	return "BENSE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// Load reads path (may be empty) and environ (os.Environ()), and validates.
func Load(path string, environ []string) (Config, error) {
	k := koanf.New(".")
	k.Load(confmap.Provider(defaults(), ""), nil)
	var faults []error
	if path != "" {
		faults = append(faults, loadFile(k, path)...)
	}
	faults = append(faults, loadEnv(k, environ)...)
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		faults = append(faults, fmt.Errorf("config: %w", err))
	} else {
		faults = append(faults, c.validate()...)
	}
	return c, errors.Join(faults...)
}

func loadFile(k *koanf.Koanf, path string) []error {
	data, err := os.ReadFile(path)
	if err != nil {
		return []error{fmt.Errorf("config: %w", err)}
	}
	f := koanf.New(".")
	if err := f.Load(rawbytes.Provider(data), yaml.Parser()); err != nil {
		return []error{fmt.Errorf("config: %s: %w", filepath.Base(path), err)}
	}
	known := k.KeyMap()
	var faults []error
	for _, key := range f.Keys() {
		if _, ok := known[key]; !ok {
			faults = append(faults, fmt.Errorf("config: %s: unknown key %s", filepath.Base(path), key))
		}
	}
	if err := k.Merge(f); err != nil {
		faults = append(faults, err)
	}
	return faults
}

func loadEnv(k *koanf.Koanf, environ []string) []error {
	names := envNames()
	var faults []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "BENSE_") || name == "BENSE_CACHE" || name == "BENSE_URL" {
			continue // the last two belong to the scripts
		}
		key, ok := names[name]
		if !ok {
			faults = append(faults, fmt.Errorf("config: unknown variable %s", name))
			continue
		}
		if strings.HasSuffix(name, "_FILE") {
			data, err := os.ReadFile(value)
			if err != nil {
				faults = append(faults, fmt.Errorf("config: %s: %w", name, err))
				continue
			}
			value = strings.TrimSpace(string(data))
		}
		var v any = value
		if key == "server.trusted_proxies" {
			v = strings.Fields(strings.ReplaceAll(value, ",", " "))
		}
		if err := k.Set(key, v); err != nil {
			faults = append(faults, fmt.Errorf("config: %s: %w", name, err))
		}
	}
	return faults
}

func (c Config) validate() []error {
	var faults []error
	bad := func(key, why string) { faults = append(faults, fmt.Errorf("config: %s: %s", key, why)) }
	if c.Mode != Production && c.Mode != Demo {
		bad("mode", "must be production or demo")
	}
	if _, _, err := net.SplitHostPort(c.Server.Listen); err != nil {
		bad("server.listen", "must be HOST:PORT")
	}
	if host, _, err := net.SplitHostPort(c.Server.Pprof); c.Server.Pprof != "" && (err != nil || !net.ParseIP(host).IsLoopback()) {
		bad("server.pprof", "must be HOST:PORT with a loopback address")
	}
	if c.Session.TTL < time.Minute || c.Session.TTL > 2*time.Hour {
		bad("session.ttl", "must lie between 1m and 2h")
	}
	if c.Session.ConsoleIdle < 5*time.Minute || c.Session.ConsoleIdle > 4*time.Hour {
		bad("session.console_idle", "must lie between 5m and 4h")
	}
	if c.Session.ConsoleMax < c.Session.ConsoleIdle || c.Session.ConsoleMax > 24*time.Hour {
		bad("session.console_max", "must lie between console_idle and 24h")
	}
	if c.Worker.Concurrency < 1 || c.Worker.Concurrency > 256 {
		bad("worker.concurrency", "must lie between 1 and 256")
	}
	if c.Worker.Sends < 1 || c.Worker.Sends > 2000 {
		bad("worker.sends", "must lie between 1 and 2000")
	}
	if c.Worker.Lease < 10*time.Second {
		bad("worker.lease", "must be at least 10s")
	}
	if c.Worker.BreakAfter < 1 || c.Worker.BreakFor < time.Second {
		bad("worker.break_after", "must be at least 1, break_for at least 1s")
	}
	if c.Worker.Poll < 10*time.Millisecond {
		bad("worker.poll", "must be at least 10ms")
	}
	for key, age := range map[string]time.Duration{"departed": c.Keep.Departed, "notes": c.Keep.Notes, "claims": c.Keep.Claims,
		"reports": c.Keep.Reports, "accounts": c.Keep.Accounts} {
		if age != 0 && age < 30*24*time.Hour {
			bad("keep."+key, "must be 0 (for good) or at least 720h")
		}
	}
	faults = append(faults, c.Channels.validate()...)
	if c.Mode == Production {
		faults = append(faults, c.validateProduction()...)
	}
	return faults
}

// validate refuses a channel that is set up by half.
func (c Channels) validate() []error {
	var faults []error
	bad := func(key, why string) { faults = append(faults, fmt.Errorf("config: channels.%s: %s", key, why)) }
	if c.SMS != "" && c.SMS != "log" {
		bad("sms", "must be empty (off) or log")
	}
	o := c.Official
	if o.AppID == "" {
		return faults
	}
	for key, v := range map[string]string{"secret": o.Secret, "token": o.Token, "templates.notice.id": o.Templates.Notice.ID} {
		if v == "" {
			bad("official."+key, "is missing")
		}
	}
	if len(o.AESKey) != 43 {
		bad("official.aes_key", "must have 43 characters")
	}
	return faults
}

// validateProduction refuses everything that only the demo may have.
func (c Config) validateProduction() []error {
	var faults []error
	bad := func(key, why string) { faults = append(faults, fmt.Errorf("config: %s: %s", key, why)) }
	if c.WeChat.Emulator || c.WeChat.BaseURL != "" {
		bad("wechat.emulator", "the emulator and a foreign base_url belong to the demo; production talks to WeChat itself")
	}
	if c.Server.Pprof != "" {
		bad("server.pprof", "profiles belong to the demo")
	}
	if c.Database.URL == "" {
		bad("database.url", "is missing")
	}
	if c.Keys.Master == "" {
		bad("keys.master", "is missing (make one with: bense keygen)")
	}
	if u, err := url.Parse(c.Server.PublicURL); err != nil || u.Scheme != "https" || u.Host == "" {
		bad("server.public_url", "must be an https:// address")
	}
	for key, v := range map[string]string{"wechat.app_id": c.WeChat.AppID, "wechat.secret": c.WeChat.Secret, "wechat.token": c.WeChat.Token} {
		if v == "" {
			bad(key, "is missing")
		}
	}
	if len(c.WeChat.AESKey) != 43 {
		bad("wechat.aes_key", "must have 43 characters")
	}
	for key, t := range map[string]Template{"notice": c.WeChat.Templates.Notice, "reminder": c.WeChat.Templates.Reminder, "change": c.WeChat.Templates.Change} {
		if t.ID == "" {
			bad("wechat.templates."+key+".id", "is missing")
		}
	}
	return faults
}
