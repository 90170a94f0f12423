// Package crypt encrypts personal fields (SM4-GCM) and makes look-up hashes and code signatures
// (SM3-HMAC). Keys carry ids so that they can be rotated.
package crypt

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sort"

	"github.com/emmansun/gmsm/sm3"
)

// KeySize is the length of a master key in bytes.
const KeySize = 32

// ErrOpen reports a text that was not sealed by these keys in this context.
var ErrOpen = errors.New("crypt: cannot open")

// Key is a master key; field, look-up and code keys are derived from it.
type Key struct {
	ID     byte // 1..255, stored in front of every sealed value
	Secret []byte
}

// Box seals with the newest key (highest id) and opens with any of its keys. Look-up hashes are made
// with a key of their own, which must never change: the oldest key gives it until UnwrapLookup brings
// the one that is kept.
type Box struct {
	aeads  map[byte]cipher.AEAD // also of keys that only open any more
	fields map[byte][]byte
	newest byte
	lookup []byte
	mac    map[byte][]byte // of the configured keys
	// retired are the code keys of those that are not configured any more; only the audit's signatures
	// are checked with them.
	retired map[byte][]byte
}

// New makes a Box; it needs at least one key of KeySize bytes, with different ids.
func New(keys ...Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, errors.New("crypt: no key")
	}
	sorted := append([]Key(nil), keys...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].ID < sorted[j].ID })
	b := &Box{aeads: map[byte]cipher.AEAD{}, fields: map[byte][]byte{}, mac: map[byte][]byte{}, retired: map[byte][]byte{}}
	for _, k := range sorted {
		if k.ID == 0 || len(k.Secret) != KeySize {
			return nil, fmt.Errorf("crypt: key %d must have an id above 0 and %d bytes", k.ID, KeySize)
		}
		if b.aeads[k.ID] != nil {
			return nil, fmt.Errorf("crypt: key id %d twice", k.ID)
		}
		b.fields[k.ID] = derive(k.Secret, "field")[:fieldSize]
		gcm, err := fieldCipher(b.fields[k.ID])
		if err != nil {
			return nil, err
		}
		b.aeads[k.ID], b.mac[k.ID], b.newest = gcm, derive(k.Secret, "code"), k.ID
	}
	b.lookup = derive(sorted[0].Secret, "lookup")
	return b, nil
}

// ParseKey reads "ID:BASE64", the form of configuration files and environment variables.
func ParseKey(s string) (Key, error) {
	var n int
	var b64 string
	if _, err := fmt.Sscanf(s, "%d:%s", &n, &b64); err != nil || n < 1 || n > 255 {
		return Key{}, errors.New("crypt: a key has the form ID:BASE64 with an id of 1..255")
	}
	secret, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || len(secret) != KeySize {
		return Key{}, fmt.Errorf("crypt: a key holds %d bytes in base64", KeySize)
	}
	return Key{ID: byte(n), Secret: secret}, nil
}

// NewKey makes the text form of a random key.
func NewKey(id byte) string {
	secret := make([]byte, KeySize)
	rand.Read(secret) // never fails (crypto/rand)
	return fmt.Sprintf("%d:%s", id, base64.StdEncoding.EncodeToString(secret))
}

func derive(secret []byte, purpose string) []byte {
	m := hmac.New(sm3.New, secret)
	m.Write([]byte("bense/" + purpose))
	return m.Sum(nil)
}

// Seal encrypts; context (such as "persons.phone") binds the result to its column. Empty input
// gives nil, so that a missing value stays NULL.
func (b *Box) Seal(plain []byte, context string) []byte {
	if len(plain) == 0 {
		return nil
	}
	gcm := b.aeads[b.newest]
	out := make([]byte, 1+gcm.NonceSize(), 1+gcm.NonceSize()+len(plain)+gcm.Overhead())
	out[0] = b.newest
	rand.Read(out[1:])
	return gcm.Seal(out, out[1:], plain, []byte(context))
}

// Open reverses Seal; nil gives nil.
func (b *Box) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	gcm := b.aeads[sealed[0]]
	if gcm == nil || len(sealed) < 1+gcm.NonceSize()+gcm.Overhead() {
		return nil, ErrOpen
	}
	nonce := sealed[1 : 1+gcm.NonceSize()]
	plain, err := gcm.Open(nil, nonce, sealed[1+gcm.NonceSize():], []byte(context))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// SealString is Seal for texts.
func (b *Box) SealString(plain, context string) []byte { return b.Seal([]byte(plain), context) }

// OpenString is Open for texts.
func (b *Box) OpenString(sealed []byte, context string) (string, error) {
	p, err := b.Open(sealed, context)
	return string(p), err
}

// Hash makes the 32-byte look-up value of a normalised text for a kind of field ("phone",
// "id_number", "phone_last4"); an empty text gives nil.
func (b *Box) Hash(kind, value string) []byte {
	if value == "" {
		return nil
	}
	m := hmac.New(sm3.New, b.lookup)
	m.Write([]byte(kind))
	m.Write([]byte{0})
	m.Write([]byte(value))
	return m.Sum(nil)
}

// MAC signs data for a purpose with the newest key and tells the key's id.
func (b *Box) MAC(purpose string, data []byte) (keyID byte, sum []byte) {
	return b.newest, b.sum(b.newest, purpose, data)
}

// CheckMAC verifies in constant time a signature of at least 8 bytes (it may be truncated).
func (b *Box) CheckMAC(keyID byte, purpose string, data, sum []byte) bool {
	if b.mac[keyID] == nil || len(sum) < 8 || len(sum) > sm3.Size {
		return false
	}
	return hmac.Equal(sum, b.sum(keyID, purpose, data)[:len(sum)])
}

func (b *Box) sum(keyID byte, purpose string, data []byte) []byte {
	return mac(b.mac[keyID], purpose, data)
}

func mac(key []byte, purpose string, data []byte) []byte {
	m := hmac.New(sm3.New, key)
	m.Write([]byte(purpose))
	m.Write([]byte{0})
	m.Write(data)
	return m.Sum(nil)
}

// Derive gives 32 bytes for another library that signs by itself (session tokens).
func (b *Box) Derive(purpose string) []byte {
	m := hmac.New(sm3.New, b.mac[b.newest])
	m.Write([]byte("derive/" + purpose))
	return m.Sum(nil)
}
