// Package job runs long work beside the requests that ask for it, says how far it has come, and keeps
// what it works on and what comes out of it, sealed and in parts.
//
// A job runs in the process that started it. Its row carries a lease which a heartbeat renews: when the
// process is killed the lease runs out, and everybody who asks hears that the work was interrupted.
// Nothing is resumed: work changes data in one transaction at its end and notes in that very transaction
// that it is done (Progress.End), so that an interrupted job has changed nothing and whoever asked for it
// may ask again.
package job

import (
	"encoding/json"
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// State of a job.
type State string

// The states. A job whose lease has run out reads as Interrupted, whatever its row says.
const (
	Running     State = "running"
	Done        State = "done"
	Failed      State = "failed"
	Interrupted State = "interrupted"
)

// Times of a running job.
const (
	lease    = 90 * time.Second // longer than one transaction keeps the only writer of SQLite
	beat     = 10 * time.Second // a renewal without news
	news     = 500 * time.Millisecond
	toWrite  = 5 * time.Second // for one renewal
	atOnce   = 2               // of this process; others wait their turn
	keepJobs = 30 * 24 * time.Hour
)

const (
	messageWaits       = "前面还有任务，正在排队"
	messageFailed      = "系统出了点问题，没有办成，请稍后再试；如果仍不行，请联系技术人员"
	messageInterrupted = "服务重启，任务中断了，没有改动任何资料，请重新开始"
)

// Job is one piece of long work.
type Job struct {
	ID        id.ID
	Kind      string // import_read, export …
	Subject   id.ID
	Account   id.ID
	State     State
	Done      int // of Total; zero Total: not known yet
	Total     int
	Message   string          // Chinese: what it is doing, or why it failed
	Result    json.RawMessage // nil until it is done, and for jobs without one
	CreatedAt time.Time
	EndedAt   time.Time // zero while it runs
}

// ErrRunning reports that the same work is under way already.
var ErrRunning = errs.New(errs.Conflict, "job.running", "同样的任务正在进行，请等它完成")

// seen is the job as it is at a time: a lease that has run out ends it.
func (j Job) seen(leaseUntil, now time.Time) Job {
	if j.State == Running && leaseUntil.Before(now) {
		j.State, j.EndedAt = Interrupted, leaseUntil
	}
	if j.State == Interrupted {
		j.Message = messageInterrupted
	}
	return j
}
