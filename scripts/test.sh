#!/usr/bin/env bash
# Everything that must hold: ./scripts/test.sh [STEP…]. Steps: see `all` below; servers are its own and always stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
for lib in scripts/lib/*.sh; do . "$lib"; done

go_lane=(vet go go-mariadb go-mysql)
web_lane=(types unit console mp-weixin offline contract e2e console-e2e elder tour tour-server)
all=(tools servers h5 "${go_lane[@]}" "${web_lane[@]}" faults)
for step in "$@"; do
	[[ " ${all[*]} " == *" $step "* ]] || die "no step '$step'; there are: ${all[*]}"
done
wanted=" ${*:-${all[*]}} "
[[ ! $wanted =~ go|faults|tour-server|e2e|elder ]] || wanted+="tools "
[[ ! $wanted =~ go-|tour-server ]] || wanted+="servers "

need_go_and_node
set -m # a lane is a process group: ending it ends what it began
tmp=$(mktemp -d "${TMPDIR:-/tmp}/bense-test.XXXXXX")
touch "$tmp"/{env,pids,result}
running=()
trap finish EXIT
trap 'exit 130' INT TERM HUP

lanes "$(pick tools)" ""
lanes "$(pick servers)" "$(pick h5)"
lanes "$(pick "${go_lane[@]}")" "$(pick "${web_lane[@]}")"
lanes "$(pick faults)" "" # alone: what it promises are times, too
