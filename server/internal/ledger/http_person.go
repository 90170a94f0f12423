package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"bense/server/internal/actor"
	"bense/server/internal/id"
	"bense/server/internal/page"
	"bense/server/internal/web"
)

// PersonView is a row of the ledger; what is sensitive is masked. The name is exported because huma
// leaves embedded structs out of the contract when theirs is not.
type PersonView struct {
	ID          id.ID  `json:"id"`
	SeqNo       int    `json:"seq_no"`
	Name        string `json:"name"`
	Initials    string `json:"initials"`
	Sex         string `json:"sex"`
	UnitID      id.ID  `json:"unit_id"`
	Unit        string `json:"unit"`
	BranchID    id.ID  `json:"branch_id"`
	Branch      string `json:"branch"`
	AllianceID  id.ID  `json:"alliance_id"`
	Alliance    string `json:"alliance"`
	BirthYear   string `json:"birth_year"`
	PartyPost   string `json:"party_post"`
	PhoneMasked string `json:"phone_masked" doc:"138****1234, empty when there is none"`
	Status      Status `json:"status" doc:"active, moved, deceased or suspended"`
	HouseholdID id.ID  `json:"household_id" doc:"Who has the same lives in one household; empty: none"`

	Own map[string]string `json:"own" nullable:"false" doc:"What the committee's own columns hold, by their ids; empty ones are missing"`
}

// personDetail adds the other columns of the sheet.
type personDetail struct {
	PersonView
	Ethnicity           string `json:"ethnicity"`
	BirthMonth          string `json:"birth_month" doc:"YYYY-MM"`
	IDNumberMasked      string `json:"id_number_masked"`
	Education           string `json:"education"`
	JoinedParty         string `json:"joined_party"`
	StartedWork         string `json:"started_work"`
	LeaveKind           string `json:"leave_kind"`
	LeftAt              string `json:"left_at"`
	FormerPost          string `json:"former_post"`
	JobRank             string `json:"job_rank"`
	AddressMasked       string `json:"address_masked"`
	Community           string `json:"community"`
	Elsewhere           string `json:"elsewhere"`
	Living              string `json:"living"`
	HealthMasked        string `json:"health_masked"`
	Talents             string `json:"talents"`
	Hobbies             string `json:"hobbies"`
	TeamWish            string `json:"team_wish"`
	Volunteer           string `json:"volunteer"`
	CommunityRegistered string `json:"community_registered"`
	FamilyContactMasked string `json:"family_contact_masked"`
	FamilyPhoneMasked   string `json:"family_phone_masked"`
	Smartphone          string `json:"smartphone"`
	PhoneSharedWith     string `json:"phone_shared_with"`
	LiaisonName         string `json:"liaison_name"`
	RemarkMasked        string `json:"remark_masked"`
	StatusAt            string `json:"status_at" doc:"Day from which the status holds, as far as known"`
	StatusNoteMasked    string `json:"status_note_masked"`

	Contacts []contactView  `json:"contacts" nullable:"false" doc:"Of the family; the first one is family_contact"`
	Columns  []ownValueView `json:"columns" nullable:"false" doc:"The committee's own columns in their order, with what they hold"`
}

func viewPerson(e Entry) PersonView {
	return PersonView{ID: e.ID, SeqNo: e.Fields.SeqNo, Name: e.Person.Name, Initials: e.Initials, Sex: e.Person.Sex,
		UnitID: e.UnitID, Unit: e.Unit, BranchID: e.BranchID, Branch: e.Branch, AllianceID: e.AllianceID,
		Alliance: e.Alliance, BirthYear: clip(e.Birth, 4), PartyPost: e.Person.PartyPost, PhoneMasked: e.Phone, Status: e.Status,
		HouseholdID: e.HouseholdID, Own: viewOwn(e.Own)}
}

func viewDetail(e Entry) personDetail {
	return personDetail{PersonView: viewPerson(e), Ethnicity: e.Ethnicity, BirthMonth: e.Birth, IDNumberMasked: e.IDNumber,
		Education: e.Education, JoinedParty: e.JoinedParty, StartedWork: e.StartedWork, LeaveKind: e.LeaveKind,
		LeftAt: e.LeftAt, FormerPost: e.FormerPost, JobRank: e.JobRank, AddressMasked: e.Address, Community: e.Community,
		Elsewhere: e.Elsewhere, Living: e.Living, HealthMasked: e.Health, Talents: e.Talents, Hobbies: e.Hobbies,
		TeamWish: e.TeamWish, Volunteer: e.Volunteer, CommunityRegistered: e.CommunityRegistered,
		FamilyContactMasked: e.FamilyContact, FamilyPhoneMasked: e.FamilyPhone, Smartphone: e.Smartphone,
		PhoneSharedWith: e.PhoneSharedWith, LiaisonName: e.LiaisonName, RemarkMasked: e.Remark,
		StatusAt: e.StatusAt, StatusNoteMasked: e.StatusNote,
		Contacts: viewContacts(e.Contacts), Columns: viewOwnValues(e.Own)}
}

