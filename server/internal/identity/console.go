package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Console says how long sessions of the desktop console last, without a request and at most, and the
// address that the code on its sign-in page leads to.
type Console struct {
	Idle, Max time.Duration
	PublicURL string
}

// How long a code is good for, how long an approval waits for the desktop to collect it, and how
// often a session that is used says so in the database.
const (
	loginLife    = 2 * time.Minute
	loginCollect = time.Minute
	seenEvery    = time.Minute
)

// Codes that one address may have made within guessWindow, a screen makes fifteen; and everybody.
const (
	loginsPerAddress = 300
	loginsEverywhere = 20_000
)

// consolePrefix marks the token of a console session.
const consolePrefix = "bc1."

// consolePath is that of the ordinary link which WeChat opens in the mini-program.
const consolePath = "/c/"

// LoginState is what became of a sign-in at a desktop.
type LoginState string

// A sign-in goes from pending to scanned, from there to approved or refused, and from approved to
// used. LoginExpired is never stored.
const (
	LoginPending  LoginState = "pending"
	LoginScanned  LoginState = "scanned"
	LoginApproved LoginState = "approved"
	LoginRefused  LoginState = "refused"
	LoginUsed     LoginState = "used"
	LoginExpired  LoginState = "expired"
)

// Device is a browser as far as it tells: enough to recognise one's own.
type Device struct {
	Browser string // "Chrome（Windows）"
	Address string // without its last part
}

// ConsoleLogin is somebody waiting at a desktop.
type ConsoleLogin struct {
	ID        id.ID
	Number    string // both screens show it
	Device    Device
	State     LoginState
	Account   id.ID // whose phone scanned it
	CreatedAt time.Time
	ExpiresAt time.Time
	DecidedAt time.Time
}

// over reports whether the sign-in can lead nowhere any more.
func (l ConsoleLogin) over(now time.Time) bool {
	switch l.State {
	case LoginPending, LoginScanned:
		return !now.Before(l.ExpiresAt)
	case LoginApproved:
		return !now.Before(l.DecidedAt.Add(loginCollect))
	}
	return false
}

// refusal says why an account can't go on with a sign-in that is not open to it.
func (l ConsoleLogin) refusal(account id.ID, now time.Time) *errs.Error {
	switch {
	case l.State != LoginPending && l.Account != account:
		return ErrLoginTaken
	case l.State == LoginApproved || l.State == LoginRefused || l.State == LoginUsed:
		return ErrLoginUsed
	case l.over(now):
		return ErrLoginExpired
	}
	return nil
}

// StartedLogin is what the desktop gets: the secret it polls with stays there, the QR is for the phone.
type StartedLogin struct {
	ConsoleLogin
	Secret string
	QR     string
}

// LoginPoll is what the desktop is told; the token comes once, with the state approved.
type LoginPoll struct {
	State     LoginState
	Token     string
	ExpiresAt time.Time
	Account   id.ID
}

// ConsoleSession is a desktop that is signed in.
type ConsoleSession struct {
	ID        id.ID
	Account   id.ID
	Device    Device
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	ExpiresAt time.Time
	Ended     bool
}

// alive reports whether the session still works.
func (c ConsoleSession) alive(now time.Time, idle time.Duration) bool {
	return !c.Ended && now.Before(c.ExpiresAt) && now.Before(c.SeenAt.Add(idle))
}

// What can go wrong with the console.
var (
	ErrNotStaff     = errs.New(errs.Forbidden, "identity.not_staff", "电脑端只供工作人员使用，您目前没有工作人员职务。如有需要，请联系老干部局")
	ErrNoLoginCode  = errs.New(errs.Invalid, "identity.no_login_code", "这不是电脑端的登录二维码，请扫电脑屏幕上的二维码")
	ErrLoginExpired = errs.New(errs.Conflict, "identity.login_expired", "这个二维码已过期，请在电脑上刷新后重新扫")
	ErrLoginUsed    = errs.New(errs.Conflict, "identity.login_used", "这个二维码已经用过，请在电脑上刷新后重新扫")
	ErrLoginTaken   = errs.New(errs.Conflict, "identity.login_taken", "这个二维码已被别人扫过，请在电脑上刷新后重新扫")
	ErrConsoleEnded = errs.New(errs.Unauthenticated, "identity.console_ended", "电脑端的登录已结束，请用手机重新扫码")
	ErrPhoneOnly    = errs.New(errs.Forbidden, "identity.phone_only", "这一步要在手机上的小程序里办理，不能在电脑上办理")
)

// digest is how secrets of 130 bits and more are kept.
func digest(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// newNumber draws the two digits that people compare.
func newNumber() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(90))
	if err != nil {
		return "", fmt.Errorf("identity: draw a number: %w", err)
	}
	return fmt.Sprint(10 + n.Int64()), nil
}

var loginCode = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// parseLogin finds the token in https://HOST/c/TOKEN, also when WeChat hands over the link escaped.
func parseLogin(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if plain, err := url.QueryUnescape(s); err == nil {
		s = plain
	}
	if _, after, ok := strings.Cut(s, consolePath); ok {
		s, _, _ = strings.Cut(after, "?")
		s, _, _ = strings.Cut(s, "#")
	}
	return s, loginCode.MatchString(s)
}

// deviceOf describes a browser by its User-Agent and address.
func deviceOf(agent, address string) Device {
	pick := func(or string, names ...string) string {
		for i := 0; i+1 < len(names); i += 2 {
			if strings.Contains(agent, names[i]) {
				return names[i+1]
			}
		}
		return or
	}
	browser := pick("浏览器", "Edg/", "Edge", "Firefox/", "Firefox", "MicroMessenger/", "微信", "QIHU", "360浏览器", "MetaSr", "搜狗浏览器",
		"OPR/", "Opera", "Chrome/", "Chrome", "Safari/", "Safari")
	if system := pick("", "Windows", "Windows", "Android", "安卓", "iPhone", "iPhone", "iPad", "iPad", "Mac OS X", "Mac", "HarmonyOS", "鸿蒙", "Linux", "Linux"); system != "" {
		browser += "（" + system + "）"
	}
	return Device{Browser: browser, Address: shortAddress(address)}
}

// shortAddress keeps the network of an address, not the machine.
func shortAddress(s string) string {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return "未知网络"
	}
	ip = ip.Unmap()
	bits, rest := 24, ".*"
	if ip.Is6() {
		bits, rest = 48, "*"
	}
	net, _ := ip.WithZone("").Prefix(bits)
	short := net.Addr().String()
	if ip.Is4() {
		short = strings.TrimSuffix(short, ".0")
	}
	if ip.IsPrivate() || ip.IsLoopback() {
		return "内网 " + short + rest
	}
	return short + rest
}
