// Package web turns HTTP into calls of services and errors into answers: gin engine, huma API,
// request ids, logs, sessions, metrics.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"bense/server/internal/actor"
)

// Prefix stands before every operation of the API.
const Prefix = "/api/v1"

// Authenticator turns a bearer token into who is asking; errs.ErrUnauthenticated when it is none.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (actor.Actor, error)
}

// Options are what a Server needs.
type Options struct {
	Log            *slog.Logger
	Auth           Authenticator
	Ready          func(context.Context) map[string]error // nil error: that part works
	TrustedProxies []string
	MetricsToken   string
	Registry       *prometheus.Registry // nil: a new one
}

// Server is the engine and the API on it.
type Server struct {
	Engine   *gin.Engine
	API      huma.API // prefix included: operations give paths below /api/v1
	Registry *prometheus.Registry
	root     huma.API
	log      *slog.Logger
	draining atomic.Bool
}

// Drain has every answer from now on close its connection, so that at the shutdown that follows nobody
// is just sending a request on one that is being closed.
func (s *Server) Drain() { s.draining.Store(true) }

// New makes a server without routes of features; those come from each feature's Routes.
func New(o Options) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	useProblems(o.Log)
	useChinese()
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	e := gin.New()
	e.ContextWithFallback = true
	e.HandleMethodNotAllowed = false
	if err := e.SetTrustedProxies(o.TrustedProxies); err != nil {
		return nil, err
	}
	s := &Server{Engine: e, Registry: o.Registry, log: o.Log}
	e.Use(requestID(&s.draining), observe(o.Log, o.Registry), recovery(o.Log), secure())
	e.NoRoute(func(c *gin.Context) { Abort(c, o.Log, errRoute) })

	c := huma.DefaultConfig("本色家园 Bense", "1")
	c.CreateHooks = nil // no $schema links in answers
	c.DocsPath = ""
	c.SchemasPath = ""
	c.AllowAdditionalPropertiesByDefault = true // old mini-programs linger
	c.FieldsOptionalByDefault = false
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
		"console": {Type: "apiKey", In: "cookie", Name: ConsoleCookie, Description: consoleDoc},
	}
	c.Security = []map[string][]string{{"session": {}}, {"console": {}}}
	root := humagin.New(e, c)
	root.UseMiddleware(authenticate(root, o.Auth))
	s.API, s.root = huma.NewGroup(root, Prefix), root
	s.ops(o)
	return s, nil
}

// Document is the OpenAPI 3.1 document as YAML.
func (s *Server) Document() ([]byte, error) { return s.root.OpenAPI().YAML() }

// OpenAPI is the document itself; the access-matrix test walks it.
func (s *Server) OpenAPI() *huma.OpenAPI { return s.root.OpenAPI() }

// Public marks an operation that needs no session.
func Public(op huma.Operation) huma.Operation {
	op.Security = []map[string][]string{}
	return op
}

func isPublic(op *huma.Operation) bool { return op.Security != nil && len(op.Security) == 0 }

func authenticate(api huma.API, auth Authenticator) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if isPublic(ctx.Operation()) {
			next(ctx)
			return
		}
		who, err := authenticated(ctx, auth)
		if err != nil {
			huma.WriteErr(api, ctx, http.StatusInternalServerError, "", err)
			return
		}
		next(huma.WithContext(ctx, actor.With(ctx.Context(), who)))
	}
}
