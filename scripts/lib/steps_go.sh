# shellcheck shell=bash
# The steps of the Go half.
step_vet() {
	local bad
	bad=$(gofmt -l server)
	[ -z "$bad" ] || { say "gofmt would change: $bad"; return 1; }
	go vet -tags faults ./server/... # with the tests that need servers
}

go_test() { go test -vet=off -shuffle=on -timeout 40m "$@"; }

# db_packages: those whose tests open a database.
db_packages() {
	go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./server/... |
		awk '/ [^ ]*\/(testdb|testkit|app|tour)( |$)/ { print $1 }'
}

# On the embedded parts. The race detector watches on MariaDB instead: SQLite is Go code here, and ten times
# as slow under it.
step_go() {
	unset TEST_MYSQL_DSN TEST_REDIS_URL
	go_test ./server/...
}
