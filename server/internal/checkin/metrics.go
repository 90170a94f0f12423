package checkin

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics show on an event day whether attempts are judged from memory and how commits are grouped.
type metrics struct {
	judged  *prometheus.CounterVec
	batches prometheus.Histogram
	memory  prometheus.Counter
	asked   prometheus.Counter
}

func newMetrics() metrics {
	m := metrics{
		judged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bense_checkin_own_phone_total", Help: "Attempts of members' own phones by what judged them.",
		}, []string{"from"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "bense_checkin_batch_rows", Help: "Rows that one transaction of the writer commits.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512},
		}),
	}
	m.memory, m.asked = m.judged.WithLabelValues("memory"), m.judged.WithLabelValues("database")
	return m
}

// Register shows the figures of the check-in in a registry.
func (s *Service) Register(r prometheus.Registerer) {
	r.MustRegister(s.metrics.judged, s.metrics.batches)
}
