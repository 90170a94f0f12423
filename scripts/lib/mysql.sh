# shellcheck shell=bash
# A real MySQL of our own. Debian carries it in unstable only: debootstrap fills a folder outside the tree once,
# and its own loader runs the server from there, without a chroot.
mysql_root=${BENSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bense}/mysql-sid

have_mysql() { [ -x "$mysql_root/usr/sbin/mysqld" ]; }

fetch_mysql() {
	if have_mysql; then return 0; fi
	[ "$(id -u)" = 0 ] || { say "not root: no real MySQL here, MariaDB stands alone"; return 1; }
	note "MySQL from Debian unstable into $mysql_root (once, about 560 MB)"
	mkdir -p "$(dirname "$mysql_root")"
	rm -rf "$mysql_root".*
	debootstrap --variant=minbase --include=mysql-server-core sid "$mysql_root.$$" >"$tmp/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$tmp/debootstrap.log"; return 1; }
	rm -rf "$mysql_root.$$"/var/cache/apt/archives/*.deb
	mv "$mysql_root.$$" "$mysql_root"
}

mysqld_sid() {
	local r=$mysql_root
	TMPDIR=$tmp/mysql exec "$(echo "$r"/usr/lib/*-linux-gnu/ld-linux-*.so.*)" --library-path "$(echo "$r"/usr/lib/*-linux-gnu)" \
		"$r/usr/sbin/mysqld" --no-defaults --basedir="$r/usr" --user="$(id -un)" --datadir="$tmp/mysql/data" "$@"
}

start_mysql() {
	local dir=$tmp/mysql port pid
	[ ! -e "$dir" ] || return 0
	mkdir -m 700 "$dir"
	port=$(free_port)
	write_rights "$dir/rights.sql"
	(mysqld_sid --initialize-insecure) >"$dir/log" 2>&1 || { tail -n 20 "$dir/log"; return 1; }
	mysqld_sid --port="$port" --socket="$dir/s" --pid-file="$dir/pid" --init-file="$dir/rights.sql" --mysqlx=OFF \
		--skip-log-bin "${fast[@]}" --secure-file-priv=NULL >"$dir/log" 2>&1 </dev/null &
	pid=$!
	echo "$pid" >>"$tmp/pids"
	await_log "$dir/log" 'ready for connections' "$pid" 300
	echo "mysql_url=mysql://bense:bense@127.0.0.1:$port" >>"$tmp/env"
	note "$(grep -o 'mysqld [0-9][0-9.-]*' "$dir/log" | head -n 1) on port $port"
}