// Columns are the writable columns of the sheet; absent ones stay as they are.
type Columns struct {
	Name                *string `json:"name,omitempty" maxLength:"30"`
	Sex                 *string `json:"sex,omitempty" maxLength:"1" doc:"男 or 女"`
	Ethnicity           *string `json:"ethnicity,omitempty" maxLength:"20"`
	Birth               *string `json:"birth,omitempty" maxLength:"10" doc:"YYYY-MM or YYYY-MM-DD"`
	IDNumber            *string `json:"id_number,omitempty" maxLength:"40"`
	Education           *string `json:"education,omitempty" maxLength:"40"`
	JoinedParty         *string `json:"joined_party,omitempty" maxLength:"10"`
	StartedWork         *string `json:"started_work,omitempty" maxLength:"10"`
	LeaveKind           *string `json:"leave_kind,omitempty" maxLength:"20"`
	LeftAt              *string `json:"left_at,omitempty" maxLength:"10"`
	FormerPost          *string `json:"former_post,omitempty" maxLength:"200"`
	JobRank             *string `json:"job_rank,omitempty" maxLength:"60"`
	PartyPost           *string `json:"party_post,omitempty" maxLength:"60"`
	Phone               *string `json:"phone,omitempty" maxLength:"40"`
	Address             *string `json:"address,omitempty" maxLength:"300"`
	Community           *string `json:"community,omitempty" maxLength:"100"`
	Elsewhere           *string `json:"elsewhere,omitempty" maxLength:"100"`
	Living              *string `json:"living,omitempty" maxLength:"40"`
	Health              *string `json:"health,omitempty" maxLength:"300"`
	Talents             *string `json:"talents,omitempty" maxLength:"200"`
	Hobbies             *string `json:"hobbies,omitempty" maxLength:"200"`
	TeamWish            *string `json:"team_wish,omitempty" maxLength:"200"`
	Volunteer           *string `json:"volunteer,omitempty" maxLength:"100"`
	CommunityRegistered *string `json:"community_registered,omitempty" maxLength:"100"`
	FamilyContact       *string `json:"family_contact,omitempty" maxLength:"100"`
	FamilyPhone         *string `json:"family_phone,omitempty" maxLength:"40"`
	Smartphone          *string `json:"smartphone,omitempty" maxLength:"60"`
	PhoneSharedWith     *string `json:"phone_shared_with,omitempty" maxLength:"60"`
	LiaisonName         *string `json:"liaison_name,omitempty" maxLength:"60"`
	Remark              *string `json:"remark,omitempty" maxLength:"700"`
}

// byKey gives the columns that the body names.
func (c Columns) byKey() map[string]string {
	out := map[string]string{}
	for key, v := range map[string]*string{
		"name": c.Name, "sex": c.Sex, "ethnicity": c.Ethnicity, "birth": c.Birth, "id_number": c.IDNumber,
		"education": c.Education, "joined_party": c.JoinedParty, "started_work": c.StartedWork, "leave_kind": c.LeaveKind,
		"left_at": c.LeftAt, "former_post": c.FormerPost, "job_rank": c.JobRank, "party_post": c.PartyPost,
		"phone": c.Phone, "address": c.Address, "community": c.Community, "elsewhere": c.Elsewhere, "living": c.Living,
		"health": c.Health, "talents": c.Talents, "hobbies": c.Hobbies, "team_wish": c.TeamWish, "volunteer": c.Volunteer,
		"community_registered": c.CommunityRegistered, "family_contact": c.FamilyContact, "family_phone": c.FamilyPhone,
		"smartphone": c.Smartphone, "phone_shared_with": c.PhoneSharedWith, "liaison_name": c.LiaisonName, "remark": c.Remark,
	} {
		if v != nil {
			out[key] = *v
		}
	}
	return out
}

