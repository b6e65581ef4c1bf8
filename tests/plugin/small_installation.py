"""An installation as in QGIS, with real pip, of small packages that are made here."""

import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from support import PLUGIN_PARENT

PYTHON = "/usr/bin/python3"
PACKAGES = [f"lulc-test-{letter}" for letter in "abcdef"]
# What checks the engine is left out.
PROGRAM = """
import sys
sys.path[:0] = [{parent!r}, {tests!r}]
from qgis.core import QgsProcessingFeedback
from small_installation import small
from lulc_qgis_plugin import installer
from lulc_qgis_plugin.pip_steps import Wishes
for name, value in small().items():
    setattr(installer, name, value)
print(installer.set_up(Wishes(python={python!r}, wheels={wheels!r}), QgsProcessingFeedback()))
"""


def small():
    """Return what takes the place of the installer's functions, by name."""
    from lulc_qgis_plugin.pip_steps import pip_commands

    def commands(python, wishes):
        (command,) = pip_commands(python, wishes)
        cut = command.index("--constraint")
        return [command[:cut] + command[cut + 2 : -2] + PACKAGES]

    return {
        "pip_commands": commands,
        "needed_gb": lambda wishes: 0.01,
        "verify": lambda *arguments: None,
    }


def write_wheels(folder, count=10, zeros=0):
    """Make wheels of some files each; the last one also holds that many zeros."""
    for name in PACKAGES:
        write_wheel(folder, name, count, zeros if name == PACKAGES[-1] else 0)


def write_wheel(folder, name, count, zeros):
    package = name.replace("-", "_")
    files = {f"{package}/module{n}.py": f"value = {n}\n".encode() for n in range(count)}
    if zeros:
        files[f"{package}/zeros.bin"] = bytes(zeros)
    info = f"{package}-1.0.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    with zipfile.ZipFile(folder / f"{package}-1.0-py3-none-any.whl", "w", 8) as archive:
        for path, content in files.items():
            archive.writestr(path, content)


def start(wheels):
    """Start an installation in a process of its own."""
    text = PROGRAM.format(
        parent=str(PLUGIN_PARENT),
        tests=str(Path(__file__).parent),
        python=PYTHON,
        wheels=wheels,
    )
    return subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def works(python):
    """Return whether the packages can be used with a Python."""
    code = "import lulc_test_a.module7, lulc_test_f; print(lulc_test_a.module7.value)"
    done = subprocess.run([python, "-I", "-c", code], capture_output=True)
    return done.stdout.strip() == b"7"
