package web

import (
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// qualified finds the package and the name of our own types in a generic type's name.
var qualified = regexp.MustCompile(`bense/server/internal/(?:\w+/)*(\w+)\.(\w+)`)

// schemaName names a schema after package and type: features may each have a personView.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" || !strings.HasPrefix(t.PkgPath(), "bense/") {
		return huma.DefaultSchemaNamer(t, hint)
	}
	var name strings.Builder
	for _, part := range qualified.FindAllStringSubmatch(t.PkgPath()+"."+t.Name(), -1) {
		name.WriteString(upper(part[1]) + upper(part[2]))
	}
	return name.String()
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
