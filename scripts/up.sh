#!/usr/bin/env bash
# Builds what has changed and serves the demo: ./scripts/up.sh [--port N] [--data DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
for lib in say need build; do . "scripts/lib/$lib.sh"; done

port=8080 data=.data
while [ $# -gt 0 ]; do
	case $1 in
	--port) port=${2:?--port N} ;;
	--port=*) port=${1#*=} ;;
	--data) data=${2:?--data DIR} ;;
	--data=*) data=${1#*=} ;;
	*) die "用法 (usage): ./scripts/up.sh [--port N] [--data DIR]" ;;
	esac
	case $1 in *=*) shift ;; *) shift 2 ;; esac
done

need_go_and_node
say "本色家园：正在准备，第一次约需一两分钟…"
build_h5
build_console
build_server
say "演示地址 http://127.0.0.1:$port/ （按 Ctrl-C 结束）"
exec "$bense" serve --config configs/demo.yaml --listen "127.0.0.1:$port" --data "$data"
