#!/usr/bin/env bash
# Measures on servers of its own: ./scripts/bench.sh [check-in|ledger|notice|all] [--json] [--quick] [--full] [--goal N]… [--rows N] [--profile DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
for lib in say need apt build; do . "scripts/lib/$lib.sh"; done

# PocketBase is a side of comparison, no dependency of ours: built once, outside of the tree. As it
# comes, a commit need not be on disk (synchronous NORMAL); it is held to what we promise.
tools=${BENSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bense}/bench
version=v0.36.8
pocketbase=$tools/pocketbase-$version-full
build_pocketbase() {
	local src=$tools/src
	(cd "$tools" && GOFLAGS=-mod=mod GOBIN=$tools go install github.com/pocketbase/pocketbase/examples/base@$version) || return 1
	rm -rf "$src" && cp -r "$(go env GOMODCACHE)/github.com/pocketbase/pocketbase@$version" "$src" && chmod -R u+w "$src" || return 1
	grep -q 'synchronous(NORMAL)' "$src/core/db_connect.go" || return 1
	sed -i 's/synchronous(NORMAL)/synchronous(FULL)/' "$src/core/db_connect.go"
	(cd "$src" && go build -buildvcs=false -o "$pocketbase" ./examples/base) && rm -rf "$src" "$tools/base"
}

need_go_and_node
need_packages mariadbd=mariadb-server-core my_print_defaults=mariadb-client-core redis-server=redis-server >&2
build_server
args=("$@")
case ${1:-} in ledger | notice) exec "$bense" bench "$@" ;; esac
if [ ! -x "$pocketbase" ]; then
	note "PocketBase $version into $tools (once)"
	mkdir -p "$tools"
	build_pocketbase >"$tools/log" 2>&1 || note "PocketBase could not be built, see $tools/log"
fi
[ ! -x "$pocketbase" ] || args+=("--pocketbase=$pocketbase")
exec "$bense" bench "${args[@]}"
