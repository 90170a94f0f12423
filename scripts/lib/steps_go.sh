# shellcheck shell=bash
# The steps of the Go half.
step_vet() {
	local bad
	bad=$(gofmt -l server)
	[ -z "$bad" ] || { say "gofmt would change: $bad"; return 1; }
	go vet ./server/...
}

go_test() { CGO_ENABLED=1 go test -vet=off -race -shuffle=on -timeout 15m "$@"; }

# db_packages: those whose tests open a database.
db_packages() {
	go list -f '{{.ImportPath}} {{join .TestImports " "}} {{join .XTestImports " "}}' ./server/... |
		awk '/ [^ ]*\/(testdb|testkit|app|tour)( |$)/ { print $1 }'
}

step_go() {
	unset TEST_MYSQL_DSN TEST_REDIS_URL
	go_test ./server/...
}

on_server() { # on_server URL
	local packages
	packages=$(db_packages)
	[ -n "$packages" ] || { say "no test opens a database"; return 1; }
	# One package at a time: each has a WeChat of its own, whose token would meet the others' in Redis.
	# shellcheck disable=SC2086 # a list of packages
	TEST_MYSQL_DSN=$1/ TEST_REDIS_URL=$redis_url go_test -p 1 $packages
}

step_go_mariadb() {
	. "$tmp/env"
	on_server "$mariadb_url"
}

step_go_mysql() {
	. "$tmp/env"
	if [ -z "${mysql_url:-}" ]; then say "not run: no real MySQL"; else on_server "$mysql_url"; fi
}
