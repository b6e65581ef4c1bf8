"""The table of classified patches."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from landscape import write_untrained_model
from patch_models import make_patch_spec, write_patch_model
from PIL import Image
from recorder import Recorder

from lulc_engine.errors import Cancelled, LulcError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.patch_table import choose_classes, classify_patches, table_rows
from lulc_engine.options import ClassifyPatchesOptions
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry

EUROSAT = Path(__file__).parents[2] / "data" / "eurosat"
ROLES = ("red", "green", "blue")
PICTURES = Radiometry((1 / 255,) * 3, (0.0,) * 3, "values", "8-bit values")


pytestmark = [
    pytest.mark.usefixtures("flat"),
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
]


def picture_model(folder, size=64, **changes):
    given = {"radiometry": PICTURES, "value_range": ((0.0, 255.0),) * 3}
    spec = make_patch_spec("flat", size, ROLES, **{**given, **changes})
    return write_patch_model(folder / "m.safetensors", spec, mean=0.35, spread=0.2)


def run_table(output, model, feedback=None, **options):
    """Classify patches; return the result and the rows."""
    given = {"model": str(model), "output": str(output), "threads": 1, **options}
    result = classify_patches(ClassifyPatchesOptions(**given), feedback or Feedback())
    with open(output, newline="", encoding="utf-8") as stream:
        return result, list(csv.DictReader(stream))


# --- files, arrays -------------------------------------------------------------------------------


def test_a_folder_of_pictures(tmp_path):
    model, network = picture_model(tmp_path)
    result, rows = run_table(tmp_path / "t.csv", model, patches=str(EUROSAT))
    assert list(rows[0]) == [
        "patch", "class", "class_id", "confidence", "p_class 1", "p_class 2", "p_class 3"
    ]  # fmt: skip
    assert {row["patch"] for row in rows} == {
        path.relative_to(EUROSAT).as_posix() for path in EUROSAT.glob("*/*.jpg")
    }
    for row in rows[::7]:
        with rasterio.open(EUROSAT / row["patch"]) as image:
            pixels = image.read().astype(np.float32)
        with torch.inference_mode():
            shares = torch.softmax(network(torch.from_numpy(pixels)[None])[0], dim=0).numpy()
        written = [row[f"p_class {number}"] for number in (1, 2, 3)]
        assert all(len(text.split(".")[1]) == 6 for text in (*written, row["confidence"]))
        np.testing.assert_allclose([float(text) for text in written], shares, atol=1e-5)
        best = int(np.argmax([float(text) for text in written]))
        assert (row["class"], row["class_id"]) == (f"class {best + 1}", str(best + 1))
        assert row["confidence"] == written[best]
    assert (result["patches"], result["rejected"]) == (120, 0)
    for item in result["classes"]:
        assert item["patches"] == sum(row["class"] == item["name"] for row in rows)
    assert [item["id"] for item in result["classes"]] == [1, 2, 3]


def test_arrays_of_numbers(tmp_path):
    spec = make_patch_spec("pixelnet", 5)
    model, network = write_patch_model(tmp_path / "m.safetensors", spec)
    features = np.random.default_rng(0).integers(1, 100, (1100, 5, 5, 3)).astype(np.uint16)
    np.save(tmp_path / "x.npy", features)
    result, rows = run_table(tmp_path / "t.csv", model, features=str(tmp_path / "x.npy"))
    assert [row["patch"] for row in rows] == [str(number) for number in range(1100)]
    assert result["patches"] == 1100
    with torch.inference_mode():
        raw = torch.from_numpy(features.transpose(0, 3, 1, 2).astype(np.float32))
        expected = torch.softmax(network(raw), dim=1).numpy()
    found = [[float(row[f"p_class {number}"]) for number in (1, 2, 3)] for row in rows]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_one_picture(tmp_path):
    model, _ = picture_model(tmp_path)
    image = next(EUROSAT.glob("SeaLake/*.jpg"))
    result, (row,) = run_table(tmp_path / "t.csv", model, patches=str(image))
    assert row["patch"] == image.name
    assert result["patches"] == 1


def test_patches_in_reflectance_are_stretched_like_the_pictures_of_the_training(tmp_path):
    model, network = picture_model(tmp_path, 6, stretch=((0.0, 0.25),) * 3)
    reflectance = np.random.default_rng(0).uniform(0, 0.3, (50, 6, 6, 3))
    np.save(tmp_path / "x.npy", (reflectance * 1e4).astype(np.uint16))
    _, rows = run_table(
        tmp_path / "t.csv", model, features=str(tmp_path / "x.npy"), scale=1e-4
    )  # fmt: skip
    network.input.set_radiometry([1.0] * 3, [0.0] * 3)
    shown = ((reflectance * 1e4).astype(np.uint16) / 1e4 / 0.25).clip(0, 1)
    with torch.inference_mode():
        raw = torch.from_numpy(shown.transpose(0, 3, 1, 2).astype(np.float32))
        expected = torch.softmax(network(raw), dim=1).numpy()
    found = [[float(row[f"p_class {number}"]) for number in (1, 2, 3)] for row in rows]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_what_cannot_be_read_is_counted_and_named(tmp_path):
    model, _ = picture_model(tmp_path)
    folder = tmp_path / "patches"
    folder.mkdir()
    for image in EUROSAT.glob("River/*.jpg"):
        (folder / image.name).write_bytes(image.read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    Image.new("RGB", (32, 32)).save(folder / "small.png")
    log = Recorder()
    result, rows = run_table(tmp_path / "t.csv", model, log, patches=str(folder))
    assert (result["patches"], result["rejected"], len(rows)) == (12, 2, 12)
    assert {"broken.jpg", "small.png"}.isdisjoint(row["patch"] for row in rows)
    for name in ("broken.jpg", "small.png"):
        assert any(line.startswith(f"{name} was left out: ") for line in log.warnings)


# --- which class, and the rows -------------------------------------------------------------------


def several_spec(thresholds=(), names=("farm", "wood", "lake")):
    spec = make_patch_spec("flat", 5, multilabel=True, legend=make_legend((4, 7, 9), names))
    return dataclasses.replace(spec, patch=dataclasses.replace(spec.patch, thresholds=thresholds))


PROBABILITIES = np.array([[0.9, 0.5, 0.1], [0.49, 0.2, 0.3], [0.6, 0.3, 0.8]])


def test_several_classes_by_their_thresholds():
    assert choose_classes(PROBABILITIES, several_spec()).astype(int).tolist() == [
        [1, 1, 0], [0, 0, 0], [1, 0, 1],
    ]  # fmt: skip
    tuned = several_spec((0.95, 0.3, 0.25))
    assert choose_classes(PROBABILITIES, tuned).astype(int).tolist() == [
        [0, 1, 0],
        [0, 0, 1],
        [0, 1, 1],
    ]


def test_rows_with_several_classes():
    spec = several_spec()
    rows = table_rows(["a", "b", "c"], PROBABILITIES, choose_classes(PROBABILITIES, spec), spec)
    assert rows == [
        ["patch", "class", "class_id", "confidence", "p_farm", "p_wood", "p_lake"],
        ["a", "farm|wood", "4|7", "0.500000", "0.900000", "0.500000", "0.100000"],
        ["b", "", "", "0.510000", "0.490000", "0.200000", "0.300000"],
        ["c", "farm|lake", "4|9", "0.600000", "0.600000", "0.300000", "0.800000"],
    ]


def test_several_classes_of_a_model_file(tmp_path):
    spec = several_spec((0.5, 0.6, 0.4))
    model, network = write_patch_model(tmp_path / "m.safetensors", spec)
    features = np.random.default_rng(0).integers(1, 100, (60, 5, 5, 3)).astype(np.uint16)
    np.save(tmp_path / "x.npy", features)
    result, rows = run_table(tmp_path / "t.csv", model, features=str(tmp_path / "x.npy"))
    with torch.inference_mode():
        raw = torch.from_numpy(features.transpose(0, 3, 1, 2).astype(np.float32))
        said = (torch.sigmoid(network(raw)) >= torch.tensor([0.5, 0.6, 0.4])).numpy()
    names = np.array(["farm", "wood", "lake"])
    assert [row["class"] for row in rows] == ["|".join(names[one]) for one in said]
    assert [item["patches"] for item in result["classes"]] == said.sum(axis=0).tolist()
    assert {len(one.nonzero()[0]) for one in said} >= {0, 1, 2}


def test_names_are_no_formulas(tmp_path):
    legend = make_legend((1, 2, 3), ("=1+1", "@home", "wood\nland"))
    model, _ = picture_model(tmp_path, legend=legend)
    image = next(EUROSAT.glob("SeaLake/*.jpg"))
    (tmp_path / "=cmd.jpg").write_bytes(image.read_bytes())
    _, (row,) = run_table(tmp_path / "t.csv", model, patches=str(tmp_path / "=cmd.jpg"))
    assert row["patch"] == "'=cmd.jpg"
    assert row["class"] in ("'=1+1", "'@home", "wood\\nland")
    assert list(row)[4:] == ["p_=1+1", "p_@home", "p_wood\\nland"]


# --- refusals ------------------------------------------------------------------------------------


def failing(tmp_path, model, feedback=None, **options):
    """Return the error of a run that must leave nothing behind."""
    before = set(tmp_path.rglob("*"))
    with pytest.raises(LulcError) as caught:
        run_table(options.pop("output", tmp_path / "t.csv"), model, feedback, **options)
    assert set(tmp_path.rglob("*")) == before
    return caught.value


def test_segmenters_take_no_patches(tmp_path):
    model, _ = write_untrained_model(tmp_path / "m.safetensors")
    error = failing(tmp_path, model, patches=str(EUROSAT))
    assert (error.exit_code, error.code) == (4, "LULC-E4")


def test_patches_of_another_size(tmp_path):
    model, _ = picture_model(tmp_path, 32)
    error = failing(tmp_path, model, patches=str(EUROSAT))
    assert error.exit_code == 3
    assert "32 x 32 px" in error.message


def test_patches_in_reflectance_for_a_model_without_a_stretch(tmp_path):
    model, _ = picture_model(tmp_path, 6)
    np.save(tmp_path / "x.npy", np.full((9, 6, 6, 3), 1700, np.uint16))
    error = failing(tmp_path, model, features=str(tmp_path / "x.npy"))
    assert error.exit_code == 3
    assert "pictures of 8 bits" in error.message


def test_a_table_must_be_csv(tmp_path):
    model, _ = picture_model(tmp_path)
    error = failing(tmp_path, model, patches=str(EUROSAT), output=tmp_path / "t.xlsx")
    assert error.exit_code == 2


def test_an_input_is_not_overwritten_by_the_table(tmp_path):
    model, _ = picture_model(tmp_path)
    (tmp_path / "list.csv").write_text("path\na.jpg\n")
    given = {"patches": str(tmp_path / "list.csv"), "output": tmp_path / "list.csv"}
    assert "also an input" in failing(tmp_path, model, **given).message
    assert (tmp_path / "list.csv").read_text() == "path\na.jpg\n"


def test_cancelling_leaves_nothing(tmp_path):
    model, _ = picture_model(tmp_path)
    feedback = Feedback()

    def progress(fraction, text=""):
        if fraction and fraction > 0.2:
            feedback.cancel()

    feedback.progress = progress
    assert isinstance(failing(tmp_path, model, feedback, patches=str(EUROSAT)), Cancelled)
