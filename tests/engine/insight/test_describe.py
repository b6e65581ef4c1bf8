"""The command on small invented scenes and patches."""

import csv
import json

import numpy as np
import pytest
from factories import pixel_box, write_geojson
from landscape import FIELD_PX, Country
from patch_files import picture, write_class_folders, write_image

from lulc_engine.errors import Cancelled, LabelError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.insight.describe import describe
from lulc_engine.options import DescribeOptions

NAMES = ("crop", "forest", "water")


class Heard(Feedback):
    """Keeps what is said."""

    def __init__(self):
        super().__init__()
        self.said = []

    def info(self, text):
        self.said.append(text)


def run(feedback=None, **options):
    return describe(DescribeOptions(**options), feedback or Feedback())


@pytest.fixture(scope="module")
def country():
    return Country()


@pytest.fixture
def scene(write_raster, country):
    return write_raster("scene.tif", country.image("uint16"), nodata=0)


def test_polygons(scene, country, tmp_path):
    labels = country.polygons(tmp_path / "labels.geojson", NAMES)
    paths = {k: str(tmp_path / f"out.{e}") for k, e in
             (("report", "html"), ("metrics", "json"), ("table", "csv"))}  # fmt: skip
    result = run(image=(scene,), labels=labels, class_field="class", scale=1e-4, **paths)
    assert {name: result[name] for name in paths} == paths
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found == json.loads(json.dumps(result["description"]))
    of_class = np.bincount(country.fields.ravel())
    assert [row["name"] for row in found["classes"]] == list(NAMES)
    assert [row["units"] for row in found["classes"]] == of_class.tolist()
    assert [row["samples"] for row in found["classes"]] == (of_class * 64).tolist()
    assert sum(row["share"] for row in found["classes"]) == pytest.approx(1)
    for row in found["classes"]:
        assert sum(row["split"].values()) == row["samples"]
        assert sum(row["unit_split"].values()) == row["units"]
    assert (result["class_count"], result["samples"]) == (3, 64 * 64)
    assert result["suspicious"] == 0
    assert result["lowest_separability"] == min(
        pair["jeffries_matusita"] for pair in found["separability"]
    )
    inner = np.zeros(country.truth.shape, bool)
    for row, column in np.ndindex(country.fields.shape):
        top, left = row * FIELD_PX + 2, column * FIELD_PX + 2
        inner[top : top + 8, left : left + 8] = True
    forest = country.image("uint16")[1][inner & (country.truth == 1)] * 1e-4
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as stream:
        rows = {(r["name"], r["band"]): r for r in csv.DictReader(stream)}
    assert len(rows) == 9
    row = rows["forest", "band 2"]
    assert float(row["mean"]) == pytest.approx(forest.mean())
    assert float(row["spread"]) == pytest.approx(forest.std(ddof=1))
    assert int(row["n"]) == forest.size
    words = (tmp_path / "out.html").read_text("utf-8")
    assert "No polygon looks more like another class" in words


def test_a_swapped_label_is_named_with_its_place(scene, country, tmp_path):
    path = country.polygons(tmp_path / "labels.geojson", NAMES)
    content = json.loads((tmp_path / "labels.geojson").read_text())
    wrong = content["features"][5]
    right = NAMES.index(wrong["properties"]["class"])
    wrong["properties"]["class"] = NAMES[(right + 1) % 3]
    (tmp_path / "labels.geojson").write_text(json.dumps(content))
    report = tmp_path / "report.html"
    found = run(image=(scene,), labels=path, class_field="class", report=str(report))
    (row,) = found["description"]["suspicious"]
    assert (row["unit"], row["fits"], row["share"]) == ("feature 5", right + 1, 1.0)
    middle = 500_000 + 10 * (5 * FIELD_PX + FIELD_PX / 2)
    assert (row["x"], row["y"]) == (middle, 5_200_000 - 10 * FIELD_PX / 2)
    assert "first of all feature 5" in report.read_text("utf-8")


