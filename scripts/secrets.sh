#!/usr/bin/env bash
# Makes the secrets of docker-compose.yml that can be made; never overwrites one. Run it once per installation.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/say.sh
umask 077
mkdir -p .secrets

random() { head -c "$1" /dev/urandom | od -An -vtx1 | tr -d ' \n'; }
put() { if [ ! -e ".secrets/$1" ]; then printf '%s' "$2" >".secrets/$1" && note "made .secrets/$1"; fi; }
value() { cat ".secrets/$1"; }

put mysql_root_password "$(random 24)"
put mysql_password "$(random 24)"
put redis_password "$(random 24)"
put metrics_token "$(random 24)"
put keys_master "1:$(head -c 32 /dev/urandom | base64)"
put database_url "mysql://bense:$(value mysql_password)@mysql:3306/bense"
put redis_url "redis://:$(value redis_password)@redis:6379/0"

for name in wechat_secret wechat_token wechat_aes_key tls_certificate tls_key; do
	[ -s ".secrets/$name" ] || say "still to be filled in: .secrets/$name"
done
# nobody else on this machine enters the folder; in the containers each file is read by a user of its own
chmod 644 .secrets/*
say "keep a copy of .secrets/keys_master elsewhere: without it the personal data cannot be read"
