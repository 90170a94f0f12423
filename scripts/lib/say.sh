# shellcheck shell=bash
# What every script says, and how it gives up.
say() { printf '%s\n' "$*"; }
note() { printf '  · %s\n' "$*"; }
die() {
	printf '✗ %s\n' "$*" >&2
	exit 1
}

# quietly DIR COMMAND…: its output is shown only when it fails.
quietly() {
	mkdir -p "$cache"
	(cd "$1" && "${@:2}" </dev/null >"$cache/build.log" 2>&1) || { cat "$cache/build.log" >&2; return 1; }
}
