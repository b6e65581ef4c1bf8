"""Run the commands of the how-to pages as they stand there, in a folder with the demo's files.

    scripts/with_plugin.sh .venv/bin/python scripts/try_docs.py [PAGE...]

Runs every line of the blocks marked ``sh``, page by page, with ``lulc`` and ``qgis_process`` of
this checkout. Stops at the first that fails. Where both write one file, the second replaces it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("howto-train.md", "howto-apply.md", "howto-assess.md", "howto-exchange.md")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


def main() -> int:
    """Run the commands and return 0 if all of them worked."""
    pages = sys.argv[1:] or PAGES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (ROOT / "resources" / "demo").iterdir():
            shutil.copy(path, folder)
        env = with_programs(folder)
        for page in pages:
            for command in commands(ROOT / "docs" / page):
                started = time.monotonic()
                done = subprocess.run(
                    shlex.split(command), cwd=folder, env=env, capture_output=True, text=True
                )
                print(f"{time.monotonic() - started:5.0f} s  {command}", flush=True)
                if done.returncode != 0:
                    print(f"{page}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
                    return 1
    return 0


def commands(page: Path) -> Iterator[str]:
    """Yield the commands of a page, each a line."""
    for block in _BLOCK.findall(page.read_text(encoding="utf-8")):
        yield from (line for line in block.replace("\\\n", " ").splitlines() if line.strip())


def with_programs(folder: Path) -> dict[str, str]:
    """Return the environment in which ``lulc`` and ``qgis_process`` are found."""
    programs = folder / ".programs"
    programs.mkdir()
    (programs / "lulc").symlink_to(ROOT / ".venv" / "bin" / "lulc")
    (programs / "qgis_process").symlink_to(os.environ["QGIS_PROCESS"])
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}


if __name__ == "__main__":
    sys.exit(main())
