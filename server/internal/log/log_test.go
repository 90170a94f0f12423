package log_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"bense/server/internal/log"
)

func TestMasksWhatSlipsThrough(t *testing.T) {
	canaries := []string{"19900001234", "370599194312060047", "37059919530908005X", "eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl", "oAbCdEfGhIjKlMnOpQrStUvWxYz0", "s3cr3tvalue"}
	var out bytes.Buffer
	l := log.New(&out, "info")
	ctx := log.WithRequestID(context.Background(), "r-1")
	for _, c := range canaries[:5] {
		l.InfoContext(ctx, "message with "+c, "value", c, "error", errors.New("failed for "+c))
	}
	l.Info("call", "url", "https://api/x?access_token="+canaries[5]+"&a=1")
	for _, c := range canaries {
		if strings.Contains(out.String(), c) {
			t.Errorf("%s reached the log", c)
		}
	}
	if !strings.Contains(out.String(), `"request_id":"r-1"`) {
		t.Error("the request id is missing")
	}
}

func TestKeepsWhatIsHarmless(t *testing.T) {
	for _, s := range []string{"notice.published", "id 317245988123456789", "12345"} {
		if got := log.Redact(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}
