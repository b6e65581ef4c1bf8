import csv
import hashlib
import json

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import ORIGIN, pixel_box, pixel_point
from sklearn import metrics as sk

from lulc_engine.errors import DataError, LulcError, OptionsError, RasterError
from lulc_engine.evaluation import class_map
from lulc_engine.evaluation.assess import assess
from lulc_engine.feedback import Feedback
from lulc_engine.options import AssessOptions
from lulc_engine.rasters.legend import make_legend


def run(map_path, reference, **options):
    return assess(AssessOptions(map=map_path, reference=reference, **options), Feedback())


@pytest.fixture
def pair(write_raster, random_pair, three_classes):
    prediction, reference = random_pair
    return (
        write_raster("map.tif", prediction, three_classes, nodata=0),
        write_raster("reference.tif", reference, three_classes, nodata=0),
    )


def test_raster_agrees_with_scikit_learn(pair, random_pair, tmp_path):
    prediction, reference = random_pair
    compared = (prediction > 0) & (reference > 0)
    a, b = reference[compared], prediction[compared]
    paths = {name: str(tmp_path / f"out.{end}") for name, end in
             (("report", "html"), ("metrics", "json"), ("table", "csv"))}  # fmt: skip

    result = run(*pair, **paths)

    assert result["overall_accuracy"] == pytest.approx(sk.accuracy_score(a, b), abs=1e-12)
    assert result["kappa"] == pytest.approx(sk.cohen_kappa_score(a, b), abs=1e-12)
    assert result["macro_f1"] == pytest.approx(sk.f1_score(a, b, average="macro"), abs=1e-12)
    assert result["mean_iou"] == pytest.approx(sk.jaccard_score(a, b, average="macro"), abs=1e-12)
    metrics = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert metrics == result["scores"]
    assert metrics["confusion"]["matrix"] == sk.confusion_matrix(a, b, labels=[1, 5, 9]).tolist()
    assert metrics["reference"]["n"] == compared.sum()
    assert metrics["reference"]["unclassified"] == ((prediction == 0) & (reference > 0)).sum()
    assert metrics["matching"] == "name"
    assert metrics["reference"]["independent"] is None
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as stream:
        assert len(list(csv.reader(stream))) == 1 + 3 + 2
    assert "<title>Accuracy of map.tif</title>" in (tmp_path / "out.html").read_text("utf-8")
    assert {key: result[key] for key in paths} == paths


def test_writes_nothing_that_was_not_asked_for(pair, tmp_path):
    before = sorted(tmp_path.iterdir())
    result = run(*pair)
    assert (result["report"], result["metrics"], result["table"]) == ("", "", "")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32"])
def test_other_data_types_and_large_ids(write_raster, random_pair, dtype):
    prediction, reference = (a.astype(dtype) for a in random_pair)
    if dtype == "int32":
        prediction[prediction == 9], reference[reference == 9] = 70000, 70000
    result = run(
        write_raster("map.tif", prediction, nodata=0),
        write_raster("reference.tif", reference, nodata=0),
    )
    compared = (prediction > 0) & (reference > 0)
    expected = sk.accuracy_score(reference[compared].astype(int), prediction[compared].astype(int))
    assert result["overall_accuracy"] == pytest.approx(expected, abs=1e-12)
    assert result["scores"]["confusion"]["labels"] == sorted(
        {*map(int, np.unique(reference))} - {0}
    )


def test_other_grid_and_crs(write_raster, three_classes):
    values = np.kron(np.array([[1, 5], [9, 1]], np.uint8), np.ones((20, 20), np.uint8))
    fine = np.kron(values, np.ones((2, 2), np.uint8))
    result = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_raster("fine.tif", fine, nodata=0, transform=ORIGIN * Affine.scale(0.5)),
    )
    assert result["overall_accuracy"] == 1
    assert result["scores"]["reference"]["n"] == values.size


