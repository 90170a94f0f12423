package app

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/founding"
	"bense/server/internal/id"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/wechat/emulator"
)

// The neighbour of the sample county stands where the sample county stood before it had alliances: its
// units are surveyed, and somebody at the desk is about to group them.
const (
	nextCounty      = "西津县离退休干部党工委"
	nextOfficePhone = "19900029998"
	demoOffice      = "老干部局"
	// numbers of offices that visitors found
	demoFoundedPhone = "1990003%04d"
)

//go:embed sample/survey.csv
var sampleSurvey []byte

// castOffices gives the two counties' offices their phones.
func (d *demo) castOffices(ctx context.Context) error {
	if err := d.next(ctx); err != nil {
		return err
	}
	for frame, phone := range map[string]string{frameOffice: demoOfficePhone, frameNext: nextOfficePhone} {
		d.users[frame] = emulator.User{Name: demoOffice, Phone: phone}
		if err := d.bind(ctx, d.users[frame]); err != nil {
			return err
		}
	}
	return nil
}

// county makes an empty county for a visitor who wants to begin from nothing, and gives the name of the
// frame in which the phone of its office is.
func (d *demo) county(ctx context.Context, name string) (string, error) {
	d.ready.Lock()
	defer d.ready.Unlock()
	if name = ledger.FreeText(name); name == "" {
		return "", errs.ErrInvalid.With(errs.Field("name", "请给这个县起个名称"))
	}
	committee, err := d.FoundCommittee(ctx, name)
	if err != nil {
		return "", err
	}
	sum := fnv.New32a()
	sum.Write([]byte(name))
	u := emulator.User{Name: demoOffice, Phone: fmt.Sprintf(demoFoundedPhone, sum.Sum32()%10_000)}
	if err := d.staff(ctx, committee, u.Phone); err != nil {
		return "", err
	}
	d.users[name] = u
	return name, d.bind(ctx, u)
}

func (d *demo) staff(ctx context.Context, committee id.ID, phone string) error {
	_, err := d.Identity.Grant(ctx, actor.System, identity.GrantRequest{
		Role: actor.CommitteeStaff, CommitteeID: committee, HolderName: demoOffice, Phone: phone,
	})
	return err
}

// next makes the neighbour where there is none: a ledger without alliances and a survey that is filled in.
func (d *demo) next(ctx context.Context) error {
	_, err := d.Ledger.Directory().CommitteeByName(ctx, nextCounty)
	if !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	units, err := surveyed()
	if err != nil {
		return err
	}
	committee, err := d.FoundCommittee(ctx, nextCounty)
	if err != nil {
		return err
	}
	preview, err := d.Roster.Preview(ctx, actor.System, committee, "西津县台账.csv", invented(units))
	if err != nil {
		return err
	}
	if _, err := d.Roster.Commit(ctx, actor.System, preview.ID); err != nil {
		return err
	}
	if err := d.staff(ctx, committee, nextOfficePhone); err != nil {
		return err
	}
	office := emulator.User{Name: demoOffice, Phone: nextOfficePhone}
	if err := d.bind(ctx, office); err != nil {
		return err
	}
	who, err := d.account(ctx, office)
	if err != nil {
		return err
	}
	return d.survey(ctx, who, committee, units)
}

// survey opens a survey and fills it in, as the office would.
func (d *demo) survey(ctx context.Context, who actor.Actor, committee id.ID, units []surveyedUnit) error {
	v, err := d.Founding.Open(ctx, who, founding.Survey{Committee: committee, Name: strconv.Itoa(d.clk.Now().Year()) + "年党支部摸底",
		Months: founding.DefaultMonths, Threshold: founding.DefaultThreshold})
	if err != nil {
		return err
	}
	for _, u := range units {
		unit, err := d.Ledger.Directory().UnitByName(ctx, committee, u.name)
		if err != nil {
			return err
		}
		a := founding.Answers{OwnBranch: &u.own, Regular: &u.regular, Street: u.street, Line: u.line, Address: u.address}
		if _, _, err := d.Founding.Fill(ctx, who, v.ID, unit.ID, a, 0); err != nil {
			return err
		}
	}
	return nil
}

type surveyedUnit struct {
	name             string
	members, regular int
	own              bool
	street, address  string
	line             founding.Line
}

// surveyed reads the sample survey.
func surveyed() ([]surveyedUnit, error) {
	rows, err := csv.NewReader(bytes.NewReader(sampleSurvey)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []surveyedUnit
	for _, r := range rows[1:] {
		u := surveyedUnit{name: r[0], own: r[3] == "有", street: r[4], line: founding.Line(r[5]), address: r[6]}
		_, err1 := fmt.Sscan(r[1], &u.members)
		_, err2 := fmt.Sscan(r[2], &u.regular)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	return out, nil
}

// invented is a ledger of as many people as the units have, always the same, without numbers of any kind.
func invented(units []surveyedUnit) []byte {
	random := rand.New(rand.NewPCG(1, 1))
	first := strings.Split("建国 秀英 志远 桂兰 德胜 淑芬 保田 玉梅 克勤 文斌 长顺 凤霞 守义 爱华 振东 素珍", " ")
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	w.Write([]string{"单位", "姓名", "性别", "出生年月"})
	for _, u := range units {
		for i := range u.members {
			given := random.IntN(len(first))
			w.Write([]string{u.name, demoSurnames[i%len(demoSurnames)] + first[given], []string{"男", "女"}[given%2],
				fmt.Sprintf("%d-%02d", 1936+random.IntN(26), 1+random.IntN(12))})
		}
	}
	w.Flush()
	return out.Bytes()
}
