package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"bense/server/internal/audit"
)

// anchorName is the file beside the data in which the heads of the audit chain are noted.
const anchorName = "audit-anchors.log"

// anchorFile is where anchors go; "" without a data folder.
func (a *App) anchorFile() string {
	if info, err := os.Stat(a.cfg.DataDir); err != nil || !info.IsDir() {
		return ""
	}
	return filepath.Join(a.cfg.DataDir, anchorName)
}

// DoctorAudit checks the whole chain of the audit against the anchors in the database, in the data folder
// and those given (SEQ:HASH, or files), prints what it found and fails on any fault.
func DoctorAudit(ctx context.Context, o Options, anchors []string, out io.Writer) error {
	a, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer a.Close()
	var outside []audit.Anchor
	if own := a.anchorFile(); own != "" {
		if _, err := os.Stat(own); err == nil {
			anchors = append(anchors, own)
		}
	}
	for _, text := range anchors {
		list, err := readAnchors(text)
		if err != nil {
			return err
		}
		outside = append(outside, list...)
	}
	r, err := a.Audit.Verify(ctx, outside)
	if err != nil {
		return say(err)
	}
	fmt.Fprintf(out, "审计链  核对 %d 条，锚点 %d 个，用时 %.1f 秒，等待入链 %d 条\n", r.Lines, r.Anchors, r.Took.Seconds(), r.Waiting)
	if r.Head.Seq > 0 {
		fmt.Fprintf(out, "链头    %d:%x\n", r.Head.Seq, r.Head.Hash)
	}
	if r.Broken == 0 {
		fmt.Fprintln(out, "结论    完整，没有改动、删除、插入或截断的痕迹")
		return nil
	}
	fmt.Fprintf(out, "结论    有 %d 处不对，最早的一处：%s\n", r.Broken, r.Faults[0])
	for _, f := range r.Faults[1:] {
		fmt.Fprintln(out, "        "+f.String())
	}
	return fmt.Errorf("doctor: the audit chain has %d faults", r.Broken)
}

// readAnchors reads SEQ:HASH, or a file with an anchor on each line.
func readAnchors(text string) ([]audit.Anchor, error) {
	if a, err := audit.ParseAnchor(text); err == nil {
		return []audit.Anchor{a}, nil
	}
	data, err := os.ReadFile(text)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", text, audit.ErrAnchor)
	}
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	var out []audit.Anchor
	for n, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		a, err := audit.ParseAnchor(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", text, n+1, err)
		}
		out = append(out, a)
	}
	return out, nil
}
