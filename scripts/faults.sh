#!/usr/bin/env bash
# Breaks what sign-in and messages stand on, and reports what was lost: ./scripts/faults.sh [ID…] [--long] [--json]
set -euo pipefail
cd "$(dirname "$0")/.."
for lib in say need apt build; do . "scripts/lib/$lib.sh"; done

ids=()
for arg in "$@"; do
	case $arg in
	--long) export BENSE_FAULTS_LONG=1 ;;
	--json) export BENSE_FAULTS_JSON=1 ;;
	R[0-9][0-9]) ids+=("$arg") ;;
	*) die "usage: $0 [ID…] [--long] [--json], an ID like R01" ;;
	esac
done

need_go_and_node
need_packages mariadbd=mariadb-server-core my_print_defaults=mariadb-client-core redis-server=redis-server >&2
build_server
go test -c -vet=off -tags faults -o "$cache/bin/faults" ./server/internal/fault
only=$(IFS='|' && echo "${ids[*]}")
BENSE_BIN=$bense exec "$cache/bin/faults" -test.timeout 3h -test.run "$only"
