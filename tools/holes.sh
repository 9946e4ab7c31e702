#!/bin/sh
# Fails for a locked package in which a hole is known: osv.dev is asked, by names and versions.
# When nobody answers the check is left out, and says so: work goes on without a network.
#
# Usage: tools/holes.sh LOCKFILE [ADDRESS]
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if .venv/bin/pip-audit --requirement "$1" --require-hashes --disable-pip --progress-spinner off \
    --vulnerability-service osv ${2:+--osv-url "$2"} --timeout 10 >"$work/found" 2>"$work/log"; then
    echo "No hole is known in the packages of $1."
elif [ ! -s "$work/found" ] && grep -Eq 'ConnectionError|Timeout|HTTPError' "$work/log"; then
    echo "NOT CHECKED for known holes: no answer from ${2:-osv.dev}." >&2
else
    cat "$work/found" "$work/log" >&2
    exit 1
fi
