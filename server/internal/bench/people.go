package bench

import (
	"cmp"
	"context"
	crand "crypto/rand"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"bense/server/internal/crypt"
	"bense/server/internal/db"
	"bense/server/internal/id"
	"bense/server/internal/ledger"
)

// How an invented province looks: one committee with a tenth of all persons, the others alike.
const (
	committees   = 91
	perUnit      = 25
	perAlliance  = 6
	sealedValues = 64 // different ones of each sealed column; opening does not get cheaper by it
)

// surnames with how many of a thousand bear them, as the census has it; the rest share what is left.
var surnames = strings.Fields("王72 李71 张68 刘54 陈45 杨31 黄22 赵22 吴21 周20 徐17 孙15 马14 朱13 胡13 郭12 何11 林11 高10 罗10 郑9 梁9 谢8 宋8 唐7 " +
	"许7 韩7 邓6 冯6 曹6 彭6 曾6 肖6 田6 董5 潘5 袁5 蔡5 蒋5 余5 于5 杜5 叶5 程5 魏5 苏5 吕5 丁4 任4 卢4 姚4 沈4 钟4 姜4 崔4 谭4 陆4 范4 汪4 廖4 石4 " +
	"金3 韦3 贾3 夏3 付3 方3 邹3 熊3 白3 孟3 秦3 邱3 侯3 江3 尹3 薛3 阎3 段3 雷3 龙2 黎2 史2 陶2 贺2 毛2 郝2 顾2 龚2 邵2 万2 覃2 武2 钱2 戴2 严2 欧阳1")

const firsts, seconds = "建国爱志文玉秀桂淑德永春庆振明光新立福长金学华兴卫红世宝凤素", "国华军民生明平英兰珍芳荣强林山海峰芝云霞琴香梅贞义忠良才祥安民发成贵友元庆文武东"

// Province is what Populate made.
type Province struct {
	Large, Small id.ID // committees: the one with a tenth of all, and another
	Unit         id.ID // of the large one
	Alliance     id.ID // that the unit is in
	Persons      []id.ID
	Phone, Last4 string // somebody's number
	largePersons int
}

type filler struct {
	root     *sql.DB
	database string
	box      *crypt.Box
	ids      *id.Source
	r        *rand.Rand
	names    []string // surnames, as often as they occur
	sealed   map[string][][]byte
	last4    [10000][]byte
	now      db.Time
}

