#!/usr/bin/env bash
# with_plugin.sh COMMAND...: run a command with the packaged plugin installed in an empty QGIS profile.
#
# The command finds
#   LULC_PLUGIN_DIR          the folder that the plugin zip was unpacked into (the profile's plugins)
#   LULC_ENGINE_PYTHON       the engine's Python, .venv/bin/python
#   QGIS_CUSTOM_CONFIG_PATH  the profile, made for this run and removed after it
#   QGIS_PROCESS             the qgis_process to call
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -m 700 "$work/runtime"

# A Python that comes first on PATH would become QGIS's Python, and these variables lead it astray.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV QGIS_PLUGINPATH PROJ_LIB PROJ_DATA GDAL_DATA
export PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1
export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR="$work/runtime"
export QGIS_CUSTOM_CONFIG_PATH="$work/config"
export LULC_PLUGIN_DIR="$work/config/profiles/default/python/plugins"
export LULC_ENGINE_PYTHON="$root/.venv/bin/python"
# Debian's wrapper of QGIS 3.22 passes an option that qgis_process does not know.
QGIS_PROCESS=$(command -v qgis_process.bin || command -v qgis_process)
export QGIS_PROCESS

mkdir -p "$LULC_PLUGIN_DIR"
version=$(sed -n 's/^version=//p' metadata.txt)
"$LULC_ENGINE_PYTHON" -m zipfile -e "dist/lulc_qgis_plugin-$version.zip" "$LULC_PLUGIN_DIR"
if ! "$QGIS_PROCESS" plugins enable lulc_qgis_plugin >"$work/enable.log" 2>&1; then
    cat "$work/enable.log" >&2
    exit 1
fi

"$@"
