package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"bense/server/internal/config"
	"bense/server/internal/notice"
	"bense/server/internal/wechat"
	"bense/server/internal/wechat/emulator"
)

// platform makes the WeChat client; in demo mode with an emulator behind it, on a listener of its own.
func (a *App) platform() error {
	if a.cfg.WeChat.Emulator {
		if a.cfg.Mode != config.Demo {
			return fmt.Errorf("app: the emulator belongs to the demo")
		}
		if err := a.emulate(); err != nil {
			return err
		}
	}
	cfg := a.wechatConfig()
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("app: wechat: %w", err)
	}
	a.WeChat = wechat.New(cfg, a.Cache.Client(), a.clk, a.log)
	a.onClose(a.WeChat.Close)
	if a.cfg.Channels.Official.AppID == "" {
		return nil
	}
	cfg = a.officialConfig()
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("app: official account: %w", err)
	}
	a.Official = wechat.NewOfficial(cfg, a.cfg.WeChat.AppID, a.Cache.Client(), a.clk, a.log)
	a.onClose(a.Official.Close)
	return nil
}

// officialCallback is where the service account's events come in.
const officialCallback = "/wechat/official/callback"

// officialConfig translates the service account's configuration; an occasion without a template is left out.
func (a *App) officialConfig() wechat.Config {
	o, w := a.cfg.Channels.Official, a.cfg.WeChat
	c := wechat.Config{AppID: o.AppID, Secret: o.Secret, Token: o.Token, AESKey: o.AESKey, BaseURL: w.BaseURL, Timeout: w.Timeout,
		Templates: map[string]wechat.TemplateConfig{}}
	for occasion, t := range byOccasion(o.Templates) {
		if t.ID != "" {
			c.Templates[occasion] = templateOf(t)
		}
	}
	return c
}

func byOccasion(t config.Templates) map[string]config.Template {
	return map[string]config.Template{"activity_notice": t.Notice, "activity_reminder": t.Reminder, "activity_change": t.Change}
}

func templateOf(t config.Template) wechat.TemplateConfig {
	return wechat.TemplateConfig{ID: t.ID, Fields: map[string]string{"title": t.Title, "time": t.Time, "place": t.Place, "note": t.Note}}
}

// serviceAccount, robots and texts are the further channels of notices, nil where they are off: an interface
// around a nil pointer would be something.
func (a *App) serviceAccount() notice.ServiceAccount {
	if a.Official == nil {
		return nil
	}
	return a.Official
}

func (a *App) robots() notice.GroupRobot {
	if !a.cfg.Channels.Robot {
		return nil
	}
	return a.WeChat
}

func (a *App) texts() notice.Texts {
	if a.cfg.Channels.SMS != "log" {
		return nil
	}
	return &notice.LogTexts{Log: a.log}
}

func (a *App) emulate() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("app: emulator: %w", err)
	}
	a.Emulator = emulator.New(emulator.Options{Seed: 1, Clock: a.clk})
	srv := httpServer(a.Emulator, a.log)
	go srv.Serve(ln)
	a.onClose(func() {
		a.Emulator.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			srv.Close()
		}
	})
	c := a.Emulator.Config("http://" + ln.Addr().String())
	a.cfg.WeChat.BaseURL, a.cfg.WeChat.AppID, a.cfg.WeChat.Secret = c.BaseURL, c.AppID, c.Secret
	a.cfg.WeChat.Token, a.cfg.WeChat.AESKey = c.Token, c.AESKey
	fill := func(t *config.Templates, c wechat.Config) {
		t.Notice.ID, t.Reminder.ID, t.Change.ID = c.Templates["activity_notice"].ID, c.Templates["activity_reminder"].ID, c.Templates["activity_change"].ID
	}
	fill(&a.cfg.WeChat.Templates, c)
	o := a.Emulator.OfficialConfig(c.BaseURL)
	a.cfg.Channels.Official = config.Official{AppID: o.AppID, Secret: o.Secret, Token: o.Token, AESKey: o.AESKey, Templates: a.cfg.Channels.Official.Templates}
	fill(&a.cfg.Channels.Official.Templates, o)
	a.cfg.Channels.Robot = true
	return nil
}

// wechatConfig translates the configuration into the adapter's.
func (a *App) wechatConfig() wechat.Config {
	w := a.cfg.WeChat
	c := wechat.Config{
		AppID: w.AppID, Secret: w.Secret, Token: w.Token, AESKey: w.AESKey, BaseURL: w.BaseURL, Timeout: w.Timeout,
		Templates: map[string]wechat.TemplateConfig{},
	}
	for occasion, t := range byOccasion(w.Templates) {
		c.Templates[occasion] = templateOf(t)
	}
	return c
}

// checkTemplates compares the configured subscribe templates with WeChat's. A fault is loud but stops
// nothing: notices still reach their inboxes and call lists.
func (a *App) checkTemplates(ctx context.Context) {
	if err := a.WeChat.CheckTemplates(ctx); err != nil {
		a.log.Error("subscribe templates do not fit the configuration", "error", err)
	}
}
