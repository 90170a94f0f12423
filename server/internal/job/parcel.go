package job

import (
	"context"
	"io"
	"time"

	"bense/server/internal/clock"
	"bense/server/internal/db"
	"bense/server/internal/id"
)

// partSize keeps one part below what a server takes in one packet.
const partSize = 1 << 20

// Parcels are texts and files of any size, sealed, in numbered parts below an owner (an import, an
// export) and a kind. They check no permission: their callers do.
type Parcels struct {
	store store
	db    *db.DB
	clk   clock.Clock
}

// PutPart adds one part of at most a few MB to the transaction of ctx.
func (p *Parcels) PutPart(ctx context.Context, owner id.ID, kind string, part int, data []byte) error {
	return p.store.putPart(ctx, owner, kind, part, data, db.At(p.clk.Now()))
}

// Part gives one part, or errs.ErrNotFound.
func (p *Parcels) Part(ctx context.Context, owner id.ID, kind string, part int) ([]byte, error) {
	return p.store.part(ctx, owner, kind, part)
}

// Put keeps a whole file in the transaction of ctx, in place of what was there.
func (p *Parcels) Put(ctx context.Context, owner id.ID, kind string, data []byte) error {
	if err := p.Drop(ctx, owner, kind); err != nil {
		return err
	}
	for part := 0; len(data) > 0; part++ {
		n := min(len(data), partSize)
		if err := p.PutPart(ctx, owner, kind, part, data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Get gives a whole file; errs.ErrNotFound without one.
func (p *Parcels) Get(ctx context.Context, owner id.ID, kind string) ([]byte, error) {
	var out []byte
	for part := 0; ; part++ {
		data, err := p.Part(ctx, owner, kind, part)
		if isNone(err) && part > 0 {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, data...)
	}
}

// Writer gives a writer whose text is kept in parts, in the transaction of ctx; Close keeps the rest.
// There must be nothing under the kind before.
func (p *Parcels) Writer(ctx context.Context, owner id.ID, kind string) io.WriteCloser {
	return &writer{ctx: ctx, p: p, owner: owner, kind: kind}
}

// Reader gives what a Writer kept, without ever holding more than one part.
func (p *Parcels) Reader(ctx context.Context, owner id.ID, kind string) io.Reader {
	return &reader{ctx: ctx, p: p, owner: owner, kind: kind}
}

// Drop removes what is kept; with an empty kind all of the owner.
func (p *Parcels) Drop(ctx context.Context, owner id.ID, kind string) error {
	return p.store.dropParts(ctx, owner, kind)
}

// Prune removes what is older, of a kind.
func (p *Parcels) Prune(ctx context.Context, kind string, before time.Time) error {
	return p.store.pruneParts(ctx, kind, before)
}

type writer struct {
	ctx   context.Context
	p     *Parcels
	owner id.ID
	kind  string
	part  int
	buf   []byte
}

// Write implements io.Writer.
func (w *writer) Write(b []byte) (int, error) {
	w.buf = append(w.buf, b...)
	for len(w.buf) >= partSize {
		if err := w.flush(w.buf[:partSize]); err != nil {
			return 0, err
		}
		w.buf = append(w.buf[:0], w.buf[partSize:]...)
	}
	return len(b), nil
}

func (w *writer) flush(b []byte) error {
	w.part++
	return w.p.PutPart(w.ctx, w.owner, w.kind, w.part-1, b)
}

// Close implements io.Closer.
func (w *writer) Close() error {
	if len(w.buf) == 0 {
		return nil
	}
	return w.flush(w.buf)
}

type reader struct {
	ctx   context.Context
	p     *Parcels
	owner id.ID
	kind  string
	part  int
	buf   []byte
}

// Read implements io.Reader.
func (r *reader) Read(b []byte) (int, error) {
	if len(r.buf) == 0 {
		data, err := r.p.Part(r.ctx, r.owner, r.kind, r.part)
		if isNone(err) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		r.buf = data
		r.part++
	}
	n := copy(b, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}
