package attachment

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

type attachmentView struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Kind      Kind      `json:"kind" enum:"pdf,jpeg,png"`
	Size      int       `json:"size" doc:"Bytes"`
	By        string    `json:"by" doc:"Name of who added it, empty when nobody knows it"`
	CreatedAt time.Time `json:"created_at"`
	Removed   bool      `json:"removed" doc:"Taken off; it can be brought back for thirty days"`
}

func view(a Attachment) attachmentView {
	return attachmentView{ID: a.ID, Name: a.Name, Kind: a.Kind, Size: a.Size, By: a.ByName, CreatedAt: a.CreatedAt, Removed: !a.RemovedAt.IsZero()}
}

type file struct {
	Type        string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Cache       string `header:"Cache-Control"`
	Body        []byte
}

// slowUpload is how long a file of MaxBytes may take over a county's line.
const slowUpload = time.Minute

type one struct {
	web.IDPath
	Attachment web.ID `path:"attachment_id"`
}

// Routes registers the operations on files of persons.
func Routes(api huma.API, s *Service) {
	tags := []string{"attachment"}
	huma.Register(api, huma.Operation{OperationID: "listAttachments", Method: http.MethodGet, Path: "/persons/{id}/attachments", Tags: tags,
		Summary: "The files of a person, the newest first"},
		func(ctx context.Context, in *web.IDPath) (*web.Out[page.List[attachmentView]], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			list, err := s.List(ctx, who, in.ID.ID)
			if err != nil {
				return nil, err
			}
			out := make([]attachmentView, len(list))
			for i, a := range list {
				out[i] = view(a)
			}
			return web.JSON(page.All(out)), nil
		})
	type upload struct {
		web.IDPath
		FileName string `query:"filename" required:"true" minLength:"1" maxLength:"300"`
		RawBody  []byte `contentType:"application/octet-stream"`
	}
	huma.Register(api, huma.Operation{OperationID: "addAttachment", Method: http.MethodPost, Path: "/persons/{id}/attachments", Tags: tags,
		Summary: "Keep a file (PDF, JPEG, PNG) of a person", DefaultStatus: http.StatusCreated, MaxBodyBytes: MaxBytes, BodyReadTimeout: slowUpload},
		func(ctx context.Context, in *upload) (*web.Out[attachmentView], error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			a, err := s.Add(ctx, who, in.ID.ID, in.FileName, in.RawBody)
			if err != nil {
				return nil, err
			}
			return web.JSON(view(a)), nil
		})
	binary := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	huma.Register(api, huma.Operation{OperationID: "openAttachment", Method: http.MethodGet, Path: "/persons/{id}/attachments/{attachment_id}", Tags: tags,
		Summary: "A file of a person; every look is audited",
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: map[string]*huma.MediaType{
			PDF.MediaType(): binary, JPEG.MediaType(): binary, PNG.MediaType(): binary}}}},
		func(ctx context.Context, in *one) (*file, error) {
			who, err := actor.From(ctx)
			if err != nil {
				return nil, err
			}
			a, data, err := s.Open(ctx, who, in.ID.ID, in.Attachment.ID)
			if err != nil {
				return nil, err
			}
			return &file{Type: a.Kind.MediaType(), Cache: "no-store", Body: data,
				Disposition: `attachment; filename="file` + endings[a.Kind][0] + `"; filename*=UTF-8''` + url.PathEscape(a.Name)}, nil
		})
	done := func(opID, method, path, summary string, call func(ctx context.Context, who actor.Actor, person, attachment id.ID) error) {
		huma.Register(api, huma.Operation{OperationID: opID, Method: method, Path: path, Tags: tags, Summary: summary, DefaultStatus: http.StatusNoContent},
			func(ctx context.Context, in *one) (*web.Empty, error) {
				who, err := actor.From(ctx)
				if err != nil {
					return nil, err
				}
				return nil, call(ctx, who, in.ID.ID, in.Attachment.ID)
			})
	}
	done("removeAttachment", http.MethodDelete, "/persons/{id}/attachments/{attachment_id}", "Take a file off; it can be brought back for thirty days", s.Remove)
	done("restoreAttachment", http.MethodPost, "/persons/{id}/attachments/{attachment_id}/restore", "Bring a file back that was taken off", s.Restore)
}
