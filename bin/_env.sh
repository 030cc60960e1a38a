# Common part of the commands in bin/, sourced by each: finds Python, makes .venv, installs the locked requirements.
# Leaves the caller in the project's folder with $PYTHON set.
set -euo pipefail

PROJECT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$PROJECT"
export PYTHONPATH="$PROJECT${PYTHONPATH:+:$PYTHONPATH}"

# The account that runs our PostgreSQL must pass through var/, whatever the umask of the caller is.
[ -d var ] || (umask 022 && mkdir var)
[ -d var/log ] || mkdir -m 700 var/log

sorry() { printf '%s\n' "$*" >&2; exit 1; }

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# install PACKAGE… : with apt-get as root on Debian; otherwise says what to type.
install() {
    if may_install; then
        echo "正在安装系统软件包 · installing $* …"
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } \
            >>var/log/apt.log 2>&1 || sorry "apt-get could not install $*; $PROJECT/var/log/apt.log says why."
    else
        sorry "Missing: $*. On Debian or Ubuntu:  sudo apt-get install $*"
    fi
}

fits() { command -v "$1" >/dev/null && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null; }

find_python() {
    local name
    for name in ${PORTAL_PYTHON:-} python3.11 python3.12 python3; do
        if fits "$name"; then FOUND=$name; return 0; fi
    done
    return 1
}

can_make_venv() { "$FOUND" -c 'import ensurepip, venv' 2>/dev/null; }

make_venv() {
    local wanted stamp=.venv/.requirements
    wanted=$(sha256sum <requirements-dev.txt | cut -d' ' -f1)
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
        return 0
    fi
    if ! find_python; then
        if may_install; then install python3 python3-venv ca-certificates; fi
        find_python || sorry "The portal needs Python 3.11 or 3.12. On Debian 12:  sudo apt-get install python3 python3-venv  (PORTAL_PYTHON names another one)"
    fi
    can_make_venv || install python3-venv ca-certificates
    if ! .venv/bin/python -c '' 2>/dev/null; then
        echo "正在建立 Python 环境 · making .venv …"
        "$FOUND" -m venv --clear .venv || sorry "$FOUND could not make .venv. On Debian or Ubuntu:  sudo apt-get install python3-venv"
    fi
    echo "正在安装依赖 · installing the locked requirements …"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r requirements-dev.txt \
        >var/log/pip.log 2>&1 || { tail -n 15 var/log/pip.log >&2; sorry "pip could not install requirements-dev.txt; all of it: $PROJECT/var/log/pip.log"; }
    echo "$wanted" >"$stamp"
}

# Two commands at once must not build one environment; flock is part of every Debian.
if command -v flock >/dev/null; then
    exec 9>var/setup.lock
    flock 9
    make_venv
    exec 9>&-
else
    make_venv
fi
PYTHON="$PROJECT/.venv/bin/python"
