#!/bin/sh
# Makes .venv with the newest Python that works here and installs a lock file into it.
# Does nothing, in a few milliseconds, when that lock file is already installed.
#
# Usage: tools/venv.sh requirements.txt|requirements-dev.txt
set -eu
cd "$(dirname "$0")/.."
lock=$1
stamp=.venv/installed-$lock
sum=$(cksum <"$lock")

say() { printf '%s\n' "$*" >&2; }

# One line that is written over itself; silent where nobody watches.
progress() {
    if [ -t 2 ]; then printf '\r\033[K%s' "$*" >&2; fi
}

# Every Python worth trying, best first. 3.13 is what the project is developed on.
candidates() {
    for minor in 13 12 14 11; do
        command -v "python3.$minor" || true
        for python in "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/3.$minor."*"/bin/python3.$minor"; do
            if [ -x "$python" ]; then printf '%s\n' "$python"; fi
        done
    done
}

# Debian splits ensurepip off, and a Python built by hand may lack the others.
works() { "$1" -c 'import ctypes, ensurepip, ssl, venv' 2>/dev/null; }

find_python() {
    candidates | while IFS= read -r python; do
        if works "$python"; then
            printf '%s\n' "$python"
            break
        fi
    done
}

complain() {
    say "Dulcian needs Python 3.11 or newer (3.13 is best) that can make virtual environments."
    candidates | while IFS= read -r python; do
        if "$python" -c '' 2>/dev/null; then
            say "  $python is here, but lacks one of: venv, ensurepip, ssl, ctypes"
        fi
    done
    say "Debian, Ubuntu, Raspberry Pi OS:  sudo apt install python3 python3-venv"
    exit 1
}

make_venv() {
    python=$(find_python)
    [ -n "$python" ] || complain
    version=$("$python" -c 'import platform; print(platform.python_version())')
    say "Making a virtual environment in .venv with Python $version ($python)"
    case $version in
    3.11.*) say "Python 3.11 works; 3.12 and newer make MP3s two to three times as fast." ;;
    esac
    "$python" -m venv --clear .venv
}

# The names of packages go by as they arrive; everything else goes to the log.
watch_pip() {
    total=$(grep -c '^[A-Za-z0-9].*==' "$lock")
    count=0
    while IFS= read -r line; do
        printf '%s\n' "$line"
        case $line in
        Collecting* | "Requirement already satisfied:"*)
            count=$((count + 1))
            progress "Fetching packages: $count of about $total"
            ;;
        "Installing collected packages"*) progress "Unpacking $count packages" ;;
        esac
    done >.venv/install.log
}

install_lock() {
    rm -f "$stamp" .venv/installed
    progress "Fetching packages"
    {
        .venv/bin/python -m pip install --no-input --disable-pip-version-check \
            --progress-bar off --require-hashes -r "$lock" 2>&1 && : >.venv/installed
    } | watch_pip
    progress ""
    if ! [ -e .venv/installed ]; then
        tail -n 15 .venv/install.log >&2
        say "The packages of $lock could not be installed; the whole story is in .venv/install.log"
        exit 1
    fi
    rm .venv/installed
    say "Installed the packages of $lock"
}

# The command line, from any folder: .venv/bin/dulcian
make_launcher() {
    cat >.venv/bin/dulcian <<'END'
#!/bin/sh
here=$(cd "$(dirname "$0")/../.." && pwd)
PYTHONPATH=$here exec "$here/.venv/bin/python" -m server "$@"
END
    chmod +x .venv/bin/dulcian
}

if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi
.venv/bin/python -m pip --version >/dev/null 2>&1 || make_venv
install_lock
make_launcher
printf '%s\n' "$sum" >"$stamp"
if [ "$lock" = requirements-dev.txt ]; then # it holds all that the other one does
    cksum <requirements.txt >.venv/installed-requirements.txt
fi
