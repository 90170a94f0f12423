# shellcheck shell=bash
# Packages that the tests need. A service that comes along with one is not started.
PATH=$PATH:/usr/sbin:/sbin

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}

# policy-rc.d is where Debian asks whether a package may start its service; the machine's own is put back.
apt_install() {
	as_root bash -euc '
		export DEBIAN_FRONTEND=noninteractive
		policy=/usr/sbin/policy-rc.d
		restore() { rm -f $policy; if [ -e $policy.bense ]; then mv $policy.bense $policy; fi; }
		if [ -e $policy ]; then mv $policy $policy.bense; fi
		trap restore EXIT
		printf "#!/bin/sh\nexit 101\n" >$policy
		chmod 755 $policy
		apt-get update -q
		apt-get install -qy --no-install-recommends "$@"
	' _ "$@" </dev/null
}

# need_packages PROBE=PACKAGES…: a probe is a command or an absolute path.
need_packages() {
	local pair missing=()
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null || [ -e "${pair%%=*}" ] || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "missing, and there is no apt here: ${missing[*]}"
	note "installing ${missing[*]}"
	# shellcheck disable=SC2086 # one probe may stand for several packages
	apt_install ${missing[*]} || die "could not install ${missing[*]}; as root: apt-get install ${missing[*]}"
}
