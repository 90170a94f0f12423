package vault

import (
	"context"
	"fmt"

	"bense/server/internal/crypt"
)

// passes bounds how often a column is walked through again because others wrote old keys meanwhile.
const passes = 5

// Progress is told after every batch: how many values a column has had sealed anew so far.
type Progress func(c Column, done int)

// Rotate brings every value that may be sealed anew under the newest key and gives their number. Each
// value is swapped only against the very bytes that were read, so that nobody's write is lost, any
// number of rotations may run at once, and one that was killed is simply run again.
func (v *Vault) Rotate(ctx context.Context, tell Progress) (int, error) {
	if err := v.rewrap(ctx); err != nil {
		return 0, err
	}
	total := 0
	for _, c := range Columns {
		if c.Fixed {
			continue
		}
		done, err := v.rotate(ctx, c, tell)
		total += done
		if err != nil {
			return total, fmt.Errorf("vault: %s.%s: %w", c.Table, c.Name, err)
		}
	}
	return total, nil
}

// rewrap puts the look-up key and what is left of all older keys into the newest one's care.
func (v *Vault) rewrap(ctx context.Context) error {
	known, err := v.keys(ctx)
	if err != nil {
		return err
	}
	newest := v.box.Newest()
	for keyID, k := range known {
		if keyID == newest || crypt.KeyOf(k.wrapped) == newest {
			continue
		}
		var wrapped []byte
		switch {
		case keyID == 0:
			wrapped = v.box.WrapLookup()
		case v.box.Has(keyID) || k.wrapped != nil:
			wrapped = v.box.WrapKey(keyID)
		}
		if wrapped == nil { // out of use before anything of it was kept
			continue
		}
		if err := v.setWrapped(ctx, keyID, wrapped); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) rotate(ctx context.Context, c Column, tell Progress) (int, error) {
	done := 0
	for range passes {
		missed := 0
		var after place
		for {
			found, err := v.stale(ctx, c, after, v.box.Newest())
			if err != nil {
				return done, err
			}
			if len(found) == 0 {
				break
			}
			swapped, err := v.reseal(ctx, c, found)
			if err != nil {
				return done, err
			}
			done, missed, after = done+swapped, missed+len(found)-swapped, found[len(found)-1].at
			if tell != nil {
				tell(c, done)
			}
		}
		if missed == 0 {
			return done, nil
		}
	}
	return done, nil // who writes with an old key is told by the count at the end
}

// reseal swaps a batch in one transaction and tells how many nobody else had written meanwhile.
func (v *Vault) reseal(ctx context.Context, c Column, found []value) (int, error) {
	swapped := 0
	err := v.db.Tx(ctx, func(ctx context.Context) error {
		swapped = 0
		for _, old := range found {
			plain, err := v.box.Open(old.sealed, c.in(old.at))
			if err != nil {
				return fmt.Errorf("%v: %w", old.at, err)
			}
			ok, err := v.swap(ctx, c, old, v.box.Seal(plain, c.in(old.at)))
			if err != nil {
				return err
			}
			if ok {
				swapped++
			}
		}
		return nil
	})
	return swapped, err
}

// Each opens every value of a column.
func (v *Vault) Each(ctx context.Context, c Column, look func(plain []byte) error) error {
	var after place
	for {
		found, err := v.stale(ctx, c, after, 0) // no key has the id 0
		if err != nil || len(found) == 0 {
			return err
		}
		for _, one := range found {
			plain, err := v.box.Open(one.sealed, c.in(one.at))
			if err == nil {
				err = look(plain)
			}
			if err != nil {
				return fmt.Errorf("vault: %s.%s %v: %w", c.Table, c.Name, one.at, err)
			}
		}
		after = found[len(found)-1].at
	}
}
