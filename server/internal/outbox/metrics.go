package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// lookEvery is how old the figures of a queue may be: several scrapers cost what one costs.
const lookEvery = 10 * time.Second

// lookTime bounds a look: a scrape waits for nobody.
const lookTime = 3 * time.Second

func newEnded() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bense_outbox_attempts_total", Help: "Attempts that this process made, by what became of the message.",
	}, []string{"channel", "state"})
}

// count adds what has been marked.
func (l *lane) count(group []*item) {
	for _, i := range group {
		if !i.back {
			l.w.ended.WithLabelValues(l.channel, string(i.ended)).Inc()
		}
	}
}

// Register shows the figures of the queues in a registry: those of the database, whoever works on it, and what
// this worker has done.
func (w *Worker) Register(r prometheus.Registerer) {
	label := []string{"channel"}
	r.MustRegister(w.ended, &figures{
		w:      w,
		rows:   prometheus.NewDesc("bense_outbox_rows", "Messages by channel and state, counted up to 10000.", []string{"channel", "state"}, nil),
		oldest: prometheus.NewDesc("bense_outbox_overdue_seconds", "How long the oldest message that is due has waited.", label, nil),
		rests:  prometheus.NewDesc("bense_outbox_rest_seconds", "For how long the breaker keeps a channel closed yet; 0: it works.", label, nil),
	})
}

// figures looks at the queues when somebody asks, at most once in lookEvery.
type figures struct {
	w                   *Worker
	rows, oldest, rests *prometheus.Desc

	mu     sync.Mutex
	looked time.Time
	last   []prometheus.Metric
}

// Describe names the figures.
func (f *figures) Describe(c chan<- *prometheus.Desc) {
	c <- f.rows
	c <- f.oldest
	c <- f.rests
}

// Collect gives them; while the database is away there are none.
func (f *figures) Collect(c chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.w.box.clk.Now(); f.looked.IsZero() || now.Sub(f.looked) >= lookEvery {
		ctx, cancel := context.WithTimeout(context.Background(), lookTime)
		defer cancel()
		list, err := f.look(ctx, now)
		if err != nil {
			f.w.log.WarnContext(ctx, "outbox figures not read", "error", err)
		}
		f.looked, f.last = now, list
	}
	for _, m := range f.last {
		c <- m
	}
}

func (f *figures) look(ctx context.Context, now time.Time) ([]prometheus.Metric, error) {
	resting, err := f.w.box.Resting(ctx)
	if err != nil {
		return nil, err
	}
	var out []prometheus.Metric
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out = append(out, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...))
	}
	for _, channel := range f.w.channels {
		for _, state := range []State{Waiting, Leased, Dead, Unknown} {
			q, err := f.w.box.queue(ctx, channel, state)
			if err != nil {
				return nil, err
			}
			gauge(f.rows, float64(q.Rows), channel, string(state))
			if state == Waiting {
				var age time.Duration
				if q.Oldest != nil {
					age = max(0, now.Sub(q.Oldest.Time))
				}
				gauge(f.oldest, age.Seconds(), channel)
			}
		}
		gauge(f.rests, max(0, resting[channel].Until.Sub(now)).Seconds(), channel)
	}
	return out, nil
}
