package checkin

import (
	"bytes"
	"context"
	"encoding/gob"
	"slices"
	"time"

	"bense/server/internal/cache"
	"bense/server/internal/clock"
	"bense/server/internal/crypt"
	"bense/server/internal/id"
)

// How snapshots lie in Redis.
const (
	shareLife = time.Minute
	shareWait = 200 * time.Millisecond
	shareMost = 16 << 20 // larger ones are read from the database by everybody
)

// shared hands snapshots from one instance to the next through Redis, so that a county's doors ask the
// database once. They lie there encrypted, with the versions that they were read at: what does not
// open, or was read at other versions, is as good as nothing.
type shared struct {
	cache *cache.Cache // nil: every instance reads for itself
	box   *crypt.Box
	clk   clock.Clock
}

// parcel is what lies in Redis.
type parcel struct {
	Versions []int64
	Columns  columns
}

const shareContext = "checkin.snapshot"

func shareKey(list id.ID) string { return "checkin:snapshot:" + list.String() }

// take fills in what another instance has read at the same versions, not long ago.
func (s shared) take(ctx context.Context, list id.ID, versions []int64, into *columns) bool {
	if s.cache == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, shareWait)
	defer cancel()
	sealed, err := s.cache.Client().Get(ctx, shareKey(list)).Bytes()
	if err != nil {
		return false
	}
	plain, err := s.box.Open(sealed, shareContext)
	if err != nil {
		return false
	}
	var p parcel
	if gob.NewDecoder(bytes.NewReader(plain)).Decode(&p) != nil || !slices.Equal(p.Versions, versions) || p.Columns.List.ID != list {
		return false
	}
	if age := s.clk.Now().Sub(p.Columns.Loaded); age < 0 || age > snapshotAge {
		return false
	}
	*into = p.Columns
	return true
}

// put offers what was read to the other instances; a failure costs them a reading of their own.
func (s shared) put(ctx context.Context, list id.ID, versions []int64, c *columns) {
	if s.cache == nil || len(c.Persons) > snapshotLarge {
		return
	}
	var b bytes.Buffer
	if gob.NewEncoder(&b).Encode(parcel{versions, *c}) != nil || b.Len() > shareMost {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, shareWait)
	defer cancel()
	s.cache.Client().Set(ctx, shareKey(list), s.box.Seal(b.Bytes(), shareContext), shareLife)
}
