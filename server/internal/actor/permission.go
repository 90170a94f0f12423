package actor

// Permission is one thing that somebody may do.
type Permission string

// Permissions, each with the reach that every role has.
const (
	SeeOrg         Permission = "see_org"         // committee, units, branches, alliances
	EditOrg        Permission = "edit_org"        // found and change them
	EditDesk       Permission = "edit_desk"       // venue and contact of a unit
	FillSurvey     Permission = "fill_survey"     // how the branch of a unit stands
	SeeTotals      Permission = "see_totals"      // how many there are, of a committee
	SeePerson      Permission = "see_person"      // masked ledger rows
	EditPerson     Permission = "edit_person"     // ledger rows, proposals
	RevealPerson   Permission = "reveal_person"   // one masked field with a reason, audited
	ImportLedger   Permission = "import_ledger"   // preview and commit
	ExportLedger   Permission = "export_ledger"   // files of it, masked without RevealPerson
	GrantRole      Permission = "grant_role"      // give and take roles
	ConfirmClaim   Permission = "confirm_claim"   // binding codes, claims
	IssueCards     Permission = "issue_cards"     // member cards: issue, print, reissue, revoke
	SeeActivity    Permission = "see_activity"    // and its notice
	RunActivity    Permission = "run_activity"    // create, change, cancel
	Answer         Permission = "answer"          // 参加/请假, for oneself or on behalf
	SeeAnswers     Permission = "see_answers"     // who answered what
	WriteNotice    Permission = "write_notice"    // draft, publish, remind, card
	ApproveNotice  Permission = "approve_notice"  // of others, before it goes out
	SeeDelivery    Permission = "see_delivery"    // timeline, readers
	CallMembers    Permission = "call_members"    // call list with numbers
	CheckInSelf    Permission = "check_in_self"   // a member's own phone
	CheckInOthers  Permission = "check_in_others" // the door: scan, roster, venue code
	SeeAttendance  Permission = "see_attendance"  // sheet and page
	AnnulAnyRecord Permission = "annul_any"       // later than the recorder's own time
	SeeElection    Permission = "see_election"    // candidates, figures once counted
	SeeTurnout     Permission = "see_turnout"     // how many have voted, never what
	RunElection    Permission = "run_election"    // nominate, open, count, confirm, hand over
	Vote           Permission = "vote"            // for oneself or for family
	TakePaper      Permission = "take_paper"      // hand paper ballots out and enter them
	ErasePerson    Permission = "erase_person"    // on the person's request, for good
	SeeAudit       Permission = "see_audit"       // who did what, and the export of it
)

// level says over which part of a grant's place a permission reaches.
type level int

const (
	nothing level = iota
	overPerson
	overUnit
	overAlliance
	overCommittee
)

// reach is the whole table of who may do what. A liaison keeps the rows of the own unit, but at
// the door meets everybody of the alliance.
var reach = map[Role]map[Permission]level{
	Member: {
		SeeOrg: overAlliance, SeePerson: overPerson, SeeActivity: overAlliance,
		Answer: overPerson, CheckInSelf: overPerson, SeeElection: overAlliance, Vote: overPerson,
	},
	Head: {
		SeeOrg: overAlliance, SeePerson: overAlliance, ExportLedger: overAlliance, SeeActivity: overAlliance,
		RunActivity: overAlliance, Answer: overAlliance, SeeAnswers: overAlliance,
		WriteNotice: overAlliance, SeeDelivery: overAlliance, CallMembers: overAlliance,
		CheckInOthers: overAlliance, SeeAttendance: overAlliance, AnnulAnyRecord: overAlliance,
		SeeElection: overAlliance, SeeTurnout: overAlliance, IssueCards: overAlliance,
	},
	Liaison: {
		SeeOrg: overAlliance, SeePerson: overUnit, EditPerson: overUnit, RevealPerson: overUnit, ExportLedger: overUnit,
		EditDesk: overUnit, FillSurvey: overUnit, ConfirmClaim: overUnit, SeeActivity: overAlliance, Answer: overUnit, SeeAnswers: overUnit,
		SeeDelivery: overUnit, CallMembers: overUnit, CheckInOthers: overAlliance,
		SeeAttendance: overAlliance, SeeElection: overAlliance, SeeTurnout: overAlliance, TakePaper: overUnit, IssueCards: overUnit,
	},
	LeadStaff: {
		SeeOrg: overAlliance, EditDesk: overAlliance, FillSurvey: overAlliance, SeePerson: overAlliance, EditPerson: overAlliance,
		RevealPerson: overAlliance, ExportLedger: overAlliance, ConfirmClaim: overAlliance, GrantRole: overAlliance,
		SeeActivity: overAlliance, RunActivity: overAlliance, Answer: overAlliance,
		SeeAnswers: overAlliance, WriteNotice: overAlliance, ApproveNotice: overAlliance, SeeDelivery: overAlliance,
		CallMembers: overAlliance, CheckInOthers: overAlliance, SeeAttendance: overAlliance,
		AnnulAnyRecord: overAlliance, SeeElection: overAlliance, SeeTurnout: overAlliance,
		RunElection: overAlliance, TakePaper: overAlliance, IssueCards: overAlliance,
	},
	CommitteeStaff: {
		SeeOrg: overCommittee, EditOrg: overCommittee, EditDesk: overCommittee, FillSurvey: overCommittee, SeePerson: overCommittee,
		EditPerson: overCommittee, RevealPerson: overCommittee, ImportLedger: overCommittee, ExportLedger: overCommittee,
		GrantRole: overCommittee, ConfirmClaim: overCommittee, SeeActivity: overCommittee,
		RunActivity: overCommittee, Answer: overCommittee, SeeAnswers: overCommittee,
		WriteNotice: overCommittee, ApproveNotice: overCommittee, SeeDelivery: overCommittee, CallMembers: overCommittee,
		CheckInOthers: overCommittee, SeeAttendance: overCommittee, AnnulAnyRecord: overCommittee,
		SeeElection: overCommittee, SeeTurnout: overCommittee, RunElection: overCommittee, TakePaper: overCommittee,
		ErasePerson: overCommittee, IssueCards: overCommittee,
		SeeAudit: overCommittee, SeeTotals: overCommittee,
	},
	Viewer: {SeeOrg: overCommittee, SeeTotals: overCommittee},
}