def test_polygons_match_by_name_although_ids_differ(write_raster, write_vector, three_classes):
    values = np.full((30, 30), 5, np.uint8)
    values[:10] = 1
    features = [
        (pixel_box(0, 0, 5, 10), {"class": "water"}),
        (pixel_box(8, 0, 6, 10), {"class": "forest"}),
    ]
    result = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("reference.geojson", features),
        class_field="class",
    )
    assert result["scores"]["matching"] == "name"
    assert result["scores"]["confusion"]["matrix"] == [[50, 0, 0], [20, 40, 0], [0, 0, 0]]


def test_two_points_in_one_pixel_count_twice(write_raster, write_vector, three_classes):
    values = np.full((10, 10), 1, np.uint8)
    values[5, 5] = 9
    features = [
        (pixel_point(2, 2), {"cid": 1}),
        (pixel_point(2, 2, 1, 1), {"cid": 1}),
        (pixel_point(5, 5), {"cid": 5}),
    ]
    result = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("points.geojson", features),
        class_field="cid",
    )
    assert result["scores"]["confusion"]["matrix"] == [[2, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert result["scores"]["reference"]["kind"] == "points"


def test_reference_beside_the_map_is_counted(write_raster, write_vector, three_classes):
    """A point on the right edge lies in no pixel, as one beside it does."""
    features = [
        (pixel_point(2, 2), {"cid": 1}),
        (pixel_point(2, 10, 0), {"cid": 1}),
        (pixel_point(20, 2), {"cid": 5}),
    ]
    result = run(
        write_raster("map.tif", np.full((10, 10), 1, np.uint8), three_classes, nodata=0),
        write_vector("points.geojson", features),
        class_field="cid",
    )
    said = result["scores"]["reference"]
    assert said["n"] == 1
    assert said["notes"] == [
        "2 of 3 points of points.geojson lie outside of the map and were not used (features 1, 2)."
    ]


def test_sample_of_points_gives_areas(write_raster, write_vector, three_classes):
    values = np.full((40, 50), 1, np.uint8)
    values[:, 25:] = 5
    rng = np.random.default_rng(0)
    features = []
    for _ in range(60):
        row, column = int(rng.integers(40)), int(rng.integers(50))
        true = int(values[row, column]) if rng.random() < 0.9 else 5
        features.append((pixel_point(row, column), {"cid": true}))
    arguments = (
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("points.geojson", features),
    )
    area = run(*arguments, class_field="cid", sampling="stratified")["scores"]["area"]
    assert area["overall_accuracy"]["ci95"] > 0
    assert [item["mapped_hectares"] for item in area["classes"]] == pytest.approx([10, 10, 0])
    assert sum(item["hectares"]["value"] for item in area["classes"]) == pytest.approx(20)
    assert "area" not in run(*arguments, class_field="cid")["scores"]


def test_sampling_needs_points(pair):
    with pytest.raises(OptionsError, match="needs reference points"):
        run(*pair, sampling="simple")


def test_reference_that_the_model_learned_from_is_called_optimistic(
    write_raster, write_vector, three_classes, tmp_path
):
    reference = write_vector("train.geojson", [(pixel_box(0, 0, 5, 5), {"cid": 1})])
    with open(reference, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    values = np.ones((10, 10), np.uint8)
    report = tmp_path / "report.html"
    for tag, independent in ((f"{'0' * 64},{digest}", False), ("0" * 64, None)):
        tags = {"LULC_TRAINING_SHA256": tag}
        map_path = write_raster("map.tif", values, three_classes, tags, nodata=0)
        scores = run(map_path, reference, class_field="cid", report=str(report))["scores"]
        assert scores["reference"]["independent"] is independent
        warned = "the model was trained with this reference" in report.read_text("utf-8")
        assert warned == (independent is False)


def test_map_of_another_program_by_its_names_or_bare(write_raster, write_vector):
    values = np.full((10, 10), 2, np.uint8)
    values[:5] = 1
    reference = write_vector(
        "r.geojson",
        [(pixel_box(0, 0, 5, 5), {"c": "water"}), (pixel_box(5, 0, 5, 5), {"c": "forest"})],
    )
    bare = write_raster("bare.tif", values)
    scores = run(bare, reference, class_field="c")["scores"]
    assert (scores["matching"], scores["overall_accuracy"]) == ("id", 0)  # forest 1, water 2
    named = write_raster("named.tif", values)
    with open(named + ".aux.xml", "w", encoding="utf-8") as stream:
        stream.write(
            '<PAMDataset><PAMRasterBand band="1"><CategoryNames><Category></Category>'
            "<Category>water</Category><Category>forest</Category></CategoryNames>"
            "</PAMRasterBand></PAMDataset>"
        )
    scores = run(named, reference, class_field="c")["scores"]
    assert (scores["matching"], scores["overall_accuracy"]) == ("name", 1)


def test_class_0_is_a_class_where_it_is_in_use(write_raster):
    values = np.zeros((10, 10), np.uint8)
    values[:5] = 1
    legend = make_legend([0, 1], ["other", "water"])
    map_path = write_raster("map.tif", values, legend, nodata=255)
    reference = write_raster("ref.tif", values, legend, nodata=255)
    assert run(map_path, reference)["scores"]["reference"]["n"] == 100
    bare = write_raster("bare.tif", values)
    scores = run(bare, bare, ignore_value="none")["scores"]
    assert (scores["reference"]["n"], scores["overall_accuracy"]) == (100, 1)
    with_zeros = values.copy()
    with_zeros[:2] = 0
    scores = run(write_raster("zeros.tif", with_zeros), bare)["scores"]
    assert (scores["reference"]["n"], scores["reference"]["unclassified"]) == (30, 20)
    assert any("0" in note for note in scores["reference"]["notes"])


def test_values_that_the_legend_does_not_know_are_classes_of_their_own(write_raster, three_classes):
    reference = np.ones((10, 10), np.uint8)
    values = reference.copy()
    values[0] = 77
    scores = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_raster("ref.tif", reference, three_classes, nodata=0),
    )["scores"]
    assert scores["confusion"]["labels"] == [1, 5, 9, 77]
    assert scores["overall_accuracy"] == 0.9


def expect(kind, exit_code, map_path, reference, **options):
    with pytest.raises(kind) as caught:
        run(map_path, reference, **options)
    assert isinstance(caught.value, LulcError)
    assert caught.value.exit_code == exit_code
    assert "\n" not in str(caught.value)


def test_bad_inputs_are_refused_with_the_right_code(
    write_raster, write_vector, three_classes, pair, tmp_path
):
    far = write_raster("far.tif", np.ones((5, 5), np.uint8), transform=Affine(10, 0, 0, 0, -10, 0))
    other = write_raster("other.tif", np.full((60, 50), 200, np.uint8), nodata=0)
    nothing = write_raster("nothing.tif", np.zeros((60, 50), np.uint8), three_classes, nodata=0)
    fractions = write_raster("fractions.tif", np.full((60, 50), 0.5, np.float32))
    text = tmp_path / "text.tif"
    text.write_text("not a raster")
    polygons = write_vector("p.geojson", [(pixel_box(0, 0, 5, 5), {"cid": 1})])
    expect(DataError, 3, pair[0], far)
    expect(DataError, 3, pair[0], other)
    expect(DataError, 3, nothing, pair[1])
    expect(DataError, 3, fractions, pair[1])
    expect(RasterError, 3, str(text), pair[1])
    expect(DataError, 3, pair[0], str(tmp_path / "missing.gpkg"), class_field="cid")
    expect(DataError, 3, pair[0], polygons, class_field="nope")
    expect(OptionsError, 2, *pair, report=str(tmp_path / "report.txt"))
    expect(OptionsError, 2, *pair, metrics=pair[0])
    expect(OSError, 5, *pair, table=str(tmp_path / "no such folder" / "t.csv"))


def test_map_with_several_bands_is_refused(pair, tmp_path):
    path = str(tmp_path / "rgb.tif")
    with rasterio.open(path, "w", driver="GTiff", height=60, width=50, count=3, dtype="uint8",
                       crs="EPSG:32632", transform=ORIGIN) as dataset:  # fmt: skip
        dataset.write(np.ones((3, 60, 50), np.uint8))
    expect(RasterError, 3, path, pair[1])


def test_cancelled_run_leaves_nothing(pair, tmp_path):
    before = sorted(tmp_path.iterdir())
    feedback = Feedback()
    feedback.cancel()
    with pytest.raises(LulcError) as caught:
        assess(
            AssessOptions(map=pair[0], reference=pair[1], metrics=str(tmp_path / "m.json")),
            feedback,
        )
    assert caught.value.exit_code == 130
    assert sorted(tmp_path.iterdir()) == before


# --- intervals -----------------------------------------------------------------------------------


def test_intervals_rest_on_polygons(write_raster, write_vector, three_classes, tmp_path):
    rng = np.random.default_rng(0)
    values = np.ones((200, 100), np.uint8)
    features = []
    for row in range(0, 200, 10):
        values[row : row + 10, :50] = 5
        wrong = rng.integers(0, 4)
        values[row, :wrong] = 1
        features.append((pixel_box(row, 0, 8, 20), {"c": "forest"}))
    features.append((pixel_box(0, 60, 30, 30), {"c": "water"}))
    report = tmp_path / "report.html"
    scores = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("p.geojson", features), class_field="c", report=str(report),
    )["scores"]  # fmt: skip
    found = scores["intervals"]
    assert (found["unit"], found["units"], found["block_px"]) == ("polygons", 21, None)
    assert [item["units"] for item in found["classes"]] == [1, 20, 0]
    low, high = found["overall_accuracy"]
    assert low < scores["overall_accuracy"] < high
    assert found["classes"][0]["recall"] is None
    assert any("Only one polygon of “\u2068water\u2069”" in text for text in scores["cautions"])
    assert "resampling the 21 polygons" in report.read_text("utf-8")


@pytest.mark.parametrize("block_px", [32, 2048])
def test_intervals_rest_on_blocks_where_there_are_no_polygons(
    write_raster, three_classes, block_px, monkeypatch
):
    monkeypatch.setattr(class_map, "_BLOCK_PX", block_px)  # how it is read makes no difference
    rng = np.random.default_rng(1)
    reference = rng.choice([1, 5, 9], (200, 150)).astype(np.uint8)
    values = np.where(rng.random(reference.shape) < 0.8, reference, 5).astype(np.uint8)
    found = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_raster("reference.tif", reference, three_classes, nodata=0),
    )["scores"]["intervals"]
    assert (found["unit"], found["units"], found["block_px"]) == ("blocks", 80, 20)
    assert found["overall_accuracy"] == pytest.approx([0.861, 0.872], abs=0.006)


