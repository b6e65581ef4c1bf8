"""What test_qgis_versions.py does in one version of QGIS; run by that system's own Python.

    /usr/bin/python3 scripts/qgis_version_steps.py FOLDER [--keep]

Standard library only, and no import from this repository: it runs where nothing else is installed.
Leaves report.json in FOLDER.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "resources" / "demo"
NAME = "lulc_qgis_plugin"
ODD_NAME = "Häuser & Felder"  # spaces and letters beyond ASCII, as in people's names
CLASSES = {"CLASS_FIELD": "class_id", "CLASS_NAME_FIELD": "class"}
TRAINING = {"EPOCHS": 4, "SEED": 7}  # what counts here is that all versions agree
GUI_TIMEOUT_S = 1800
_DIGEST = """
import hashlib, sys
import rasterio
with rasterio.open(sys.argv[1]) as source:
    content = source.read().tobytes() + source.tags()["LULC_LEGEND"].encode()
print(hashlib.sha256(content).hexdigest())
"""


def main() -> int:
    """Do all steps; the first that fails ends the run with its output."""
    version = Version(Path(sys.argv[1]))
    version.install_zip()
    version.check_algorithms()
    version.check_enums()
    version.check_without_engine()
    version.set_up()
    version.run_demo()
    version.run_desktop()
    if "--keep" not in sys.argv:
        version.remove()
    report = json.dumps(version.report, indent=1, sort_keys=True)
    (version.folder / "report.json").write_text(report, encoding="utf-8")
    return 0


class Version:
    """One QGIS with an empty profile of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report: dict[str, object] = {}
        self._python = ""  # the engine's
        self._odd = folder / ODD_NAME
        self._config = self._odd / "config"
        runtime = folder / "runtime"
        shutil.rmtree(self._config, ignore_errors=True)
        shutil.rmtree(runtime, ignore_errors=True)
        runtime.mkdir(mode=0o700, parents=True)
        misleading = ("PYTHON", "QGIS", "VIRTUAL_ENV", "PROJ_", "GDAL_", "LULC_ENGINE")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(misleading)}
        self._env = {
            **kept,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "QGIS_CUSTOM_CONFIG_PATH": str(self._config),
            "XDG_RUNTIME_DIR": str(runtime),
            "LULC_HOME": str(self._odd / "engine"),
            "LANG": "C.UTF-8",
        }

    def install_zip(self) -> None:
        """Unpack the zip into the profile and enable the plugin, as Install from ZIP does."""
        plugins = self._config / "profiles" / "default" / "python" / "plugins"
        plugins.mkdir(parents=True)
        with zipfile.ZipFile(self.folder.parent / "plugin.zip") as content:
            content.extractall(plugins)
        self._qgis("plugins", "enable", NAME)
        shown = self._qgis("--version").stdout
        self.report["qgis"] = shown.split()[1].split("-")[0]
        say(f"QGIS {self.report['qgis']}: the zip is installed and enabled")

    def check_algorithms(self) -> None:
        """See that every algorithm and every example model shows without an engine."""
        listed = self._qgis("list").stdout.splitlines()
        known = [line for line in listed if line.strip().startswith("lulc:")]
        files = (ROOT / "resources" / "help").glob("*.md")
        missing = [p.stem for p in files if not any(f"lulc:{p.stem}" in line for line in known)]
        self._require(not missing, f"not in the list: {missing}")
        models = [line for line in listed if line.strip().startswith("lulcexamples:")]
        wanted = len(list((ROOT / "resources" / "models3").glob("*.model3")))
        self._require(len(models) == wanted, f"{wanted} example models, of which show: {models}")
        say(f"{len(known)} algorithms and {len(models)} example models show")

    def check_enums(self) -> None:
        """Look for enum members that Qt 6 does not know under this spelling."""
        command = ["/usr/bin/python3", str(ROOT / "scripts/flat_enums.py"), str(ROOT / NAME)]
        done = self._run(command)
        self._require(done.returncode == 0, done.stdout + done.stderr)
        say(done.stdout.strip().splitlines()[-1])

    def check_without_engine(self) -> None:
        """See that a run without an engine says in one sentence what to do."""
        if (self._odd / "engine" / "current.json").is_file():
            return  # kept from an earlier run
        done = self._qgis("run", "lulc:modelinfo", "--", "MODEL=eurosat_rgb", may_fail=True)
        self._require(done.returncode == 1, f"exit code {done.returncode}")
        self._require("The engine is not installed yet." in done.stderr, done.stderr)
        self._require("Traceback" not in done.stderr, done.stderr)
        say("a run without an engine says what to do")

    def set_up(self) -> None:
        """Install the engine for real, or check the one of an earlier run."""
        there = (self._odd / "engine" / "current.json").is_file()
        action = "check" if there else "install"
        started = time.monotonic()
        results = self._algorithm("setupengine", DEVICE="cpu", ACTION=action)
        python = str(results["ENGINE_PYTHON"])
        self._require(ODD_NAME in python, python)
        self._python = python
        self.report["setup_s"] = round(time.monotonic() - started)
        shown = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
        self.report["python"] = shown.split()[1]
        say(f"{action}: {python}, {self.report['setup_s']} s")

    def run_demo(self) -> None:
        """Train, classify and assess through qgis_process."""
        out = self._odd / "by qgis_process"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        for algorithm, parameters in demo_chain(out):
            results = self._algorithm(algorithm, **parameters)
            say(f"qgis_process: {algorithm} {scores(results)}")
        self.report["map"] = digest(self._python, out / "map.tif")
        metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
        self.report["overall_accuracy"] = metrics["overall_accuracy"]
        self.report["confusion"] = metrics["confusion"]

    def run_desktop(self) -> None:
        """Do the same through the dialogs of the desktop."""
        out = self._odd / "by dialogs"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        task = self.folder / "gui.json"
        steps = [[name, {k: str(v) for k, v in given.items()}] for name, given in demo_chain(out)]
        content = {"steps": steps, "pictures": str(self.folder), "answer": str(out / "gui.txt")}
        task.write_text(json.dumps(content), encoding="utf-8")
        env = {
            **self._env,
            "QT_QPA_PLATFORM": "xcb",
            "LULC_GUI_TASK": str(task),
            "PYTHONPATH": str(ROOT / "scripts"),  # of what runs inside
        }
        program = shutil.which("qgis.bin", path=env["PATH"]) or "qgis"
        options = ["--nologo", "--noversioncheck", "--profiles-path", str(self._config)]
        code = ["--code", str(ROOT / "scripts" / "qgis_version_gui.py")]
        done = self._run([program, *options, *code], env)
        answer = out / "gui.txt"
        said = answer.read_text(encoding="utf-8") if answer.is_file() else ""
        self._require(said.endswith("done\n"), f"{said}\n{done.stderr[-4000:]}")
        for line in said.splitlines():
            say(f"desktop: {line}")
        self.report["map_of_the_dialog"] = digest(self._python, out / "map.tif")

    def remove(self) -> None:
        """Remove the engine and see that nothing of it is left."""
        self._algorithm("setupengine", ACTION="remove")
        left = [path.name for path in (self._odd / "engine").iterdir()]
        self._require(left == ["install.lock"], f"left behind: {left}")
        say("the engine was removed")

    def _algorithm(self, name: str, **parameters: object) -> dict[str, object]:
        given = [f"{key}={value}" for key, value in parameters.items()]
        done = self._qgis("--json", "run", f"lulc:{name}", "--", *given)
        results: dict[str, object] = json.loads(done.stdout)["results"]
        return results

    def _qgis(self, *arguments: str, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
        program = shutil.which("qgis_process.bin", path=self._env["PATH"]) or "qgis_process"
        env = {**self._env, "QT_QPA_PLATFORM": "offscreen"}
        done = self._run([program, *arguments], env)
        if done.returncode != 0 and not may_fail:
            self._require(False, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}")
        return done

    def _run(
        self, command: list[str], env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=env or self._env,
            cwd=self.folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=3600 if env is None or "LULC_GUI_TASK" not in env else GUI_TIMEOUT_S,
        )

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            sys.exit(f"FAILED: {otherwise}")


def demo_chain(out: Path) -> list[tuple[str, dict[str, object]]]:
    """Return the algorithms of the demo with their parameters."""
    model, scene = out / "model.safetensors", DEMO / "scene.tif"
    train = {"INPUT": scene, "LABELS": DEMO / "train.geojson", **CLASSES, **TRAINING}
    return [
        ("trainsegmenter", {**train, "MODEL": model, "REPORT": out / "training.html"}),
        ("classifyraster", {"INPUT": scene, "MODEL": model, "OUTPUT": out / "map.tif"}),
        (
            "assessaccuracy",
            {
                "MAP": out / "map.tif",
                "REFERENCE": DEMO / "test.geojson",
                **CLASSES,
                "REPORT": out / "report.html",
                "METRICS": out / "metrics.json",
            },
        ),
    ]


def scores(results: dict[str, object]) -> str:
    """Return the accuracy in results, if they have one."""
    value = results.get("OVERALL_ACCURACY")
    return f"overall accuracy {value:.4f}" if isinstance(value, float) else ""


def digest(python: str, path: Path) -> str:
    """Return the SHA-256 of a map's pixels and classes.

    Not of the file: it names the model, and a model names the Python that it was trained with.
    """
    done = subprocess.run(
        [python, "-I", "-c", _DIGEST, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def say(text: str) -> None:
    """Print a line at once."""
    print(f"  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
