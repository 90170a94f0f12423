# shellcheck shell=bash
# What the other steps stand on: packages and servers.
step_tools() {
	need_packages gcc="gcc libc6-dev" mariadbd=mariadb-server-core my_print_defaults=mariadb-client-core redis-server=redis-server \
		chromium=chromium pdftotext=poppler-utils /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc=fonts-noto-cjk \
		debootstrap=debootstrap /usr/share/keyrings/debian-archive-keyring.gpg=debian-archive-keyring
}

step_servers() {
	start_redis
	start_mariadb
	if fetch_mysql; then start_mysql; elif [ "${CI:-}" = true ]; then return 1; fi
}
