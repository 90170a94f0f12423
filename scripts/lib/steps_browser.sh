# shellcheck shell=bash
# The pages in a real browser, which gives files Chinese names only under a UTF-8 locale.
export LC_ALL=C.UTF-8

# with_demo NAME COMMAND…: against a demo server of its own, empty before, gone afterwards.
with_demo() {
	local port pid log=$tmp/$1-server.log
	port=$(free_port)
	build_h5
	build_console
	build_server
	"$bense" serve --config configs/demo.yaml --listen "127.0.0.1:$port" --data "$tmp/$1" >"$log" 2>&1 &
	pid=$!
	echo "$pid" >>"$tmp/pids"
	await_log "$log" '"msg":"serving"' "$pid" 300
	BENSE_URL=http://127.0.0.1:$port "${@:2}"
	kill "$pid"
	wait "$pid" # it has to end by itself, and well
}

step_e2e() { with_demo e2e web e2e; }
# Its server is a page of answers: it needs the built pages only.
step_elder() {
	build_h5
	AUDIT_PORT=$(free_port) H5_DIR=$PWD/server/web/dist/h5 web audit:elder
}
