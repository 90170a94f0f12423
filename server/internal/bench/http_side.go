package bench

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
)

// The sides of comparison are frozen: figures of different days may only be compared while they stay
// as they are. Both take the very request that the real route takes, and answer in its form.

type sideBody struct {
	Ticket     string    `json:"ticket"`
	Nonce      string    `json:"nonce"`
	PersonID   string    `json:"person_id"`
	HappenedAt time.Time `json:"happened_at"`
	ListID     string    `json:"list_id"` // only side B is told: it reads no tickets
}

type sidePerson struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Unit string `json:"unit"`
}

type sideActivity struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	StartsAt time.Time `json:"starts_at"`
}

type sideAnswer struct {
	Answer     string       `json:"answer"`
	Message    string       `json:"message"`
	Nonce      string       `json:"nonce"`
	Person     sidePerson   `json:"person"`
	Activity   sideActivity `json:"activity"`
	ListID     string       `json:"list_id"`
	HappenedAt time.Time    `json:"happened_at"`
}

func answerSide(in sideBody, answer, name string) sideAnswer {
	return sideAnswer{Answer: answer, Message: "签到成功", Nonce: in.Nonce, ListID: in.ListID, HappenedAt: in.HappenedAt,
		Person: sidePerson{ID: in.PersonID, Name: name, Unit: unitName(0)}, Activity: sideActivity{ID: in.ListID, Title: title, StartsAt: in.HappenedAt}}
}

// bearer lets in whoever shows a genuine token, with golang-jwt as most services use it.
func bearer(key []byte) gin.HandlerFunc {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())
	return func(c *gin.Context) {
		token, found := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		var claims jwt.RegisteredClaims
		if found {
			if _, err := parser.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return key, nil }); err == nil {
				c.Set("account", claims.Subject)
				return
			}
		}
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

// SideA is the ceiling: gin, golang-jwt, c.JSON, and nothing stored.
func SideA(key []byte) http.Handler {
	return side(key, func(c *gin.Context, in sideBody) { c.JSON(http.StatusOK, answerSide(in, "ok", "甲")) })
}

// SideB is what is usually written with gin and gorm: three SELECTs, then an INSERT and an UPDATE of
// the count in a transaction.
func SideB(key []byte, b *usual) http.Handler {
	return side(key, func(c *gin.Context, in sideBody) {
		answer, name, err := b.checkIn(c.Request.Context(), in)
		if err != nil {
			c.AbortWithStatus(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, answerSide(in, answer, name))
	})
}

func side(key []byte, handle func(*gin.Context, sideBody)) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.Use(bearer(key))
	e.POST(route, func(c *gin.Context) {
		var in sideBody
		if err := c.ShouldBindJSON(&in); err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		handle(c, in)
	})
	return e
}

// ServeSide is a side in a process of its own, until ctx ends. Side "b" needs a database.
func ServeSide(ctx context.Context, kind, listen, database string, key []byte) error {
	h := SideA(key)
	if kind == "b" {
		b, err := openUsual(ctx, database)
		if err != nil {
			return err
		}
		h = SideB(key, b)
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { s.Close() })
	if err := s.Serve(ln); ctx.Err() == nil {
		return err
	}
	return nil
}
