#!/bin/sh
# Serves $MUSIC, or the demo album where nothing says what to serve, from the data folder $DATA
# on $LISTEN. An empty variable leaves that choice to Dulcian's own settings.
#
# Usage: tools/run.sh [--demo]
set -eu
cd "$(dirname "$0")/.."
python=.venv/bin/python
data=${DATA:-${DULCIAN_DATA:-~/.local/share/dulcian}}

# Not every shell opens a tilde in NAME=~/folder.
opened() {
    case $1 in
    \~) printf '%s\n' "$HOME" ;;
    \~/*) printf '%s\n' "$HOME/${1#??}" ;;
    *) printf '%s\n' "$1" ;;
    esac
}

configured() {
    [ -n "${DULCIAN_CONFIG:-}${DULCIAN_LIBRARY__FOLDERS:-}" ] ||
        [ -e dulcian.yaml ] || [ -e "$data/dulcian.yaml" ]
}

data=$(opened "$data")
music=$(opened "${MUSIC:-}")
if [ "${1:-}" = --demo ] || { [ -z "$music" ] && ! configured; }; then
    music=$data/demo-music
    mkdir -p -m 0700 "$data" # what else comes to lie there is nobody else's business
    "$python" -m streaming.demo "$music"
fi

set -- serve
if [ -n "${DATA:-}" ]; then set -- "$@" --data "$data"; fi
if [ -n "$music" ]; then set -- "$@" --music "$music"; fi
if [ -n "${LISTEN:-}" ]; then set -- "$@" --listen "$LISTEN"; fi
exec "$python" -m server "$@"
