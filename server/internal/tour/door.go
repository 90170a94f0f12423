package tour

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/url"
	"time"
)

// answered is what the door says about one attempt.
type answered struct {
	Answer string `json:"answer"`
	Person struct {
		ID string `json:"id"`
	} `json:"person"`
}

// nonce is the attempt's own number, made by the device.
func nonce() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// openDoors lets in everybody who said 参加 and half of the silent.
func (t *thread) openDoors(ctx context.Context) error {
	came := 0
	for _, a := range t.alliances {
		people, err := t.comers(ctx, a)
		if err != nil {
			return err
		}
		a.entries = enter(people, came)
		came += len(people)
		if err := t.printCards(ctx, a); err != nil {
			return err
		}
		err = each(ctx, workers, a.entries, func(ctx context.Context, e entry) error {
			return t.attempt(ctx, a, e, "ok")
		})
		if err != nil {
			return err
		}
		var again []entry
		for _, e := range a.entries {
			if e.Again {
				// scanned by the liaison this time, whichever door it was before
				e.Door = doorCard
				if e.Who.Bound {
					e.Door = doorScan
				}
				again = append(again, e)
			}
		}
		if err := each(ctx, workers, again, func(ctx context.Context, e entry) error { return t.attempt(ctx, a, e, "already") }); err != nil {
			return err
		}
		t.say("%s 签到 signed in %d, 再扫一次 tried again %d", a.Name, len(a.entries), len(again))
	}
	return nil
}

// comers are those who are going and every second of the silent, in ledger order; the door's own
// roster says who is what.
func (t *thread) comers(ctx context.Context, a *alliance) ([]*person, error) {
	var detail struct {
		Lists []struct {
			ID string `json:"id"`
		} `json:"lists"`
	}
	if err := a.head.get(ctx, "/activities/"+a.activity, &detail); err != nil {
		return nil, err
	}
	if len(detail.Lists) != 1 {
		return nil, fmt.Errorf("activity %s has %d lists, want one", a.activity, len(detail.Lists))
	}
	a.list = detail.Lists[0].ID
	type row struct {
		PersonID string `json:"person_id"`
		Answer   string `json:"answer"`
	}
	var roster struct {
		Items []row `json:"items"`
	}
	if err := a.head.get(ctx, "/lists/"+a.list+"/roster", &roster); err != nil {
		return nil, err
	}
	answers := map[string]string{}
	for _, r := range roster.Items {
		answers[r.PersonID] = r.Answer
	}
	var out []*person
	silent := 0
	for _, p := range a.People {
		answer, expected := answers[p.ID]
		if !expected {
			return nil, fmt.Errorf("person %s is not on the roster of activity %s", p.ID, a.activity)
		}
		if answer == "" {
			silent++
		}
		if answer == "going" || answer == "" && silent%2 == 1 {
			out = append(out, p)
		}
	}
	return out, nil
}

// printCards gives a card to those who will show one; their liaison issues it.
func (t *thread) printCards(ctx context.Context, a *alliance) error {
	return each(ctx, workers, a.entries, func(ctx context.Context, e entry) error {
		if e.Door != doorCard && e.Who.Bound {
			return nil
		}
		var card struct {
			Serial string `json:"serial"`
		}
		if err := e.Who.unit.liaison.post(ctx, "/persons/"+e.Who.ID+"/cards", nil, &card); err != nil {
			return err
		}
		e.Who.card = "BC1." + card.Serial
		return nil
	})
}

// venueCode is what the screen at the door shows at this moment; it changes all the time.
func (t *thread) venueCode(ctx context.Context, a *alliance) (string, error) {
	var v struct {
		URL string `json:"url"`
	}
	err := a.Units[0].liaison.get(ctx, "/lists/"+a.list+"/venue-code", &v)
	return v.URL, err
}

// attempt makes one try and holds the answer against what must come.
func (t *thread) attempt(ctx context.Context, a *alliance, e entry, want string) error {
	var got answered
	var err error
	if e.Door == doorSelf {
		got, err = t.bySelf(ctx, a, e.Who)
	} else {
		got, err = t.byLiaison(ctx, a, e)
	}
	if err != nil {
		return err
	}
	if got.Answer != want || got.Person.ID != e.Who.ID {
		t.fault("签到 %s person %s: %q for person %q, want %q", e.Door, e.Who.ID, got.Answer, got.Person.ID, want)
	}
	if got.Answer == "already" {
		t.mu.Lock()
		t.figures.DuplicateScans++
		t.mu.Unlock()
	}
	return nil
}

// bySelf scans the venue's code with the own phone: the visit ticket, then the check-in.
func (t *thread) bySelf(ctx context.Context, a *alliance, p *person) (answered, error) {
	venue, err := t.venueCode(ctx, a)
	if err != nil {
		return answered{}, err
	}
	var visit struct {
		Answer string `json:"answer"`
		Ticket string `json:"ticket"`
	}
	if err := p.phone.post(ctx, "/visits", map[string]string{"token": venue}, &visit); err != nil {
		return answered{}, err
	}
	if visit.Ticket == "" {
		return answered{Answer: "visit " + visit.Answer}, nil
	}
	var got answered
	err = p.phone.post(ctx, "/check-ins", map[string]any{
		"ticket": visit.Ticket, "nonce": nonce(), "person_id": p.ID, "happened_at": t.clock.Now(),
	}, &got)
	return got, err
}

// byLiaison is the door: a liaison of the alliance, not always the person's own, scans the code on a
// phone or a card, or taps the name.
func (t *thread) byLiaison(ctx context.Context, a *alliance, e entry) (answered, error) {
	item := map[string]any{"nonce": nonce(), "happened_at": t.clock.Now().Format(time.RFC3339Nano), "door": e.Door}
	switch e.Door {
	case doorScan:
		var code struct {
			Code string `json:"code"`
		}
		if err := e.Who.phone.get(ctx, "/me/member-code?person_id="+url.QueryEscape(e.Who.ID), &code); err != nil {
			return answered{}, err
		}
		item["code"] = code.Code
	case doorCard:
		item["code"] = e.Who.card
	default:
		item["person_id"] = e.Who.ID
	}
	at := a.Units[e.Who.Shuffled%len(a.Units)].liaison
	var out struct {
		Items []answered `json:"items"`
	}
	if err := at.post(ctx, "/lists/"+a.list+"/check-ins", map[string]any{"items": []any{item}}, &out); err != nil {
		return answered{}, err
	}
	if len(out.Items) != 1 {
		return answered{}, fmt.Errorf("%d results for one attempt", len(out.Items))
	}
	return out.Items[0], nil
}
