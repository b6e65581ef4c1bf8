"""Maps with MIN_CONFIDENCE: where the model is not sure enough, and everything that says so."""

import csv
import json

import numpy as np
import pytest
import rasterio
from factories import pixel_point, random_image, write_geojson, write_raster
from landscape import make_spec, write_untrained_model
from patch_models import make_patch_spec, write_patch_model
from recorder import Recorder
from seamless import read_map, run_classify

from lulc_engine.change.detect import detect_change
from lulc_engine.errors import LulcError, OptionsError
from lulc_engine.evaluation.assess import assess
from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.inference.patch_table import classify_patches
from lulc_engine.options import (
    AssessOptions,
    ClassifyOptions,
    ClassifyPatchesOptions,
    DetectChangeOptions,
)
from lulc_engine.samples.raster_labels import RasterSource
from lulc_engine.sampling.suggest import SuggestSamplesOptions, suggest_samples

pytestmark = pytest.mark.usefixtures("flat")

LEAST = 40  # of untrained models some of it is unsure


@pytest.fixture
def scene(tmp_path):
    image = random_image(3, 60, 70)
    image[:, 10:20, :9] = 0
    return write_raster(tmp_path / "scene.tif", image, nodata=0)


def both(folder, scene, model, **options):
    """Return the maps without and with MIN_CONFIDENCE, the confidence, and the second's result."""
    options.setdefault("runtime", "torch")
    sure = {"confidence": str(folder / "c.tif"), "areas": str(folder / "a.csv"), **options}
    run_classify(scene, model, folder / "all.tif", **options)
    log = Recorder()
    given = {"image": scene, "model": str(model), "output": str(folder / "sure.tif"), "threads": 1}
    result = classify(ClassifyOptions(**given, min_confidence=LEAST, **sure), log)
    maps = [read_map(folder / name) for name in ("all.tif", "sure.tif", "c.tif")]
    return *maps, result, log


