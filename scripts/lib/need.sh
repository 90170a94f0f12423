# shellcheck shell=bash
# The two tools that the machine must bring along: Go and Node.
newer() { printf '%s\n%s\n' "$1" "$2" | sort -VC; } # newer MIN HAVE

need() { # need NAME MIN HAVE WHERE
	[ -n "$3" ] || die "没有找到 $1，需要 $2 或更新的版本：$4 ($1 >= $2 is needed and was not found)"
	newer "$2" "$3" || die "$1 的版本是 $3，需要 $2 或更新的版本：$4 ($1 >= $2 is needed, found $3)"
}

go_version() { command -v go >/dev/null && go env GOVERSION 2>/dev/null | sed 's/^go//; s/ .*//'; }
node_version() { command -v node >/dev/null && command -v npm >/dev/null && node --version | sed 's/^v//'; }

need_go_and_node() {
	[ -d /usr/local/go/bin ] && PATH=$PATH:/usr/local/go/bin # where the official archive unpacks
	need Go 1.26 "$(go_version || true)" https://go.dev/dl/
	need Node.js 20.19 "$(node_version || true)" https://nodejs.org/
}
