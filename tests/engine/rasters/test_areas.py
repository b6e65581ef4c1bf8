"""Class areas against independent computations."""

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from factories import CRS, ORIGIN

from lulc_engine.rasters.areas import AreaCounter
from lulc_engine.rasters.grid import Grid
from lulc_engine.rasters.ground import pixel_areas, pixel_metres
from lulc_engine.rasters.legend import make_legend

LEGEND = make_legend([3, 70000, 5], ["water", "forest", "unused"])


def grid_of(crs, transform, height=8, width=6):
    return Grid(rasterio.crs.CRS.from_user_input(crs) if crs else None, transform, width, height)


def count(grid, classes):
    counter = AreaCounter(LEGEND, grid)
    for row in range(0, len(classes), 3):
        counter.add(row, classes[row : row + 3, :4])
        counter.add(row, classes[row : row + 3, 4:])
    header, *rows = counter.rows()
    assert header == ["id", "name", "pixels", "hectares", "share"]
    return rows


@pytest.fixture
def classes():
    classes = np.zeros((8, 6), np.int64)
    classes[:2] = 1
    classes[5, 3] = len(LEGEND)  # no result
    return classes


@pytest.mark.parametrize(
    ("crs", "transform", "square_metres"),
    [
        (CRS, ORIGIN, 100),
        (CRS, Affine(10, 0, 0, 0, 20, 0), 200),
        (CRS, Affine.rotation(30) * Affine.scale(10, -10), 100),
        ("EPSG:2263", Affine(100, 0, 9e5, 0, -100, 2e5), (100 * 1200 / 3937) ** 2),
    ],
)
def test_projected(classes, crs, transform, square_metres):
    rows = count(grid_of(crs, transform), classes)
    assert [row[:3] for row in rows] == [
        [3, "water", 35], [70000, "forest", 12], [5, "unused", 0],
    ]  # fmt: skip
    assert [row[3] for row in rows] == pytest.approx(
        [35 * square_metres / 1e4, 12 * square_metres / 1e4, 0], abs=1e-4
    )
    assert [row[4] for row in rows] == pytest.approx([35 / 47, 12 / 47, 0], abs=1e-6)


@pytest.mark.parametrize("north", [70.0, 0.04, -40.0])
@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84", "EPSG:4258"])
def test_geographic(crs, north):
    step = 0.01
    areas = pixel_areas(grid_of(crs, Affine(step, 0, 8, 0, -step, north)))
    geod = pyproj.Geod(ellps="WGS84")
    for row, area in enumerate(areas):
        top, bottom = north - row * step, north - (row + 1) * step
        corners = ([8, 8 + step, 8 + step, 8], [top, top, bottom, bottom])
        expected = abs(geod.polygon_area_perimeter(*corners)[0])
        assert area == pytest.approx(expected, rel=1e-6)
    assert (np.diff(areas) > 0).all() or north < 1


def test_geographic_areas_sum_to_the_ellipsoid():
    grid = grid_of("EPSG:4326", Affine(1, 0, -180, 0, -1, 90), 180, 360)
    assert pixel_areas(grid).sum() * 360 == pytest.approx(5.10065621724e14, rel=1e-4)


def test_web_mercator_is_measured_on_the_ground():
    # The same place at 47.4 degrees north: 10 m on the ground are 14.8 in Web Mercator.
    to_mercator = pyproj.Transformer.from_crs("EPSG:32632", "EPSG:3857", always_xy=True)
    left, top = to_mercator.transform(500_000, 5_250_000)
    right, bottom = to_mercator.transform(510_000, 5_240_000)
    grid = grid_of(
        "EPSG:3857",
        Affine((right - left) / 1000, 0, left, 0, (bottom - top) / 1000, top),
        1000,
        1000,
    )
    areas = pixel_areas(grid)
    assert areas.sum() * 1000 / 1e4 == pytest.approx(10_000, rel=2e-3)
    assert areas[0] < areas[-1]
    assert pixel_metres(grid) == pytest.approx((10, 10), rel=5e-3)
    assert grid.pixel_size()[0] > 14.7


def test_a_plan_without_a_place_on_earth_has_no_areas():
    plan = grid_of('LOCAL_CS["site",UNIT["metre",1]]', Affine(2, 0, 0, 0, -2, 0))
    assert pixel_areas(plan) is None
    assert pixel_metres(plan) is None


def test_geographic_in_grads():
    grads = grid_of("EPSG:4807", Affine(0.01, 0, 5, 0, -0.01, 52))
    degrees = grid_of("EPSG:4275", Affine(0.009, 0, 5, 0, -0.009, 46.8))
    np.testing.assert_allclose(pixel_areas(grads), pixel_areas(degrees), rtol=1e-6)


def test_on_another_ellipsoid():
    moon = grid_of("IAU_2015:30100", Affine(1, 0, 0, 0, -1, 0.5), 1, 1)
    assert pixel_areas(moon)[0] == pytest.approx((np.pi / 180 * 1_737_400) ** 2, rel=1e-3)


def test_without_a_system_there_are_pixels_only(classes):
    rows = count(grid_of(None, Affine.identity()), classes)
    assert [row[2:4] for row in rows] == [[35, None], [12, None], [0, None]]


def test_nothing_classified():
    rows = count(grid_of(CRS, ORIGIN), np.full((8, 6), len(LEGEND)))
    assert [row[2:] for row in rows] == [[0, 0, 0]] * 3
