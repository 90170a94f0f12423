package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/web"
)

type contactView struct {
	ID          id.ID  `json:"id"`
	Relation    string `json:"relation"`
	NameMasked  string `json:"name_masked"`
	PhoneMasked string `json:"phone_masked"`
	NoteMasked  string `json:"note_masked"`
}

func viewContacts(list []Contact) []contactView {
	out := make([]contactView, len(list))
	for i, c := range list {
		out[i] = contactView{ID: c.ID, Relation: c.Relation, NameMasked: c.Name, PhoneMasked: c.Phone, NoteMasked: c.Note}
	}
	return out
}

func contactRoutes(api huma.API, s *Service) {
	type added struct {
		web.IDPath
		Body struct {
			Name     string `json:"name" maxLength:"60"`
			Relation string `json:"relation,omitempty" maxLength:"40"`
			Phone    string `json:"phone,omitempty" maxLength:"40"`
			Note     string `json:"note,omitempty" maxLength:"200"`
			First    bool   `json:"first,omitempty" doc:"Is called first"`
		}
	}
	route(api, created(op("addContact", http.MethodPost, "/persons/{id}/contacts", "ledger", "Add somebody of the family")),
		func(ctx context.Context, who actor.Actor, in *added) (Entry, error) {
			b := in.Body
			return s.AddContact(ctx, who, in.ID.ID, Contact{Name: b.Name, Relation: b.Relation, Phone: b.Phone, Note: b.Note}, b.First)
		}, viewDetail)

	type changed struct {
		web.IDPath
		Contact web.ID `path:"contact_id"`
		Body    struct {
			Name     *string `json:"name,omitempty" maxLength:"60"`
			Relation *string `json:"relation,omitempty" maxLength:"40"`
			Phone    *string `json:"phone,omitempty" maxLength:"40"`
			Note     *string `json:"note,omitempty" maxLength:"200"`
			First    bool    `json:"first,omitempty" doc:"Is called first from now on"`
		}
	}
	route(api, op("updateContact", http.MethodPatch, "/persons/{id}/contacts/{contact_id}", "ledger", "Change what is known about somebody of the family"),
		func(ctx context.Context, who actor.Actor, in *changed) (Entry, error) {
			b := in.Body
			return s.UpdateContact(ctx, who, in.ID.ID, in.Contact.ID, ContactChange{Name: b.Name, Relation: b.Relation, Phone: b.Phone, Note: b.Note, First: b.First})
		}, viewDetail)

	type removed struct {
		web.IDPath
		Contact web.ID `path:"contact_id"`
	}
	route(api, op("removeContact", http.MethodDelete, "/persons/{id}/contacts/{contact_id}", "ledger", "Take somebody of the family off"),
		func(ctx context.Context, who actor.Actor, in *removed) (Entry, error) {
			return s.RemoveContact(ctx, who, in.ID.ID, in.Contact.ID)
		}, viewDetail)
	route(api, op("restoreContact", http.MethodPost, "/persons/{id}/contacts/{contact_id}/restore", "ledger", "Bring somebody of the family back who was taken off within a day"),
		func(ctx context.Context, who actor.Actor, in *removed) (Entry, error) {
			return s.RestoreContact(ctx, who, in.ID.ID, in.Contact.ID)
		}, viewDetail)
}
