package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"bense/server/internal/activity"
	"bense/server/internal/checkin"
	"bense/server/internal/config"
	"bense/server/internal/identity"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/roster"
	"bense/server/internal/web"
	"bense/server/migrations"
	pages "bense/server/web"
)

func (a *App) routes() (err error) {
	a.Web, err = web.New(web.Options{
		Log: a.log, Auth: a.Identity, Ready: a.ready,
		TrustedProxies: a.cfg.Server.TrustedProxies, MetricsToken: a.cfg.Server.MetricsToken,
	})
	if err != nil {
		return err
	}
	features(a.Web, a)
	e := a.Web.Engine
	receiver := a.WeChat.Callback(a.Notice.HandleEvent) // what people did with questions and messages
	a.onClose(receiver.Wait)
	callback := gin.WrapH(receiver)
	e.GET("/wechat/callback", callback)
	e.POST("/wechat/callback", callback)
	e.GET("/q/:token", scanned)
	a.servePages(e)
	if a.cfg.Mode == config.Demo && a.Emulator != nil {
		a.demo = newDemo(a)
		a.demo.routes(e)
	}
	return nil
}

// scanned receives a venue code that was opened by something else than the mini-program: WeChat opens
// that one by itself ("扫普通链接二维码打开小程序"). The page behind says how to go on.
func scanned(c *gin.Context) {
	c.Redirect(http.StatusFound, "/h5/#/packages/checkin/visit?q="+url.QueryEscape(c.Param("token")))
}

// features registers the operations of every feature; a contract without services has them too.
func features(w *web.Server, a *App) {
	identity.Routes(w.API, a.Identity)
	ledger.Routes(w.API, a.Ledger)
	roster.Routes(w.API, a.Roster)
	notice.Routes(w.API, a.Notice)
	activity.Routes(w.API, a.Activity)
	checkin.Routes(w.API, a.Checkin)
}

// WriteContract prints the OpenAPI document; it needs no database.
func WriteContract(out io.Writer) error {
	w, err := web.New(web.Options{
		Log: slog.New(slog.DiscardHandler), Ready: func(context.Context) map[string]error { return nil },
	})
	if err != nil {
		return err
	}
	features(w, &App{})
	doc, err := w.Document()
	if err != nil {
		return err
	}
	_, err = out.Write(doc)
	return err
}

// ready says which parts work. Redis saves time but nothing depends on it: it is not asked.
func (a *App) ready(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	parts := map[string]error{"database": a.DB.Ping(ctx)}
	if !a.started.Load() {
		parts["start"] = errors.New("still starting")
	}
	if parts["database"] == nil {
		_, parts["schema"] = a.DB.Migrated(ctx, migrations.Files)
	}
	return parts
}

// h5Policy lets the browser form of the mini-program run nothing that the server did not send.
const h5Policy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
	"script-src 'self'; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"

func (a *App) servePages(e *gin.Engine) {
	built, ok := pages.H5()
	if !ok {
		missing := func(c *gin.Context) {
			c.String(http.StatusServiceUnavailable, "页面还没有构建：请运行 ./scripts/up.sh\n")
		}
		e.GET("/h5/", missing)
		return
	}
	static(e, "/h5", built)
}

// static serves embedded files; what has a hash in its name may be kept for a year.
func static(e *gin.Engine, prefix string, files fs.FS) {
	server := http.StripPrefix(prefix, http.FileServerFS(files))
	e.GET(prefix+"/*file", func(c *gin.Context) {
		c.Header("Content-Security-Policy", h5Policy)
		c.Header("Cache-Control", "no-cache")
		if strings.HasPrefix(c.Param("file"), "/assets/") {
			c.Header("Cache-Control", "public, max-age=31536000, immutable")
		}
		server.ServeHTTP(c.Writer, c.Request)
	})
}
