# shellcheck shell=bash
# The steps of the mini-program, and those that look at the built whole.
web() { (cd "$app" && npm run --silent "$@"); }

step_h5() { build_h5; build_console; }
# One command a line: what stands before && is allowed to fail in its middle.
step_types() {
	install_npm
	web type-check
}
step_unit() {
	install_npm
	web test
}
step_mp_weixin() {
	install_npm
	VITE_CHAT_TOOL=1 web build:mp-weixin # with all that a build can have
}

# The checkers have dependencies of their own, a thousand of them.
step_offline() {
	local want
	[ -d "$app/dist/mp-weixin" ] || step_mp_weixin
	want=$(node --version)-$(cd "$app/check" && printf '%s\0' package*.json | digest)
	if ! fresh check "$want" || [ ! -d "$app/check/node_modules" ]; then
		quietly "$app/check" npm ci --no-audit --no-fund --loglevel=error
		done_with check "$want"
	fi
	(cd "$app" && node check/check.mjs)
}

step_contract() {
	local file
	./scripts/gen.sh "$tmp/contract"
	for file in server/api/{openapi.yaml,schema.d.ts}; do
		diff -u "$file" "$tmp/contract/$file" >"$tmp/drift" || { head -n 60 "$tmp/drift"; say "run ./scripts/gen.sh and commit $file"; return 1; }
	done
}
