package bench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"bense/server/internal/bench"
)

func TestQuantilesAreWithinTwoPercent(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var h, other bench.Hist
	var all []float64
	for i := range 50_000 {
		d := time.Duration(math.Exp(r.Float64()*14)) * time.Microsecond // from a microsecond to a second
		all = append(all, float64(d))
		if i%2 == 0 {
			h.Add(d)
		} else {
			other.Add(d)
		}
	}
	h.Merge(&other)
	slices.Sort(all)
	if h.Count() != 50_000 {
		t.Fatal(h.Count())
	}
	for _, q := range []float64{.5, .9, .99, .999, 1} {
		want := all[int(math.Ceil(q*50_000))-1]
		if got := float64(h.Quantile(q)); got < want || got > want*1.02+1000 {
			t.Errorf("quantile %v: %v, want %v", q, time.Duration(got), time.Duration(want))
		}
	}
	if (&bench.Hist{}).Quantile(.5) != 0 {
		t.Error("no value has a quantile")
	}
}

func TestReconcile(t *testing.T) {
	one, two := [16]byte{1}, [16]byte{2}
	attempts := [][16]byte{one, one, one, one}
	row := func(person int, attempt [16]byte) bench.Row { return bench.Row{Person: person, Attempt: attempt} }
	for _, c := range []struct {
		name string
		acks []bench.Ack
		rows []bench.Row
		want bench.Books
	}{
		{"all well, one stored without an answer", []bench.Ack{bench.New, bench.Already, bench.None, bench.None},
			[]bench.Row{row(0, one), row(1, two), row(2, one)}, bench.Books{Acknowledged: 2, Stored: 3}},
		{"lost", []bench.Ack{bench.New, bench.Already, bench.None, bench.None}, []bench.Row{row(0, one)}, bench.Books{Acknowledged: 2, Stored: 1, Lost: 1}},
		{"doubled", []bench.Ack{bench.New, bench.None, bench.None, bench.None}, []bench.Row{row(0, one), row(0, one)}, bench.Books{Acknowledged: 1, Stored: 2, Doubled: 1}},
		{"told new, another stands", []bench.Ack{bench.New, bench.None, bench.None, bench.None}, []bench.Row{row(0, two)}, bench.Books{Acknowledged: 1, Stored: 1, Foreign: 1}},
		{"nobody of ours", []bench.Ack{bench.None, bench.None, bench.None, bench.None}, []bench.Row{row(-1, two)}, bench.Books{Stored: 1, Foreign: 1}},
	} {
		if d := cmp.Diff(c.want, bench.Reconcile(c.acks, attempts, c.rows)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestMixRepeatsWhatWentBefore(t *testing.T) {
	const n = 20_000
	for _, percent := range []int{0, 5, 50} {
		seen := map[int32]bool{}
		fresh, again, taps := 0, 0, 0
		for _, i := range bench.Mix(n, percent) {
			first := i
			if i >= n {
				first, taps = (i-n)*2, taps+1
			}
			switch {
			case i < n && !seen[i]:
				fresh++
			case !seen[first]:
				t.Fatalf("%d %%: %d repeats what was not sent yet", percent, i)
			default:
				again++
			}
			seen[first] = true
		}
		if got := 100 * float64(again) / float64(fresh+again); fresh != n || math.Abs(got-float64(percent)) > 3 || percent > 0 && taps == 0 {
			t.Errorf("%d %%: %d new, %.1f %% again, %d second taps", percent, fresh, got, taps)
		}
	}
}

func TestBlindIsTheLongestWaitForACount(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	acked := []time.Time{at(300), at(100), at(200)}
	for _, c := range []struct {
		name string
		seen []bench.Sight
		want time.Duration
	}{
		{"one sight for all", []bench.Sight{{At: at(0), Present: 5}, {At: at(350), Present: 8}}, 250 * time.Millisecond},
		{"one after the other", []bench.Sight{{At: at(0), Present: 0}, {At: at(110), Present: 1}, {At: at(290), Present: 2}, {At: at(310), Present: 3}}, 90 * time.Millisecond},
		{"the last is never seen", []bench.Sight{{At: at(0), Present: 0}, {At: at(310), Present: 2}}, time.Hour},
		{"nothing is seen", nil, time.Hour},
	} {
		if got := bench.Blind(slices.Clone(acked), c.seen); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPresentIn(t *testing.T) {
	for line, want := range map[string]int{
		`data: {"activity":{"title":"\"present\":9"},"counts":{"expected":8,"present":3,"leave":1}}`: 3,
		`data: {"counts":{"present":12}}`: 12, `: keep-alive`: -1, `event: snapshot`: -1, `data: {"present":4}`: -1,
	} {
		got, ok := bench.PresentIn([]byte(line))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %d, want %d", line, got, want)
		}
	}
}

// sideA serves the ceiling and prepares n requests for it, the last of them with a token of nobody.
func sideA(t *testing.T, n int) (addr string, b *bench.Batch) {
	t.Helper()
	key := []byte("a key of the test, long enough")
	s := httptest.NewServer(bench.SideA(key))
	t.Cleanup(s.Close)
	b = &bench.Batch{}
	for i := range n {
		with := key
		if i == n-1 {
			with = []byte("another key")
		}
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
			Subject: "1", ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		}).SignedString(with)
		if err != nil {
			t.Fatal(err)
		}
		b.Add(bench.Request(http.MethodPost, "/api/v1/check-ins", token, fmt.Appendf(nil, `{"nonce":"%032x","person_id":"%d"}`, i+1, i+1)))
	}
	return strings.TrimPrefix(s.URL, "http://"), b
}

func TestLoadOfASide(t *testing.T) {
	const n = 400
	addr, b := sideA(t, n)
	for _, rate := range []float64{0, 2000} {
		l := &bench.Load{Addrs: []string{addr}, Batch: b, Conns: 8, For: time.Minute, Rate: rate, Acks: make([]bench.Ack, n), AckedAt: make([]int64, n)}
		m, err := l.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m.Sent != n || m.New != n-1 || m.Bad() != 1 || m.Errors["401"] != 1 || m.Latency.Count() != n || m.Latency.Quantile(.5) <= 0 {
			t.Errorf("rate %v: %d sent, %d new, %v", rate, m.Sent, m.New, m.Errors)
		}
		if l.Acks[0] != bench.New || l.AckedAt[0] <= 0 || l.Acks[n-1] != bench.None || l.AckedAt[n-1] != 0 {
			t.Errorf("rate %v: who was acknowledged when is not noted", rate)
		}
		if planned := time.Duration(float64(n-1) / 2000 * float64(time.Second)); rate > 0 && m.Took < planned {
			t.Errorf("%d requests at a fixed rate took %v, the last is planned for %v", n, m.Took, planned)
		}
	}
}

func TestLoadNotesWhatIsNoAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush() // chunks
		fmt.Fprint(w, `{"answer":"too_late"}`)
	}))
	defer s.Close()
	b := &bench.Batch{}
	b.Add(bench.Request(http.MethodGet, "/", "", nil))
	m, err := (&bench.Load{Addrs: []string{strings.TrimPrefix(s.URL, "http://")}, Batch: b, Conns: 1, For: time.Minute, Order: []int32{0, 0}}).Run(t.Context())
	if err != nil || m.Sent != 2 || m.Errors["answer too_late"] != 2 {
		t.Errorf("%+v %v", m, err)
	}
}
