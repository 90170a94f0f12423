package emulator

import (
	"encoding/json"
	"net/http"
)

// answer of the platform: JSON fields or an image.
type answer struct {
	code   int
	msg    string
	fields map[string]any
	image  []byte
}

func fail(code int, msg string) answer { return answer{code: code, msg: msg} }

func good(fields map[string]any) answer { return answer{msg: "ok", fields: fields} }

// write sends the answer; the request id stands in the text and beside it.
func (e *Emulator) write(w http.ResponseWriter, a answer) {
	kind, body := e.render(a)
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(body)
}

func (e *Emulator) render(a answer) (kind string, body []byte) {
	if a.image != nil {
		return "image/png", a.image
	}
	e.mu.Lock()
	rid := e.hex(4) + "-" + e.hex(4) + "-" + e.hex(4)
	e.mu.Unlock()
	out := map[string]any{"errcode": a.code, "errmsg": a.msg, "rid": rid}
	if a.code != 0 {
		out["errmsg"] = a.msg + " rid: " + rid
	}
	for k, v := range a.fields {
		out[k] = v
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // fields are made here, of plain types
	}
	return "application/json; charset=utf-8", body
}
