#!/usr/bin/env bash
# Make .venv (the engine and its tools) and .venv-qgis (tests in QGIS's own Python), and install
# QGIS from Debian packages where it is missing. Running it again costs nothing.
#
#   LULC_PYTHON   the Python (3.11 to 3.14) to make .venv from; default: the first that fits
set -euo pipefail
cd "$(dirname "$0")/.."

# QGIS's python3 is the distribution's, whatever comes first on PATH.
readonly SYSTEM_PYTHON=/usr/bin/python3
readonly PACKAGES=(qgis python3-qgis qgis-providers python3 python3-venv xvfb ca-certificates)
readonly QGIS_TOOLS=(pytest pytest-qgis pytest-timeout)
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONNOUSERSITE=1
unset PYTHONPATH PYTHONHOME

say() { printf '%s\n' "setup: $*"; }

main() {
    install_packages "${PACKAGES[@]}"
    if [ ! -x /usr/bin/qgis_process.bin ] && [ ! -x /usr/bin/qgis_process ]; then
        say "QGIS is not installed. Install QGIS 3.22 or later with qgis_process, then run make setup again." >&2
        exit 5
    fi
    make_venv .venv find_python install_engine
    make_venv .venv-qgis qgis_python install_qgis_tools
    say "ready: .venv ($(.venv/bin/python -V)), .venv-qgis ($(.venv-qgis/bin/python -V))"
}

# install_packages NAME...: install what is missing, as root or through sudo, else say how; exit 5.
install_packages() {
    command -v dpkg-query >/dev/null || return 0  # not Debian: main checks that QGIS is there
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            say "Debian packages are missing and need root. Run this line, then make setup again:" >&2
            echo "sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
            exit 5
        fi
        as_root=(sudo -n)
    fi
    say "installing ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}"
}

# make_venv FOLDER PYTHON_FINDER INSTALLER: make the environment unless its stamp says it is done.
make_venv() {
    local folder=$1 finder=$2 installer=$3 stamp
    # The folder is in the stamp because an environment that was moved does not work.
    stamp=$(cat pyproject.toml constraints.txt scripts/setup.sh <(pwd) | sha256sum)
    if [ "$(cat "$folder/setup.stamp" 2>/dev/null)" = "$stamp" ] && "$folder/bin/python" -c '' 2>/dev/null; then
        return 0
    fi
    local python
    python=$("$finder")
    say "making $folder with $("$python" -V)"
    rm -f "$folder/setup.stamp"
    if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1 || [ ! -f "$folder/pyvenv.cfg" ]; then
        rm -rf "$folder"
    fi
    "$installer" "$folder" "$python"
    echo "$stamp" >"$folder/setup.stamp"
}

find_python() {
    if python=$(first_python); then
        echo "$python"
        return 0
    fi
    # Older distributions have a python3 below 3.11 and a newer one beside it.
    install_packages python3.11 python3.11-venv >&2
    first_python || {
        say "no Python 3.11 to 3.14 with venv and pip was found; name one with LULC_PYTHON=" >&2
        exit 5
    }
}

first_python() {
    local candidate
    for candidate in "${LULC_PYTHON:-$SYSTEM_PYTHON}" python3.11 python3.12 python3.13 python3.14 python3; do
        if "$candidate" -c 'if 1:
            import ensurepip, ssl, struct, sys, venv
            sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 14) and struct.calcsize("P") == 8))
            ' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

qgis_python() { echo "$SYSTEM_PYTHON"; }

install_engine() {
    "$2" -m venv "$1"
    "$1/bin/python" -m pip install -q -c constraints.txt -e '.[test,onnx,parquet]'
    # The one mismatch that installs without complaint and fails at the first import.
    "$1/bin/python" -c 'import torch, torchvision, segmentation_models_pytorch, rasterio, openvino'
}

install_qgis_tools() {
    "$2" -m venv --system-site-packages "$1"
    "$1/bin/python" -m pip install -q -c constraints.txt "${QGIS_TOOLS[@]}"
    PATH=/usr/sbin:/usr/bin:/sbin:/bin "$1/bin/python" -c 'import qgis.core, pytest_qgis' || {
        say "$2 cannot import qgis.core: is python3-qgis from the same distribution?" >&2
        exit 5
    }
}

main
