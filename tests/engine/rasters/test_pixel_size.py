"""Sides of pixels on the ground, against PROJ's geodesics and figures worked out by hand."""

import math

import pyproj
import pytest

from lulc_engine.rasters.pixel_size import (
    Lattice,
    Projection,
    alike,
    sides_in_degrees,
    sides_on_the_ground,
)


def projection(crs, unit_m=1.0):
    system = pyproj.CRS(crs)
    earth = system.geodetic_crs
    transformer = pyproj.Transformer.from_crs(system, earth, always_xy=True)
    ellipsoid = earth.ellipsoid
    return Projection(
        unit_m, transformer.transform, ellipsoid.semi_major_metre, ellipsoid.inverse_flattening
    )


def test_mercator_on_a_sphere_shrinks_by_the_cosine_of_the_latitude():
    radius, latitude = 6_371_007, 60
    y = radius * math.log(math.tan(math.radians(45 + latitude / 2)))
    pixels = Lattice(10, 0, 1e6, 0, -20, y, 1, 1)
    found = sides_on_the_ground(pixels, projection(f"+proj=merc +R={radius}"))
    assert found == pytest.approx((5, 10), rel=1e-4)


@pytest.mark.parametrize("y", [0, 2e6, -7e6, 1.5e7])
@pytest.mark.parametrize("side_m", [0.2, 15, 1000])
def test_areas_are_those_of_geodesics(y, side_m):
    pixels = Lattice(side_m, 0, 1e6, 0, -side_m, y, 3, 3)
    width, height = sides_on_the_ground(pixels, projection("EPSG:3857"))
    to_earth = pyproj.Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    lons, lats = to_earth.transform(*pixels.middle_pixel())
    true = abs(pyproj.Geod(ellps="WGS84").polygon_area_perimeter(lons, lats)[0])
    is_corrected = abs(true / side_m**2 - 1) > 0.01
    expected = true if is_corrected else side_m**2
    assert width * height == pytest.approx(expected, rel=1e-4)
    assert is_corrected == (y != 0)


def test_a_projection_that_is_nearly_right_is_taken_as_it_is():
    pixels = Lattice(10, 0, 5e5, 0, -20, 5.2e6, 100, 100)
    assert sides_on_the_ground(pixels, projection("EPSG:32632")) == (10, 20)


def test_feet_are_told_in_metres():
    pixels = Lattice(100, 0, 9e5, 0, -100, 2e5, 10, 10)
    foot = 1200 / 3937
    found = sides_on_the_ground(pixels, projection("EPSG:2263", foot))
    assert found == pytest.approx((100 * foot, 100 * foot))


@pytest.mark.parametrize("pixels", [(10, 0, 9e20, 0, -10, 9e20), (0, 0, 0, 0, 0, 0)])
def test_what_is_nowhere_keeps_the_size_that_it_says(pixels):
    lattice = Lattice(*pixels, 10, 10)
    assert sides_on_the_ground(lattice, projection("EPSG:32632")) == lattice.sides()


def test_degrees():
    found = sides_in_degrees(Lattice(0.01, 0, 8, 0, -0.01, 60.05, 10, 10))
    assert found == pytest.approx((556.6, 1113.2), rel=1e-3)


@pytest.mark.parametrize(
    ("side_m", "expected"), [(10, True), (6.7, True), (6.6, False), (15, False)]
)
def test_pixels_of_about_one_size_are_alike(side_m, expected):
    assert alike((side_m, 99), (10, 10)) is expected
