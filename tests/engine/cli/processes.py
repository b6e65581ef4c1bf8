"""Starting the engine as a user, or the plugin, does."""

import json
import os
import subprocess
import sys

PYTHON = sys.executable
ENGINE = [PYTHON, "-m", "lulc_engine"]

# Lets the import of a module take long, as that of PyTorch does on a busy computer.
SLOW_TO_LOAD = """
import sys, time
class Slow:
    def find_spec(self, name, path, target=None):
        if name == "{module}":
            print("loading", file=sys.stderr, flush=True)
            time.sleep(60)
sys.meta_path.insert(0, Slow())
"""


def lulc(*words, **options):
    """Run a command to its end and return the finished process."""
    return subprocess.run(
        [*ENGINE, *map(str, words)], capture_output=True, text=True, encoding="utf-8", timeout=120,
        **options,
    )  # fmt: skip


def expect_refusal(done, exit_code):
    """Check that a process gave one clear sentence and return the error object."""
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr
    error = json.loads(done.stdout)["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["code"].startswith("LULC-E")
    assert error["message"].endswith((".", "?"))
    assert "\n" not in error["message"] + error["hint"]
    assert len(error["message"]) < 400
    return error


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def environment(**changes):
    return {**os.environ, **changes}
