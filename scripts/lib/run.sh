# shellcheck shell=bash
# Steps, one after the other in a lane; lanes side by side; a summary at the end, whatever happened.
pick() { # pick STEP…: those that were asked for
	local step
	for step in "$@"; do if [[ $wanted == *" $step "* ]]; then printf '%s ' "$step"; fi; done
}

lane() {
	local step log from rc
	for step in "$@"; do
		log=$tmp/$step.log from=$SECONDS rc=0
		set +e
		(set -e; "step_${step//-/_}") >"$log" 2>&1 </dev/null
		rc=$?
		set -e
		echo "$step $rc $((SECONDS - from))" >>"$tmp/result"
		{
			printf '\n=== %s: %s (%d s)\n' "$step" "$([ $rc = 0 ] && echo ok || echo FAILED)" $((SECONDS - from))
			if [ $rc = 0 ]; then tail -n 60 "$log"; else tail -n 400 "$log"; fi
		} | flock "$tmp" cat
		[ $rc = 0 ] || exit 1
	done
}

lanes() { # lanes "STEP…" "STEP…": the first failure ends both
	local group
	running=()
	for group in "$@"; do
		# shellcheck disable=SC2086 # a list of names
		if [ -n "$group" ]; then lane $group & running+=($!); fi
	done
	for _ in "${running[@]}"; do wait -n || exit 1; done
	running=()
}