// Populate writes an invented province of n persons straight into the schema, with the terms by which
// the service finds them. What is sealed is sealed, so that a search pays for opening it.
func Populate(ctx context.Context, d *db.DB, root *sql.DB, database, master string, n int, say func(string, ...any)) (*Province, error) {
	key, err := crypt.ParseKey(master)
	if err != nil {
		return nil, err
	}
	box, err := crypt.New(key)
	if err != nil {
		return nil, err
	}
	f := &filler{root: root, database: database, box: box, ids: id.NewSource(id.MaxNode, time.Now), r: rand.New(rand.NewPCG(20261127, 7)),
		sealed: map[string][][]byte{}, now: db.At(time.Now())}
	f.prepare()
	again, err := f.dropIndexes(ctx, "persons", "person_terms")
	if err != nil {
		return nil, err
	}
	for _, q := range []string{"SET GLOBAL innodb_flush_log_at_trx_commit = 2", "SET GLOBAL unique_checks = 0"} {
		if _, err := root.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	p := &Province{}
	for c := range committees {
		share := (n - n/10) / (committees - 1)
		if c == 0 {
			share = n / 10
		}
		if err := f.committee(ctx, p, c, share); err != nil {
			return nil, err
		}
		if c%15 == 14 {
			say("%d persons", len(p.Persons))
		}
	}
	for _, q := range append(again, "SET GLOBAL innodb_flush_log_at_trx_commit = 1", "SET GLOBAL unique_checks = 1",
		"ANALYZE TABLE "+database+".persons, "+database+".person_terms, "+database+".units") {
		if _, err := root.ExecContext(ctx, q); err != nil {
			return nil, fmt.Errorf("%s: %w", q, err)
		}
	}
	return p, nil
}

func (f *filler) prepare() {
	for _, s := range surnames {
		name := strings.TrimRight(s, "0123456789")
		times := 1
		fmt.Sscan(s[len(name):], &times)
		for range times {
			f.names = append(f.names, name)
		}
	}
	for column, text := range map[string]string{"id_number": "370599194312060047", "phone": "19900000000", "address": "幸福家园12号楼3单元501", "health": "高血压，长期服药",
		"family_contact": "王女士（女儿）", "family_phone": "19911112222", "remark": "行动不便，活动时请照顾"} {
		for range sealedValues {
			f.sealed[column] = append(f.sealed[column], f.box.SealString(text, "persons."+column))
		}
	}
	for i := range f.last4 {
		f.last4[i] = f.box.Hash("phone_last4", fmt.Sprintf("%04d", i))
	}
}

// dropIndexes takes the secondary indexes of tables away and gives what makes them again, which is
// quicker at the end, all rows sorted.
func (f *filler) dropIndexes(ctx context.Context, tables ...string) (again []string, err error) {
	rows, err := f.root.QueryContext(ctx, "SELECT table_name, index_name, column_name FROM information_schema.statistics "+
		"WHERE table_schema = ? AND index_name <> 'PRIMARY' AND non_unique = 1 ORDER BY table_name, index_name, seq_in_index", f.database)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, drop := map[[2]string][]string{}, map[string][]string{}
	for rows.Next() {
		var index [2]string
		var column string
		if err := rows.Scan(&index[0], &index[1], &column); err != nil {
			return nil, err
		}
		if !slices.Contains(tables, index[0]) {
			continue
		}
		if columns[index] == nil {
			drop[index[0]] = append(drop[index[0]], "DROP INDEX "+index[1])
		}
		columns[index] = append(columns[index], column)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	add := map[string][]string{}
	for index, list := range columns {
		add[index[0]] = append(add[index[0]], "ADD INDEX "+index[1]+" ("+strings.Join(list, ", ")+")")
	}
	for table, list := range drop {
		if _, err := f.root.ExecContext(ctx, "ALTER TABLE "+f.database+"."+table+" "+strings.Join(list, ", ")); err != nil {
			return nil, err
		}
		again = append(again, "ALTER TABLE "+f.database+"."+table+" "+strings.Join(add[table], ", "))
	}
	return again, nil
}

func (f *filler) insert(ctx context.Context, into string, n int, row func(int) []any) error {
	return (&County{sql: f.root}).insert(ctx, f.database+"."+into, n, row)
}

// term is a row of person_terms.
type term struct {
	ledger.Term
	person id.ID
}

// committee makes one committee with its units and alliances.
func (f *filler) committee(ctx context.Context, p *Province, no, persons int) error {
	committee := f.ids.New()
	if err := f.insert(ctx, "committees (id, name, created_at)", 1, func(int) []any { return []any{committee, fmt.Sprintf("第%d县委老干部局", no), f.now} }); err != nil {
		return err
	}
	n := max(1, persons/perUnit)
	units, alliances := make([]id.ID, n), make([]id.ID, (n+perAlliance-1)/perAlliance)
	for i := range alliances {
		alliances[i] = f.ids.New()
	}
	for i := range units {
		units[i] = f.ids.New()
	}
	err := f.insert(ctx, "alliances (id, committee_id, name, created_at, updated_at)", len(alliances),
		func(i int) []any {
			return []any{alliances[i], committee, fmt.Sprintf("第%d离退休干部党建联盟", i), f.now, f.now}
		})
	if err == nil {
		err = f.insert(ctx, "units (id, committee_id, alliance_id, name, created_at, updated_at)", n,
			func(i int) []any {
				return []any{units[i], committee, alliances[i/perAlliance], fmt.Sprintf("第%d局", i), f.now, f.now}
			})
	}
	if err == nil {
		err = f.insert(ctx, "branches (id, unit_id, name, created_at)", n,
			func(i int) []any {
				return []any{units[i], units[i], fmt.Sprintf("第%d局离退休干部党支部", i), f.now}
			})
	}
	if err != nil {
		return err
	}
	switch no {
	case 0:
		p.Large, p.Unit, p.Alliance, p.largePersons = committee, units[n/2], alliances[n/2/perAlliance], persons
	case committees / 2:
		p.Small = committee
	}
	var terms []term
	mine := make([]id.ID, persons)
	err = f.insert(ctx, "persons (id, unit_id, branch_id, seq_no, name, pinyin, initials, sex, birth, id_number_enc, id_number_hash, phone_enc, phone_hash, phone_last4_hash, "+
		"address_enc, health_enc, family_contact_enc, family_phone_enc, remark_enc, status, version, created_at, updated_at)", persons, func(i int) []any {
		mine[i] = f.ids.New()
		name := f.name()
		for _, t := range ledger.MarkedTerms(name) {
			terms = append(terms, term{t, mine[i]})
		}
		pinyin, initials := ledger.Pinyin(name)
		number := f.r.IntN(10_000)
		phone := fmt.Sprintf("199%04d%04d", f.r.IntN(10_000), number)
		if no == 0 && i == persons/2 {
			p.Phone, p.Last4 = phone, phone[7:]
		}
		one := func(column string) []byte { return f.sealed[column][f.r.IntN(sealedValues)] }
		return []any{mine[i], units[i%n], units[i%n], i/n + 1, name, pinyin, initials, "男", "1948-03-05", one("id_number"), random32(), one("phone"),
			f.box.Hash("phone", phone), f.last4[number], one("address"), one("health"), one("family_contact"), one("family_phone"), one("remark"), f.status(), 1, f.now, f.now}
	})
	if err != nil {
		return err
	}
	p.Persons = append(p.Persons, mine...)
	slices.SortFunc(terms, func(a, b term) int { return cmp.Or(strings.Compare(a.Text, b.Text), cmp.Compare(a.person, b.person)) })
	for part := range slices.Chunk(terms, 100*rowsOnce) {
		if err := f.insert(ctx, "person_terms (committee_id, term, person_id, counts_from)", len(part),
			func(i int) []any { return []any{committee, part[i].Text, part[i].person, part[i].CountsFrom} }); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) name() string {
	name := f.names[f.r.IntN(len(f.names))]
	first, second := []rune(firsts), []rune(seconds)
	name += string(first[f.r.IntN(len(first))])
	if f.r.IntN(100) < 85 {
		name += string(second[f.r.IntN(len(second))])
	}
	return name
}

// status is as in a ledger that was kept for some years.
func (f *filler) status() ledger.Status {
	switch n := f.r.IntN(1000); {
	case n < 80:
		return ledger.Deceased
	case n < 120:
		return ledger.Moved
	case n < 121:
		return ledger.Suspended
	}
	return ledger.Active
}

func random32() []byte {
	b := make([]byte, 32)
	crand.Read(b) // never fails (crypto/rand)
	return b
}
