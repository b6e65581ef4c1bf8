#!/usr/bin/env bash
# Build the documentation site in build/docs/html from the pages of the repository.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly ROOT=$PWD
readonly VENV=.venv-docs SOURCE=build/docs/source SITE=build/docs/html
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

if ! "$VENV/bin/python" -c 'import myst_parser, sphinx' 2>/dev/null; then
    rm -rf "$VENV"
    .venv/bin/python -m venv "$VENV"
    "$VENV/bin/pip" install --quiet -c constraints.txt sphinx myst-parser
fi

rm -rf "$SOURCE" "$SITE"
mkdir -p "$SOURCE"
git ls-files -z -co --exclude-standard -- README.md CHANGELOG.md CONTRIBUTING.md LICENSE docs \
    benchmarks/RESULTS.md resources/help resources/models/README.md |
    xargs -0 cp --parents -t "$SOURCE"
mv "$SOURCE/docs/conf.py" "$SOURCE"

# guides: the pages that have no place of their own.
guides() {
    ls docs/*.md | grep -v -e /tutorial -e /index -e /glossary -e /architecture -e /howto- -e /methods -e /honest-
}

# title ID: the name of an algorithm in QGIS.
title() {
    sed -n 's/^    TITLE = "\(.*\)"/\1/p' "$(grep -l "^    ID = \"$1\"" "$ROOT"/lulc_qgis_plugin/algorithms/*.py)"
}

# toctree CAPTION PAGE...
toctree() {
    printf '\n```{toctree}\n:caption: %s\n:maxdepth: 1\n' "$1"
    shift
    printf '%s\n' "${@%.md}"
    printf '```\n'
}

cd "$SOURCE"
for page in resources/help/*.md; do  # in QGIS the dialog gives the title
    { printf '# %s\n\n' "$(title "$(basename "$page" .md)")"; cat "$page"; } >"$page.titled"
    mv "$page.titled" "$page"
done
{
    printf '# LULC: land-cover models in QGIS\n\nStart with the [README](README.md) or the [tutorial](docs/tutorial.md).\n'
    toctree 'First steps' README.md docs/tutorial.md docs/index.md docs/glossary.md
    toctree 'How to' docs/howto-train.md docs/howto-apply.md docs/howto-assess.md docs/howto-exchange.md
    toctree 'Guides' docs/methods.md docs/honest-accuracy.md $(guides)
    toctree 'Algorithms' resources/help/*.md
    toctree 'Project' docs/architecture.md CONTRIBUTING.md CHANGELOG.md benchmarks/RESULTS.md \
        resources/models/README.md
} >index.md
cd - >/dev/null

"$VENV/bin/sphinx-build" --fail-on-warning --keep-going --quiet -b html "$SOURCE" "$SITE"
echo "The site is $SITE/index.html"
