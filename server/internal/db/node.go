package db

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
)

// NodeLease is how long a node number stays taken without being renewed.
const NodeLease = time.Minute

// ErrNoNode reports that every node number is leased.
var ErrNoNode = errors.New("db: all node numbers are taken")

type node struct {
	Node       int
	Holder     string
	LeaseUntil Time
}

// LeaseNode takes the lowest free node number below limit for a holder, so that two instances never
// make the same id.
func (d *DB) LeaseNode(ctx context.Context, holder string, limit int, now time.Time) (int, error) {
	for {
		got, err := d.tryNode(ctx, holder, limit, now)
		if !IsDuplicate(err) && !repeatable(err) { // else another instance was faster
			return got, err
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}

func (d *DB) tryNode(ctx context.Context, holder string, limit int, now time.Time) (int, error) {
	got := -1
	err := d.Tx(ctx, func(ctx context.Context) error {
		got = -1
		var rows []node
		if err := d.Conn(ctx).Order("node").Find(&rows).Error; err != nil {
			return err
		}
		until := At(now.Add(NodeLease))
		for i, r := range rows {
			if r.Node > i { // a gap
				break
			}
			if r.LeaseUntil.After(now) {
				continue
			}
			res := d.Conn(ctx).Exec("UPDATE nodes SET holder = ?, lease_until = ? WHERE node = ? AND holder = ? AND lease_until = ?",
				holder, until, r.Node, r.Holder, r.LeaseUntil)
			if res.Error != nil {
				return res.Error
			}
			if res.RowsAffected == 1 {
				got = r.Node
				return nil
			}
		}
		free := firstFree(rows)
		if free >= limit {
			return ErrNoNode
		}
		got = free
		return d.Conn(ctx).Exec("INSERT INTO nodes (node, holder, lease_until) VALUES (?, ?, ?)", free, holder, until).Error
	})
	return got, err
}

func firstFree(rows []node) int {
	for i, r := range rows {
		if r.Node != i {
			return i
		}
	}
	return len(rows)
}

// RenewNode prolongs a lease and reports whether the holder still has it.
func (d *DB) RenewNode(ctx context.Context, n int, holder string, now time.Time) (bool, error) {
	var res *gorm.DB
	err := d.Tx(ctx, func(ctx context.Context) error {
		res = d.Conn(ctx).Exec("UPDATE nodes SET lease_until = ? WHERE node = ? AND holder = ?", At(now.Add(NodeLease)), n, holder)
		return res.Error
	})
	return err == nil && res.RowsAffected == 1, err
}

// ReleaseNode gives a node number back.
func (d *DB) ReleaseNode(ctx context.Context, n int, holder string, now time.Time) error {
	return d.Tx(ctx, func(ctx context.Context) error {
		return d.Conn(ctx).Exec("UPDATE nodes SET lease_until = ? WHERE node = ? AND holder = ?", At(now), n, holder).Error
	})
}

// LiveNodes counts the instances whose lease still runs.
func (d *DB) LiveNodes(ctx context.Context, now time.Time) (n int64, err error) {
	err = d.Conn(ctx).Model(&node{}).Where("lease_until > ?", At(now)).Count(&n).Error
	return n, Unavailable(err)
}
