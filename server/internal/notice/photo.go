package notice

import (
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// PhotoState says what is known about a picture of a notice. Nothing but passed goes out.
type PhotoState string

// The states: WeChat's answer comes later, or never.
const (
	PhotoPending PhotoState = "pending"
	PhotoPassed  PhotoState = "passed"
	PhotoReview  PhotoState = "review" // a person must look: WeChat is unsure, or has not answered
	PhotoRefused PhotoState = "refused"
)

// Photo is a picture of a notice without its bytes.
type Photo struct {
	ID, Notice          id.ID
	Width, Height, Size int
	State               PhotoState
	By                  id.ID
	CreatedAt           time.Time
}

const (
	maxPhotos = 3
	// photoWait is how long WeChat's answer about a picture is waited for; the platform promises half an hour.
	photoWait = 30 * time.Minute
)

// What can be wrong with pictures.
var (
	ErrPhotos       = errs.New(errs.Conflict, "notice.pictures", "一条通知最多放三张图片，请先去掉一张")
	ErrNoPhoto      = errs.New(errs.NotFound, "notice.no_picture", "没有这张图片，可能已被去掉")
	ErrPhotoRefused = errs.New(errs.Conflict, "notice.picture_refused", "有一张图片没有通过微信的检查，请去掉它再发")
	ErrPhotoReview  = errs.New(errs.Conflict, "notice.picture_review", "有一张图片要请另一位同志看过才能发，请点送审")
)

// settled reports whether all pictures have been looked at; ErrPhotoReview and ErrPhotoRefused say what
// keeps them from going out.
func settled(list []Photo, reviewed bool) (bool, error) {
	ready := true
	for _, p := range list {
		switch {
		case p.State == PhotoRefused:
			return false, ErrPhotoRefused
		case p.State == PhotoReview && !reviewed:
			return false, ErrPhotoReview
		case p.State == PhotoPending:
			ready = false
		}
	}
	return ready, nil
}
