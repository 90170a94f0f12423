package notice

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"bense/server/internal/clock"
)

// Leaflet is a notice as it is passed on outside of the mini-program: everything that somebody needs who
// will never open it.
type Leaflet struct {
	Alliance, Title, When, Place, Body string
	Off                                bool   // cancelled: nobody shall come
	Contact                            string // whom to call, with the number
}

// Contact is the person at the committee whom everybody may call.
type Contact struct{ Name, Phone string }

var weekdays = [...]string{"星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六"}

// dayWords gives a day as it is said: with the weekday, and with the year only when it is another one.
func dayWords(t, now time.Time) string {
	t, now = t.In(clock.Shanghai), now.In(clock.Shanghai)
	s := fmt.Sprintf("%d月%d日 %s", t.Month(), t.Day(), weekdays[t.Weekday()])
	if t.Year() != now.Year() {
		s = fmt.Sprintf("%d年%s", t.Year(), s)
	}
	return s
}

// hourWords gives a time as it is said: 上午9:00, 下午2:30.
func hourWords(t time.Time) string {
	t = t.In(clock.Shanghai)
	part, hour := "上午", t.Hour()
	switch {
	case hour < 6:
		part = "凌晨"
	case hour == 12:
		part = "中午"
	case hour > 12 && hour < 18:
		part, hour = "下午", hour-12
	case hour >= 18:
		part, hour = "晚上", hour-12
	}
	return fmt.Sprintf("%s%d:%02d", part, hour, t.Minute())
}

func leaflet(n Notice, about *Facts, alliance string, contact Contact, now time.Time) Leaflet {
	l := Leaflet{Alliance: alliance, Title: n.Title, Body: n.Body, Off: n.State == Cancelled}
	if about != nil {
		l.When, l.Place = about.spot().whenWords(now), about.Place
		l.Off = l.Off || about.State == "cancelled"
	}
	if contact.Phone != "" {
		l.Contact = strings.TrimSpace(contact.Name + " " + contact.Phone)
	}
	return l
}

// Text is the leaflet for a group chat: plain lines, no link.
func (l Leaflet) Text() string {
	head := "【" + l.Title + "】"
	if l.Off {
		head = "【取消】" + l.Title
	}
	lines := []string{head}
	add := func(word, text string) {
		if text != "" {
			lines = append(lines, word+text)
		}
	}
	add("时间：", l.When)
	add("地点：", l.Place)
	if l.Off {
		lines = append(lines, "这次活动取消了，请不要前往。")
	} else {
		add("", l.Body)
	}
	add("有事请打电话：", l.Contact)
	return strings.Join(append(lines, l.Alliance), "\n")
}

// calendarEntry is RFC 5545: one event that rings two hours before. A calendar takes a later sequence for news.
func calendarEntry(n Notice, about Facts, sequence int, now time.Time) []byte {
	const utc = "20060102T150405Z"
	status := "CONFIRMED"
	if n.State == Cancelled || about.State == "cancelled" {
		status = "CANCELLED"
	}
	var b strings.Builder
	for _, line := range []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Bense//Notice//ZH", "METHOD:PUBLISH", "BEGIN:VEVENT",
		"UID:" + n.Activity.String() + "@bense", "DTSTAMP:" + now.UTC().Format(utc), fmt.Sprintf("SEQUENCE:%d", sequence),
		"DTSTART:" + about.StartsAt.UTC().Format(utc), "DTEND:" + about.EndsAt.UTC().Format(utc),
		"SUMMARY:" + calendarText(about.Title), "LOCATION:" + calendarText(about.Place), "DESCRIPTION:" + calendarText(n.Body),
		"STATUS:" + status, "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:" + calendarText(about.Title), "TRIGGER:-PT2H", "END:VALARM",
		"END:VEVENT", "END:VCALENDAR",
	} {
		fold(&b, line)
	}
	return []byte(b.String())
}

var calendarEscapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\n", `\n`, "\r", "")

func calendarText(s string) string { return calendarEscapes.Replace(s) }

// fold writes a line in pieces of at most 75 bytes, none of which cuts a character.
func fold(b *strings.Builder, line string) {
	room := 75
	for len(line) > room {
		cut := room
		for !utf8.RuneStart(line[cut]) {
			cut--
		}
		b.WriteString(line[:cut] + "\r\n ")
		line, room = line[cut:], 74
	}
	b.WriteString(line + "\r\n")
}
