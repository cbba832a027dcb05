#!/bin/sh
# Fuzzes every target, or those named, for SECONDS each (default 600), two at a time.
#
#   fuzz/run.sh                      every target, ten minutes each
#   SECONDS_EACH=60 fuzz/run.sh ledger_entry next_token
#
# Needs a nightly toolchain and cargo-fuzz. What is found stays in fuzz/artifacts; new inputs go to fuzz/found, never
# into the committed corpus.
set -eu
cd "$(dirname "$0")"
self=$PWD/$(basename "$0")

seconds=${SECONDS_EACH:-600}
jobs=${JOBS:-2}
targets=${*:-$(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v '^posture-fuzz$')}

if [ -z "${ONE:-}" ]; then
    # There is no unsafe code of ours, so no sanitizer, which makes everything faster.
    cargo +nightly fuzz build --fuzz-dir . --sanitizer none
fi

one() {
    mkdir -p "found/$1" "artifacts/$1" "corpus/$1"
    options="-max_total_time=$seconds -timeout=10 -rss_limit_mb=2048 -max_len=16384 -print_final_stats=1"
    dictionary=""
    [ -f dictionary ] && dictionary="-dict=dictionary"
    binary=$(ls -t target/*/release/"$1" | head -n 1)
    # shellcheck disable=SC2086
    if "$binary" $options $dictionary -artifact_prefix="artifacts/$1/" "found/$1" "corpus/$1" >"artifacts/$1.log" 2>&1; then
        echo "$1: nothing found, $(sed -n 's/^stat::number_of_executed_units: *//p' "artifacts/$1.log") runs"
    else
        echo "$1: FAILED, see fuzz/artifacts/$1.log"
        return 1
    fi
}

if [ "${ONE:-}" ]; then
    one "$ONE"
else
    # Each target in a process of its own, so that one failure does not stop the others.
    printf '%s\n' $targets | SECONDS_EACH=$seconds xargs -P "$jobs" -I{} env ONE={} "$self"
fi
