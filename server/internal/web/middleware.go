package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bense/server/internal/log"
)

// requestID makes an id for every request; one from outside is not believed.
func requestID(draining *atomic.Bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		if draining.Load() {
			c.Header("Connection", "close")
		}
		b := make([]byte, 8)
		rand.Read(b)
		id := hex.EncodeToString(b)
		c.Header("X-Request-Id", id)
		c.Request = c.Request.WithContext(log.WithRequestID(c.Request.Context(), id))
		c.Next()
	}
}

// observe logs and counts by route pattern: the path itself may hold a code or a name.
func observe(l *slog.Logger, reg prometheus.Registerer) gin.HandlerFunc {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "bense_http_seconds", Help: "Duration of requests by route.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3, 10},
	}, []string{"method", "route", "status"})
	reg.MustRegister(seconds)
	lines := log.AccessOf(l)
	type labels struct {
		method, route string
		status        int
	}
	var known sync.Map // of labels: looking an observer up by its texts costs more than observing
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		took := time.Since(start)
		at := labels{methodOf(c.Request.Method), c.FullPath(), c.Writer.Status()}
		if at.route == "" {
			at.route = "none"
		}
		seen, ok := known.Load(at)
		if !ok {
			seen, _ = known.LoadOrStore(at, seconds.WithLabelValues(at.method, at.route, strconv.Itoa(at.status)))
		}
		seen.(prometheus.Observer).Observe(took.Seconds())
		level := slog.LevelInfo
		if at.status < 400 && (at.route == "/healthz" || at.route == "/readyz" || at.route == "/metrics") {
			level = slog.LevelDebug
		}
		lines.Write(c.Request.Context(), level, start, log.Request{Method: at.method, Route: at.route, Status: at.status, Bytes: c.Writer.Size(), Took: took})
	}
}

// methodOf gives the names of HTTP only: a client may send any word.
func methodOf(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

func recovery(l *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			r := recover()
			if r == nil {
				return
			}
			if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(r)
			}
			// the panic's text may hold a value that somebody typed: only its type and the stack
			l.ErrorContext(c.Request.Context(), "panic", "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			if !c.Writer.Written() {
				Abort(c, l, errInternal)
			}
		}()
		c.Next()
	}
}

func secure() gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		if len(c.Request.URL.Path) > 5 && c.Request.URL.Path[:5] == "/api/" {
			h.Set("Cache-Control", "no-store")
		}
		c.Next()
	}
}

// ops adds the routes of operation: alive, ready, metrics.
func (s *Server) ops(o Options) {
	s.Engine.GET("/healthz", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "ok"}) })
	s.Engine.GET("/readyz", func(c *gin.Context) {
		status, parts := http.StatusOK, gin.H{}
		for name, err := range o.Ready(c.Request.Context()) {
			parts[name] = "ok"
			if err != nil {
				status, parts[name] = http.StatusServiceUnavailable, "down"
				s.log.WarnContext(c.Request.Context(), "not ready", "part", name, "error", err)
			}
		}
		c.JSON(status, parts)
	})
	metrics := promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})
	s.Engine.GET("/metrics", func(c *gin.Context) {
		ip := c.ClientIP()
		local := ip == "127.0.0.1" || ip == "::1"
		if (o.MetricsToken == "" && !local) || (o.MetricsToken != "" && c.GetHeader("Authorization") != "Bearer "+o.MetricsToken) {
			Abort(c, s.log, errRoute)
			return
		}
		metrics.ServeHTTP(c.Writer, c.Request)
	})
}
