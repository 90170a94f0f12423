package internal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// banned is what one of MySQL, MariaDB, TiDB, OceanBase and SQLite lacks or reads differently, and
// what takes a decision (ids, time) away from the application.
var banned = []struct {
	re  *regexp.Regexp
	why string
}{
	ban(`\bTRIGGER\b`, "triggers"),
	ban(`\b(CREATE|DROP|CALL)\s+(DEFINER\s*=\s*\S+\s+)?(PROCEDURE|FUNCTION|EVENT)\b`, "procedures, functions, events"),
	ban(`\bFULLTEXT\b|\bMATCH\s*\(|\bSPATIAL\b`, "FULLTEXT"),
	ban(`\bON\s+(DELETE|UPDATE)\s+(CASCADE|SET\s+(NULL|DEFAULT))\b`, "foreign-key cascades"),
	ban(`\b(GET|RELEASE|IS_FREE)_LOCK\b|\bLOCK\s+TABLES?\b`, "GET_LOCK"),
	ban(`\bFOR\s+SHARE\b|\bLOCK\s+IN\s+SHARE\s+MODE\b`, "FOR SHARE"),
	ban(`\bLOAD\s+DATA\b|\bINTO\s+(OUTFILE|DUMPFILE)\b`, "LOAD DATA"),
	ban(`\bFOR\s+UPDATE\s+OF\b`, "FOR UPDATE OF"),
	ban(`\bAS\s+new\b`, "INSERT … AS new"),
	ban(`\bINSERT\s+(IGNORE|LOW_PRIORITY|DELAYED|OR\s+\w+)\b|\bREPLACE\s+INTO\b`, "INSERT IGNORE and its like"),
	ban(`\bON\s+(DUPLICATE\s+KEY|CONFLICT)\b`, "an upsert of one dialect; clause.OnConflict speaks both"),
	ban(`\bRETURNING\b`, "RETURNING"),
	ban(`\bLATERAL\b|\bSTRAIGHT_JOIN\b|\bFULL\s+(OUTER\s+)?JOIN\b`, "LATERAL and rare joins"),
	ban(`\b(FORCE|USE|IGNORE)\s+INDEX\b`, "index hints"),
	ban(`utf8mb4_0900|utf8mb4_\w+_ci\b|\bCOLLATE\b|\bCHARACTER\s+SET\b|\bENGINE\s*=`, "table options; the database's collation is utf8mb4_bin"),
	ban(`\bAUTO_?INCREMENT\b|\bLAST_INSERT_(ID|ROWID)\b`, "AUTO_INCREMENT: ids come from the application"),
	ban(`\b(NOW|SYSDATE|CURDATE|CURTIME|UTC_TIMESTAMP|UTC_DATE|UNIX_TIMESTAMP|LOCALTIME)\s*\(|\bCURRENT_(TIMESTAMP|DATE|TIME)\b`, "the database's clock"),
	ban(`\b(DATE_FORMAT|DATE_ADD|DATE_SUB|DATEDIFF|STR_TO_DATE|CONVERT_TZ|TIMESTAMPDIFF|STRFTIME|DATETIME|JULIANDAY|YEAR|MONTH|QUARTER)\s*\([^3]`, "date functions: months and quarters are stored columns"),
	ban(`\bINTERVAL\s+\d`, "INTERVAL"),
	ban(`\|\||\bCONCAT(_WS)?\s*\(`, "concatenation: || is OR in MySQL"),
	ban(`\bIF\s*\(|\bIIF\s*\(|\bISNULL\s*\(|\bNVL\s*\(`, "IF(): CASE and COALESCE are portable"),
	ban(`\b(REGEXP|RLIKE|ILIKE|GLOB|SOUNDS\s+LIKE)\b`, "pattern operators but LIKE"),
	ban(`<=>|->>?\s*'|\bJSON_\w+\s*\(`, "JSON functions and <=>"),
	ban(`\bGROUP_CONCAT\b|\bSQL_CALC_FOUND_ROWS\b|\bFOUND_ROWS\b`, "functions of one dialect"),
	ban(`\bON\s+UPDATE\b|\bGENERATED\s+ALWAYS\b|\bUNSIGNED\b|\bZEROFILL\b|\bENUM\s*\(|\bTIMESTAMP\b`, "column kinds of one dialect"),
	ban(`\bDATETIME\b([^(]|$)|\bDATETIME\([^3]`, "times are DATETIME(3)"),
	ban(`\b(UPDATE\s+\w+\s+(AS\s+\w+\s+)?(INNER\s+|LEFT\s+)?JOIN|DELETE\s+\w+\s+FROM)\b`, "UPDATE and DELETE of several tables"),
	ban(`\bINDEX\s+\w+\s+ON\s+\w+\s*\([^;]*\(|\b(UNIQUE|KEY)\s*\w*\s*\(\s*\(`, "functional and prefix indexes"),
}

func ban(expr, why string) struct {
	re  *regexp.Regexp
	why string
} {
	return struct {
		re  *regexp.Regexp
		why string
	}{regexp.MustCompile(`(?i)` + expr), why}
}

var (
	quoted = regexp.MustCompile(`'(?:[^']|'')*'`)
	// A hint that only MySQL and its kin read; to SQLite it is a comment.
	hint      = regexp.MustCompile(`/\*! FORCE INDEX \(\w+\) \*/`)
	comment   = regexp.MustCompile(`(?m)--.*$`)
	statement = regexp.MustCompile(`(?is)^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|REPLACE|TRUNCATE|CALL|LOCK)\s+\S`)
	fileName  = regexp.MustCompile(`^(\d{14})_[a-z]+(_[a-z0-9]+)+\.sql$`)
	ddl       = regexp.MustCompile(`(?is)^(CREATE\s+TABLE|CREATE\s+(UNIQUE\s+)?INDEX|ALTER\s+TABLE|DROP\s+TABLE)\s+(\w+)`)
	keyName   = regexp.MustCompile(`(?i)\b(?:INDEX|CONSTRAINT)\s+(\w+)`)
)

