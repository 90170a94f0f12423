package ledger

import (
	"context"
	"slices"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// families gives of each person the first contact with a number.
func (s store) families(ctx context.Context, ids []id.ID) (map[id.ID]Contact, error) {
	out := map[id.ID]Contact{}
	for part := range parts(ids) {
		var rows []personRow
		err := s.db.Conn(ctx).Select("id", "family_contact_enc", "family_phone_enc", "contacts_enc").Where("id IN ?", part).Find(&rows).Error
		if err != nil {
			return nil, db.Unavailable(err)
		}
		for _, r := range rows {
			rec, err := s.record(r)
			if err != nil {
				return nil, err
			}
			list := rec.contacts()
			if i := slices.IndexFunc(list, func(c Contact) bool { return c.Phone != "" }); i >= 0 {
				out[r.ID] = list[i]
			}
		}
	}
	return out, nil
}
