"""Every command that writes a page or a table, over classes whose names try to do harm."""

import csv
import dataclasses
import io
import re

import numpy as np
import pytest
from factories import write_raster
from landscape import Country
from page_reader import NAMES, check_harmless

from lulc_engine.commands import COMMANDS
from lulc_engine.feedback import Feedback
from lulc_engine.rasters.legend import make_legend

# In code-point order, as classes of a text field are numbered
HOSTILE = sorted([NAMES[0], "n" * 300, *NAMES[2:5]])
FORMULA = re.compile(r"[\s\"']*[=+\-@]")
WRITTEN = {"report", "table", "areas"}
# Pages that show every class by its name
SHOWING = ("segmenter", "patches", "accuracy", "sample", "data", "segmenter-info", "change")


class Runner:
    """Runs commands and remembers which."""

    def __init__(self, folder):
        self.folder, self.used = folder, set()

    def __call__(self, command, name, **options):
        """Run a command with every page and table that it can write."""
        known = COMMANDS[command]
        fields = {item.name for item in dataclasses.fields(known.options)}
        for key, ending in (("report", "html"), ("table", "csv"), ("areas", "csv")):
            if key in fields:
                options.setdefault(key, str(self.folder / f"{name}.{ending}"))
        if "threads" in fields:
            options["threads"] = 1
        self.used.add(command)
        return known.run(known.options(**options), Feedback())


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """All commands have run over the same hostile classes."""
    folder, country = tmp_path_factory.mktemp("hostile"), Country(classes=5, side=10)
    run = Runner(folder)
    scene = write_raster(folder / "s.tif", country.image("uint16"))
    labels = country.polygons(folder / "l.geojson", HOSTILE)
    points = country.points(folder / "p.geojson", HOSTILE, each=1)
    truth = write_raster(
        folder / "truth.tif", (country.truth + 1).astype(np.uint8),
        make_legend(range(1, 6), HOSTILE), nodata=0,
    )  # fmt: skip
    segmenter, classifier, made = (str(folder / name) for name in ("m.safetensors",
                                   "c.safetensors", "map.tif"))  # fmt: skip
    learned = {"image": [scene], "labels": labels, "class_field": "class", "epochs": 1}
    run("train-segmenter", "segmenter", model=segmenter, window_px=32, batch_size=4,
        run_folder=str(folder / "run"), **learned)  # fmt: skip
    run("train-patches", "patches", model=classifier, architecture="pixelnet", max_per_class=20,
        **learned)  # fmt: skip
    run("classify", "areas", image=scene, model=segmenter, output=made)
    np.save(folder / "f.npy", np.moveaxis(country.image("uint16")[:, :50, :5], 0, -1)
            .reshape(10, 5, 5, 3))  # fmt: skip
    run("classify-patches", "classes", features=str(folder / "f.npy"), model=classifier,
        output=str(folder / "patches-table.csv"))  # fmt: skip
    run("assess", "accuracy", map=made, reference=labels, class_field="class")
    run("assess", "sample", map=truth, reference=points, class_field="class", sampling="simple")
    run("suggest-samples", "points", map=truth, output=str(folder / "points.gpkg"), size=300)
    run("detect-change", "change", before=made, after=truth, output=str(folder / "change.tif"))
    run("describe", "data", image=[scene], labels=labels, class_field="class")
    run("compare", "models", models=[segmenter, classifier])
    run("explain", "evidence", image=scene, model=segmenter, class_=HOSTILE[-1],
        output=str(folder / "cam.tif"), table="")  # fmt: skip
    run("explain", "bands", image=scene, model=segmenter, method="occlusion", labels=labels,
        class_field="class")  # fmt: skip
    run("info", "segmenter-info", model=segmenter)
    return run


def test_no_command_is_forgotten(runner):
    writing = {
        name
        for name, command in COMMANDS.items()
        if WRITTEN & {item.name for item in dataclasses.fields(command.options)}
    }
    assert writing <= runner.used


def test_pages_do_no_harm_and_show_the_names(runner):
    pages = {path.stem: path for path in runner.folder.rglob("*.html")}
    assert set(SHOWING) <= set(pages)
    for stem, path in pages.items():
        words = check_harmless(path.read_text("utf-8")).words
        for name in HOSTILE:
            shown = name[:20] if len(name) > 40 else name
            assert stem not in SHOWING or shown in words, (stem, shown)


def test_tables_hold_names_and_no_formulas(runner):
    tables = list(runner.folder.rglob("*.csv"))
    assert len(tables) >= 10
    for path in tables:
        cells = [cell for row in csv.reader(io.StringIO(path.read_text("utf-8"))) for cell in row]
        for cell in cells:
            assert not FORMULA.match(cell) or cell.startswith("'") or is_number(cell), cell
    first = (runner.folder / "accuracy.csv").read_text("utf-8")
    for name in HOSTILE:
        assert name.replace('"', '""') in first


def test_pictures_of_the_run_folder_keep_text_as_text(runner):
    drawn = (runner.folder / "run" / "class_scores.svg").read_text("utf-8")
    assert "<script" not in drawn
    for part in ("غابة", "🌲", "&lt;script&gt;"):
        assert part in drawn


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
