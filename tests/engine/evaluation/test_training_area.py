"""A reference that lies where the model was trained is said to."""

import numpy as np
import pytest
from factories import pixel_box

from lulc_engine.evaluation.assess import assess
from lulc_engine.evaluation.training_area import WITHIN_TRAINING
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import training_area
from lulc_engine.options import AssessOptions
from lulc_engine.training.labelled_area import labelled_area


@pytest.fixture
def places(write_vector):
    """Two files of polygons: below each other, far apart."""
    return [
        write_vector(f"{row}.geojson", [(pixel_box(row, 0, 5, 5), {"cid": 1})]) for row in (0, 80)
    ]


def test_labels_lie_where_their_file_says(places, write_raster):
    west, south, east, north = labelled_area(places[0])
    assert 0 < east - west < 0.001
    assert 0 < north - south < 0.001
    assert west < 20 < 40 < south
    raster = write_raster("labels.tif", np.ones((5, 5), np.uint8))
    assert labelled_area(raster) == pytest.approx([west, south, east, north], abs=1e-5)
    assert labelled_area(f"{places[0]}|layername=0") == [west, south, east, north]
    assert labelled_area(f"{places[0]}|layerid=0") == [west, south, east, north]
    assert labelled_area("none.gpkg") is None
    assert labelled_area(__file__) is None
    assert labelled_area(write_raster("bare.tif", np.ones((5, 5), np.uint8), crs=None)) is None


def test_only_what_lies_on_a_scene_was_learned_from(places, write_raster, write_vector):
    boxes = [(pixel_box(row, 0, 5, 5), {"cid": row}) for row in (0, 80)]
    labels, scene = write_vector("l.geojson", boxes), write_raster("s.tif", np.ones((9, 5)))
    west, south, _, north = labelled_area(labels, [scene])
    assert labelled_area(labels)[1] < south - 0.003  # 71 rows of 10 m
    assert (west, north) == pytest.approx((labelled_area(labels)[0], labelled_area(labels)[3]))
    assert labelled_area(places[1], [scene]) is None
    assert labelled_area(labels, [places[0]]) == labelled_area(labels)


@pytest.mark.parametrize(
    ("tag", "said"), [("first", True), ("second", False), ("", False), ("a,b", False)]
)
def test_a_reference_in_the_area_of_training(places, write_raster, three_classes, tag, said):
    known = {"first": labelled_area(places[0]), "second": labelled_area(places[1])}
    text = ",".join(map(str, known[tag])) if tag in known else tag
    tags = {"LULC_TRAINING_AREA": text}
    map_path = write_raster("m.tif", np.ones((90, 10), np.uint8), three_classes, tags, nodata=0)
    options = AssessOptions(map=map_path, reference=places[0], class_field="cid")
    cautions = assess(options, Feedback())["scores"]["cautions"]
    assert (WITHIN_TRAINING in cautions) == said


def test_filters_and_tables_have_a_place_too(write_vector, tmp_path):
    boxes = [(pixel_box(row, 0, 5, 5), {"cid": row}) for row in (0, 80)]
    both, near = write_vector("both.geojson", boxes), write_vector("near.geojson", boxes[:1])
    assert labelled_area(f"{both}|layername=both|subset=cid = 0") == labelled_area(near)
    assert labelled_area(f"{both}|layername=both|subset=cid = 7") is None
    table = tmp_path / "points.csv"
    table.write_text("lon,lat,class\n7.25,46.5,a\n7.5,46.75,b\n", encoding="utf-8")
    assert labelled_area(str(table)) == [7.25, 46.5, 7.5, 46.75]
    table.write_text("class\na\n", encoding="utf-8")
    assert labelled_area(str(table)) is None


def test_cards_may_not_know():
    assert training_area({"data": {"labels": {"bounds": [1, 2, 3.5, 4]}}}) == (1, 2, 3.5, 4)
    for data in ({}, {"labels": None}, {"labels": {"sha256": "0"}}, {"labels": {"bounds": [1]}}):
        assert training_area({"data": data}) == ()
