package privacy

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"io"

	"bense/server/internal/db"
	"bense/server/internal/id"
)

// This file forgets what only mentions a person: imports and the work of jobs, which keep whole sheets.

// eraseMentions empties what imports of the committee and jobs keep about the person. A preview that names
// them can't be committed any more and goes, and so does the working material of a job.
func (s store) eraseMentions(ctx context.Context, committee id.ID, needles [][]byte) ([]Count, error) {
	imports, err := s.eraseImports(ctx, committee, needles)
	if err != nil {
		return nil, err
	}
	jobs, err := s.eraseJobs(ctx, needles)
	if err != nil {
		return nil, err
	}
	if err := s.eraseConfirmations(ctx, needles); err != nil {
		return nil, err
	}
	parcels, err := s.eraseParcels(ctx, needles)
	var out []Count
	for _, c := range []Count{{"imports", imports, "who imported when"}, {"jobs", jobs, "who worked when"}, {"parcels", parcels, ""}} {
		if c.Rows > 0 {
			out = append(out, c)
		}
	}
	return out, err
}

func (s store) eraseImports(ctx context.Context, committee id.ID, needles [][]byte) (int64, error) {
	var ids []id.ID
	if err := s.db.Conn(ctx).Table("imports").Where("committee_id = ?", committee).Order("id").Pluck("id", &ids).Error; err != nil {
		return 0, db.Unavailable(err)
	}
	var n int64
	for _, one := range ids {
		var r struct{ FileNameEnc, RowsEnc, ReportEnc []byte }
		err := s.db.Conn(ctx).Table("imports").Select("file_name_enc, rows_enc, report_enc").Where("id = ?", one).Take(&r).Error
		if err != nil {
			return n, db.NotFound(err)
		}
		set := map[string]any{}
		for _, c := range []struct {
			column, context string
			sealed          []byte
		}{{"file_name_enc", "imports.file_name", r.FileNameEnc}, {"rows_enc", "imports.rows", r.RowsEnc}, {"report_enc", "imports.report", r.ReportEnc}} {
			plain, err := s.box.Open(c.sealed, c.context)
			if err != nil {
				return n, err
			}
			if holds(plain, needles) {
				set[c.column] = nil
			}
		}
		if len(set) == 0 {
			continue
		}
		if _, raw := set["rows_enc"]; raw {
			err = s.db.Conn(ctx).Table("imports").Where("id = ? AND state = ?", one, "preview").Delete(nil).Error
		}
		if err == nil {
			err = s.db.Conn(ctx).Table("imports").Where("id = ?", one).Updates(set).Error
		}
		if err != nil {
			return n, db.Unavailable(err)
		}
		n++
	}
	return n, nil
}

func (s store) eraseJobs(ctx context.Context, needles [][]byte) (n int64, err error) {
	var rows []struct {
		ID        id.ID
		ResultEnc []byte
	}
	if err := s.db.Conn(ctx).Table("jobs").Select("id, result_enc").Where("result_enc IS NOT NULL").Find(&rows).Error; err != nil {
		return 0, db.Unavailable(err)
	}
	for _, r := range rows {
		plain, err := s.box.Open(r.ResultEnc, "jobs.result")
		if err != nil {
			return n, err
		}
		if !holds(plain, needles) {
			continue
		}
		if err := s.db.Conn(ctx).Table("jobs").Where("id = ?", r.ID).Update("result_enc", nil).Error; err != nil {
			return n, db.Unavailable(err)
		}
		n++
	}
	return n, nil
}

// eraseConfirmations removes what phones were asked about the person: each is good for minutes.
func (s store) eraseConfirmations(ctx context.Context, needles [][]byte) error {
	var rows []struct {
		ID      id.ID
		TextEnc []byte
	}
	if err := s.db.Conn(ctx).Table("confirmations").Select("id, text_enc").Find(&rows).Error; err != nil {
		return db.Unavailable(err)
	}
	for _, r := range rows {
		plain, err := s.box.Open(r.TextEnc, "confirmations.text")
		if err != nil {
			return err
		}
		if !holds(plain, needles) {
			continue
		}
		if err := s.db.Conn(ctx).Table("confirmations").Where("id = ?", r.ID).Delete(nil).Error; err != nil {
			return db.Unavailable(err)
		}
	}
	return nil
}

// eraseParcels reads each parcel as a whole: a name may lie across two of its parts.
func (s store) eraseParcels(ctx context.Context, needles [][]byte) (n int64, err error) {
	type parcel struct {
		OwnerID id.ID
		Kind    string
	}
	var all []parcel
	if err := s.db.Conn(ctx).Table("parcels").Distinct("owner_id", "kind").Find(&all).Error; err != nil {
		return 0, db.Unavailable(err)
	}
	for _, p := range all {
		var parts [][]byte
		err := s.db.Conn(ctx).Table("parcels").Where("owner_id = ? AND kind = ?", p.OwnerID, p.Kind).Order("part").Pluck("data_enc", &parts).Error
		if err != nil {
			return n, db.Unavailable(err)
		}
		var whole []byte
		found := false
		for _, sealed := range parts {
			plain, err := s.box.Open(sealed, "parcels.data."+p.Kind)
			if err != nil {
				return n, err
			}
			whole = append(whole, plain...)
			found = found || holds(plain, needles) // parts may be packed one by one
		}
		if !found && !holds(whole, needles) {
			continue
		}
		res := s.db.Conn(ctx).Table("parcels").Where("owner_id = ?", p.OwnerID).Delete(nil)
		if res.Error != nil {
			return n, db.Unavailable(res.Error)
		}
		n += res.RowsAffected
	}
	return n, nil
}

// holds reports whether a text, packed or not, holds one of the needles. A printed sheet can't be searched
// and counts as holding them: it can be printed again.
func holds(plain []byte, needles [][]byte) bool {
	if bytes.HasPrefix(plain, []byte("%PDF-")) {
		return true
	}
	plain = Unpacked(plain)
	for _, n := range needles {
		if len(n) > 0 && bytes.Contains(plain, n) {
			return true
		}
	}
	return false
}

// unpackMost bounds what is unpacked of one text.
const unpackMost = 256 << 20

// Unpacked gives what was packed with gzip or zip, or the text as it is.
func Unpacked(plain []byte) []byte {
	if z, err := gzip.NewReader(bytes.NewReader(plain)); err == nil {
		if out, err := io.ReadAll(io.LimitReader(z, unpackMost)); err == nil {
			return out
		}
	}
	z, err := zip.NewReader(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		return plain
	}
	var out bytes.Buffer
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			continue
		}
		io.Copy(&out, io.LimitReader(r, unpackMost-int64(out.Len()))) // what breaks off is searched as far as it goes
		r.Close()
	}
	return out.Bytes()
}
