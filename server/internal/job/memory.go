package job

import (
	"runtime/debug"
	"sync"
)

// frugalPercent is how much may be allocated beside what is in use before it is collected, while a job runs:
// half as much as usual. A county's ledger is the largest thing that this process ever holds, and holding it
// twice is what would cost the most.
const frugalPercent = 40

// frugal counts the jobs of the process; the collector's setting belongs to the process too.
var frugal struct {
	sync.Mutex
	jobs, before int
}

// beFrugal keeps the memory of a job down until the function that it gives is called, which returns to the
// system what the job has left behind: otherwise a series of imports would pile it up.
func beFrugal() (end func()) {
	frugal.Lock()
	defer frugal.Unlock()
	if frugal.jobs++; frugal.jobs == 1 {
		if frugal.before = debug.SetGCPercent(frugalPercent); frugal.before < frugalPercent {
			debug.SetGCPercent(frugal.before) // somebody wants less still, or none at all
		}
	}
	return func() {
		frugal.Lock()
		defer frugal.Unlock()
		if frugal.jobs--; frugal.jobs == 0 {
			debug.SetGCPercent(frugal.before)
			debug.FreeOSMemory()
		}
	}
}
