package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// User is a WeChat user. OpenID and UnionID follow from name and phone, so they are the same after a restart.
type User struct {
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid"`
}

type user struct {
	User
	key     string // session key, base64
	login   time.Time
	credit  map[string]int
	refused map[string]bool // by template, in the settings
	inbox   []Message
	follows bool // the service account
	blocks  bool // its messages
}

const inboxSize = 100

// OpenID is the openid that an emulator without options of its own gives to a user.
func OpenID(u User) string { return standard.openIDFor(u) }

var standard = &Emulator{opts: Options{AppID: defaultAppID}}

// openIDFor makes an openid whose second half proves that it is one of ours.
func (e *Emulator) openIDFor(u User) string {
	sum := sha256.Sum256([]byte(e.opts.AppID + "\x00" + u.Name + "\x00" + u.Phone))
	head := base64.RawURLEncoding.EncodeToString(sum[:])[:15]
	return "o" + head + e.tail(head)
}

func (e *Emulator) tail(head string) string {
	m := hmac.New(sha256.New, []byte("openid "+e.opts.AppID))
	m.Write([]byte(head))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))[:12]
}

// issued says whether the openid is one of ours, also if its user isn't remembered.
func (e *Emulator) issued(openID string) bool {
	return len(openID) == 28 && openID[0] == 'o' && openID[16:] == e.tail(openID[1:16])
}

// User finds or makes a user: by OpenID if given, else by name and phone, else by whichever of them is given.
func (e *Emulator) User(u User) User {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.user(u).User
}

func (e *Emulator) user(u User) *user {
	if u.OpenID != "" {
		if found, ok := e.users.get(u.OpenID); ok {
			return found
		}
	} else {
		if (u.Name == "") != (u.Phone == "") {
			for _, id := range e.users.order {
				if o := e.users.items[id]; u.Name != "" && o.Name == u.Name || u.Phone != "" && o.Phone == u.Phone {
					return o
				}
			}
		}
		u.OpenID = e.openIDFor(u)
		if found, ok := e.users.get(u.OpenID); ok {
			return found
		}
	}
	if u.UnionID == "" {
		sum := sha256.Sum256([]byte("union " + u.OpenID))
		u.UnionID = "o6" + base64.RawURLEncoding.EncodeToString(sum[:])[:26]
	}
	made := &user{User: u, key: e.sessionKey(), credit: map[string]int{}, refused: map[string]bool{}}
	e.users.put(u.OpenID, made)
	return made
}

func (e *Emulator) sessionKey() string {
	b := make([]byte, 16)
	_, _ = e.random.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// Users lists who is known, oldest first.
func (e *Emulator) Users() []User {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]User, 0, len(e.users.order))
	for _, id := range e.users.order {
		out = append(out, e.users.items[id].User)
	}
	return out
}

// RotateSession gives the phone a new session key; what the server holds is stale from now on.
func (e *Emulator) RotateSession(u User) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.user(u).key = e.sessionKey()
}
