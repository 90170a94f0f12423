package notice

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"bense/server/internal/actor"
	"bense/server/internal/audit"
	"bense/server/internal/errs"
	"bense/server/internal/id"
	"bense/server/internal/outbox"
	"bense/server/internal/wechat"
)

// GroupRobot speaks in WeCom groups; *wechat.Client is one.
type GroupRobot interface {
	PostRobot(ctx context.Context, key, text string) error
}

const (
	channelRobot = "robot_post"
	robotContext = "alliance_robots.key"
)

// ErrRobot refuses an address that is no robot's.
var ErrRobot = errs.New(errs.Invalid, "notice.robot", "这不是企业微信群机器人的地址：请在企业微信群里添加群机器人，把它的 Webhook 地址整行复制过来")

// RobotState is what people see of an alliance's robot: never its key.
type RobotState struct {
	Ready bool      // the installation has the channel
	Set   bool      // the alliance has a robot
	At    time.Time // since when
	By    string    // name of who entered it
	Tail  string    // last four characters of the key
}

// Robot tells whether an alliance has a robot in its WeCom group.
func (s *Service) Robot(ctx context.Context, who actor.Actor, alliance id.ID) (RobotState, error) {
	if _, err := s.allianceFor(ctx, who, actor.WriteNotice, alliance); err != nil {
		return RobotState{}, err
	}
	out := RobotState{Ready: s.Robots != nil}
	key, by, at, err := s.robotKey(ctx, alliance)
	if err != nil || key == "" {
		return out, err
	}
	names, err := s.Accounts.AccountName(ctx, []id.ID{by})
	out.Set, out.At, out.By, out.Tail = true, at, names[by], key[len(key)-4:]
	return out, err
}

// SetRobot enters the robot of an alliance's WeCom group by its webhook address; an empty one takes it away.
func (s *Service) SetRobot(ctx context.Context, who actor.Actor, alliance id.ID, address string) (RobotState, error) {
	place, err := s.allianceFor(ctx, who, actor.WriteNotice, alliance)
	if err != nil {
		return RobotState{}, err
	}
	action := "notice.robot_off"
	var sealed []byte
	if address != "" {
		key, ok := wechat.RobotKey(address)
		if !ok {
			return RobotState{}, ErrRobot
		}
		action, sealed = "notice.robot", s.Box.SealString(key, robotContext)
	}
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if err := s.store.setRobot(ctx, alliance, sealed, who.Account, s.Clock.Now()); err != nil {
			return err
		}
		return s.Audit.Write(ctx, who, audit.Line{Action: action, Kind: "alliance", Subject: alliance, Place: place})
	})
	if err != nil {
		return RobotState{}, err
	}
	return s.Robot(ctx, who, alliance)
}

// allianceFor gives the place of an alliance over which the actor holds the permission.
func (s *Service) allianceFor(ctx context.Context, who actor.Actor, perm actor.Permission, alliance id.ID) (actor.Place, error) {
	a, err := s.Directory.Alliance(ctx, alliance)
	if err != nil {
		return actor.Place{}, err
	}
	if !who.Scope(actor.SeeOrg).Covers(a.Place()) {
		return actor.Place{}, errs.ErrNotFound
	}
	return a.Place(), who.Must(perm, a.Place())
}

func (s *Service) robotKey(ctx context.Context, alliance id.ID) (key string, by id.ID, at time.Time, err error) {
	sealed, by, at, err := s.store.robot(ctx, alliance)
	if err != nil || len(sealed) == 0 {
		return "", 0, time.Time{}, err
	}
	key, err = s.Box.OpenString(sealed, robotContext)
	return key, by, at, err
}

