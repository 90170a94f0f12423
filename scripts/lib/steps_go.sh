# shellcheck shell=bash
# The steps of the Go half.
step_tools() {
	need_packages gcc="gcc libc6-dev" mariadbd=mariadb-server-core redis-server=redis-server \
		chromium=chromium /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk \
		debootstrap=debootstrap /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
}

step_servers() {
	start_redis
	start_mariadb
	if fetch_mysql; then start_mysql; elif [ "${CI:-}" = true ]; then return 1; fi
}

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
		awk '/\/(testdb|testkit|app|tour)( |$)/ { print $1 }'
}

step_go() { env -u TEST_MYSQL_DSN -u TEST_REDIS_URL bash -c "$(declare -f go_test); go_test ./server/..."; }

on_server() { # on_server URL
	local packages
	mapfile -t packages < <(db_packages)
	[ ${#packages[@]} -gt 0 ] || { say "no test opens a database"; return 1; }
	TEST_MYSQL_DSN=$1/ TEST_REDIS_URL=$redis_url go_test "${packages[@]}"
}

step_go_mariadb() { . "$tmp/env" && on_server "$mariadb_url"; }
step_go_mysql() { . "$tmp/env" && if [ -n "${mysql_url:-}" ]; then on_server "$mysql_url"; else say "not run: no real MySQL"; fi; }
