#!/bin/sh
# Fails for a locked package whose licence is not among those that pyproject.toml allows.
#
# Usage: tools/licences.sh LOCKFILE [LICENCES]
set -eu
cd "$(dirname "$0")/.."
# Only what is locked: whatever else lies in .venv is nobody's business.
# shellcheck disable=SC2046 # one word per package
.venv/bin/pip-licenses --python .venv/bin/python ${2:+--allow-only "$2"} --packages \
    $(sed -n 's/^\([A-Za-z0-9_.-]*\)==.*/\1/p' "$1") >/dev/null && exit
echo "A package of $1 has a licence that pyproject.toml does not allow." >&2
exit 1
