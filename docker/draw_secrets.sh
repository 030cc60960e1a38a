#!/bin/bash
# Draws every secret that docker-compose.yml names, once, into docker/secrets/ (never into git). Existing files stay.
# The rings seal personal data: keep a copy of box_ring, digest_ring and tag_key apart from the backups of the database.
set -euo pipefail
umask 077
mkdir -p "$(dirname "$0")/secrets"
cd "$(dirname "$0")/secrets"

# Containers run under accounts of their own, so the files are readable and the folder around them is not.
once() {
    local file=$1
    shift
    [ -e "$file" ] || { "$@" >"$file" && chmod 444 "$file"; }
}
random() { head -c "$1" /dev/urandom | base64 -w 0; }
word() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
ring() { printf '1:%s\n' "$(random 32)"; }
database() { printf 'postgres://portal_%s:%s@postgres:5432/portal' "$1" "$(cat "$1_password")"; }
broker() { printf 'redis://:%s@redis:6379/0' "$(cat redis_password)"; }

for name in postgres owner app reader redis; do once "${name}_password" word; done
for face in public business agency office worker; do once "${face}_secret_key" random 50; done
for name in box_ring digest_ring tag_key; do once "$name" ring; done
for role in owner app reader; do once "${role}_url" database "$role"; done
once redis_url broker
echo "Secrets are in $PWD."
