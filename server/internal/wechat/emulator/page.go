package emulator

import (
	"encoding/json"
	"regexp"
	"strings"

	"bense/server/internal/qr"
)

var sceneText = regexp.MustCompile("^[0-9A-Za-z!#$&'()*+,/:;=?@._~-]{1,32}$")

// wxaCode draws an ordinary QR code with page and scene in place of the platform's round one.
func (e *Emulator) wxaCode(r *request) answer {
	in := struct {
		Scene     string `json:"scene"`
		Page      string `json:"page"`
		CheckPath bool   `json:"check_path"`
	}{CheckPath: true}
	if json.Unmarshal(r.body, &in) != nil {
		return fail(47001, "data format error")
	}
	if !sceneText.MatchString(in.Scene) {
		return fail(40169, "invalid length for scene, or the data is not json string")
	}
	if strings.HasPrefix(in.Page, "/") || strings.Contains(in.Page, "?") || in.CheckPath && in.Page != "" && !e.pageExists(in.Page) {
		return fail(41030, "invalid page")
	}
	image, err := qr.PNG(in.Page+"?scene="+in.Scene, 8)
	if err != nil {
		return fail(41030, "invalid page")
	}
	return answer{image: image}
}
