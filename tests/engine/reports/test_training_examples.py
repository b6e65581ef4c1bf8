"""Examples, balance and machine in the training report, and which examples are chosen."""

import base64
import io

import matplotlib.image
import numpy as np
import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.reports.balance import balance_picture
from lulc_engine.reports.drawing import svg_text
from lulc_engine.reports.example_pictures import (
    NOT_LABELLED,
    composite,
    painted,
    png_address,
    stretched,
)
from lulc_engine.reports.examples import Examples, PatchExample, WindowExample, swatches
from lulc_engine.reports.training import TrainingReport, render_training_report
from lulc_engine.samples.patches.patch_set import PatchSet
from lulc_engine.samples.split import TEST
from lulc_engine.training.patch_examples import patch_examples
from lulc_engine.training.patch_scores import Predictions

DOT = png_address(np.zeros((1, 1, 3), np.uint8))


def bands(*roles):
    return tuple(Band(number, f"b{number}", role) for number, role in enumerate(roles, start=1))


def report(legend, examples, sizes=None):
    sizes = sizes or [10] * len(legend)
    rows = [
        {"name": item.name, "status": "", "training": {"units": 1, "pixels": size}}
        for item, size in zip(legend.classes, sizes, strict=True)
    ]
    return render_training_report(
        TrainingReport("m", legend, [], None, rows, "polygons", {}, examples=examples,
                       machine={"Processor": NAMES[0]}, repeat="lulc x --config 'a b/c.json'")
    )  # fmt: skip


def read_png(address):
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    return np.rint(matplotlib.image.imread(io.BytesIO(data), "png")[..., :3] * 255).astype(int)


def test_names_in_examples_do_no_harm(nasty_legend):
    window = WindowExample(DOT, DOT, DOT, "Worst", "0.0 % right")
    patch = PatchExample(DOT, NAMES[7], NAMES[0], NAMES[6])
    for examples in (
        Examples("test", "red", "How.", swatches(nasty_legend), windows=[window]),
        Examples("test", "red", "How.", right=[patch], wrong=[patch]),
    ):
        page = check_harmless(report(nasty_legend, examples))
        for text in ("Examples from the test set", "<script>alert(1)</script>", "Time and machine",
                     "lulc x --config 'a b/c.json'"):  # fmt: skip
            assert text in page.words, text


def test_the_balance_is_said_and_drawn():
    legend = make_legend((1, 2, 3), ("crop", "<b>", "water"))
    words = check_harmless(report(legend, None, [300, 20, 60])).words
    assert "“crop” has 300 pixels, 15 times as many as “<b>” with 20" in words
    assert "about equally frequent" in check_harmless(report(legend, None, [30, 20, 40])).words
    assert "equally" not in check_harmless(report(legend, None, [30, 20, 0])).words
    rows = [{"training": {"pixels": 30}, "test": {"pixels": 10}}, {"training": {"pixels": 40}}, {}]
    drawn = svg_text(balance_picture(rows, legend, "pixels", ["training", "test"]))
    assert "40 (50.0 %)" in drawn
    assert "<b>" not in drawn
    assert balance_picture([{}] * 3, legend, "pixels", ["training"]) is None


@pytest.mark.parametrize(
    ("roles", "shown", "name"),
    [
        (("blue", "green", "red", "nir"), (2, 1, 0), "red, green, blue"),
        (("green", "red", "nir"), (2, 1, 0), "nir, red, green"),
        ((None, None, None, None), (0, 1, 2), "b1, b2, b3"),
        (("swir16",), (0,), "swir16"),
    ],
)
def test_images_are_shown_in_colours_that_people_know(roles, shown, name):
    assert composite(bands(*roles)) == (shown, name)


def test_images_are_stretched_together_and_bytes_are_not():
    low, high = np.full((3, 4, 4), 1000, np.uint16), np.full((3, 4, 4), 3000, np.uint16)
    dark, bright = stretched([low, high], (0, 1, 2))
    assert (dark.max(), bright.min()) == (0, 255)
    missing = high.astype(np.float32)
    missing[:, 0, 0] = np.nan
    assert stretched([low, missing], (0,))[1][0, 0].tolist() == [255, 255, 255]
    values = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    (same,) = stretched([values], (2, 1, 0))
    assert (same == np.moveaxis(values[::-1], 0, -1)).all()
    assert (read_png(png_address(same)) == same).all()


def test_labels_are_painted_in_the_colours_of_the_legend():
    legend = make_legend((1, 7), ("a", "b"), {1: (10, 20, 30), 7: (40, 50, 60)})
    colors = painted(np.array([[0, 1], [-1, 0]]), legend)
    assert colors[0].tolist() == [[10, 20, 30], [40, 50, 60]]
    assert tuple(colors[1, 0]) == NOT_LABELLED


def patches(targets):
    images = np.arange(len(targets), dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 3, 2, 2), np.uint8
    )
    return PatchSet(
        images=images, valid=None, targets=targets, roles=np.full(len(targets), TEST, np.int8),
        names=[f"p{n}" for n in range(len(targets))], bands=bands("red", "green", "blue"),
        radiometry=Radiometry((1.0,) * 3, (0.0,) * 3, "option", ""),
        legend=make_legend((0, 1), ("crop", NAMES[0])), split="random", source="arrays",
    )  # fmt: skip


def test_the_surest_right_and_the_worst_wrong_patches_are_shown():
    targets = np.array([0, 0, 1, 1, 0], np.int16)
    crop = np.array([0.7, 0.9, 0.2, 0.8, 0.4])
    found = Predictions([f"p{n}" for n in range(5)], targets, np.stack([crop, 1 - crop], 1))
    chosen = patch_examples(found, TEST, patches(targets), ())
    assert [item.name for item in chosen.right] == ["p1", "p2", "p0"]
    assert [item.name for item in chosen.wrong] == ["p3", "p4"]
    assert chosen.wrong[0].answer.strip("\u2068") == "crop\u2069 80 %"
    assert NAMES[0] in chosen.wrong[0].label
    assert (read_png(chosen.wrong[0].image) == 3).all()


def test_patches_of_several_classes_are_right_with_all_of_them():
    targets = np.array([[1, 1], [1, 0], [0, 1]], np.uint8)
    chances = np.array([[0.9, 0.8], [0.4, 0.6], [0.7, 0.9]])
    found = Predictions(["p0", "p1", "p2"], targets, chances)
    chosen = patch_examples(found, TEST, patches(targets), (0.5, 0.5))
    assert [item.name for item in chosen.right] == ["p0"]
    assert [item.name for item in chosen.wrong] == ["p1", "p2"]
    assert (
        patch_examples(Predictions([], targets[:0], chances[:0]), TEST, patches(targets), ())
        is None
    )