def test_a_raster_of_labels_is_counted_by_blocks(scene, country, tmp_path):
    labels = country.raster(tmp_path / "labels.tif", (4, 7, 9), 0, "uint8", density=0.2)
    found = run(image=(scene,), labels=labels)["description"]
    assert [row["id"] for row in found["classes"]] == [4, 7, 9]
    assert found["unit"] == "block"
    assert all(row["units"] > 1 for row in found["classes"])


def test_points(scene, country, tmp_path):
    labels = country.points(tmp_path / "points.geojson", NAMES)
    found = run(image=(scene,), labels=labels, class_field="class")["description"]
    assert found["samples"] > 300
    assert len(found["separability"]) == 3


def test_fewer_pixels_are_drawn_from_all_polygons_and_said(scene, country, tmp_path):
    labels = country.polygons(tmp_path / "labels.geojson", NAMES)
    found = run(image=(scene,), labels=labels, class_field="class", max_per_class=100)
    description = found["description"]
    assert {row["n"] for row in description["statistics"]} == {100}
    assert description["units"] == 64
    assert any("300 of 4096 labelled pixels" in note for note in description["notes"])
    again = run(image=(scene,), labels=labels, class_field="class", max_per_class=100)
    assert again["description"] == description


def test_labels_on_nodata_are_left_out_and_said(write_raster, country, tmp_path):
    image = country.image("uint16")
    image[:, :12, :12] = 0
    scene = write_raster("holes.tif", image, nodata=0)
    labels = country.polygons(tmp_path / "labels.geojson", NAMES)
    found = run(image=(scene,), labels=labels, class_field="class")["description"]
    assert found["samples"] == 63 * 64
    assert any(note.startswith("64 labelled pixels have no valid value") for note in found["notes"])


def test_a_class_of_one_polygon_is_warned_of(scene, tmp_path):
    boxes = [(pixel_box(row, 0, 8, 8), {"c": "many"}) for row in (0, 12, 24)]
    boxes.append((pixel_box(48, 48, 8, 8), {"c": "one"}))
    labels = write_geojson(tmp_path / "few.geojson", boxes)
    report = tmp_path / "report.html"
    found = run(image=(scene,), labels=labels, class_field="c", report=str(report))
    assert found["description"]["unjudged"] >= 1
    text = report.read_text("utf-8")
    assert "Few polygons" in text
    assert "could not be judged" in text


# --- patches -------------------------------------------------------------------------------------


def test_patches_with_copies_and_damage(tmp_path):
    root = write_class_folders(tmp_path / "patches", {"a": 6, "b": 6})
    write_image(root / "b" / "copy.png", picture(0))  # of the first of class a
    write_image(root / "a" / "again.png", picture(1))
    (root / "a" / "broken.png").write_bytes(b"no picture")
    write_image(root / "b" / "black.png", picture(2) * 0)
    report = tmp_path / "report.html"
    heard = Heard()
    found = run(heard, patches=str(root), report=str(report))
    assert len(heard.said) == len(set(heard.said))
    description = found["description"]
    assert (found["samples"], found["duplicates"], found["rejected"]) == (14, 2, 2)
    copies = {tuple(sorted(g["patches"])): g["labels_differ"] for g in description["duplicates"]}
    assert copies == {("a/p_0.png", "b/copy.png"): True, ("a/again.png", "a/p_1.png"): False}
    assert {row["patch"] for row in description["rejected"]} == {"a/broken.png", "b/black.png"}
    assert [row["samples"] for row in description["classes"]] == [7, 7]
    assert all(sum(row["split"].values()) == 7 for row in description["classes"])
    text = report.read_text("utf-8")
    assert "exact copies with other labels" in text
    assert "all values are 0" in text


def test_a_class_without_a_usable_patch_is_told_of(tmp_path):
    root = write_class_folders(tmp_path / "patches", {"a": 5, "b": 5})
    for number in range(3):
        write_image(root / "c" / f"black_{number}.png", picture(2) * 0)
    report = tmp_path / "report.html"
    found = run(patches=str(root), report=str(report))
    assert [row["samples"] for row in found["description"]["classes"]] == [5, 5, 0]
    assert (found["class_count"], found["rejected"]) == (2, 3)
    assert "it cannot be learned here" in report.read_text("utf-8")


