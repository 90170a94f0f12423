package actor

// Permission is one thing that somebody may do.
type Permission string

// Permissions, each with the reach that every role has.
const (
	SeeOrg         Permission = "see_org"         // committee, units, branches, alliances
	EditOrg        Permission = "edit_org"        // found and change them
	SeePerson      Permission = "see_person"      // masked ledger rows
	EditPerson     Permission = "edit_person"     // ledger rows, proposals
	RevealPerson   Permission = "reveal_person"   // one masked field with a reason, audited
	ImportLedger   Permission = "import_ledger"   // preview and commit
	GrantRole      Permission = "grant_role"      // give and take roles
	ConfirmClaim   Permission = "confirm_claim"   // binding codes, claims, cards
	SeeActivity    Permission = "see_activity"    // and its notice
	RunActivity    Permission = "run_activity"    // create, change, cancel
	Answer         Permission = "answer"          // 参加/请假, for oneself or on behalf
	SeeAnswers     Permission = "see_answers"     // who answered what
	WriteNotice    Permission = "write_notice"    // draft, publish, remind, card
	SeeDelivery    Permission = "see_delivery"    // timeline, readers
	CallMembers    Permission = "call_members"    // call list with numbers
	CheckInSelf    Permission = "check_in_self"   // a member's own phone
	CheckInOthers  Permission = "check_in_others" // the door: scan, roster, venue code
	SeeAttendance  Permission = "see_attendance"  // sheet and page
	AnnulAnyRecord Permission = "annul_any"       // later than the recorder's own time
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
		Answer: overPerson, CheckInSelf: overPerson,
	},
	Head: {
		SeeOrg: overAlliance, SeePerson: overAlliance, SeeActivity: overAlliance,
		RunActivity: overAlliance, Answer: overAlliance, SeeAnswers: overAlliance,
		WriteNotice: overAlliance, SeeDelivery: overAlliance, CallMembers: overAlliance,
		CheckInOthers: overAlliance, SeeAttendance: overAlliance, AnnulAnyRecord: overAlliance,
	},
	Liaison: {
		SeeOrg: overAlliance, SeePerson: overUnit, EditPerson: overUnit, RevealPerson: overUnit,
		ConfirmClaim: overUnit, SeeActivity: overAlliance, Answer: overUnit, SeeAnswers: overUnit,
		SeeDelivery: overUnit, CallMembers: overUnit, CheckInOthers: overAlliance,
		SeeAttendance: overAlliance,
	},
	LeadStaff: {
		SeeOrg: overAlliance, SeePerson: overAlliance, EditPerson: overAlliance,
		RevealPerson: overAlliance, ConfirmClaim: overAlliance, GrantRole: overAlliance,
		SeeActivity: overAlliance, RunActivity: overAlliance, Answer: overAlliance,
		SeeAnswers: overAlliance, WriteNotice: overAlliance, SeeDelivery: overAlliance,
		CallMembers: overAlliance, CheckInOthers: overAlliance, SeeAttendance: overAlliance,
		AnnulAnyRecord: overAlliance,
	},
	CommitteeStaff: {
		SeeOrg: overCommittee, EditOrg: overCommittee, SeePerson: overCommittee,
		EditPerson: overCommittee, RevealPerson: overCommittee, ImportLedger: overCommittee,
		GrantRole: overCommittee, ConfirmClaim: overCommittee, SeeActivity: overCommittee,
		RunActivity: overCommittee, Answer: overCommittee, SeeAnswers: overCommittee,
		WriteNotice: overCommittee, SeeDelivery: overCommittee, CallMembers: overCommittee,
		CheckInOthers: overCommittee, SeeAttendance: overCommittee, AnnulAnyRecord: overCommittee,
	},
}
