package app

import (
	"context"
	"fmt"
	"net"
	"time"

	"bense/server/internal/config"
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
	return nil
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
	for occasion, into := range map[string]*config.Template{
		"activity_notice": &a.cfg.WeChat.Templates.Notice, "activity_reminder": &a.cfg.WeChat.Templates.Reminder,
		"activity_change": &a.cfg.WeChat.Templates.Change,
	} {
		into.ID = c.Templates[occasion].ID
	}
	return nil
}

// wechatConfig translates the configuration into the adapter's.
func (a *App) wechatConfig() wechat.Config {
	w := a.cfg.WeChat
	template := func(t config.Template) wechat.TemplateConfig {
		return wechat.TemplateConfig{ID: t.ID, Fields: map[string]string{"title": t.Title, "time": t.Time, "place": t.Place, "note": t.Note}}
	}
	return wechat.Config{
		AppID: w.AppID, Secret: w.Secret, Token: w.Token, AESKey: w.AESKey, BaseURL: w.BaseURL, Timeout: w.Timeout,
		Templates: map[string]wechat.TemplateConfig{
			"activity_notice": template(w.Templates.Notice), "activity_reminder": template(w.Templates.Reminder),
			"activity_change": template(w.Templates.Change),
		},
	}
}

// checkTemplates compares the configured subscribe templates with WeChat's. A fault is loud but stops
// nothing: notices still reach their inboxes and call lists.
func (a *App) checkTemplates(ctx context.Context) {
	if err := a.WeChat.CheckTemplates(ctx); err != nil {
		a.log.Error("subscribe templates do not fit the configuration", "error", err)
	}
}