func personRoutes(api huma.API, s *Service) {
	type filter struct {
		web.Paging
		Alliance web.ID `query:"alliance_id"`
		Unit     web.ID `query:"unit_id"`
		Status   string `query:"status" enum:"active,moved,deceased,suspended"`
		Query    string `query:"q" maxLength:"40" doc:"Name, pinyin, initials, a phone number or its last four digits"`
		Column   web.ID `query:"column_id" doc:"One of the committee's own columns: who has something in it, or what the following say. Such a page may be short before the last one"`
		Value    string `query:"column_value" maxLength:"60" doc:"Of choice and yes_no"`
		From     string `query:"column_from" maxLength:"20" doc:"Of number and date, included"`
		To       string `query:"column_to" maxLength:"20" doc:"Of number and date, included"`
		Blank    bool   `query:"column_blank" doc:"Who has nothing in it"`
	}
	route(api, op("listPersons", http.MethodGet, "/persons", "ledger", "Masked rows of the ledger"),
		func(ctx context.Context, who actor.Actor, in *filter) (page.List[Entry], error) {
			f := Filter{Alliance: in.Alliance.ID, Unit: in.Unit.ID, Status: Status(in.Status), Query: in.Query,
				Own: OwnAsk{Column: in.Column.ID, Value: in.Value, From: in.From, To: in.To, Blank: in.Blank}}
			return s.Persons(ctx, who, f, in.Page())
		}, func(l page.List[Entry]) page.List[PersonView] { return listOf(l, viewPerson) })
	type one struct {
		web.IDPath
		AsOf string `query:"as_of" maxLength:"10" doc:"YYYY-MM-DD: as the ledger held the row at the end of that day"`
	}
	route(api, op("getPerson", http.MethodGet, "/persons/{id}", "ledger", "One row, masked"),
		func(ctx context.Context, who actor.Actor, in *one) (Entry, error) {
			if in.AsOf != "" {
				return s.PersonAsOf(ctx, who, in.ID.ID, in.AsOf)
			}
			return s.Person(ctx, who, in.ID.ID)
		}, viewDetail)

	type newPerson struct {
		Body struct {
			UnitID   id.ID `json:"unit_id"`
			BranchID id.ID `json:"branch_id,omitempty"`
			SeqNo    int   `json:"seq_no,omitempty" minimum:"0" maximum:"1000000"`
			Columns
		}
	}
	route(api, created(op("createPerson", http.MethodPost, "/persons", "ledger", "Add a person to a unit")),
		func(ctx context.Context, who actor.Actor, in *newPerson) (Entry, error) {
			f := Fields{SeqNo: in.Body.SeqNo}
			given := in.Body.byKey()
			for _, c := range AllFields {
				*c.At(&f) = given[c.Key]
			}
			return s.CreatePerson(ctx, who, in.Body.UnitID, in.Body.BranchID, f)
		}, viewDetail)

	type personPatch struct {
		web.IDPath
		Body struct {
			UnitID   *id.ID  `json:"unit_id,omitempty"`
			BranchID *id.ID  `json:"branch_id,omitempty"`
			SeqNo    *int    `json:"seq_no,omitempty" minimum:"0" maximum:"1000000"`
			Status   *Status `json:"status,omitempty" doc:"active, moved, deceased or suspended"`

			Own map[id.ID]string `json:"own,omitempty" doc:"Of the committee's own columns, by id; an empty text clears one"`
			Columns
		}
	}
	route(api, op("updatePerson", http.MethodPatch, "/persons/{id}", "ledger", "Change columns, affiliation or status"),
		func(ctx context.Context, who actor.Actor, in *personPatch) (Entry, error) {
			b := in.Body
			return s.UpdatePerson(ctx, who, in.ID.ID, PersonChange{Unit: b.UnitID, Branch: b.BranchID, SeqNo: b.SeqNo,
				Status: b.Status, Fields: b.byKey(), Own: b.Own})
		}, viewDetail)

	type reveal struct {
		web.IDPath
		Body struct {
			Fields []string `json:"fields" nullable:"false" maxItems:"8" doc:"birth, id_number, phone, address, health, family_contact, family_phone, remark, status_note, contacts, contact.ID"`
			Reason string   `json:"reason" maxLength:"200"`
		}
	}
	route(api, op("revealPerson", http.MethodPost, "/persons/{id}/reveal", "ledger", "Show masked columns, with a reason"),
		func(ctx context.Context, who actor.Actor, in *reveal) (map[string]string, error) {
			return s.Reveal(ctx, who, in.ID.ID, in.Body.Fields, in.Body.Reason)
		}, func(m map[string]string) map[string]string { return m })
}