def test_intervals_of_points_that_chance_has_not_drawn(write_raster, write_vector, three_classes):
    values = np.full((100, 100), 1, np.uint8)
    values[:, 50:] = 5
    rng = np.random.default_rng(2)
    features = []
    for _ in range(200):
        row, column = (int(n) for n in rng.integers(0, 100, 2))
        true = int(values[row, column]) if rng.random() < 0.9 else 9
        features.append((pixel_point(row, column), {"cid": true}))
    arguments = (
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("points.geojson", features),
    )
    scores = run(*arguments, class_field="cid")["scores"]
    assert scores["intervals"]["unit"] == "blocks"
    assert 30 < scores["intervals"]["units"] <= 49
    low, high = scores["intervals"]["overall_accuracy"]
    assert 0.8 < low < scores["overall_accuracy"] < high < 0.97
    drawn = run(*arguments, class_field="cid", sampling="simple")["scores"]
    assert "intervals" not in drawn  # those of the design stand under area


def test_a_reference_in_one_place_is_warned_of(write_raster, write_vector, three_classes):
    values = np.ones((300, 300), np.uint8)
    features = [(pixel_box(5, 5, 9, 9), {"cid": 1})]
    scores = run(
        write_raster("map.tif", values, three_classes, nodata=0),
        write_vector("p.geojson", features), class_field="cid",
    )["scores"]  # fmt: skip
    assert scores["intervals"]["overall_accuracy"] is None
    assert any("whole reference lies in 1 polygon." in text for text in scores["cautions"])
