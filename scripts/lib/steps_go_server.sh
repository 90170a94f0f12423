# shellcheck shell=bash
# The Go tests that open a database, on servers.
# on_server URL [FLAG…]: each package has a WeChat of its own, whose token would meet the others' in one Redis.
on_server() {
	local packages url=$1
	shift
	packages=$(db_packages)
	[ -n "$packages" ] || { say "no test opens a database"; return 1; }
	cat >"$tmp/own-redis" <<-'END'
		#!/usr/bin/env bash
		set -e
		n=$(flock "$0" bash -c 'n=$(($(cat "$0.count" 2>/dev/null || echo 1) + 1)); echo $n | tee "$0.count"' "$0")
		TEST_REDIS_URL=$TEST_REDIS_URL/$n exec "$@"
	END
	chmod +x "$tmp/own-redis"
	# shellcheck disable=SC2086 # a list of packages
	TEST_MYSQL_DSN=$url/ TEST_REDIS_URL=$redis_url go_test -exec "$tmp/own-redis" "$@" $packages
}

# With the race detector, and with it the packages that open no database.
step_go_mariadb() {
	local rest
	. "$tmp/env"
	export CGO_ENABLED=1
	rest=$(comm -23 <(go list ./server/... | sort) <(db_packages | sort))
	# shellcheck disable=SC2086 # a list of packages
	go_test -race $rest
	on_server "$mariadb_url" -race
}

step_go_mysql() {
	. "$tmp/env"
	if [ -z "${mysql_url:-}" ]; then say "not run: no real MySQL"; else on_server "$mysql_url"; fi
}