def expect_abstained(found, value, nodata=0):
    everything, sure, percent, result, log = found
    known = everything != nodata
    unsure = known & (percent < LEAST)
    assert 0.01 < unsure[known].mean() < 0.99
    np.testing.assert_array_equal(sure, np.where(unsure, value, everything))
    assert result["unclassified_share"] == unsure.sum() / known.sum()
    assert result["pixels"] == known.sum()
    row = result["legend"][-1]
    assert (row["id"], row["name"]) == (value, "unclassified")
    assert any("Unclassified" in line and f"less than {LEAST} % sure" in line for line in log.lines)


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_a_segmenter(tmp_path, scene, runtime):
    model, _ = write_untrained_model(tmp_path / "m.safetensors")
    found = both(tmp_path, scene, model, runtime=runtime)
    expect_abstained(found, 255)
    with open(tmp_path / "a.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows] == ["1", "2", "3", "255"]
    assert int(rows[-1]["pixels"]) == (found[1] == 255).sum()
    assert sum(float(row["share"]) for row in rows) == pytest.approx(1, abs=1e-5)
    assert 'value="255" label="unclassified"' in (tmp_path / "sure.qml").read_text("utf-8")
    assert "<Category>unclassified</Category>" in (tmp_path / "sure.tif.aux.xml").read_text("utf-8")
    with rasterio.open(tmp_path / "sure.tif") as dataset:
        legend = json.loads(dataset.tags()["LULC_LEGEND"])
        assert dataset.tags()["LULC_MIN_CONFIDENCE"] == str(LEAST)
        assert dataset.colormap(1)[255] == (158, 158, 158, 255)
        assert (dataset.nodata, dataset.dtypes) == (0, ("uint8",))
    assert [row.get("unclassified", False) for row in legend] == [False, False, False, True]
    with rasterio.open(tmp_path / "all.tif") as dataset:
        assert "LULC_MIN_CONFIDENCE" not in dataset.tags()
        assert "unclassified" not in dataset.tags()["LULC_LEGEND"]


def test_a_segmenter_whose_windows_are_blended(tmp_path, scene):
    spec = make_spec(halo_px=None)
    model, _ = write_untrained_model(tmp_path / "m.safetensors", spec)
    expect_abstained(both(tmp_path, scene, model, tile_px=48), 255)


@pytest.mark.parametrize("per_pixel", [False, True])
@pytest.mark.parametrize("architecture", ["pixelnet", "flat"])
def test_a_patch_classifier(tmp_path, scene, architecture, per_pixel):
    spec = make_patch_spec(architecture, 5)
    model, _ = write_patch_model(tmp_path / "m.safetensors", spec)
    expect_abstained(both(tmp_path, scene, model, per_pixel=per_pixel), 255)


def test_as_many_classes_as_a_byte_holds(tmp_path, scene):
    spec = make_spec(ids=tuple(range(255)))
    model, _ = write_untrained_model(tmp_path / "m.safetensors", spec)
    found = read_map(
        run_classify(scene, model, tmp_path / "m.tif", min_confidence=99, runtime="torch")["output"]
    )
    assert found.dtype == np.uint16
    assert set(np.unique(found)) == {255, 65535}


def test_several_classes_per_patch_have_no_single_confidence(tmp_path, scene):
    model, _ = write_patch_model(tmp_path / "m.safetensors", make_patch_spec(multilabel=True))
    with pytest.raises(OptionsError, match="--min-confidence"):
        run_classify(scene, model, tmp_path / "map.tif", min_confidence=50)
    np.save(tmp_path / "x.npy", np.ones((2, 5, 5, 3), np.float32))
    options = ClassifyPatchesOptions(
        model=model, features=str(tmp_path / "x.npy"), output=str(tmp_path / "t.csv"),
        min_confidence=50,
    )  # fmt: skip
    with pytest.raises(OptionsError, match="--min-confidence"):
        classify_patches(options, Feedback())
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize("value", [0.6, -1, 101, "much"])
def test_the_unit_is_whole_percent(value):
    with pytest.raises(LulcError, match="--min-confidence must be a whole number from 0 to 100"):
        ClassifyOptions(image="a", model="b", output="c.tif", min_confidence=value)


def test_the_table_of_patches(tmp_path):
    model, _ = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("flat", 6))
    values = np.random.default_rng(0).uniform(1, 99, (60, 6, 6, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    tables = []
    for least in (0, LEAST):
        log = Recorder()
        options = ClassifyPatchesOptions(
            model=model, features=str(tmp_path / "x.npy"), output=str(tmp_path / "t.csv"),
            min_confidence=least, threads=1,
        )  # fmt: skip
        result = classify_patches(options, log)
        with open(options.output, encoding="utf-8", newline="") as stream:
            tables.append(list(csv.DictReader(stream)))
    unsure = 0
    for everything, sure in zip(*tables, strict=True):
        assert sure["confidence"] == everything["confidence"]
        if float(sure["confidence"]) < LEAST / 100:
            unsure += 1
            assert (sure["class"], sure["class_id"]) == ("", "")
        else:
            assert sure == everything
    assert 0 < unsure < 60
    assert result["unclassified"] == unsure
    assert sum(row["patches"] for row in result["classes"]) == 60 - unsure
    assert any(f"{unsure} of 60 patches are unclassified" in line for line in log.lines)


# --- what others make of such a map --------------------------------------------------------------


@pytest.fixture
def maps(tmp_path, scene):
    model, _ = write_untrained_model(tmp_path / "m.safetensors")
    found = both(tmp_path, scene, model)
    return found[0], found[1]


def test_an_assessment_does_not_take_it_for_a_class(tmp_path, maps):
    everything, sure = maps
    rng = np.random.default_rng(1)
    wrong = rng.random(everything.shape) < 0.3
    truth = np.where(wrong, rng.integers(1, 4, everything.shape), everything).astype(np.uint8)
    truth[30:] = 0
    reference = write_raster(tmp_path / "truth.tif", truth, nodata=0)
    options = AssessOptions(
        map=str(tmp_path / "sure.tif"), reference=reference, report=str(tmp_path / "r.html"),
        metrics=str(tmp_path / "r.json"),
    )  # fmt: skip
    log = Recorder()
    result = assess(options, log)
    asked, unsure = truth > 0, sure == 255
    compared = asked & ~unsure & (sure > 0)
    right = (truth == sure)[compared]
    assert result["overall_accuracy"] == pytest.approx(right.mean())
    reference = result["scores"]["reference"]
    assert reference["n"] == compared.sum()
    assert reference["abstained"] == (asked & unsure).sum()
    assert reference["unclassified"] == (asked & ~compared).sum()
    assert [row["id"] for row in result["scores"]["classes"]] == [1, 2, 3]
    assert result["unclassified_share"] == pytest.approx(1 - compared.sum() / asked.sum())
    sentences = [line for line in log.lines if "says unclassified" in line]
    assert len(sentences) == 1
    everyone = right.sum() / (compared.sum() + (asked & unsure).sum())
    assert f"{right.mean():.1%}".replace("%", " %") in sentences[0]
    assert f"{everyone:.1%}".replace("%", " %") in sentences[0]
    assert "says unclassified" in (tmp_path / "r.html").read_text("utf-8")


def test_area_estimates_are_those_of_the_classified_part(tmp_path, maps):
    everything, sure = maps
    places = [(int(r), int(c)) for r, c in np.argwhere(everything > 0)[::23]]
    features = [(pixel_point(*place), {"class": f"class {everything[place]}"}) for place in places]
    points = write_geojson(tmp_path / "p.geojson", features)
    options = AssessOptions(
        map=str(tmp_path / "sure.tif"), reference=points, class_field="class", sampling="simple"
    )
    log = Recorder()
    result = assess(options, log)
    area = result["scores"]["area"]
    assert area["overall_accuracy"]["value"] == 1
    mapped = sum(row["mapped_hectares"] for row in area["classes"])
    assert mapped == pytest.approx(((sure > 0) & (sure < 255)).sum() * 0.01)
    assert any("classified part of the map" in line for line in log.lines)


def test_it_is_no_class_to_sample_to_change_or_to_learn(tmp_path, maps):
    _, sure = maps
    path = str(tmp_path / "sure.tif")
    options = SuggestSamplesOptions(map=path, output=str(tmp_path / "s.gpkg"), size=150)
    assert "unclassified" not in json.dumps(suggest_samples(options, Feedback()), default=str)
    options = DetectChangeOptions(
        before=str(tmp_path / "all.tif"), after=path, output=str(tmp_path / "change.tif")
    )
    assert detect_change(options, Feedback())["changed_share"] == 0
    change = read_map(tmp_path / "change.tif")
    assert (change == 0).sum() == ((sure == 0) | (sure == 255)).sum()
    assert RasterSource(path, "", Feedback()).ids.tolist() == [1, 2, 3]
