# shellcheck shell=bash
# A MariaDB of our own: a free port, a folder in $tmp, no word of the system's configuration.
# Temporary tables lie in it too: a server that starts clears away those of others.
# Flushing to disk is switched off: the tests ask for correctness, the folder doesn't outlive them.
fast=(--innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync --skip-name-resolve --max-connections=500
	--bind-address=127.0.0.1 --secure-file-priv=)

write_rights() { # write_rights FILE: what the user of the tests may do, and the databases of the tours
	{
		echo "CREATE USER 'bense'@'%' IDENTIFIED BY 'bense';"
		echo 'GRANT ALL ON `bense\_%`.* TO '"'bense'@'%';"
		printf 'CREATE DATABASE bense_tour_%s COLLATE utf8mb4_bin;\n' clean messy broken
	} >"$1"
}

start_mariadb() {
	local dir=$tmp/mariadb port pid
	[ ! -e "$dir" ] || return 0
	mkdir "$dir"
	port=$(free_port)
	write_rights "$dir/rights.sql"
	TMPDIR=$dir mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$dir/data" --skip-test-db --force \
		--auth-root-authentication-method=normal >"$dir/install.log" 2>&1 || { cat "$dir/install.log"; return 1; }
	TMPDIR=$dir mariadbd --no-defaults --user="$(id -un)" --datadir="$dir/data" --port="$port" --socket="$dir/s" \
		--pid-file="$dir/pid" --init-file="$dir/rights.sql" "${fast[@]}" >"$dir/log" 2>&1 </dev/null &
	pid=$!
	echo "$pid" >>"$tmp/pids"
	await_log "$dir/log" 'ready for connections' "$pid" 300
	echo "mariadb_url=mysql://bense:bense@127.0.0.1:$port" >>"$tmp/env"
	note "MariaDB $(mariadbd --version | grep -o '[0-9.]*-MariaDB' | head -n 1) on port $port"
}
