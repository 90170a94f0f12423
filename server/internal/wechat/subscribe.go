package wechat

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/silenceper/wechat/v2/miniprogram/subscribe"
	"github.com/silenceper/wechat/v2/util"
)

// SubscribeMessage goes to one user who has a credit for the template. Fields by the template's names:
// {"thing1": "…"}.
type SubscribeMessage struct {
	OpenID     string
	TemplateID string
	Page       string // opened by a tap, with query; may be empty
	Fields     map[string]string
}

// LogValue names the template only.
func (m SubscribeMessage) LogValue() slog.Value { return slog.StringValue(m.String()) }

// String names the template only.
func (m SubscribeMessage) String() string { return "wechat.SubscribeMessage(" + m.TemplateID + ")" }

// GoString names the template only.
func (m SubscribeMessage) GoString() string { return m.String() }

// Check applies the platform's rules before anything is sent. Its errors are *Error with Code BadOpenID,
// BadTemplate, BadPage or BadField; a *FieldError inside names the field.
func (m SubscribeMessage) Check() error {
	switch {
	case !word.MatchString(m.OpenID):
		return &Error{Code: BadOpenID}
	case !word.MatchString(m.TemplateID):
		return &Error{Code: BadTemplate}
	case len(m.Page) > 1024, strings.ContainsAny(m.Page, " \r\n"):
		return &Error{Code: BadPage}
	case len(m.Fields) == 0:
		return &Error{Code: BadField, cause: &FieldError{Rule: "no fields"}}
	}
	for field, value := range m.Fields {
		if err := CheckField(field, value); err != nil {
			return &Error{Code: BadField, cause: err}
		}
	}
	return nil
}

// SendSubscribe sends. Refused means that the credit was used up or the user said no: never try again.
// An Ambiguous error means that the message may have arrived.
func (c *Client) SendSubscribe(ctx context.Context, m SubscribeMessage) error {
	if err := m.Check(); err != nil {
		return err
	}
	if t, ok := c.template(m.TemplateID); ok {
		for _, field := range t.Fields {
			if _, ok := m.Fields[field]; !ok {
				return &Error{Code: BadField, cause: &FieldError{Field: field, Rule: "is missing"}}
			}
		}
		if len(m.Fields) != len(t.Fields) {
			return &Error{Code: BadField, cause: &FieldError{Rule: "more fields than the template has"}}
		}
	}
	data := make(map[string]*subscribe.DataItem, len(m.Fields))
	for field, value := range m.Fields {
		data[field] = &subscribe.DataItem{Value: value}
	}
	body := subscribe.Message{
		ToUser: m.OpenID, TemplateID: m.TemplateID, Page: m.Page, Data: data,
		MiniprogramState: c.env("formal", "trial", "developer"), Lang: "zh_CN",
	}
	return c.do(ctx, true, func(ctx context.Context) error {
		return c.post(ctx, "/cgi-bin/message/subscribe/send", body, &struct{ util.CommonError }{})
	})
}

func (c *Client) template(id string) (TemplateConfig, bool) {
	for _, t := range c.cfg.Templates {
		if t.ID == id {
			return t, true
		}
	}
	return TemplateConfig{}, false
}

// env picks the word that an endpoint uses for the configured version of the mini-program.
func (c *Client) env(release, trial, develop string) string {
	switch c.cfg.Env {
	case "trial":
		return trial
	case "develop":
		return develop
	}
	return release
}

// Template is a subscribe template of the account.
type Template struct {
	ID     string
	Title  string
	Type   int // 2 one-time, 3 long-term
	Fields []string
}

var templateField = regexp.MustCompile(`\{\{(\w+)\.DATA\}\}`)

// Templates lists the account's subscribe templates.
func (c *Client) Templates(ctx context.Context) ([]Template, error) {
	var list subscribe.TemplateList
	err := c.do(ctx, false, func(ctx context.Context) error {
		return c.get(ctx, "/wxaapi/newtmpl/gettemplate", nil, &list)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Template, 0, len(list.Data))
	for _, d := range list.Data {
		out = append(out, Template{ID: d.PriTmplID, Title: d.Title, Type: int(d.Type), Fields: fieldsOf(d.Content)})
	}
	return out, nil
}

func fieldsOf(content string) (fields []string) {
	for _, m := range templateField.FindAllStringSubmatch(content, -1) {
		fields = append(fields, m[1])
	}
	return fields
}

// CheckTemplates compares the configuration with the account, for the start: a template that was deleted or has
// other fields would fail with each message. It reports all differences together, or why it couldn't ask.
func (c *Client) CheckTemplates(ctx context.Context) error {
	have, err := c.Templates(ctx)
	if err != nil {
		return err
	}
	return c.compare(have)
}

func (c *Client) compare(have []Template) error {
	var faults []error
	for occasion, want := range c.cfg.Templates {
		i := slices.IndexFunc(have, func(t Template) bool { return t.ID == want.ID })
		if i < 0 {
			faults = append(faults, fmt.Errorf("wechat: template %s isn't in the account", occasion))
			continue
		}
		var fields []string
		for _, f := range want.Fields {
			fields = append(fields, f)
		}
		slices.Sort(fields)
		there := slices.Sorted(slices.Values(have[i].Fields))
		if !slices.Equal(fields, there) {
			faults = append(faults, fmt.Errorf("wechat: template %s is configured with fields %v, the account has %v", occasion, fields, there))
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}
