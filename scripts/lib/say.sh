# shellcheck shell=bash
# What every script says, and how it gives up.
say() { printf '%s\n' "$*"; }
note() { printf '  · %s\n' "$*"; }
die() {
	printf '✗ %s\n' "$*" >&2
	exit 1
}
