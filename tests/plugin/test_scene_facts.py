"""A scene is the same to the plugin, in QGIS's GDAL, as to the engine, in rasterio's."""

import json
import subprocess

import numpy as np
import pytest
from osgeo import gdal, osr
from support import engine_python, write_raster

from lulc_qgis_plugin import scene_facts
from lulc_qgis_plugin.engine_source import SOURCE_DIR, errors

ENGINE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from lulc_engine.errors import LulcError
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.scene import Scene

def seen(path, names):
    try:
        scene = Scene(path, names)
    except LulcError as err:
        return {"error": [err.message, err.hint]}
    sample = scene.sample(scene.bands)
    warnings = len(scene.warnings)
    scene.radiometry(scene.bands, 1.0, 0.0)
    doubts = [text.split(" ", 1)[1] for text in scene.warnings[warnings:]]
    return {
        "bands": [[band.number, band.name, band.role] for band in scene.bands],
        "dtype": scene.dtype(scene.bands).name,
        "sample": [list(sample.shape), float(sample.astype("f8").sum())],
        "pixel_m": pixel_metres(scene.grid),
        "doubts": doubts,
        "file": sorted(text.split(" ")[0] for text in scene.warnings[:warnings] if "Band" in text),
    }

print(json.dumps([seen(path, names) for path, names in json.load(sys.stdin)]))
"""


def seen(path, names):
    """Return what the plugin sees, in the words of the script above."""
    try:
        scene = scene_facts.open_scene(path, names)
    except errors.LulcError as err:
        return {"error": [err.message, err.hint]}
    sample, _ = scene.sample(scene.bands)
    return {
        "bands": [[band.number, band.name, band.role] for band in scene.bands],
        "dtype": scene.dtype(scene.bands).name,
        "sample": [list(sample.shape), float(sample.astype("f8").sum())],
        "pixel_m": scene.pixel_metres(),
        "doubts": [text.split(" ", 2)[2] for text in scene.doubts(sample, scene.bands)],
        "file": sorted(text.split(" ")[0] for text in scene.warnings if "Band" in text),
    }


def image(low=1, high=255, dtype="uint8", bands=4, side=70, seed=1):
    values = np.random.default_rng(seed).integers(low, high, (bands, side, side))
    return values.astype(dtype)


def changed(path, change):
    dataset = gdal.Open(str(path), gdal.GA_Update)
    change(dataset)
    dataset.FlushCache()
    return str(path)


def placed(path, crs, transform):
    """Write a scene in a coordinate system of any definition."""
    reference = osr.SpatialReference()
    assert reference.SetFromUserInput(crs) == 0
    write_raster(path, image(dtype="uint16"))

    def place(dataset):
        dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform(transform)

    return changed(path, place)


def with_alpha(path, values, names=()):
    write_raster(path, values, None, names)
    kind = gdal.GCI_AlphaBand
    return changed(path, lambda d: d.GetRasterBand(len(values)).SetColorInterpretation(kind))


def of_bands(folder):
    """Return files whose bands or masks are something of their own."""
    rgba = image()
    rgba[3] = 255 * (rgba[3] > 100)
    found = {
        "RGBA": with_alpha(folder / "rgba.tif", rgba),
        "NIR called alpha": with_alpha(folder / "nir.tif", image()),
        "named NIR": with_alpha(folder / "named.tif", rgba, ("red", "green", "blue", "nir")),
        "alpha in 16 bits": with_alpha(folder / "a16.tif", image(dtype="uint16", bands=5)),
        "alpha alone": with_alpha(folder / "alone.tif", rgba[3:]),
        "small": str(write_raster(folder / "small.tif", image(side=5))),
        "wide": str(write_raster(folder / "wide.tif", image(1, 4000, "uint16", side=500))),
        "nodata": str(write_raster(folder / "nodata.tif", image(1, 9), 3)),
        "impossible nodata": str(write_raster(folder / "never.tif", image(0, 2), -9999)),
        "black": str(write_raster(folder / "black.tif", np.triu(image()), None)),
        "one value": str(write_raster(folder / "flat.tif", np.full((3, 60, 60), 7, "uint16"))),
    }
    png = str(folder / "rgba.png")
    gdal.GetDriverByName("PNG").CreateCopy(png, gdal.Open(found["NIR called alpha"])).FlushCache()
    hole = image(dtype="float32")
    hole[:, :9], hole[1, 20:30] = np.nan, np.inf
    masked = str(write_raster(folder / "masked.tif", image()))

    def hide(dataset):
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(rgba[3])

    def paint(dataset):
        table = gdal.ColorTable()
        table.SetColorEntry(1, (1, 2, 3, 255))
        dataset.GetRasterBand(1).SetColorTable(table)

    changed(masked, hide)
    palette = str(write_raster(folder / "palette.tif", image(bands=1)))
    virtual = str(folder / "virtual.vrt")
    singles = [
        str(write_raster(folder / f"T32_{name}.tif", image(seed=i, bands=1)))
        for i, name in enumerate(("B02", "B03", "B08"))
    ]
    gdal.BuildVRT(virtual, singles, separate=True).FlushCache()
    return {
        **found,
        "PNG": png,
        "not finite": str(write_raster(folder / "hole.tif", hole)),
        "mask in the file": masked,
        "palette": changed(palette, paint),
        "of files": virtual,
    }


def of_places(folder):
    """Return files in coordinate systems of all kinds."""
    mercator = (900_000, 14.8, 0, 6_000_000, 0, -14.8)
    systems = {
        "UTM": ("EPSG:32632", (5e5, 10, 0, 52e5, 0, -10)),
        "Web Mercator": ("EPSG:3857", mercator),
        "Web Mercator, turned": ("EPSG:3857", (9e5, 12, 5, 6e6, 5, -12)),
        "across the date line": ("EPSG:3857", (20037480, 2, 0, 6e6, 0, -2)),
        "outside the world": ("EPSG:32632", (9e20, 10, 0, 9e20, 0, -10)),
        "degrees": ("EPSG:4326", (7, 1e-4, 0, 47, 0, -1e-4)),
        "grads": ("EPSG:4807", (5, 1e-4, 0, 52, 0, -1e-4)),
        "feet": ("EPSG:2263", (9e5, 100, 0, 2e5, 0, -100)),
        "grads below": ("EPSG:27572", (6e5, 10, 0, 24e5, 0, -10)),
        "equal area": ("EPSG:3035", (43e5, 20, 0, 30e5, 0, -20)),
        "far from its meridian": ("EPSG:32632", (21e5, 10, 0, 52e5, 0, -10)),
        "a sphere": ("+proj=merc +R=6371007 +units=m", mercator),
        "with heights": ("EPSG:3857+5773", mercator),
        "a plan": ('LOCAL_CS["site",UNIT["metre",1]]', (0, 2, 0, 0, 0, -2)),
    }
    return {
        name: placed(folder / f"place{number}.tif", *system)
        for number, (name, system) in enumerate(systems.items())
    }


@pytest.mark.skipif(engine_python() is None, reason="needs the engine")
def test_the_plugin_sees_what_the_engine_sees(tmp_path):
    files = {**of_bands(tmp_path), **of_places(tmp_path)}
    cases = [(name, []) for name in files]
    cases += [("RGBA", list("abcd")), ("RGBA", list("abc")), ("RGBA", list("ab"))]
    question = json.dumps([(files[name], names) for name, names in cases])
    command = [engine_python(), "-I", "-c", ENGINE, str(SOURCE_DIR)]
    answer = subprocess.run(command, input=question, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    for (name, names), engine in zip(cases, json.loads(answer.stdout)):
        plugin = seen(files[name], names)
        pixels = [found.pop("pixel_m", None) for found in (engine, plugin)]
        assert plugin == engine, name
        assert (pixels[0] is None) == (pixels[1] is None), name
        assert pixels[0] is None or pixels[1] == pytest.approx(pixels[0], rel=1e-6), name
        if name == "Web Mercator":
            assert pixels[1] == pytest.approx((10.1, 10.1), rel=0.01)  # and not 14.8
        if name == "NIR called alpha":
            assert len(plugin["bands"]) == 4
        if name == "alpha alone":
            assert "no bands but alpha" in plugin["error"][0]
