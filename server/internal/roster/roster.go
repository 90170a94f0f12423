// Package roster imports ledgers as people keep them: workbooks and text tables with titles, merged
// cells, many spellings and mistakes. A preview says what would happen to every row; the commit does
// it in one transaction.
package roster

import (
	"time"

	"bense/server/internal/errs"
	"bense/server/internal/id"
)

// Limits of a file. A county's ledger is far below all of them.
const (
	MaxBytes = 20 << 20 // of the file

	maxUnzipped = 64 << 20
	maxParts    = 2000
	maxSheets   = 100
	maxRows     = 50_000
	maxColumns  = 512
	maxCells    = 1_500_000 // of all sheets, empty ones counted
	maxText     = 4000      // bytes of one cell that are read
	maxTotal    = 48 << 20  // bytes of all cells that are read
)

// State of an import.
type State string

// States; a discarded preview is gone.
const (
	Reading   State = "reading" // in the background
	Failed    State = "failed"  // could not be read; its job says why
	Previewed State = "preview"
	Committed State = "committed"
	Undone    State = "undone"
)

// Import is one file that came in.
type Import struct {
	ID          id.ID
	CommitteeID id.ID
	FileName    string
	State       State
	Report      Report
	CreatedAt   time.Time
	CommittedAt time.Time // zero before the commit
	UndoneAt    time.Time // zero unless it was undone
	CreatedBy   id.ID
	Job         id.ID // the last work in the background; zero: none
}

// Report says what a file holds, compared with the database. Of a committed import it says what the
// commit did.
type Report struct {
	// in the database after the commit
	Alliances, Units, Branches, Persons int
	// persons of the file
	New, Changed, Same int
	// rows
	RepeatedRows int       // name a person that an earlier row of the file named
	Refused      []Problem // one for each row that does not get in
	Warnings     []Problem // about rows that do
	// deaths and moves that remarks hint at and nobody has decided yet
	Proposals int
	Skipped   []SkippedSheet
	Ignored   []Problem  // columns that mean nothing to us
	Asked     []Question `json:",omitempty"` // about them
	Conflicts int        `json:",omitempty"` // persons whose rows contradict each other
	SamePhone int        `json:",omitempty"` // persons whose new telephone somebody else has
	Kept      int        `json:",omitempty"` // persons that the clerk left as they are, or out
	Newer     int        `json:",omitempty"` // persons of whom something stays as somebody wrote it after the preview
	Restored  int        `json:",omitempty"` // persons that the undo changed back
	Removed   int        `json:",omitempty"` // persons that the undo took out again
	Refusals  int        `json:",omitempty"` // what the undo left alone
}

// Problem points at a cell and says in Chinese what is wrong with it.
type Problem struct {
	Sheet  string
	Row    int    // as the spreadsheet counts; 0: the sheet as a whole
	Cell   string // D118; empty without a column
	Column string // its title on the sheet
	Value  string // as it stands there, shortened
	Reason string
}

// SkippedSheet is a sheet without persons.
type SkippedSheet struct{ Sheet, Reason string }

// Errors of this package.
var (
	ErrEmpty      = errs.New(errs.Invalid, "roster.empty", "文件是空的，请重新选择台账文件")
	ErrTooLarge   = errs.New(errs.TooLarge, "roster.too_large", "文件太大，一次最多导入 20 MB，请按联盟分开导入")
	ErrBomb       = errs.New(errs.Invalid, "roster.too_big_inside", "文件展开后过大，不像正常的台账，没有导入")
	ErrTooManyRow = errs.New(errs.Invalid, "roster.too_many_rows", "行数太多，一次最多导入 5 万行，请按联盟分开导入")
	ErrTooWide    = errs.New(errs.Invalid, "roster.too_wide", "列数太多，不像正常的台账，没有导入")
	ErrOldExcel   = errs.New(errs.Invalid, "roster.old_excel", "这是旧版 .xls 表格，请用 Excel 或 WPS 打开后另存为 .xlsx 再导入")
	ErrEncrypted  = errs.New(errs.Invalid, "roster.encrypted", "这份表格设了打开密码，请先取消密码再导入")
	ErrNoTable    = errs.New(errs.Invalid, "roster.not_a_table", "这不是表格文件，请选择 .xlsx 或 .csv 台账")
	ErrBroken     = errs.New(errs.Invalid, "roster.broken", "表格文件已损坏，打不开，请重新保存一份再导入")
	ErrNoSheet    = errs.New(errs.Invalid, "roster.no_sheet", "这份表格里没有工作表")
	ErrNoHeader   = errs.New(errs.Invalid, "roster.no_header", "没有找到表头，表头行里要有“姓名”和身份证号、单位等列名")
	ErrEncoding   = errs.New(errs.Invalid, "roster.encoding", "文字编码无法识别，请另存为 UTF-8 或 GBK 编码的 .csv")
	ErrReading    = errs.New(errs.Conflict, "roster.reading", "文件还在读取，请等它读完")
	ErrNotCommit  = errs.New(errs.Conflict, "roster.not_committed", "这份台账还没有导入，或者已经撤销过了")
	ErrNoJournal  = errs.New(errs.Conflict, "roster.no_journal", "这次导入的修改记录已经清除（里面有按本人要求删除的资料），不能再整体撤销，请在台账里逐项改回")
	ErrUndo       = errs.New(errs.Conflict, "roster.undo_conflicts", "导入之后有人改过其中的资料，请先看清单，再决定是否撤销其余部分")
	ErrNoItem     = errs.New(errs.Invalid, "roster.no_such_item", "预览里没有这一行，请刷新后再选")
	ErrCommitted  = errs.New(errs.Conflict, "roster.committed", "这份台账已经导入过了，不用再导入一次")
)
