package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// Hot registers an operation that stands in the contract like any other, with In and Out as its types,
// but whose requests go straight to a gin handler: huma's reading, checking and writing take a tenth of
// a request that does little else. The handler does its own: it authenticates, limits and reads the
// body, and writes the answer; an error that it returns is answered as everywhere.
func Hot[In, Out any](api huma.API, op huma.Operation, h func(*gin.Context) error) {
	huma.Register(hotAPI{api, h}, op, func(context.Context, *In) (*Out, error) { return nil, nil })
}

type hotAPI struct {
	huma.API
	h func(*gin.Context) error
}

// Adapter gives one that replaces huma's handler by the plain one.
func (a hotAPI) Adapter() huma.Adapter { return hotAdapter{a.API.Adapter(), a} }

// DocumentOperation keeps the operation in the contract, below the group's prefix.
func (a hotAPI) DocumentOperation(op *huma.Operation) {
	if d, ok := a.API.(huma.OperationDocumenter); ok {
		d.DocumentOperation(op)
		return
	}
	a.OpenAPI().AddOperation(op)
}

type hotAdapter struct {
	huma.Adapter
	api hotAPI
}

func (a hotAdapter) Handle(op *huma.Operation, _ func(huma.Context)) {
	a.Adapter.Handle(op, func(ctx huma.Context) {
		if err := a.api.h(humagin.Unwrap(ctx)); err != nil {
			huma.WriteErr(a.api, ctx, http.StatusInternalServerError, "", err)
		}
	})
}

// Bearer gives the token of an Authorization header, or "".
func Bearer(header string) string {
	const scheme = "Bearer "
	if len(header) <= len(scheme) || header[:len(scheme)] != scheme {
		return ""
	}
	return header[len(scheme):]
}
