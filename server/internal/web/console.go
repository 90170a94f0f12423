package web

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// The console keeps its session in a cookie that no script can read and that a browser sends from our
// own pages only. What changes something must also carry a header that a foreign page cannot set.
const (
	ConsoleCookie = "bense_console"
	ConsoleHeader = "X-Console"
	ConfirmHeader = "X-Confirmation"
)

const consoleDoc = "Session of the desktop console: HttpOnly, SameSite=Strict, set by pollConsoleLogin. Requests other than GET " +
	"must carry X-Console: 1. X-Confirmation names the confirmation (createConfirmation) of an answer identity.confirm_needed."

// authenticated says who asks, by bearer token or by the console's cookie.
func authenticated(ctx huma.Context, auth Authenticator) (actor.Actor, error) {
	token := Bearer(ctx.Header("Authorization"))
	if token == "" {
		token = consoleToken(ctx)
	}
	if token == "" || auth == nil {
		return actor.Actor{}, errs.ErrUnauthenticated
	}
	who, err := auth.Authenticate(ctx.Context(), token)
	if err != nil {
		return actor.Actor{}, err
	}
	if c, err := id.Parse(ctx.Header(ConfirmHeader)); err == nil {
		who.Confirmation = c
	}
	return who, nil
}

func consoleToken(ctx huma.Context) string {
	safe := ctx.Method() == http.MethodGet || ctx.Method() == http.MethodHead
	if !safe && ctx.Header(ConsoleHeader) == "" {
		return ""
	}
	c, err := huma.ReadCookie(ctx, ConsoleCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// SetConsole makes the cookie of a console session. It goes with the browser's own session: who
// closes the browser has left.
func SetConsole(token string, secure bool) http.Cookie {
	return http.Cookie{Name: ConsoleCookie, Value: token, Path: Prefix, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode}
}

// ForgetConsole takes the cookie back.
func ForgetConsole(secure bool) http.Cookie {
	c := SetConsole("", secure)
	c.MaxAge, c.Expires = -1, time.Unix(1, 0)
	return c
}
