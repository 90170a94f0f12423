# shellcheck shell=bash
# Builds that are repeated only when their input has changed. The stamps lie in .cache, which git ignores.
cache=$PWD/.cache
app=$PWD/miniprogram
console=$PWD/server/console
bense=$cache/bin/bense
export CGO_ENABLED=0 # one set of compiled packages for building, vetting and generating

digest() { sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

# fresh NAME DIGEST: whether NAME was last made from just this input; done_with NAME DIGEST says that it now was.
fresh() { [ "$(cat "$cache/$1" 2>/dev/null)" = "$2" ]; }
done_with() { mkdir -p "$cache" && echo "$2" >"$cache/$1"; }

# install_npm [NAME DIR]: the packages of the mini-program, or of another folder.
install_npm() {
	local want name=${1:-npm} dir=${2:-$app}
	want=$(node --version)-$(cd "$dir" && printf '%s\0' package.json package-lock.json | digest)
	if [ -d "$dir/node_modules" ] && fresh "$name" "$want"; then return 0; fi
	quietly "$dir" npm ci --no-audit --no-fund --loglevel=error
	done_with "$name" "$want"
}

# build_pages NAME DIR NPM-NAME DIST SCRIPT: built pages to where the server embeds them.
build_pages() {
	local want to=$PWD/server/web/dist/$1
	want=$(cd "$2" && find . \( -name node_modules -o -name dist -o -name e2e -o -name tests -o -name test-results \) -prune -o -type f -print0 | digest)
	if [ -e "$to/index.html" ] && fresh "$1" "$want"; then return 0; fi
	install_npm "$3" "$2"
	rm -rf "${2:?}/$4"
	quietly "$2" npm run --silent "$5"
	rm -rf "$to" && mkdir -p "$(dirname "$to")" && cp -r "$2/$4" "$to"
	done_with "$1" "$want"
}
build_h5() { build_pages h5 "$app" npm dist/h5 build:h5; }
build_console() { build_pages console "$console" npm-console dist build; }
build_server() { mkdir -p "$cache/bin" && go build -buildvcs=false -o "$bense" ./server; }
