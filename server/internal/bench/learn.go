package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// learn sends one sign-in again and again until the server answers it from its memory of the list.
func (x *bench) learn(ctx context.Context, addr string, request []byte) error {
	k := newConn(addr, time.Now().Add(3*time.Minute))
	defer k.close()
	for ctx.Err() == nil {
		before, err := remembered(ctx, addr)
		if err != nil {
			return err
		}
		status, body, err := k.do(request)
		if err != nil {
			return err
		}
		if status != http.StatusOK || answered(body) == None {
			return fmt.Errorf("bench: the first sign-in was answered %d %s", status, body)
		}
		if after, err := remembered(ctx, addr); err != nil || after > before || after == unknown {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ctx.Err()
}

const unknown = -1 // a build without the figure: the first answer has to do

// remembered reads how many attempts a server has judged from its memory.
func remembered(ctx context.Context, addr string) (n float64, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), `bense_checkin_own_phone_total{from="memory"} `); ok {
			return strconv.ParseFloat(text, 64)
		}
	}
	return unknown, lines.Err()
}
