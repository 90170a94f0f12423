package web

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2/validation"

	"bense/server/internal/id"
	"bense/server/internal/page"
)

// ID is an id in a path or query. One that was not given is the zero ID; what is no id becomes one that
// nothing has, so that a path answers 404 and a filter finds nothing.
type ID struct {
	id.ID
	text string
}

// Receiver lets huma parse the parameter as a string.
func (p *ID) Receiver() reflect.Value { return reflect.ValueOf(&p.text).Elem() }

// OnParamSet reads the id.
func (p *ID) OnParamSet(isSet bool, _ any) {
	if !isSet {
		return
	}
	var err error
	if p.ID, err = id.Parse(p.text); err != nil {
		p.ID = -1
	}
}

// IDPath is the input of operations on one thing.
type IDPath struct {
	ID ID `path:"id"`
}

// Paging is the input of lists: after is the next of the page before.
type Paging struct {
	After string `query:"after" maxLength:"100" doc:"Cursor: next of the page before"`
	Limit int    `query:"limit" minimum:"0" maximum:"1000" doc:"Items on a page, 50 by default"`
}

// Page gives the paging to a service.
func (p Paging) Page() page.Page { return page.Page{After: p.After, Limit: p.Limit} }

// Out is a JSON answer.
type Out[T any] struct{ Body T }

// JSON makes an answer.
func JSON[T any](v T) *Out[T] { return &Out[T]{Body: v} }

// After answers with how something stands once a step has been made, or with the step's fault.
func After[T, V any](step error, now func() (T, error), view func(T) V) (*Out[V], error) {
	if step != nil {
		return nil, step
	}
	v, err := now()
	if err != nil {
		return nil, err
	}
	return JSON(view(v)), nil
}

// Empty is an answer without a body (204).
type Empty struct{}

// useChinese replaces huma's validation sentences, which people see behind a field.
func useChinese() {
	v := map[*string]string{
		&validation.MsgExpectedBoolean: "应为是或否", &validation.MsgExpectedNumber: "应为数字",
		&validation.MsgExpectedInteger: "应为整数", &validation.MsgExpectedString: "应为文字",
		&validation.MsgExpectedArray: "应为列表", &validation.MsgExpectedObject: "格式不对",
		&validation.MsgExpectedRFC3339DateTime: "时间格式不对", &validation.MsgExpectedRFC3339Date: "日期格式不对",
		&validation.MsgExpectedOneOf: "只能是：%s", &validation.MsgExpectedMinimumNumber: "不能小于 %v",
		&validation.MsgExpectedMaximumNumber: "不能大于 %v", &validation.MsgExpectedMinLength: "至少 %d 个字",
		&validation.MsgExpectedMaxLength: "最多 %d 个字", &validation.MsgExpectedMinItems: "至少 %d 项",
		&validation.MsgExpectedMaxItems: "最多 %d 项", &validation.MsgExpectedRequiredProperty: "缺少 %s",
		&validation.MsgExpectedMatchPattern: "格式不对（%s）", &validation.MsgExpectedBePattern: "格式不对（%s）",
	}
	for at, text := range v {
		*at = text
	}
}
