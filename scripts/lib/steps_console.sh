# shellcheck shell=bash
# The steps of the desktop console.
desk() { (cd "$console" && npm run --silent "$@"); }

step_console() {
	install_npm npm-console "$console"
	desk type-check
	desk test
	build_console
}

step_console_e2e() {
	install_npm npm-console "$console"
	with_demo console-e2e desk e2e
}
