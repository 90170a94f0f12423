package app_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"bense/server/internal/app"
	"bense/server/internal/db"
)

// doctor checks the audit of a data folder and gives what it printed.
func doctor(t *testing.T, o app.Options, anchors ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := app.DoctorAudit(t.Context(), o, anchors, &out)
	return out.String(), err
}

func TestDoctorAuditOnAGoodAndATamperedDatabase(t *testing.T) {
	o := demoOptions(t, io.Discard)
	if err := app.Grant(t.Context(), o, app.GrantRequest{Role: "committee_staff", Committee: "某县老干部局", Name: "李明", Phone: "19900000001"}); err != nil {
		t.Fatal(err)
	}
	if err := app.Grant(t.Context(), o, app.GrantRequest{Role: "committee_staff", Committee: "某县老干部局", Name: "赵芳", Phone: "19900000002"}); err != nil {
		t.Fatal(err)
	}
	good, err := doctor(t, o)
	if err != nil || !strings.Contains(good, "核对 3 条") || !strings.Contains(good, "结论    完整") {
		t.Fatal(good, err)
	}
	_, head, _ := strings.Cut(good, "链头    ")
	head, _, _ = strings.Cut(head, "\n")
	if out, err := doctor(t, o, head); err != nil {
		t.Fatal("its own head is refused:", out, err)
	}
	if _, err := doctor(t, o, "no-such-file"); err == nil {
		t.Error("an anchor that is none was accepted")
	}
	d, err := db.Open(t.Context(), "sqlite://"+filepath.Join(o.DataDir, "bense.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, c := range []struct{ query, want string }{
		{"UPDATE audit_lines SET account_id = 9 WHERE id = (SELECT line_id FROM audit_links WHERE seq = 2)", "最早的一处：第 2 条（编号 "},
		{"DELETE FROM audit_links WHERE seq = 1", "最早的一处：第 1 条：第 1 条到第 1 条被删除了"},
		{"DELETE FROM audit_links", "最早的一处：第 1 条：从这里起的记录被截掉了"},
	} {
		if _, err := d.SQL().ExecContext(t.Context(), c.query); err != nil {
			t.Fatal(err)
		}
		if out, err := doctor(t, o); err == nil || !strings.Contains(out, c.want) {
			t.Errorf("%s: %s (%v)", c.query, out, err)
		}
	}
}