// Post is one thing that a robot is to say.
type Post struct {
	ID, Notice id.ID
	Template   string
	Round      int
	State      DeliveryState
	Code       string
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

type postPayload struct {
	Post id.ID `json:"post"`
}

// postLater lets the alliance's robot tell the group, in the transaction of ctx. A group is told what is new
// for all of it, not reminded: the reminder is for those who have not answered.
func (s *Service) postLater(ctx context.Context, n Notice, occasion string, round int, rules Rules) error {
	if s.Robots == nil || occasion == ForReminder || !rules.on(Robot) || n.Audience.Kind != AllOfAlliance {
		return nil
	}
	key, _, _, err := s.robotKey(ctx, n.Alliance)
	if err != nil || key == "" {
		return err
	}
	p := Post{ID: s.IDs.New(), Notice: n.ID, Template: occasion, Round: round, State: Queued}
	if err := s.store.insertPost(ctx, p, s.Clock.Now()); err != nil {
		return err
	}
	return s.Outbox.Enqueue(ctx, outbox.Message{Channel: channelRobot, Payload: postPayload{Post: p.ID}, DedupeKey: "robot:" + p.ID.String()})
}

// robotPause is how long a robot that has said too much waits: its limit is one of the minute.
const robotPause = time.Minute

// dispatchRobot says it, at most once.
func (s *Service) dispatchRobot(ctx context.Context, payload []byte) (bool, error) {
	var in postPayload
	if err := json.Unmarshal(payload, &in); err != nil {
		return false, err
	}
	p, key, text, rings, err := s.beginPost(ctx, in.Post)
	if err != nil {
		return true, err
	}
	switch p.State {
	case Queued:
		return true, outbox.NotBefore(errQuiet, rings)
	case Sending:
	case Uncertain:
		return false, outbox.ErrUnknown
	default:
		return false, nil
	}
	failure := s.Robots.PostRobot(ctx, key, text)
	r := judge(failure, s.Clock.Now())
	if e, ok := wechat.As(failure); ok && e.Code == wechat.TooOften {
		r.later = s.Clock.Now().Add(robotPause)
	}
	err = s.DB.Tx(context.WithoutCancel(ctx), func(ctx context.Context) error {
		_, err := s.store.movePost(ctx, p.ID, r.state, r.code, s.Clock.Now(), Sending)
		return err
	})
	switch {
	case err != nil:
		return true, fmt.Errorf("notice: record a post: %w", err)
	case r.retry && !r.later.IsZero(): // the limit is one robot's: those of other groups may speak
		return true, outbox.NotBefore(failure, r.later)
	}
	return told(failure, r)
}

func (s *Service) beginPost(ctx context.Context, post id.ID) (p Post, key, text string, rings time.Time, err error) {
	err = s.DB.Tx(ctx, func(ctx context.Context) error {
		if p, err = s.store.post(ctx, post); err != nil {
			return err
		}
		now := s.Clock.Now()
		move := func(to DeliveryState, code string, from DeliveryState) error {
			moved, err := s.store.movePost(ctx, p.ID, to, code, now, from)
			if err == nil && !moved {
				err = errs.ErrUnavailable
			}
			p.State = to
			return err
		}
		switch p.State {
		case Queued:
		case Sending:
			return move(Uncertain, "interrupted", Sending)
		default:
			return nil
		}
		n, err := s.store.any(ctx, p.Notice)
		if err != nil {
			return err
		}
		about, err := s.facts(ctx, n.Activity)
		if err != nil {
			return err
		}
		if key, _, _, err = s.robotKey(ctx, n.Alliance); err != nil {
			return err
		}
		if why := pointless(p.Template, p.CreatedAt, n, about, key != "", false, now); why != "" {
			return move(Dropped, why, Queued)
		}
		rules, err := s.store.rules(ctx, n.Committee)
		if err != nil {
			return err
		}
		if rings = rules.rings(p.Template, about, now); rings.After(now) {
			return nil
		}
		a, err := s.Directory.Alliance(ctx, n.Alliance)
		if err != nil {
			return err
		}
		text = robotText(p.Template, leaflet(n, about, a.Name, s.Contact, now))
		return move(Sending, "", Queued)
	})
	return p, key, text, rings, err
}

// robotText is the notice as a group is told; it ends with how to answer.
func robotText(occasion string, l Leaflet) string {
	text := l.Text()
	if l.Off {
		return text
	}
	if occasion == ForChange {
		text = "【有变动】\n" + text
	}
	return text + "\n请打开微信小程序「本色家园」查看和答复。"
}

// CountRobots tells how many alliances have a robot, for whoever looks after the installation; -1 when the
// database doesn't say.
func (s *Service) CountRobots(ctx context.Context) int {
	n, err := s.store.countRobots(ctx)
	if err != nil {
		return -1
	}
	return n
}
