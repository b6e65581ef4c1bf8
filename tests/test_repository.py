"""Promises that hold for the repository as a whole rather than for one module."""

from __future__ import annotations

import ast
import configparser
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import lulc_engine

ROOT = Path(__file__).resolve().parent.parent
OPTIONS = ("choices", "declare", "models", "patches", "reference", "scenes")
SHARED_WITH_PLUGIN = ("errors", "protocol", "speed", *(f"options.{name}" for name in OPTIONS))
# Of these the plugin asks whether a scene fits a model; QGIS's Python has numpy.
RULES_FOR_PLUGIN = (
    "feedback",
    "inference.radiometry",
    "models.card",
    "models.model_file",
    "rasters.alpha",
    "rasters.bands",
    "rasters.legend",
    "rasters.pixel_size",
    "rasters.reflectance",
    "rasters.scene_check",
    "rasters.scene_rules",
    "rasters.source",
    "training.recipe",
)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported_modules(path: Path) -> set[str]:
    """Top-level names of all absolute imports in a file, also those inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def run_python(code: str) -> str:
    """Run code in a fresh interpreter that sees the repository; return what it printed."""
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


# --- versions and dependencies -------------------------------------------------------------------


def test_plugin_and_engine_have_one_version():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    assert metadata["general"]["version"] == lulc_engine.__version__


def test_changelog_knows_the_version_or_is_unreleased():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{lulc_engine.__version__}]" in text or "## [Unreleased]" in text


def direct_dependencies() -> list[str]:
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"].values()
    return sorted({r for group in [project["dependencies"], *extras] for r in group})


def normalised(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name.group()).lower()


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normalised(name): version for name, version in pairs}


@pytest.mark.parametrize("requirement", [*direct_dependencies(), "pytest-qgis"])
def test_constraints_pin_every_direct_dependency(requirement):
    assert normalised(requirement) in pins()


def test_plugin_installs_what_the_engine_depends_on():
    lines = (ROOT / "resources/engine-requirements.txt").read_text(encoding="utf-8").splitlines()
    installed = {normalised(line) for line in lines if line and not line.startswith("#")}
    assert installed == {normalised(r) for r in PYPROJECT["project"]["dependencies"]}


@pytest.mark.parametrize("requirement", direct_dependencies())
def test_every_bound_has_its_reason(requirement):
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if f'"{requirement}"' in line)
    assert "# " in line
    assert ">=" in requirement


# --- the boundary between plugin and engine ------------------------------------------------------


@pytest.mark.parametrize("path", python_files("lulc_engine"), ids=relative)
def test_engine_knows_no_qgis(path):
    assert not imported_modules(path) & {"qgis", "PyQt5", "PyQt6", "processing", "osgeo"}


@pytest.mark.parametrize("path", python_files("lulc_qgis_plugin"), ids=relative)
def test_plugin_imports_nothing_that_only_the_engine_has(path):
    only_engine = {normalised(r).replace("-", "_") for r in PYPROJECT["project"]["dependencies"]}
    # QGIS's Python has numpy: Processing itself needs it.
    assert not imported_modules(path) & ((only_engine | {"PIL", "scipy"}) - {"numpy"})


@pytest.mark.parametrize("path", python_files("lulc_qgis_plugin"), ids=relative)
def test_plugin_is_written_for_python_39(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("module", [*SHARED_WITH_PLUGIN, *RULES_FOR_PLUGIN])
def test_shared_modules_are_written_for_python_39(module):
    source = ROOT.joinpath("lulc_engine", *module.split(".")).with_suffix(".py").read_text("utf-8")
    tree = ast.parse(source, feature_version=(3, 9))
    # X | Y parses on 3.9 and fails when it is evaluated, which the future import prevents.
    assert any(isinstance(n, ast.ImportFrom) and n.module == "__future__" for n in tree.body)
    named = {word.arg for n in ast.walk(tree) if isinstance(n, ast.Call) for word in n.keywords}
    assert not named & {"strict", "slots", "kw_only"}  # of zip and dataclass since 3.10


@pytest.mark.parametrize("module", SHARED_WITH_PLUGIN)
def test_shared_modules_load_only_the_standard_library(module):
    loaded = run_python(f"import lulc_engine.{module}; print(*sys.modules)").split()
    top_level = {name.split(".")[0] for name in loaded}
    preloaded = set(run_python("print(*sys.modules)").replace(".", " ").split())
    assert top_level - sys.stdlib_module_names - preloaded == {"lulc_engine"}


@pytest.mark.parametrize("module", RULES_FOR_PLUGIN)
def test_rules_for_the_plugin_load_only_numpy_and_each_other(module):
    loaded = run_python(f"import lulc_engine.{module}; print(*sys.modules)").split()
    top_level = {name.split(".")[0] for name in loaded}
    preloaded = set(run_python("print(*sys.modules)").replace(".", " ").split())
    assert top_level - sys.stdlib_module_names - preloaded <= {"lulc_engine", "numpy"}
    ours = {name[len("lulc_engine.") :] for name in loaded if name.startswith("lulc_engine.")}
    packages = {"rasters", "models", "inference", "training", "options"}
    assert ours <= {*SHARED_WITH_PLUGIN, *RULES_FOR_PLUGIN, *packages}


@pytest.mark.parametrize("module", ["lulc_engine", "lulc_engine.cli.main", "lulc_engine.worker"])
def test_starting_up_loads_no_heavy_package(module):
    loaded = set(run_python(f"import {module}; print(*sys.modules)").split())
    assert not loaded & {"torch", "rasterio", "numpy", "matplotlib", "shapely", "openvino"}


# --- files ---------------------------------------------------------------------------------------

_MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:work|root|(?:home|Users)/(?!me/)\w+)/|\.pyenv|/opt/pypi"
)
_REGISTRIES = re.compile(
    r"files\.pythonhosted|pypi\.org/simple|deb\.debian\.org|\bmirror\.|:\d{4,5}/simple"
)
_TEXT = {".py", ".md", ".txt", ".toml", ".yaml", ".yml", ".sh", ".html", ".css", ".json", ".model3"}


def test_no_file_names_a_machine_or_a_registry():
    found = []
    for path in tracked_files():
        if path == Path(__file__) or (path.suffix and path.suffix not in _TEXT):
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{path.relative_to(ROOT)}: {m}" for m in _MACHINE_PATHS.findall(text)]
        found += [f"{path.relative_to(ROOT)}: {m}" for m in _REGISTRIES.findall(text)]
    assert not found


def test_no_tracked_file_is_made_by_make():
    made = {".venv", ".venv-qgis", "dist", "build", "demo_output", "__pycache__"}
    assert not [path for path in tracked_files() if made & set(path.relative_to(ROOT).parts)]


def test_readme_shows_the_picture_and_both_commands_first():
    first_screen = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "docs/images/demo-map.png" in first_screen
    assert "make demo" in first_screen
    assert "make test" in first_screen


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=relative
)
def test_links_between_documents_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    assert not [target for target in targets if not (path.parent / target).exists()]


def test_the_map_of_modules_names_only_what_is_there():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("\n## ")[0]
    there = {path.name for path in python_files("lulc_engine", "lulc_qgis_plugin")}
    assert set(re.findall(r"\w+\.py\b", text)) - {"_pictures.py"} <= there


def test_every_error_code_has_its_place_in_troubleshooting():
    codes = set(
        re.findall(
            r'"(LULC-E\d+)"',
            "".join(
                path.read_text(encoding="utf-8")
                for path in python_files("lulc_engine", "lulc_qgis_plugin")
            ),
        )
    )
    headings = re.findall(
        r"^## (LULC-E\d+)", (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8"), re.M
    )
    assert codes == set(headings)
    assert len(headings) == len(set(headings))


def test_demo_data_come_with_their_notices():
    demo = ROOT / "resources" / "demo"
    assert "contains modified Copernicus Sentinel data 2022" in (demo / "NOTICE").read_text("utf-8")
    assert "MIT License" in (demo / "LICENSE.txt").read_text("utf-8")


# --- the plugin zip ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plugin_zip() -> Path:
    subprocess.run(
        [sys.executable, "scripts/package.py"], cwd=ROOT, check=True, capture_output=True
    )
    return ROOT / "dist" / f"lulc_qgis_plugin-{lulc_engine.__version__}.zip"


def test_zip_holds_plugin_engine_and_resources_and_nothing_else(plugin_zip):
    names = zipfile.ZipFile(plugin_zip).namelist()
    for expected in ("metadata.txt", "LICENSE", "constraints.txt", "__init__.py", "launcher.py"):
        assert f"lulc_qgis_plugin/{expected}" in names
    assert "lulc_qgis_plugin/lulc_engine/worker.py" in names
    assert "lulc_qgis_plugin/resources/demo/scene.tif" in names
    assert not [n for n in names if "__pycache__" in n or n.endswith(".pyc") or "/tests/" in n]
    assert {n.split("/")[0] for n in names} == {"lulc_qgis_plugin"}


def test_zip_is_the_same_every_time(plugin_zip):
    first = plugin_zip.read_bytes()
    subprocess.run(
        [sys.executable, "scripts/package.py"], cwd=ROOT, check=True, capture_output=True
    )
    assert plugin_zip.read_bytes() == first


def test_zip_fits_into_the_plugin_repository(plugin_zip):
    assert plugin_zip.stat().st_size < 25e6
