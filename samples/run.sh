#!/usr/bin/env bash
# Serves the samples: two reports of a small shop's two accounts, imported as if a day apart, so that there is history to
# see, and an audit of the resources of one of them. What was loaded stays in DATA (./data) and is not loaded again. `make run` calls this.
set -euo pipefail
posture=$1
data=${DATA:-./data}
listen=${LISTEN:-127.0.0.1:9000}
samples=$(dirname "$0")
settings=$data/settings.sh
program=$(cd "$(dirname "$posture")" && pwd)

server=
stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; server=; fi; }
trap stop EXIT
trap 'exit 0' INT TERM

# Starts a server and waits for its first line, which becomes $ready.
ready=
start() {
    local out
    out=$(mktemp)
    "$posture" serve --data "$data" "$@" >"$out" &
    server=$!
    for _ in $(seq 300); do
        ready=$(head -n 1 "$out")
        if [ -n "$ready" ] || ! kill -0 "$server" 2>/dev/null; then break; fi
        sleep 0.1
    done
    rm -f "$out"
    if [ -z "$ready" ]; then
        wait "$server" || true
        server=
        if [ "$2" = "$listen" ]; then echo 'With `make run` it is LISTEN=127.0.0.1:9001 that takes another address.' >&2; fi
        exit 1
    fi
}

# A text member of the ready line.
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$ready"; }

# The key is printed once, at the first start; the settings keep it. Only their owner may read them.
write_settings() {
    local lines
    if [ -n "$(member token)" ]; then
        lines="export POSTURE_TOKEN=$(member token)
export AWS_ACCESS_KEY_ID=$(member aws_access_key_id)
export AWS_SECRET_ACCESS_KEY=$(member aws_secret_access_key)
export AWS_DEFAULT_REGION=eu-west-1"
    else
        # By their whole names: the letters may be anywhere in a secret.
        lines=$(grep -v -e '^export PATH=' -e '^export POSTURE_URL=' -e '^export AWS_ENDPOINT_URL_SECURITYHUB=' "$settings")
    fi
    (
        umask 077
        printf '%s\n' "$lines" "export PATH=$(printf %q "$program"):\$PATH" "export POSTURE_URL=$(member url)" \
            "export AWS_ENDPOINT_URL_SECURITYHUB=$(member url)" >"$settings.new"
    )
    mv "$settings.new" "$settings"
}

# As if at another time, of which the server need not warn.
load() {
    POSTURE_LOG=error start --listen 127.0.0.1:0 --clock "$1"
    write_settings
    (
        . "$settings"
        "$posture" import "$samples/$2.asff.json"
        if [ "${3:-}" ]; then
            "$posture" inventory import "$samples/$3.json"
            "$posture" audit --wait >/dev/null
        fi
    )
    stop
}

if [ ! -e "$data" ] || { [ -d "$data" ] && [ -z "$(ls -A "$data")" ]; }; then
    load 2026-03-02T06:00:05Z monday
    load 2026-03-03T06:00:05Z tuesday inventory
    touch "$data/samples-loaded"
elif [ ! -e "$data/samples-loaded" ]; then
    echo "$data holds something else than the samples, or their loading was cut off; remove it, or set DATA" >&2
    exit 1
fi

start --listen "$listen"
write_settings
cat <<TEXT

Posture Ledger serves the samples at $(member url)
The key is in $settings. In another shell:

  . $settings
  aws securityhub get-findings --filters '{"SeverityLabel":[{"Value":"CRITICAL","Comparison":"EQUALS"}]}'
  aws securityhub get-finding-history --finding-identifier \\
    ProductArn=arn:aws:securityhub:eu-west-1::product/prowler/prowler,Id=$(sed -n 's/.*"Id":"\(prowler-iam_user_mfa[^"]*\)".*/\1/p' "$samples/tuesday.asff.json" | head -n 1)
  posture import your-report.asff.json
  curl -H "Authorization: Bearer \$POSTURE_TOKEN" '$(member url)/api/v1/tenants/$(member tenant)/findings?severity=CRITICAL&framework=cis-aws'
  posture audit --wait

Ctrl-C stops it; \`make run\` starts it again with what it had.
TEXT
wait "$server" || true
server=
