// Package attachment keeps papers of a person: the scan of a certificate, a photograph of a filled-in form.
// They are sealed like the columns of the ledger and lie in the database, so that a backup, a rotation of
// keys and an erasure reach them like everything else.
package attachment

import (
	"bytes"
	"image"
	_ "image/jpeg" // to look into a picture's head
	_ "image/png"
	"strings"
	"time"
	"unicode"

	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// Limits of files.
const (
	MaxBytes = 8 << 20 // of one file
	maxFiles = 20      // of one person, those taken off not counted
	maxName  = 100     // characters

	// KeepRemoved is how long a file that was taken off can be brought back.
	KeepRemoved = 30 * 24 * time.Hour
)

// Kind is what a file holds, as its bytes say; the wire has the same words.
type Kind string

// The kinds that are taken.
const (
	PDF  Kind = "pdf"
	JPEG Kind = "jpeg"
	PNG  Kind = "png"
)

// MediaType is how the kind is served.
func (k Kind) MediaType() string {
	if k == PDF {
		return "application/pdf"
	}
	return "image/" + string(k)
}

// endings of names that fit a kind; the first one is given to names that have none of them.
var endings = map[Kind][]string{PDF: {".pdf"}, JPEG: {".jpg", ".jpeg"}, PNG: {".png"}}

// Attachment is a file of a person without its bytes.
type Attachment struct {
	ID        id.ID
	Person    id.ID
	Name      string
	Kind      Kind
	Size      int
	By        id.ID
	ByName    string // of the account, empty when nobody knows it
	CreatedAt time.Time
	RemovedAt time.Time // zero: there
}

// Errors of this package.
var (
	ErrTooLarge = errs.New(errs.TooLarge, "attachment.too_large", "文件太大，一份最多 8 MB，请缩小后再传")
	ErrKind     = errs.New(errs.Unsupported, "attachment.kind", "只能上传 PDF、JPG、PNG 文件，请换一个文件")
	ErrEmpty    = errs.New(errs.Invalid, "attachment.empty", "文件是空的，请重新选择")
	ErrMany     = errs.New(errs.Conflict, "attachment.many", "这位同志已有 20 份附件，请先去掉用不着的")
	ErrNone     = errs.New(errs.NotFound, "attachment.none", "没有这份附件，可能已被去掉")
)

// KindOf tells what bytes hold, whatever the name says.
func KindOf(data []byte) (Kind, error) {
	switch {
	case len(data) == 0:
		return "", ErrEmpty
	case len(data) > MaxBytes:
		return "", ErrTooLarge
	case bytes.HasPrefix(data, []byte("%PDF-")):
		if !bytes.Contains(data[max(0, len(data)-2048):], []byte("%%EOF")) {
			return "", ErrKind
		}
		return PDF, nil
	}
	_, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || format != string(JPEG) && format != string(PNG) {
		return "", ErrKind
	}
	return Kind(format), nil
}

// NameOf makes a name that is safe to store and to give back: without folders and characters that nobody
// sees, with an ending that fits.
func NameOf(typed string, k Kind) string {
	s := typed[strings.LastIndexAny(typed, `/\`)+1:]
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`<>:"|?*`, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	s = strings.TrimRight(ledger.NormalText(s), ". ")
	end := endings[k][0]
	for _, e := range endings[k] {
		if strings.HasSuffix(strings.ToLower(s), e) {
			end, s = e, s[:len(s)-len(e)]
		}
	}
	s = strings.Trim(s, ". ")
	if r := []rune(s); len(r) > maxName {
		s = string(r[:maxName])
	}
	if s == "" {
		s = "附件"
	}
	return s + end
}
