"""Take pictures of every dialog and of the demo's results in the QGIS desktop, under Xvfb.

    make screenshots                   # at 100 %, in build/screenshots/100
    make screenshots ARGS=150          # at 150 %; --dialogs leaves out the runs, --results the rest

To be looked at: is anything cut off, hard to read or confusing? The best few are in docs/images.
Runs in the profile that with_plugin.sh makes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from test_qgis_versions import screen

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "build" / "screenshots"
TIMEOUT_S = 1800


def main() -> int:
    """Take the pictures and return 0 if QGIS got to the end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scales", nargs="*", type=int, default=[100], help="percent")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--dialogs", action="store_true", help="dialogs only, nothing is run")
    only.add_argument("--results", action="store_true", help="only what runs leave")
    given = parser.parse_args()
    parts = {"dialogs": not given.results, "run": not given.dialogs}
    with screen("2400x1500x24") as display:
        codes = [take(scale, display, parts) for scale in given.scales]
    return max(codes)


def take(scale: int, display: str, parts: dict[str, bool]) -> int:
    """Start QGIS at a scale in percent and have it take the pictures; return 0 if it did."""
    target = TARGET / str(scale)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        task, answer = Path(name, "task.json"), Path(name, "answer.txt")
        content = {
            "pictures": str(target),
            "answer": str(answer),
            "demo": str(ROOT / "resources" / "demo"),
            "work": name,
            "patches": str(ROOT / "tests" / "data" / "eurosat"),
            **parts,
        }
        task.write_text(json.dumps(content), encoding="utf-8")
        env = {
            **os.environ,
            "DISPLAY": display,
            "QT_QPA_PLATFORM": "xcb",
            "QT_SCALE_FACTOR": str(scale / 100),
            "LULC_HOME": str(Path(name, "engine")),
            "LULC_GUI_TASK": str(task),
            "PYTHONPATH": str(ROOT / "scripts"),  # of what runs inside
            "LANG": "C.UTF-8",
        }
        program = shutil.which("qgis.bin", path=env["PATH"]) or "qgis"
        command = [program, "--nologo", "--noversioncheck"]
        command += ["--profiles-path", env["QGIS_CUSTOM_CONFIG_PATH"]]
        command += ["--code", str(ROOT / "scripts" / "screenshots_gui.py")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)
        said = answer.read_text(encoding="utf-8") if answer.is_file() else done.stderr[-4000:]
    pictures = len(list(target.glob("*.png")))
    print(f"{scale} %: {pictures} pictures in {target.relative_to(ROOT)}\n{said}")
    return 0 if said.endswith("done\n") else 1


if __name__ == "__main__":
    sys.exit(main())
