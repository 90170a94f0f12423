# shellcheck shell=bash
# Free ports, and waiting for whoever shall listen on them.
# free_port: below those that the system hands out to whoever connects, so that nobody gets it before it is used.
free_port() {
	node -e 'const next = () => {
		const port = 15000 + Math.floor(Math.random() * 17000), s = require("net").createServer()
		s.once("error", next).listen(port, "127.0.0.1", () => { console.log(port); s.close() })
	}
	next()'
}

# await_log FILE TEXT PID SECONDS: until the process has written TEXT; fails when it ends or takes too long.
await_log() {
	local i
	for ((i = 0; i < $4 * 10; i++)); do
		grep -qs -- "$2" "$1" && return
		kill -0 "$3" 2>/dev/null || break
		sleep 0.1
	done
	tail -n 30 "$1" >&2
	say "no '$2' in $1 within $4 s" >&2
	return 1
}
