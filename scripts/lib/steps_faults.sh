# shellcheck shell=bash
# Servers killed, stopped and cut off while people sign in: the short form, about three minutes.
step_faults() { ./scripts/faults.sh --json; }
