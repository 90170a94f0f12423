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
	"bense/server/internal/attachment"
	"bense/server/internal/audit"
	"bense/server/internal/checkin"
	"bense/server/internal/config"
	"bense/server/internal/election"
	"bense/server/internal/founding"
	"bense/server/internal/identity"
	"bense/server/internal/job"
	"bense/server/internal/ledger"
	"bense/server/internal/notice"
	"bense/server/internal/privacy"
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
	a.Checkin.Register(a.Web.Registry)
	a.Worker.Register(a.Web.Registry)
	e := a.Web.Engine
	receiver := a.WeChat.Callback(a.Notice.HandleEvent) // what people did with questions and messages
	a.onClose(receiver.Wait)
	callback := gin.WrapH(receiver)
	e.GET("/wechat/callback", callback)
	e.POST("/wechat/callback", callback)
	if a.Official != nil {
		receiver := a.Official.Callback(a.Notice.HandleOfficialEvent) // who follows, and what arrived
		a.onClose(receiver.Wait)
		e.GET(officialCallback, gin.WrapH(receiver))
		e.POST(officialCallback, gin.WrapH(receiver))
	}
	e.GET("/q/:token", scanned)
	e.GET("/c/:token", consoleScanned)
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

// consoleScanned does the same for the code on the console's sign-in page.
func consoleScanned(c *gin.Context) {
	c.Redirect(http.StatusFound, "/h5/#/packages/console/confirm?q="+url.QueryEscape(c.Param("token")))
}

// features registers the operations of every feature; a contract without services has them too.
func features(w *web.Server, a *App) {
	audit.Routes(w.API, a.Audit)
	identity.Routes(w.API, a.Identity)
	job.Routes(w.API, a.Jobs)
	ledger.Routes(w.API, a.Ledger)
	attachment.Routes(w.API, a.Papers)
	roster.Routes(w.API, a.Roster)
	roster.ExportRoutes(w.API, a.Roster)
	notice.Routes(w.API, a.Notice)
	activity.Routes(w.API, a.Activity)
	checkin.Routes(w.API, a.Checkin, a.Identity)
	founding.Routes(w.API, a.Founding)
	election.Routes(w.API, a.Election)
	privacy.Routes(w.API, a.Privacy)
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
		parts["start"] = errors.New("starting or shutting down")
	}
	if parts["database"] == nil {
		_, parts["schema"] = a.DB.Migrated(ctx, migrations.Files)
	}
	return parts
}

// pagePolicy lets built pages run nothing that the server did not send.
const pagePolicy = "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; " +
	"script-src 'self'; connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"

// servePages serves what was built into the binary: the browser form of the mini-program and the console.
func (a *App) servePages(e *gin.Engine) {
	if built, ok := pages.H5(); ok {
		static(e, "/h5", built, false)
	} else {
		e.GET("/h5/", notBuilt)
	}
	if built, ok := pages.Console(); ok {
		static(e, "/console", built, true)
	} else {
		e.GET("/console/*file", notBuilt)
	}
	e.GET("/console", func(c *gin.Context) { c.Redirect(http.StatusMovedPermanently, "/console/") })
}

func notBuilt(c *gin.Context) {
	c.String(http.StatusServiceUnavailable, "页面还没有构建：请运行 ./scripts/up.sh\n")
}

// static serves embedded files; what has a hash in its name may be kept for a year. With history the
// page itself knows its addresses: a path that is no file gets the front page.
func static(e *gin.Engine, prefix string, files fs.FS, history bool) {
	server := http.StripPrefix(prefix, http.FileServerFS(files))
	e.GET(prefix+"/*file", func(c *gin.Context) {
		c.Header("Content-Security-Policy", pagePolicy)
		c.Header("Cache-Control", "no-cache")
		file := c.Param("file")
		switch asset := strings.HasPrefix(file, "/assets/"); {
		case asset:
			c.Header("Cache-Control", "public, max-age=31536000, immutable")
		case history && !isFile(files, file):
			c.Request.URL.Path = prefix + "/"
		}
		server.ServeHTTP(c.Writer, c.Request)
	})
}

func isFile(files fs.FS, path string) bool {
	info, err := fs.Stat(files, strings.TrimPrefix(path, "/"))
	return err == nil && !info.IsDir()
}
