package audit

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/emmansun/gmsm/sm3"

	"bense/server/internal/crypt"
	"bense/server/internal/id"
)

// markSize is the length of what stands in the columns mac and hash: the id of the key and an SM3-HMAC.
const markSize = 1 + sm3.Size

// marks are the three kinds of signatures of the audit, each by keys of its own: of a line when it is
// written, of a link, of an anchor. Who has the database and not the keys can make none of them.
type marks struct{ line, link, anchor *crypt.Signer }

func newMarks(box *crypt.Box) marks {
	return marks{box.Signer("audit.line", nil), box.Signer("audit.link", nil), box.Signer("audit.anchor", nil)}
}

func mark(s *crypt.Signer, data []byte) []byte {
	_, out := s.Append([]byte{s.NewestKey()}, data, sm3.Size)
	return out
}

func genuine(s *crypt.Signer, data, mark []byte) bool {
	return len(mark) == markSize && s.Check(mark[0], data, mark[1:])
}

// canonical is what is signed of a line: every column but the signature, each number in eight bytes, each
// text with its length in front. The detail stays as it was sealed: it can be checked without being read.
func (r row) canonical() []byte {
	b := make([]byte, 0, 160+len(r.DetailEnc))
	number := func(v int64) { b = binary.BigEndian.AppendUint64(b, uint64(v)) }
	text := func(v []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
		b = append(b, v...)
	}
	place := func(v *id.ID) {
		if v == nil {
			number(0)
		} else {
			number(int64(*v))
		}
	}
	number(int64(r.ID))
	number(r.At.UnixMilli())
	number(int64(r.AccountID))
	text([]byte(r.Action))
	text([]byte(r.SubjectKind))
	number(int64(r.SubjectID))
	place(r.CommitteeID)
	place(r.AllianceID)
	place(r.UnitID)
	text(r.DetailEnc)
	text([]byte(r.RequestID))
	return b
}

// Head is the last link of the chain; Seq 0 is an empty one.
type Head struct {
	Seq  int64
	Hash []byte
}

// next makes the link that follows: it signs the hash before, its own number and the line with the line's
// signature.
func (m marks) next(h Head, r row) Head {
	return Head{h.Seq + 1, mark(m.link, linked(h, r))}
}

func linked(before Head, r row) []byte {
	b := make([]byte, 0, 2*markSize+200+len(r.DetailEnc))
	b = append(b, before.Hash...)
	b = binary.BigEndian.AppendUint64(b, uint64(before.Seq+1))
	b = append(b, r.canonical()...)
	return append(b, r.MAC...)
}

// Anchor is a head that was noted outside of the chain's own table: what stood before it can't be cut off
// or written anew without being noticed.
type Anchor struct {
	Head
	At  time.Time
	MAC []byte
}

func (a Anchor) signed() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(a.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(a.At.UnixMilli()))
	return append(b, a.Hash...)
}

type anchorText struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"`
	At   time.Time `json:"at"`
	MAC  string    `json:"mac"`
}

// String is the form that stands in the anchors' file, one a line.
func (a Anchor) String() string {
	b, _ := json.Marshal(anchorText{a.Seq, hex.EncodeToString(a.Hash), a.At.UTC(), hex.EncodeToString(a.MAC)}) // numbers and texts only
	return string(b)
}

// ErrAnchor tells that a text is no anchor.
var ErrAnchor = errors.New("audit: an anchor is a line of the anchors' file, or SEQ:HASH")

// ParseAnchor reads a line of the anchors' file, or SEQ:HASH as somebody wrote it down.
func ParseAnchor(text string) (Anchor, error) {
	text = strings.TrimSpace(text)
	var t anchorText
	if strings.HasPrefix(text, "{") {
		if json.Unmarshal([]byte(text), &t) != nil {
			return Anchor{}, ErrAnchor
		}
	} else if _, err := fmt.Sscanf(text, "%d:%s", &t.Seq, &t.Hash); err != nil {
		return Anchor{}, ErrAnchor
	}
	hash, err := hex.DecodeString(t.Hash)
	if err != nil || len(hash) != markSize || t.Seq < 1 {
		return Anchor{}, ErrAnchor
	}
	mac, err := hex.DecodeString(t.MAC)
	if err != nil || len(mac) != 0 && len(mac) != markSize {
		return Anchor{}, ErrAnchor
	}
	return Anchor{Head: Head{t.Seq, hash}, At: t.At, MAC: mac}, nil
}
