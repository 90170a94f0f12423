# shellcheck shell=bash
# The whole thread through the API: the same figures on every database.
ledgers() { find "$PWD/server" -name 'ledger-*.xlsx' | sort; }

# tour_once FILE NAME ARG…: the figures into FILE, without the time that it took.
tour_once() {
	local to=$1 ledger=$2
	shift 2
	"$bense" tour --ledger "$ledger" --json "$@" | tee "$to.log" | tail -n 1 >"$to"
	node -e '
		const f = JSON.parse(require("fs").readFileSync(process.argv[1]))
		console.log(JSON.stringify(f))
		if (!f.ok) process.exit(1)
		delete f.seconds
		require("fs").writeFileSync(process.argv[1], JSON.stringify(f))' "$to"
}

step_tour() {
	local ledger
	build_server
	for ledger in $(ledgers); do tour_once "$tmp/$(basename "$ledger" .xlsx).sqlite" "$ledger"; done
}

step_tour_server() {
	local ledger name
	. "$tmp/env"
	build_server
	for ledger in $(ledgers); do
		name=$(basename "$ledger" .xlsx)
		tour_once "$tmp/$name.server" "$ledger" --database "$mariadb_url/bense_tour_${name#ledger-}" --redis "$redis_url/1"
		[ ! -e "$tmp/$name.sqlite" ] || diff "$tmp/$name.sqlite" "$tmp/$name.server"
	done
}
