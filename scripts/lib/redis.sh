# shellcheck shell=bash
# A Redis of our own, and the end of every server.
start_redis() {
	local dir=$tmp/redis port pid
	[ ! -e "$dir" ] || return 0
	mkdir "$dir"
	port=$(free_port)
	redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" --save '' --appendonly no --databases 100 >"$dir/log" 2>&1 </dev/null &
	pid=$!
	echo "$pid" >>"$tmp/pids"
	await_log "$dir/log" 'Ready to accept connections' "$pid" 120
	echo "redis_url=redis://127.0.0.1:$port" >>"$tmp/env"
	note "Redis $(redis-server --version | grep -o 'v=[0-9.]*') on port $port"
}

# stop_servers ends what start_* began, by process id, and comes back when all are gone.
stop_servers() {
	local pid i
	[ -s "$tmp/pids" ] || return 0
	while read -r pid; do kill "$pid" 2>/dev/null || true; done <"$tmp/pids"
	while read -r pid; do
		for ((i = 0; i < 100; i++)); do
			kill -0 "$pid" 2>/dev/null || continue 2
			sleep 0.1
		done
		kill -9 "$pid" 2>/dev/null || true
	done <"$tmp/pids"
}