// sqlFaults reads one piece of SQL.
func sqlFaults(where, sql string) []string {
	sql = hint.ReplaceAllString(sql, "")
	bare := quoted.ReplaceAllString(comment.ReplaceAllString(sql, ""), "''")
	var faults []string
	for _, b := range banned {
		if hit := b.re.FindString(bare); hit != "" {
			faults = append(faults, fmt.Sprintf("%s: %q: not portable: %s", where, hit, b.why))
		}
	}
	return faults
}

// codeFaults reads the SQL in the string literals of a Go file: all of them in a store, elsewhere
// those that look like a statement. It also names the habits of gorm that hide SQL.
func codeFaults(s source) []string {
	store := strings.HasPrefix(path.Base(s.path), "store")
	var faults []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && (store || statement.MatchString(text)) {
				text = strings.ReplaceAll(text, "autoIncrement:false", "") // gorm's word for an id of our own
				faults = append(faults, sqlFaults(fmt.Sprintf("%s:%d", s.path, s.line(n.Pos())), text)...)
			}
		case *ast.SelectorExpr:
			hidden := []string{"AutoMigrate", "Save", "Preload", "Association", "DeletedAt", "Unscoped", "FirstOrCreate", "FirstOrInit"}
			if store && slices.Contains(hidden, n.Sel.Name) {
				faults = append(faults, fmt.Sprintf("%s:%d: %s: stores name their columns and their joins", s.path, s.line(n.Pos()), n.Sel.Name))
			}
		case *ast.FuncDecl:
			hook := []string{"BeforeSave", "BeforeCreate", "BeforeUpdate", "BeforeDelete", "AfterSave", "AfterCreate", "AfterUpdate", "AfterDelete", "AfterFind"}
			if n.Recv != nil && slices.Contains(hook, n.Name.Name) {
				faults = append(faults, fmt.Sprintf("%s:%d: %s: no gorm hooks", s.path, s.line(n.Pos()), n.Name.Name))
			}
		}
		return true
	})
	return faults
}

// migrationFaults reads one migration file: its name, and one statement up, one or none down.
func migrationFaults(p, text string) []string {
	faults := sqlFaults(p, text)
	fault := func(format string, args ...any) { faults = append(faults, p+": "+fmt.Sprintf(format, args...)) }
	name := fileName.FindStringSubmatch(path.Base(p))
	if name == nil {
		fault("want YYYYMMDDhhmmss_verb_noun.sql")
	} else if _, err := time.Parse("20060102150405", name[1]); err != nil {
		fault("the name does not begin with a time")
	}
	head, rest, up := strings.Cut(text, "-- +goose Up")
	above, below, down := strings.Cut(rest, "-- +goose Down")
	if !up || !down || strings.TrimSpace(comment.ReplaceAllString(head, "")) != "" || strings.Contains(below, "-- +goose") || strings.Contains(above, "-- +goose") {
		fault("want one -- +goose Up and one -- +goose Down, nothing else of goose")
		return faults
	}
	do, undo := statements(above), statements(below)
	if len(do) != 1 || !ddl.MatchString(do[0]) {
		fault("want one DDL statement up, have %d", len(do))
		return faults
	}
	made := ddl.FindStringSubmatch(do[0])
	switch kind := strings.ToUpper(made[1]); {
	case strings.HasSuffix(kind, "INDEX"):
		if len(undo) != 0 && !slices.Equal(undo, []string{"SELECT 1"}) {
			fault("an index leaves with its table: Down is empty or SELECT 1")
		}
	case kind == "CREATE TABLE":
		if len(undo) != 1 || undo[0] != "DROP TABLE "+made[3] {
			fault("want DROP TABLE %s down", made[3])
		}
		if !regexp.MustCompile(`(?i)\bPRIMARY\s+KEY\b`).MatchString(do[0]) {
			fault("a table without a primary key")
		}
	}
	for _, key := range keyName.FindAllStringSubmatch(do[0], -1) {
		if !strings.HasPrefix(key[1], "ix_") && !strings.HasPrefix(key[1], "uq_") && !strings.HasPrefix(key[1], "ck_") {
			fault("%s: keys are called ix_, uq_ or ck_", key[1])
		}
	}
	return faults
}

// statements splits SQL at the semicolons that stand outside of quotes and comments.
func statements(sql string) []string {
	var out []string
	for _, s := range strings.Split(quoted.ReplaceAllString(comment.ReplaceAllString(sql, ""), "''"), ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestSQLIsPortable(t *testing.T) {
	for p, text := range texts(t, "server/migrations", ".sql") {
		report(t, migrationFaults(p, text))
	}
	for _, s := range goSources(t) {
		if !s.test() {
			report(t, codeFaults(s))
		}
	}
}

func TestMigrationTimesAreDistinct(t *testing.T) {
	seen := map[string]string{}
	for p := range texts(t, "server/migrations", ".sql") {
		at := strings.SplitN(path.Base(p), "_", 2)[0]
		if other, twice := seen[at]; twice {
			t.Errorf("%s and %s claim the same time", p, other)
		}
		seen[at] = p
	}
}
