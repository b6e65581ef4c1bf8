"""Polygons and points as labels."""

import json
import zipfile

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from factories import CRS, ORIGIN, pixel_box, pixel_point, pixel_ring
from rasterio.crs import CRS as AnyCRS  # noqa: N811

from lulc_engine.errors import LabelError
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.samples.label_files import open_labels, open_source

GRID = Grid(AnyCRS.from_string(CRS), ORIGIN, 40, 32)
ENGINEERING = (
    'ENGCRS["site",EDATUM["d"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],'
    'LENGTHUNIT["metre",1]]'
)


def read_all(labels):
    return labels.read(labels.grid.window)


def fields(*values, field="class"):
    """Return features side by side, 4 x 4 pixels each, with a value each."""
    return [
        (pixel_box(4 * (i // 10), 4 * (i % 10), 4, 4), {field: value})
        for i, value in enumerate(values)
    ]


def test_integer_ids_with_names(write_vector):
    features = [
        (pixel_box(0, 0, 4, 4), {"code": 300, "name": "forest"}),
        (pixel_box(8, 8, 4, 4), {"code": -5, "name": "water"}),
        (pixel_box(8, 20, 4, 4), {"code": 300, "name": "forest"}),
        (pixel_box(16, 20, 4, 4), {"code": 7, "name": None}),
        (pixel_box(20, 20, 4, 4), {"code": 300, "name": "typo"}),
    ]
    labels = open_labels(write_vector("l.geojson", features), GRID, "code", "name")
    assert labels.legend.ids == (-5, 7, 300)
    assert labels.legend.names == ("water", "class 7", "forest")
    assert labels.kind == "polygons"
    found = read_all(labels)
    assert found.dtype == np.int16
    assert (found[0:4, 0:4] == 2).all()
    assert (found[8:12, 8:12] == 0).all()
    assert (found >= 0).sum() == 5 * 16


def test_text_ids_are_in_code_point_order(write_vector):
    features = fields("water", "Zoo", "ähre", "forest", " water ", "Water")
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert labels.legend.names == ("Water", "Zoo", "forest", "water", "ähre")
    assert labels.legend.ids == (1, 2, 3, 4, 5)
    assert read_all(labels)[0, [0, 4, 8, 12, 16, 20]].tolist() == [3, 1, 4, 2, 3, 0]


@pytest.mark.parametrize("ids", [[0, 255, 70000], [1.0, 2.0, 4.0], [-1, 0, 254]])
def test_whole_numbers_are_ids_as_they_are(write_vector, ids):
    labels = open_labels(write_vector("l.geojson", fields(*ids)), GRID, "class")
    assert labels.legend.ids == tuple(sorted(int(i) for i in ids))
    assert labels.legend.names == tuple(f"class {int(i)}" for i in sorted(ids))


def test_broken_numbers_are_named_with_their_feature(write_vector):
    path = write_vector("l.geojson", fields(1.0, 2.0, 2.5, 3.5))
    with pytest.raises(LabelError, match=r"feature 2 has 2\.5") as caught:
        open_source(path, "class")
    assert caught.value.exit_code == 3


def test_ids_beyond_any_map(write_vector):
    with pytest.raises(ValueError, match="ids must be from"):
        open_source(write_vector("l.geojson", fields(1, 3 * 10**9)), "class")


@pytest.mark.parametrize(
    "values", [(1, None, 2), ("a", None, "b"), ("a", "", "b"), ("a", " ", "b")]
)
def test_features_without_a_class_are_skipped_and_named(write_vector, values):
    labels = open_labels(write_vector("l.geojson", fields(*values)), GRID, "class")
    assert len(labels.legend) == 2
    assert read_all(labels)[0, [0, 4, 8]].tolist() == [0, -1, 1]
    assert any("1 features of l.geojson have no class" in n and "(1)" in n for n in labels.notes)


def test_no_class_at_all(write_vector):
    with pytest.raises(LabelError, match="empty in every feature"):
        open_source(write_vector("l.geojson", fields(None, None)), "class")


def test_too_many_classes(write_vector):
    path = write_vector("l.geojson", fields(*[f"name {i}" for i in range(1001)]))
    with pytest.raises(LabelError, match="more than 1000 different"):
        open_source(path, "class")


def test_invalid_polygons_are_repaired_and_named(write_vector):
    ring = pixel_ring(0, 0, 8, 8)
    bow_tie = {"type": "Polygon", "coordinates": [[ring[0], ring[2], ring[1], ring[3], ring[0]]]}
    features = [(pixel_box(20, 0, 4, 4), {"class": 1}), (bow_tie, {"class": 2})]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert any("1 invalid" in n and "repaired" in n and "features 1" in n for n in labels.notes)
    found = read_all(labels)[:8, :8]
    assert 24 <= (found == 1).sum() <= 40, "two triangles cover half of the square"
    assert found[3, 0] != found[0, 3]


@pytest.mark.parametrize(
    "geometry",
    [
        None,
        {"type": "Polygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Polygon", "coordinates": [[[5e5, 5.2e6], [5e5, 5.2e6]]]},
    ],
)
def test_empty_geometries_are_skipped_and_named(write_vector, geometry):
    features = [(geometry, {"class": 9}), *fields(1, 2)]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert any("no usable geometry" in n and "(0)" in n for n in labels.notes)
    assert (read_all(labels) >= 0).sum() == 32


def test_lines_are_skipped_and_named(write_vector):
    line = {"type": "LineString", "coordinates": pixel_ring(10, 10, 5, 5)}
    labels = open_labels(
        write_vector("l.geojson", [*fields(1, 2), (line, {"class": 1})]), GRID, "class"
    )
    assert any("points or lines beside polygons" in n and "(2)" in n for n in labels.notes)
    with pytest.raises(LabelError, match="no polygons or points"):
        open_source(write_vector("lines.geojson", [(line, {"class": 1})]), "class")


def test_parts_are_units_of_their_own(write_vector):
    parts = {"type": "MultiPolygon", "coordinates": [
        [pixel_ring(0, 0, 4, 4)], [pixel_ring(10, 10, 4, 4)],
    ]}  # fmt: skip
    features = [(parts, {"class": 1}), (pixel_box(20, 20, 4, 4), {"class": 2})]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    units = labels.read_units(GRID.window)
    assert len({units[1, 1], units[11, 11], units[21, 21], units[30, 30]}) == 4
    assert units[30, 30] == -1
    assert [labels.unit_names()[units[r, r]] for r in (1, 11, 21)] == [
        "feature 0", "feature 0", "feature 1",
    ]  # fmt: skip
    np.testing.assert_array_equal(units >= 0, read_all(labels) >= 0)


def test_height_is_ignored(write_vector):
    ring = [[*corner, 430.0] for corner in pixel_ring(0, 0, 4, 4)]
    features = [({"type": "Polygon", "coordinates": [ring]}, {"class": 1}), *fields(1, 2)[1:]]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert (read_all(labels)[:4, :8] >= 0).all()


def test_pixels_of_two_classes_are_no_labels_and_are_counted(write_vector):
    features = [
        (pixel_box(0, 0, 10, 10), {"class": 1}),
        (pixel_box(6, 6, 10, 10), {"class": 2}),
        (pixel_box(2, 2, 3, 3), {"class": 1}),
    ]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    found, units = read_all(labels), labels.read_units(GRID.window)
    assert (found[6:10, 6:10] == -1).all()
    assert (units[6:10, 6:10] == -1).all()
    assert "16 pixels in polygons of two classes were ignored." in labels.pixel_notes()
    assert (found == 0).sum() == 100 - 16
    assert (found == 1).sum() == 100 - 16


def test_polygons_without_a_pixel_are_named(write_vector):
    features = [
        (pixel_box(0, 0, 4, 4), {"class": 1}),
        (pixel_box(0.6, 8.6, 0.3, 0.3), {"class": 2}),  # between the centres of pixels
        (pixel_box(20, 20, 4, 4), {"class": 2}),
        (pixel_box(20, 20, 4, 4), {"class": 2}),  # drawn twice
        (pixel_box(-60, -60, 4, 4), {"class": 1}),  # elsewhere: no concern of this scene
    ]
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    (note,) = labels.pixel_notes()
    assert note.startswith("2 polygons of l.geojson were not used")
    assert "(features 1, 2)" in note


def test_holes_are_not_labelled(write_vector):
    ring = {"type": "Polygon", "coordinates": [pixel_ring(0, 0, 10, 10), pixel_ring(3, 3, 4, 4)]}
    path = write_vector("l.geojson", [(ring, {"class": 1})])
    found = read_all(open_labels(path, GRID, "class"))
    assert (found >= 0).sum() == 100 - 16
    assert (found[3:7, 3:7] == -1).all()


def test_a_pixel_belongs_where_its_centre_is(write_vector):
    def box(west, east):
        left, right = ORIGIN.c + west * 10, ORIGIN.c + east * 10
        top, bottom = ORIGIN.f, ORIGIN.f - 40
        return {"type": "Polygon", "coordinates": [
            [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
        ]}  # fmt: skip

    features = [(box(0, 3.4), {"class": 1}), (box(3.4, 7.6), {"class": 2})]
    row = read_all(open_labels(write_vector("l.geojson", features), GRID, "class"))[0]
    assert row[:10].tolist() == [0, 0, 0, 1, 1, 1, 1, 1, -1, -1]


def test_points(write_vector):
    features = [
        (pixel_point(3, 4), {"class": "a"}),
        (pixel_point(3, 4, dx=1), {"class": "a"}),
        (pixel_point(5, 6), {"class": "a"}),
        (pixel_point(5, 6, dy=1), {"class": "b"}),
        (pixel_point(7, 8), {"class": "b"}),
        (pixel_point(-1, 8), {"class": "b"}),
        ({"type": "MultiPoint", "coordinates": [
            pixel_point(9, 9)["coordinates"], pixel_point(10, 10)["coordinates"],
        ]}, {"class": "b"}),
    ]  # fmt: skip
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert labels.kind == "points"
    found = read_all(labels)
    assert np.argwhere(found >= 0).tolist() == [[3, 4], [7, 8], [9, 9], [10, 10]]
    assert labels.read_units(GRID.window) is None
    rows, columns, classes = labels.samples()
    assert sorted(zip(rows.tolist(), columns.tolist(), classes.tolist(), strict=True)) == [
        (3, 4, 0), (3, 4, 0), (5, 6, 0), (5, 6, 1), (7, 8, 1), (9, 9, 1), (10, 10, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "window",
    [Window(0, 0, 32, 40), Window(3, 5, 7, 9), Window(10, 0, 22, 13), Window(31, 39, 1, 1)],
)
def test_windows_agree_with_the_whole(write_vector, window):
    rng = np.random.default_rng(0)
    features = []
    for _ in range(30):
        x, y = ORIGIN * (rng.uniform(0, 40), rng.uniform(0, 32))
        shape = shapely.buffer(shapely.Point(x, y), rng.uniform(3, 60))
        features.append((json.loads(shapely.to_geojson(shape)), {"class": int(rng.integers(3))}))
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    rows, columns = window.relative_to(GRID.window)
    np.testing.assert_array_equal(labels.read(window), read_all(labels)[rows, columns])
    whole = labels.read_units(GRID.window)
    np.testing.assert_array_equal(labels.read_units(window), whole[rows, columns])


def test_labels_lie_within_their_window(write_vector):
    labels = open_labels(write_vector("l.geojson", fields(*range(35))), GRID, "class")
    found = read_all(labels) >= 0
    inside = np.zeros_like(found)
    inside[labels.window.relative_to(GRID.window)] = True
    assert not (found & ~inside).any()


@pytest.mark.parametrize(
    ("crs", "suffix"),
    [("EPSG:4326", "gpkg"), ("EPSG:3035", "fgb"), ("EPSG:2056", "gpkg"), ("EPSG:32631", "shp")],
)
def test_other_systems_and_formats(tmp_path, crs, suffix):
    move = pyproj.Transformer.from_crs(CRS, crs, always_xy=True)
    shapes = [
        shapely.transform(shapely.geometry.shape(geometry), lambda xy: np.column_stack(
            move.transform(xy[:, 0], xy[:, 1])))
        for geometry, _ in fields(1, 2, 3)
    ]  # fmt: skip
    path = tmp_path / f"labels.{suffix}"
    write_layer(path, shapes, [4, 5, 6], crs)
    labels = open_labels(str(path), GRID, "class")
    assert any("was reprojected" in note for note in labels.notes)
    found = read_all(labels)
    assert found[2, [2, 6, 10, 14]].tolist() == [0, 1, 2, -1]
    assert 44 <= (found >= 0).sum() <= 52


def write_layer(path, shapes, classes, crs=CRS, **options):
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(shapes)),
        field_data=[np.array(classes)],
        fields=["class"],
        geometry_type="Polygon",
        crs=crs,
        **options,
    )


def test_geojson_is_lonlat_unless_it_says_otherwise(write_vector):
    west, north = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True).transform(5e5, 5.2e6)
    ring = [[west, north], [west + 0.002, north], [west + 0.002, north - 0.001], [west, north]]
    feature = ({"type": "Polygon", "coordinates": [ring]}, {"class": 1})
    found = read_all(open_labels(write_vector("l.geojson", [feature], crs=None), GRID, "class"))
    assert found[1, 13] == 0
    named = write_vector("n.geojson", fields(1, 2), crs="urn:ogc:def:crs:EPSG::32632")
    labels = open_labels(named, GRID, "class")
    assert (read_all(labels) >= 0).sum() == 32
    assert labels.notes == []


def test_a_layer_of_a_geopackage(tmp_path):
    path = tmp_path / "two.gpkg"
    boxes = [shapely.geometry.shape(geometry) for geometry, _ in fields(1, 2)]
    write_layer(path, boxes, [1, 2], layer="first")
    write_layer(path, boxes, [8, 9], layer="with space", append=True)
    assert open_source(f"{path}|layername=with space", "class").legend.ids == (8, 9)
    assert open_source(f"{path}|layerid=1", "class").legend.ids == (8, 9)
    with pytest.raises(LabelError, match="third") as caught:
        open_source(f"{path}|layername=third", "class")
    assert caught.value.hint == "Choose one of its layers: first, with space."
    without = open_source(str(path), "class")
    assert without.legend.ids == (1, 2)
    assert any("first" in note and "with space" in note for note in without.notes)


def test_a_filter_chooses_features(tmp_path):
    path = tmp_path / "some.gpkg"
    boxes = [shapely.geometry.shape(geometry) for geometry, _ in fields(1, 2, 3)]
    write_layer(path, boxes, [1, 2, 3], layer="all")
    chosen = open_source(f"{path}|layername=all|subset=\"class\" || '' = '2'", "class")
    assert chosen.legend.ids == (2,)  # || joins texts in SQL, it does not end the filter
    assert open_source(f'{path}|subset="class" > 1', "class").legend.ids == (2, 3)
    with pytest.raises(LabelError, match="filter cannot be used"):
        open_source(f"{path}|subset=nothing = 1", "class")
    with pytest.raises(LabelError, match="'fast=yes' after"):
        open_source(f"{path}|fast=yes", "class")


@pytest.mark.parametrize(
    ("header", "place", "reprojected"),
    [
        ("x,y,class", "{x},{y},{c}", False),
        ("class;Latitude;Longitude", "{c};{lat};{lon}", True),
        ("id,WKT,class", '7,"POINT ({x} {y})",{c}', False),
    ],
)
def test_points_in_a_table(tmp_path, header, place, reprojected):
    to_degrees = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)
    lines = [header]
    for number, c in enumerate((1, 2, 10, 10)):
        x, y = pixel_point(3, 4 * number)["coordinates"]
        lon, lat = to_degrees.transform(x, y)
        lines.append(place.format(x=x, y=y, lon=lon, lat=lat, c=c))
    path = tmp_path / "points.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    labels = open_labels(str(path), GRID, "class")
    assert labels.kind == "points"
    assert labels.legend.ids == (1, 2, 10)  # as texts they would be 1, 2 and 3
    assert read_all(labels)[3, :16:4].tolist() == [0, 1, 2, 2]
    assert any("reprojected" in note for note in labels.notes) is reprojected


def test_a_table_without_places(tmp_path):
    path = tmp_path / "sites.csv"
    path.write_text("name,class\na,1\nb,2\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no geometries") as caught:
        open_source(str(path), "class")
    assert "longitude and latitude" in caught.value.hint


def test_an_archive_by_its_name_in_gdal(tmp_path):
    boxes = [shapely.geometry.shape(geometry) for geometry, _ in fields(1, 2)]
    write_layer(tmp_path / "l.fgb", boxes, [1, 2])
    with zipfile.ZipFile(tmp_path / "l.zip", "w") as archive:
        archive.write(tmp_path / "l.fgb", "inside/l.fgb")
    found = open_source(f"/vsizip/{tmp_path}/l.zip/inside/l.fgb", "class")
    assert found.legend.ids == (1, 2)


def test_an_empty_layer(write_vector):
    with pytest.raises(LabelError, match="holds no features"):
        open_source(write_vector("l.geojson", []), "class")


def test_spellings_of_one_name(write_vector):
    features = fields("For\u00eat", "Fore\u0302t", "water", "Water")
    labels = open_labels(write_vector("l.geojson", features), GRID, "class")
    assert labels.legend.names == ("For\u00eat", "Water", "water")
    assert any("Water, water differ in capital letters only" in note for note in labels.notes)


def test_yes_and_no_are_1_and_0(write_vector):
    labels = open_labels(write_vector("l.geojson", fields(True, False)), GRID, "class")
    assert labels.legend.ids == (0, 1)
    assert read_all(labels)[0, [0, 4]].tolist() == [1, 0]


def test_no_overlap_names_both_extents(write_vector):
    path = write_vector("l.geojson", [(pixel_box(1000, 1000, 4, 4), {"class": 1})])
    with pytest.raises(LabelError, match="do not overlap the scene") as caught:
        open_labels(path, GRID, "class")
    assert "510000-510040" in str(caught.value)
    assert "500000-500400 by 5199680-5200000" in str(caught.value)


def test_swapped_coordinates_are_an_error_of_the_labels(write_vector):
    path = write_vector("l.geojson", [(pixel_box(0, 0, 4, 4), {"class": 1})], crs=None)
    with pytest.raises(LabelError):
        open_labels(path, GRID, "class")


def test_one_feature_far_away_spoils_nothing(write_vector):
    """A vertex that cannot be projected is no reason to lose the other features."""
    move = pyproj.Transformer.from_crs(CRS, 4326, always_xy=True)
    west, north = move.transform(*(ORIGIN * (1, 1)))
    east, south = move.transform(*(ORIGIN * (9, 9)))
    good = {"type": "Polygon", "coordinates": [
        [[west, north], [east, north], [east, south], [west, south], [west, north]]
    ]}  # fmt: skip
    bad = {"type": "Polygon", "coordinates": [[[8, 95], [9, 95], [9, 96], [8, 95]]]}
    path = write_vector("l.geojson", [(bad, {"class": 1}), (good, {"class": 2})], crs=None)
    labels = open_labels(path, GRID, "class")
    assert 50 <= (read_all(labels) == 1).sum() <= 80
    assert any("cannot be reprojected" in note and "features 0" in note for note in labels.notes)


def test_systems_without_a_way_between_them(tmp_path):
    path = tmp_path / "l.gpkg"
    write_layer(path, [shapely.box(0, 0, 9, 9)], [1], ENGINEERING)
    with pytest.raises(LabelError, match="cannot be reprojected"):
        open_labels(str(path), GRID, "class")


def test_a_scene_without_a_system_takes_no_vectors(write_vector):
    bare = Grid(None, ORIGIN, 40, 32)
    with pytest.raises(LabelError, match="no coordinate reference system") as caught:
        open_labels(write_vector("l.geojson", fields(1, 2)), bare, "class")
    assert "Assign" in caught.value.hint


@pytest.mark.parametrize(
    "transform",
    [
        ORIGIN * Affine.translation(0, 32) * Affine.scale(1, -1),
        ORIGIN * Affine.rotation(25) * Affine.translation(3, -8),
    ],
)
def test_south_up_and_rotated_scenes(write_vector, transform):
    grid = Grid(GRID.crs, transform, 40, 32)
    box = pixel_box(8, 8, 6, 9)
    labels = open_labels(write_vector("l.geojson", [(box, {"class": 1})]), grid, "class")
    rows, columns = np.mgrid[0:32, 0:40] + 0.5
    xs, ys = transform * (columns, rows)
    inside = shapely.contains_xy(shapely.geometry.shape(box), xs, ys)
    assert inside.sum() > 40
    np.testing.assert_array_equal(read_all(labels) == 0, inside)


@pytest.mark.parametrize(
    ("field", "name_field", "message"),
    [
        ("klass", "", "no field 'klass'; it has class, height"),
        ("class", "label", "no field 'label'; it has class, height"),
        ("", "", "was not given"),
    ],
)
def test_a_missing_field_lists_the_fields(write_vector, field, name_field, message):
    path = write_vector("l.geojson", [(pixel_box(0, 0, 4, 4), {"class": 1, "height": 2})])
    with pytest.raises(LabelError, match=message) as caught:
        open_source(path, field, name_field)
    assert "class, height" in str(caught.value)


def test_files_that_are_no_labels(tmp_path, write_vector):
    with pytest.raises(LabelError, match=r"gone\.gpkg does not exist"):
        open_source(str(tmp_path / "gone.gpkg"), "class")
    (tmp_path / "words.gpkg").write_text("words")
    with pytest.raises(LabelError, match=r"words\.gpkg cannot be read"):
        open_source(str(tmp_path / "words.gpkg"), "class")
    (tmp_path / "table.csv").write_text("class,x\n1,2\n")
    with pytest.raises(LabelError, match=r"table\.csv has no geometries|no polygons or points"):
        open_source(str(tmp_path / "table.csv"), "class")
    with pytest.raises(LabelError):
        open_source(write_vector("none.geojson", []), "class")


def test_a_truncated_file(tmp_path, write_vector):
    path = write_vector("l.geojson", fields(*range(20)))
    text = (tmp_path / "l.geojson").read_text()
    (tmp_path / "l.geojson").write_text(text[: len(text) // 2])
    with pytest.raises(LabelError, match=r"l\.geojson"):
        open_source(path, "class")


def test_labels_on_the_grid_of_a_file(write_vector, write_raster):
    path = write_raster("scene.tif", np.ones((32, 40), np.uint8))
    with rasterio.open(path) as dataset:
        labels = open_labels(write_vector("l.geojson", fields(1, 2)), Grid.of(dataset), "class")
    assert (read_all(labels) >= 0).sum() == 32
