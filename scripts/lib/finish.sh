# shellcheck shell=bash
# The end: what still runs is ended, what happened is told, nothing stays behind.
finish() {
	local rc=$? pid
	trap '' INT TERM HUP
	for pid in "${running[@]}"; do kill -- "-$pid" 2>/dev/null || true; done
	wait 2>/dev/null || true
	if [ $rc != 0 ] && awk '$2 { exit 1 }' "$tmp/result"; then echo "interrupted $rc 0" >>"$tmp/result"; fi
	summary
	stop_servers
	rm -rf "$tmp"
	exit $rc
}

summary() {
	printf '\n%-12s %8s\n' step seconds
	awk '{ printf "%-12s %8d %s\n", $1, $3, $2 ? "FAILED" : "ok" }' "$tmp/result"
	awk '{ $2 ? bad++ : good++ } END { printf "bense: %d passed, %d failed\n", good, bad }' "$tmp/result"
}