def test_statistics_of_patches_are_those_of_their_pixels(tmp_path):
    root = write_class_folders(tmp_path / "patches", {"a": 5, "b": 5})
    found = run(patches=str(root), scale=1.0)["description"]
    expected = np.concatenate([picture(seed).reshape(3, -1) for seed in range(5)], axis=1)
    rows = [row for row in found["statistics"] if row["name"] == "a"]
    assert [row["mean"] for row in rows] == pytest.approx(expected.mean(axis=1))
    assert [row["spread"] for row in rows] == pytest.approx(expected.std(axis=1, ddof=1))


def test_several_classes_occur_together_and_are_not_compared(tmp_path):
    images = np.random.default_rng(0).integers(1, 99, (8, 6, 6, 2)).astype("uint8")
    targets = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]] * 2, dtype="uint8")
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "y.npy", targets)
    found = run(features=str(tmp_path / "x.npy"), targets=str(tmp_path / "y.npy"),
                report=str(tmp_path / "r.html"))  # fmt: skip
    description = found["description"]
    assert description["cooccurrence"] == (targets.T.astype(int) @ targets).tolist()
    assert [row["share"] for row in description["classes"]] == [0.75, 0.75, 0.5]
    assert (description["separability"], description["suspicious"]) == ([], [])
    assert found["lowest_separability"] is None
    assert "What occurs together" in (tmp_path / "r.html").read_text("utf-8")


def test_statistics_of_many_patches_with_several_classes_are_of_some(tmp_path):
    rng = np.random.default_rng(0)
    targets = (rng.random((300, 3)) < [0.9, 0.5, 0.1]).astype("uint8")
    targets[:, 0] |= ~targets.any(axis=1)
    np.save(tmp_path / "x.npy", rng.integers(1, 99, (300, 4, 4, 2)).astype("uint8"))
    np.save(tmp_path / "y.npy", targets)
    arrays = {"features": str(tmp_path / "x.npy"), "targets": str(tmp_path / "y.npy")}
    found = run(**arrays, max_per_class=50)["description"]
    drawn = {row["id"]: row["n"] for row in found["statistics"]}
    assert drawn == {0: 50, 1: 50, 2: int(50 // targets[:, 2].sum()) * int(targets[:, 2].sum())}
    assert [row["samples"] for row in found["classes"]] == targets.sum(axis=0).tolist()


# --- refusals ------------------------------------------------------------------------------------


def test_bad_input_is_refused_and_leaves_nothing(scene, country, tmp_path):
    labels = country.polygons(tmp_path / "labels.geojson", NAMES)
    good = {"image": (scene,), "labels": labels, "class_field": "class"}
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OptionsError, match="No patches are given"):
        run()
    with pytest.raises(OptionsError, match="--labels is missing"):
        run(image=(scene,))
    with pytest.raises(OptionsError, match="cannot be used together"):
        run(**good, patches=str(tmp_path))
    with pytest.raises(OptionsError, match=r"\.html"):
        run(**good, report=str(tmp_path / "report.txt"))
    with pytest.raises(OptionsError, match="also an input"):
        run(**{**good, "labels": str(tmp_path / "l.csv")}, table=str(_touched(tmp_path / "l.csv")))
    (tmp_path / "l.csv").unlink()
    far = write_geojson(tmp_path / "far.geojson", [(pixel_box(9000, 0, 5, 5), {"class": "a"})])
    with pytest.raises(LabelError, match="do not overlap"):
        run(image=(scene,), labels=far, class_field="class", report=str(tmp_path / "r.html"))
    (tmp_path / "far.geojson").unlink()
    assert sorted(tmp_path.iterdir()) == before


def test_can_be_cancelled(scene, country, tmp_path):
    labels = country.polygons(tmp_path / "labels.geojson", NAMES)
    feedback = Feedback()
    feedback.cancel()
    with pytest.raises(Cancelled):
        run(feedback, image=(scene,), labels=labels, class_field="class")


def _touched(path):
    path.touch()
    return path
