"""What the tests in QGIS share: the plugin under test, invented rasters and labels, qgis_process.

The plugin is taken from the folder in LULC_PLUGIN_DIR (an unpacked plugin zip), else from the
checkout.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, osr

ROOT = Path(__file__).resolve().parents[2]
PLUGIN_PARENT = Path(os.environ.get("LULC_PLUGIN_DIR") or ROOT)
PLUGIN_DIR = PLUGIN_PARENT / "lulc_qgis_plugin"
NAME = "lulc_qgis_plugin"

ORIGIN_X, ORIGIN_Y, PIXEL_M, EPSG = 500000.0, 5200000.0, 10.0, 32632
CLASSES = {1: "water", 2: "forest", 5: "built-up"}


def use_plugin():
    """Put the plugin under test first on sys.path."""
    sys.path.insert(0, str(PLUGIN_PARENT))


def engine_python():
    """Return the engine's Python for tests that run it; None where there is none."""
    python = os.environ.get("LULC_ENGINE_PYTHON") or str(ROOT / ".venv" / "bin" / "python")
    return python if Path(python).is_file() else None


def write_raster(path, array, nodata=None, names=()):
    """Write an array (C,H,W) or (H,W) as a GeoTIFF in UTM zone 32."""
    array = array if array.ndim == 3 else array[np.newaxis]
    kinds = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "float32": gdal.GDT_Float32}
    count, height, width = array.shape
    dataset = gdal.GetDriverByName("GTiff").Create(
        str(path), width, height, count, kinds[array.dtype.name]
    )
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(EPSG)
    dataset.SetProjection(crs.ExportToWkt())
    dataset.SetGeoTransform((ORIGIN_X, PIXEL_M, 0, ORIGIN_Y, 0, -PIXEL_M))
    for index in range(count):
        band = dataset.GetRasterBand(index + 1)
        band.WriteArray(array[index])
        if nodata is not None:
            band.SetNoDataValue(nodata)
        if names:
            band.SetDescription(names[index])
    dataset.FlushCache()
    return path


def class_array(side=96):
    """Return an array of class ids: vertical strips, two of each class, 16 pixels wide."""
    ids = list(CLASSES)
    return np.repeat([ids[i % len(ids)] for i in range(side // 16)], 16)[np.newaxis].repeat(
        side, axis=0
    )


def write_scene(path, side=96, seed=0):
    """Write a scene of four bands in which the classes differ clearly."""
    means = {1: (900, 800, 600, 300), 2: (400, 600, 400, 3000), 5: (1800, 1900, 2100, 2300)}
    classes = class_array(side)
    image = np.random.default_rng(seed).normal(0, 60, (4, side, side))
    for key, levels in means.items():
        image += np.where(classes == key, np.array(levels)[:, np.newaxis, np.newaxis], 0)
    return write_raster(
        path, image.clip(1, 10000).astype("uint16"), names=("blue", "green", "red", "nir")
    )


def write_labels(path, side=96, shift_px=0):
    """Write polygons (GeoJSON): three in every strip, 10 pixels wide."""
    features = []
    classes = class_array(side)
    for left in range(0, side, 16):
        key = int(classes[0, left])
        for top in range(4 + shift_px, side - 20, 32):
            box = _box(left + 3, top, left + 13, top + 16)
            properties = {"class_id": key, "class": CLASSES[key], "top": top}
            geometry = {"type": "Polygon", "coordinates": [box]}
            features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{EPSG}"}}
    content = {"type": "FeatureCollection", "crs": crs, "features": features}
    Path(path).write_text(json.dumps(content), encoding="utf-8")
    return path


def _box(left, top, right, bottom):
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [[ORIGIN_X + x * PIXEL_M, ORIGIN_Y - y * PIXEL_M] for x, y in corners]


def qgis_profile(folder):
    """Make an empty profile with the plugin under test; return the environment for it."""
    plugins = folder / "profiles" / "default" / "python" / "plugins"
    target = plugins / NAME
    if (PLUGIN_DIR / "metadata.txt").is_file():
        plugins.mkdir(parents=True)
        target.symlink_to(PLUGIN_DIR)
    else:  # a checkout: the metadata lies beside the plugin's folder
        target.mkdir(parents=True)
        for source in (*PLUGIN_DIR.iterdir(), ROOT / "metadata.txt"):
            if source.name != "__pycache__":
                (target / source.name).symlink_to(source)
    settings = folder / "profiles" / "default" / "QGIS"
    settings.mkdir(parents=True)
    (settings / "QGIS3.ini").write_text(f"[PythonPlugins]\n{NAME}=true\n", encoding="utf-8")
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    keep = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {
        **keep,
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "QGIS_CUSTOM_CONFIG_PATH": str(folder),
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(runtime),
        "LULC_ENGINE_PYTHON": engine_python() or "",
        "LULC_HOME": str(folder / "lulc"),
    }


def qgis_process(env, *arguments, **options):
    """Start qgis_process and return the running process."""
    program = shutil.which("qgis_process.bin", path=env["PATH"]) or "qgis_process"
    return subprocess.Popen(
        [program, *map(str, arguments)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def run_qgis_process(env, algorithm, **parameters):
    """Run an algorithm; return exit code, results and stderr."""
    given = [f"{key}={value}" for key, value in parameters.items()]
    process = qgis_process(env, "--json", "run", algorithm, "--", *given)
    out, err = process.communicate(timeout=300)
    results = json.loads(out)["results"] if process.returncode == 0 else {}
    return process.returncode, results, err


def run(env, algorithm, **parameters):
    """Run an algorithm that must succeed; return its results."""
    code, results, err = run_qgis_process(env, f"lulc:{algorithm}", **parameters)
    assert code == 0, err
    return results


def lulc(*arguments):
    """Run the engine's command line as the plugin's engine has it; return what it prints."""
    from lulc_qgis_plugin.engine_source import SOURCE_DIR

    code = f"import sys; sys.path.insert(0, {str(SOURCE_DIR)!r}); "
    code += "from lulc_engine.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [engine_python(), "-I", "-c", code, *map(str, arguments), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_here(algorithm, parameters):
    """Run an algorithm in this process; return its results."""
    from qgis import processing

    return processing.run(f"lulc:{algorithm}", parameters)


def caught(requests, algorithm, parameters):
    """Return the options of a request whose outputs nobody writes."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="does not exist"):
        run_here(algorithm, parameters)
    return requests[-1]["options"]


def wait_for(condition, timeout_s=60):
    """Return what a condition becomes as soon as it is true; None if that takes too long."""
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return None


def is_running(pid):
    """Return whether a process is there and no zombie (Linux)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def metrics_of(path):
    """Return the content of a METRICS file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def pixels(path):
    """Return the values of a raster, (H,W) or (C,H,W)."""
    return gdal.Open(str(path)).ReadAsArray()


def run_in_background(algorithm, parameters, output):
    """Run an algorithm as a dialog does, its layer to be loaded; return context and results."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingOutputLayerDefinition,
        QgsProject,
    )

    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    context.setProject(QgsProject.instance())
    wanted = QgsProcessingOutputLayerDefinition(parameters[output], QgsProject.instance())
    task = QgsProcessingAlgRunnerTask(algorithm, {**parameters, output: wanted}, context, feedback)
    answers = []
    task.executed.connect(lambda done, results: answers.append((done, results)))
    QgsApplication.taskManager().addTask(task)
    until = time.monotonic() + 30
    while not answers and time.monotonic() < until:
        QgsApplication.processEvents()
    assert answers[0][0], feedback.textLog()
    return context, answers[0][1]
