package emulator

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	activityLife  = 24 * time.Hour
	cardsPerGroup = 100
)

type activity struct {
	until        time.Time
	state        int
	count, limit int
}

type group struct {
	name  string
	cards []GroupCard
}

// GroupCard is a card in a group, as the members see it now.
type GroupCard struct {
	Group      string    `json:"group"`
	OpenGID    string    `json:"opengid"`
	ActivityID string    `json:"activity_id,omitempty"` // empty: an ordinary share
	By         string    `json:"by"`
	Title      string    `json:"title"`
	Path       string    `json:"path"`
	At         time.Time `json:"at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	State      int       `json:"state"`
	Count      int       `json:"count"`
	Limit      int       `json:"limit"`
	Text       string    `json:"text"` // the line under the title
}

func (e *Emulator) createActivity(r *request) answer {
	until := e.clock.Now().Add(activityLife)
	if r.fault.ExpiresIn != 0 {
		until = e.clock.Now().Add(time.Duration(r.fault.ExpiresIn) * time.Second)
	}
	id := "A" + e.text(24)
	e.activities.put(id, &activity{until: until})
	return good(map[string]any{"activity_id": id, "expiration_time": until.Unix()})
}

func (e *Emulator) updateCard(r *request) answer {
	var in struct {
		ActivityID  string `json:"activity_id"`
		TargetState *int   `json:"target_state"`
		Info        struct {
			List []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"parameter_list"`
		} `json:"template_info"`
	}
	if json.Unmarshal(r.body, &in) != nil || in.TargetState == nil {
		return fail(47001, "data format error")
	}
	a, ok := e.activities.get(in.ActivityID)
	if !ok || !e.clock.Now().Before(a.until) {
		return fail(47001, "activity_id invalid or expired")
	}
	to := *in.TargetState
	if !(a.state == 0 && to >= 0 && to <= 2 || a.state == 1 && to == 2) {
		return fail(47001, fmt.Sprintf("illegal state change %d to %d", a.state, to))
	}
	given := map[string]string{}
	for _, p := range in.Info.List {
		given[p.Name] = p.Value
	}
	if to == 0 {
		count, err1 := strconv.Atoi(given["member_count"])
		limit, err2 := strconv.Atoi(given["room_limit"])
		if err1 != nil || err2 != nil || count < 0 || limit < 0 {
			return fail(47001, "member_count and room_limit required")
		}
		a.count, a.limit = count, limit
	}
	a.state = to
	return good(nil)
}

// Share plays sharing a page into a group; with an activity id the card can be updated.
func (e *Emulator) Share(by User, groupName, activityID, title, path string) (GroupCard, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if groupName == "" {
		return GroupCard{}, errors.New("no group")
	}
	c := GroupCard{
		Group: groupName, OpenGID: openGID(groupName), ActivityID: activityID, By: e.user(by).Name,
		Title: title, Path: path, At: e.clock.Now(),
	}
	if activityID != "" {
		a, ok := e.activities.get(activityID)
		if !ok || !c.At.Before(a.until) {
			return GroupCard{}, errors.New("the activity id is unknown or has expired")
		}
		c.ExpiresAt = a.until
	}
	g := e.group(groupName)
	g.cards = keepLast(g.cards, c, cardsPerGroup)
	return e.live(c), nil
}

// EndCard ends a card as the platform does by itself; the product isn't told.
func (e *Emulator) EndCard(activityID string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if a, ok := e.activities.get(activityID); ok {
		a.state = 2
	}
}

// Cards lists the cards of a group with their present state, oldest first.
func (e *Emulator) Cards(groupName string) []GroupCard {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := []GroupCard{}
	if g, ok := e.groups.get(groupName); ok {
		for _, c := range g.cards {
			out = append(out, e.live(c))
		}
	}
	return out
}

// Groups lists the groups that were ever used.
func (e *Emulator) Groups() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string{}, slices.Clone(e.groups.order)...)
}

func (e *Emulator) group(name string) *group {
	g, ok := e.groups.get(name)
	if !ok {
		g = &group{name: name}
		e.groups.put(name, g)
	}
	return g
}

// live adds the state: it belongs to the activity id, not to the single card.
func (e *Emulator) live(c GroupCard) GroupCard {
	a, ok := e.activities.get(c.ActivityID)
	if !ok {
		return c
	}
	c.State, c.Count, c.Limit = a.state, a.count, a.limit
	switch a.state {
	case 0:
		c.Text = "成员正在加入"
		if a.limit > 0 {
			c.Text = fmt.Sprintf("成员正在加入，当前 %d/%d 人", a.count, a.limit)
		}
	case 1:
		c.Text = "已开始"
	default:
		c.Text = "已结束"
	}
	return c
}

func openGID(name string) string {
	sum := sha256.Sum256([]byte("group " + name))
	return "G" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

// GroupInfo is what wx.getGroupEnterInfo hands to a page.
type GroupInfo struct {
	EncryptedData string `json:"encrypted_data"`
	IV            string `json:"iv"`
	OpenGID       string `json:"opengid"` // what is sealed inside, for tests
}

// EnterGroup plays opening the mini-program from a card in a group.
func (e *Emulator) EnterGroup(u User, groupName string) GroupInfo {
	e.mu.Lock()
	defer e.mu.Unlock()
	who := e.user(u)
	e.group(groupName)
	gid := openGID(groupName)
	sum := sha256.Sum256([]byte(gid + who.OpenID))
	plain, err := json.Marshal(map[string]any{
		"opengid": gid, "group_openid": base64.RawURLEncoding.EncodeToString(sum[:])[:28], "chat_type": 3,
		"watermark": map[string]any{"timestamp": e.clock.Now().Unix(), "appid": e.opts.AppID},
	})
	if err != nil {
		panic(err) // plain types
	}
	iv := make([]byte, aes.BlockSize)
	_, _ = e.random.Read(iv)
	key, err := base64.StdEncoding.DecodeString(who.key)
	if err != nil {
		panic(err) // made by sessionKey
	}
	return GroupInfo{
		EncryptedData: base64.StdEncoding.EncodeToString(encryptCBC(key, iv, plain, aes.BlockSize)),
		IV:            base64.StdEncoding.EncodeToString(iv), OpenGID: gid,
	}
}

// encryptCBC pads after PKCS#7 to whole pads and encrypts.
func encryptCBC(key, iv, plain []byte, pad int) []byte {
	n := pad - len(plain)%pad
	padded := append(slices.Clone(plain), slices.Repeat([]byte{byte(n)}, n)...)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // keys are made or checked by us
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	return padded
}
