# shellcheck shell=bash
# Builds that are repeated only when their input has changed. The stamps lie in .cache, which git ignores.
cache=$PWD/.cache
app=$PWD/miniprogram
bense=$cache/bin/bense
export CGO_ENABLED=0 # one set of compiled packages for building, vetting and generating

digest() { sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

# fresh NAME DIGEST: whether NAME was last made from just this input; done_with NAME DIGEST says that it now was.
fresh() { [ "$(cat "$cache/$1" 2>/dev/null)" = "$2" ]; }
done_with() { mkdir -p "$cache" && echo "$2" >"$cache/$1"; }

install_npm() {
	local want
	want=$(node --version)-$(printf '%s\0' "$app/package.json" "$app/package-lock.json" | digest)
	if [ -d "$app/node_modules" ] && fresh npm "$want"; then return 0; fi
	quietly "$app" npm ci --no-audit --no-fund --loglevel=error
	done_with npm "$want"
}

# build_h5 puts the browser form of the mini-program where the server embeds it.
build_h5() {
	local want to=$PWD/server/web/dist/h5
	want=$(cd "$app" && find src .env* *.json *.ts *.html -type f -print0 | digest)
	if [ -e "$to/index.html" ] && fresh h5 "$want"; then return 0; fi
	install_npm
	rm -rf "$app/dist/h5"
	quietly "$app" npm run --silent build:h5
	rm -rf "$to" && mkdir -p "$(dirname "$to")" && cp -r "$app/dist/h5" "$to"
	done_with h5 "$want"
}

build_server() {
	mkdir -p "$cache/bin"
	go build -buildvcs=false -o "$bense" ./server
}
