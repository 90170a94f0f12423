package privacy

import "bense/server/internal/ledger"

// Place is where a person stands in the schema, and what an erasure does there. Every table that names
// persons has one, every sealed column is blanked or removed by one or stands in Elsewhere; a test
// compares both with the schema, so that a new table says how it forgets.
type Place struct {
	Table  string
	Person string         // the column that names the person
	Remove bool           // the rows go
	Blank  map[string]any // what their columns become
	Keep   string         // why rows stay: they are about nobody once the person's own row is blank
}

// columns of a text become empty, of what is sealed or hashed NULL.
func blank(texts string, nulls string) map[string]any {
	out := map[string]any{}
	for _, c := range fields(texts) {
		out[c] = ""
	}
	for _, c := range fields(nulls) {
		out[c] = nil
	}
	return out
}

// said empties what somebody's answer to an activity tells beside yes and no: why they can't come, who goes along, where
// they are fetched. Companions have no names here, but a relation tells about a family, and a lift about somebody's legs.
func said() map[string]any {
	b := blank("companions", "reason_enc pickup_enc")
	b["lift"] = 0
	return b
}

const statistic = "counts by unit and activity"

// Places is the inventory of where persons stand.
var Places = []Place{
	{Table: "persons", Person: "id", Keep: "stands for the person in statistics", Blank: func() map[string]any {
		b := blank("pinyin initials sex ethnicity birth education joined_party started_work leave_kind left_at former_post job_rank "+
			"party_post community elsewhere living talents hobbies team_wish volunteer community_registered smartphone "+
			"phone_shared_with liaison_name status_at",
			"id_number_enc id_number_hash phone_enc phone_hash phone_last4_hash address_enc health_enc family_contact_enc "+
				"family_phone_enc remark_enc status_note_enc household_id contacts_enc custom_enc")
		b["name"], b["seq_no"] = ledger.ErasedName, 0
		return b
	}()},
	{Table: "status_proposals", Person: "person_id", Remove: true},
	{Table: "account_persons", Person: "person_id", Remove: true},
	{Table: "binding_codes", Person: "person_id", Remove: true},
	{Table: "claims", Person: "person_id", Remove: true},
	{Table: "role_grants", Person: "person_id", Keep: "who held a role when", Blank: blank("", "holder_name_enc phone_enc phone_hash")},
	{Table: "cards", Person: "person_id", Remove: true},
	{Table: "notice_recipients", Person: "person_id", Keep: statistic},
	{Table: "notice_deliveries", Person: "person_id", Keep: statistic},
	{Table: "notice_preferences", Person: "person_id", Remove: true},
	{Table: "notice_calls", Person: "person_id", Keep: statistic, Blank: blank("", "note_enc")},
	{Table: "activity_expected", Person: "person_id", Keep: statistic, Blank: said()},
	{Table: "activity_buses", Person: "person_id", Remove: true},
	{Table: "activity_numbers", Person: "person_id", Keep: "the numbers on printed sheets"},
	{Table: "checkins", Person: "person_id", Keep: statistic},
	{Table: "checkin_annulments", Person: "person_id", Keep: statistic, Blank: blank("reason", "")},
	{Table: "checkin_conflicts", Person: "person_id", Keep: statistic},
	{Table: "person_changes", Person: "person_id", Keep: "figures of past days", Blank: blank("", "changes_enc")},
	{Table: "person_attachments", Person: "person_id", Remove: true},
	{Table: "persons_apart", Person: "person_id", Remove: true},
	{Table: "person_terms", Person: "person_id", Remove: true},
	{Table: "election_candidates", Person: "person_id", Keep: statistic},
	{Table: "election_voters", Person: "person_id", Keep: statistic},
	{Table: "head_terms", Person: "person_id", Keep: "who was head when", Blank: blank("reason", "")},
	{Table: "erasures", Person: "person_id", Keep: "the list of those erased", Blank: blank("", "reason_enc")},
}

// Kept are the columns of persons that an erasure leaves.
var Kept = []string{"id", "unit_id", "branch_id", "status", "version", "created_at", "updated_at"}

// Elsewhere are the sealed columns that are not reached by a person's id, and how they are forgotten.
var Elsewhere = map[string]string{
	"accounts.session_key_enc":    "an account that is tied to nobody else goes with the person",
	"accounts.name_enc":           "an account that is tied to nobody else goes with the person",
	"accounts.phone_enc":          "an account that is tied to nobody else goes with the person",
	"alliance_robots.key_enc":     "the address of a group, nobody's",
	"units.contact_name_enc":      "the office's own, somebody in service",
	"units.contact_phone_enc":     "the office's own number",
	"imports.file_name_enc":       "emptied when it holds the name or a number of the person",
	"imports.rows_enc":            "emptied when it holds the name or a number of the person",
	"imports.report_enc":          "emptied when it holds the name or a number of the person",
	"jobs.result_enc":             "emptied when it holds the name or a number of the person",
	"parcels.data_enc":            "goes when it holds the name or a number of the person",
	"confirmations.text_enc":      "what a phone was asked, a matter of minutes; it goes with the person's name, see eraseMentions",
	"exports.reason_enc":          "the office's own words about its deed",
	"notice_pictures.data_enc":    "of an event; whoever is in one asks, and its writer takes it off, also after publication",
	"election_ballots.choice_enc": "ids only, and nobody's: a ballot names no voter",
	"audit_lines.detail_enc":      "holds ids, names of columns and reasons, no data of persons",
}
