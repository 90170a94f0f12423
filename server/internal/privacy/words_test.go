package privacy_test

import (
	"regexp"
	"testing"

	"bense/server/internal/privacy"
)

// What an erasure removes and keeps is told in Chinese, whatever table is added.
func TestEveryPlaceHasChineseWords(t *testing.T) {
	latin := regexp.MustCompile(`[a-z]`)
	for _, p := range privacy.Places {
		label, keep := privacy.Words(p.Table, p.Keep)
		if label == "" || latin.MatchString(label) || latin.MatchString(keep) || (p.Keep == "") != (keep == "") {
			t.Errorf("%s (%s): %q, %q", p.Table, p.Keep, label, keep)
		}
	}
}
