#!/usr/bin/env bash
# Gets what `make run`, `make test` and `make lint` need: setup.sh run|test|lint. Says what it does, does only what is
# missing, and names the one thing to install where it may not install it itself. Needs Python 3.11 or newer.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022 # what is installed here is read by sandboxes too
purpose=${1:-run}
venv=.venv/bin/python

say() { printf 'setup: %s\n' "$*"; }

die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# May packages of the system be installed without asking for a password?
may_install() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
    else
        sudo -n DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
    fi
}

# install_package NAME REASON: by apt-get; 1 where that is not allowed or fails.
install_package() {
    may_install || return 1
    say "installing the package $1 ($2)"
    apt install -y --no-install-recommends "$1" >/dev/null 2>&1 ||
        { apt update && apt install -y --no-install-recommends "$1" >/dev/null; }
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    local python version
    if "$venv" -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        return
    fi
    python=$(find_python) || die "Python 3.11 or newer is needed, and is not here: install the package python3.11."
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_package "python$version-venv" "it makes Python's virtual environments" ||
            die "the package python$version-venv is missing: run  sudo apt-get install python$version-venv"
    fi
    say "making a virtual environment in .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
}

# install_project EXTRA: this project into .venv, unless its list of dependencies is the one installed last.
install_project() {
    local stamp=.venv/installed-${1:-run} state
    state="$(sha256sum pyproject.toml) $PWD $("$venv" --version)"
    [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$state" ] && return
    say "installing the project's Python packages${1:+, and those for the tests,} into .venv"
    "$venv" -m pip install --quiet --disable-pip-version-check --editable ".${1:+[$1]}"
    echo "$state" >"$stamp"
}

install_bubblewrap() {
    [ "${LAMBDA_PLAYGROUND_ISOLATION:-}" = off ] && return
    command -v bwrap >/dev/null && return
    install_package bubblewrap "it isolates the code that you run" ||
        die "the package bubblewrap, which isolates the code that you run, is missing: run  sudo apt-get install bubblewrap"
}

# The runtimes' own clients (Node.js, Java, …), for the languages found on this machine; Python's came with the project.
install_runtimes() {
    "$venv" -m sandbox.runtimes.install || say "some runtimes are not available; the page says which, and why"
}

install_chromium() {
    local browsers=$PWD/.venv/browsers
    "$venv" -m tests.chromium && return
    if ! grep -qi '^ID=ubuntu' /etc/os-release && install_package chromium "the browser of the tests"; then
        return
    fi
    # Ubuntu's package is a snap, which can't be driven.
    say "fetching Chromium for the tests into .venv/browsers"
    if may_install; then
        PLAYWRIGHT_BROWSERS_PATH=$browsers "$venv" -m playwright install --with-deps chromium >/dev/null && return
    else
        PLAYWRIGHT_BROWSERS_PATH=$browsers "$venv" -m playwright install chromium >/dev/null && return
    fi
    say "there is no Chromium: the browser's tests are skipped. To run them, install the package chromium."
}

case $purpose in
run)
    install_bubblewrap
    make_venv
    install_project ""
    install_runtimes
    ;;
test)
    install_bubblewrap
    make_venv
    install_project test
    install_runtimes
    install_chromium
    ;;
lint)
    make_venv
    install_project test
    ;;
*) die "usage: scripts/setup.sh run|test|lint" ;;
esac
