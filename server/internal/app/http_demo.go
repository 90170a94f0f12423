package app

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"bense/server/internal/errs"
	"bense/server/internal/web"
	"bense/server/internal/wechat/emulator"
	pages "bense/server/web"
)

var errFrame = errs.New(errs.Invalid, "demo.frame", "演示页面里没有这部手机")

// frameBody says which phone of the front door asks.
type frameBody struct {
	Frame string `json:"frame"`
}

// routes are the front door and the side doors through which its phones play WeChat.
func (d *demo) routes(e *gin.Engine) {
	front := http.FileServerFS(pages.Front())
	for _, file := range []string{"/", "/front.css", "/front.js", "/icon.svg"} {
		e.GET(file, func(c *gin.Context) {
			c.Header("Content-Security-Policy", pagePolicy)
			c.Header("Cache-Control", "no-cache")
			front.ServeHTTP(c.Writer, c.Request)
		})
	}
	e.Any("/emulator/*path", gin.WrapH(http.StripPrefix("/emulator", d.Emulator)))

	g := e.Group("/demo")
	g.GET("/state", func(c *gin.Context) { d.answer(c)(d.state(c.Request.Context())) })
	g.POST("/restart", func(c *gin.Context) { d.answer(c)(nil, d.restart(c.Request.Context())) })
	g.GET("/offices", func(c *gin.Context) {
		c.JSON(http.StatusOK, gin.H{"items": []gin.H{
			{"frame": frameOffice, "name": demoCounty, "hint": "联盟已在运行"}, {"frame": frameNext, "name": nextCounty, "hint": "正要组建联盟"},
		}})
	})
	g.POST("/county", func(c *gin.Context) {
		var in struct {
			Name string `json:"name"`
		}
		if err := c.ShouldBindJSON(&in); err != nil {
			web.Abort(c, d.log, errs.ErrInvalid)
			return
		}
		frame, err := d.county(c.Request.Context(), in.Name)
		d.answer(c)(frameBody{frame}, err)
	})
	g.POST("/login-code", played(d, func(_ context.Context, u emulator.User, _ frameBody) (any, error) {
		return gin.H{"code": d.Emulator.LoginCode(u)}, nil
	}))
	g.POST("/phone-code", played(d, func(_ context.Context, u emulator.User, _ frameBody) (any, error) {
		code, err := d.Emulator.PhoneCode(u)
		return gin.H{"code": code}, err
	}))
	g.POST("/group-info", played(d, func(_ context.Context, u emulator.User, _ frameBody) (any, error) {
		info := d.Emulator.EnterGroup(u, d.group())
		return gin.H{"encrypted_data": info.EncryptedData, "iv": info.IV}, nil
	}))
	g.POST("/subscribe", played(d, func(_ context.Context, u emulator.User, in struct {
		frameBody
		Templates map[string]string `json:"templates"`
	}) (any, error) {
		choices := map[string]bool{}
		for id, word := range in.Templates {
			choices[id] = word == "accept"
		}
		return nil, d.Emulator.Popup(u, choices)
	}))
	g.POST("/share", played(d, func(_ context.Context, u emulator.User, in struct {
		frameBody
		ActivityID string `json:"activity_id"`
		Title      string `json:"title"`
		Path       string `json:"path"`
	}) (any, error) {
		_, err := d.Emulator.Share(u, d.group(), in.ActivityID, in.Title, in.Path)
		return nil, err
	}))
}

type framed interface{ frame() string }

func (f frameBody) frame() string { return f.Frame }

// played reads a body, finds the frame's WeChat user and answers what fn gives.
func played[T framed](d *demo, fn func(context.Context, emulator.User, T) (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in T
		if err := c.ShouldBindJSON(&in); err != nil {
			web.Abort(c, d.log, errs.ErrInvalid)
			return
		}
		u, ok := d.user(in.frame())
		if !ok {
			web.Abort(c, d.log, errFrame)
			return
		}
		d.answer(c)(fn(c.Request.Context(), u, in))
	}
}

func (d *demo) user(frame string) (emulator.User, bool) {
	d.ready.Lock()
	defer d.ready.Unlock()
	u, ok := d.users[frame]
	return u, ok
}

func (d *demo) answer(c *gin.Context) func(any, error) {
	return func(v any, err error) {
		switch {
		case err != nil:
			web.Abort(c, d.log, err)
		case v == nil:
			c.Status(http.StatusNoContent)
		default:
			c.JSON(http.StatusOK, v)
		}
	}
}
