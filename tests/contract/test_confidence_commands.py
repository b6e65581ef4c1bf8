"""MIN_CONFIDENCE with the real engine in qgis_process, by the bundled model."""

import csv

import numpy as np
import pytest
from support import ROOT, engine_python, metrics_of, pixels, run, write_raster

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")
MODEL = ROOT / "resources" / "models" / "eurosat_rgb.safetensors"


def test_what_is_unsure_is_unclassified_and_no_class(env, tmp_path):
    rng = np.random.default_rng(0)
    values = np.kron(rng.integers(0, 256, (3, 6, 8)), np.ones((64, 64))).astype("uint8")
    values = np.clip(values + rng.normal(0, 20, values.shape), 0, 255).astype("uint8")
    scene = write_raster(tmp_path / "rgb.tif", values, names=("red", "green", "blue"))
    given = {"INPUT": scene, "MODEL": MODEL, "CONFIDENCE": tmp_path / "c.tif"}
    everything = run(env, "classifyraster", **given, OUTPUT=tmp_path / "all.tif")
    percent = pixels(everything["CONFIDENCE"])
    least = int(np.median(percent)) + 1
    sure = run(
        env, "classifyraster", **given, OUTPUT=tmp_path / "sure.tif", MIN_CONFIDENCE=least,
        AREAS=tmp_path / "areas.csv",
    )  # fmt: skip
    unsure = percent < least
    assert everything["UNCLASSIFIED_SHARE"] == 0
    assert sure["UNCLASSIFIED_SHARE"] == unsure.mean()
    found, before = pixels(sure["OUTPUT"]), pixels(everything["OUTPUT"])
    (value,) = set(found[unsure].tolist())
    assert value not in before
    np.testing.assert_array_equal(found[~unsure], before[~unsure])
    with open(sure["AREAS"], encoding="utf-8", newline="") as stream:
        last = list(csv.DictReader(stream))[-1]
    assert (last["id"], last["name"]) == (str(value), "unclassified")
    assert int(last["pixels"]) == unsure.sum()

    assessed = run(
        env, "assessaccuracy", MAP=sure["OUTPUT"], REFERENCE=everything["OUTPUT"],
        METRICS=tmp_path / "metrics.json",
    )  # fmt: skip
    assert assessed["OVERALL_ACCURACY"] == 1
    assert assessed["UNCLASSIFIED_SHARE"] == unsure.mean()
    assert metrics_of(assessed["METRICS"])["reference"]["abstained"] == unsure.sum()
