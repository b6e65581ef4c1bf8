"""How long a pixel's sides are on the ground, by whichever library knows the coordinate system.

Web Mercator makes 10 m at 47 degrees north 14.8; where a projection is off by more than
`TOLERATED`, sides are corrected for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Share by which areas of a projection may differ from those on the ellipsoid.
TOLERATED = 0.01
DEGREE_M = 111_320  # of latitude, and of longitude at the equator
# As many times as large pixels may be and still show a network things of the size that it knows.
_ALIKE = (0.66, 1.5)


@dataclass(frozen=True)
class Lattice:
    """Where the pixels of a raster are.

    Attributes:
        a: x of a step along the columns.
        b: x of a step along the rows.
        c: x of the upper left corner.
        d: y of a step along the columns.
        e: y of a step along the rows.
        f: y of the upper left corner.
        width: columns.
        height: rows.
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float
    width: int
    height: int

    def sides(self) -> tuple[float, float]:
        """Return the lengths of a pixel's sides along columns and rows, in CRS units."""
        return math.hypot(self.a, self.d), math.hypot(self.b, self.e)

    def middle_pixel(self) -> tuple[list[float], list[float]]:
        """Return x and y of the corners of the pixel in the middle, in ring order."""
        column, row = self.width // 2, self.height // 2
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
        return (
            [self.a * i + self.b * j + self.c for i, j in corners],
            [self.d * i + self.e * j + self.f for i, j in corners],
        )


@dataclass(frozen=True)
class Projection:
    """What is asked of a projected coordinate system.

    Attributes:
        unit_m: length of its unit in metres.
        to_earth: takes x and y of points to longitudes and latitudes in degrees on its ellipsoid;
            not finite outside the world.
        semi_major_m: of the ellipsoid.
        inverse_flattening: of the ellipsoid; 0 for a sphere.
    """

    unit_m: float
    to_earth: Callable[[list[float], list[float]], tuple[Sequence[float], Sequence[float]]]
    semi_major_m: float
    inverse_flattening: float


def alike(sides_m: Sequence[float], others_m: Sequence[float]) -> bool:
    """Return whether pixels are of about one size; networks see shapes in pixels.

    Args:
        sides_m: sides of a pixel along columns and rows in metres.
        others_m: those of another raster.
    """
    return _ALIKE[0] < sides_m[0] / others_m[0] < _ALIKE[1]


def sides_in_degrees(pixels: Lattice) -> tuple[float, float]:
    """Return about how long a pixel's sides are in metres, of a raster in degrees."""
    width, height = pixels.sides()
    latitude = pixels.f + pixels.e * pixels.height / 2
    return width * DEGREE_M * math.cos(math.radians(latitude)), height * DEGREE_M


def sides_on_the_ground(pixels: Lattice, projection: Projection) -> tuple[float, float]:
    """Return about how long a pixel's sides are in metres, of a raster in a projection.

    Both are stretched by the root of what the projection makes of the area of the middle pixel.
    """
    width, height = (side * projection.unit_m for side in pixels.sides())
    xs, ys = pixels.middle_pixel()
    flat = _ring_area(xs, ys) * projection.unit_m**2
    ratio = _area_on_ellipsoid(*projection.to_earth(xs, ys), projection) / flat if flat else 1.0
    if not math.isfinite(ratio) or abs(ratio - 1) <= TOLERATED:
        return width, height
    return width * math.sqrt(ratio), height * math.sqrt(ratio)


def _area_on_ellipsoid(
    lons: Sequence[float], lats: Sequence[float], projection: Projection
) -> float:
    """Return the area of a small quadrilateral in square metres; NaN outside the world.

    By the radii of curvature in the meridian and in the prime vertical (Snyder 1987, Map
    Projections - A Working Manual, USGS Professional Paper 1395, p. 24-25).
    """
    if not all(map(math.isfinite, (*lons, *lats))):
        return math.nan
    flattening = 1 / projection.inverse_flattening if projection.inverse_flattening else 0.0
    squared = flattening * (2 - flattening)  # eccentricity
    latitude = math.radians(sum(lats) / len(lats))
    bend = 1 - squared * math.sin(latitude) ** 2
    east_m = projection.semi_major_m / math.sqrt(bend) * math.cos(latitude)
    north_m = projection.semi_major_m * (1 - squared) / bend**1.5
    # Across the date line longitudes jump by 360 degrees.
    xs = [east_m * math.radians((lon - lons[0] + 180) % 360 - 180) for lon in lons]
    ys = [north_m * math.radians(lat - lats[0]) for lat in lats]
    return _ring_area(xs, ys)


def _ring_area(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the area of a polygon; coordinates are taken from its first corner to keep digits."""
    xs, ys = [x - xs[0] for x in xs], [y - ys[0] for y in ys]
    ahead = zip([*xs[1:], xs[0]], [*ys[1:], ys[0]])
    return abs(sum(x * next_y - next_x * y for x, y, (next_x, next_y) in zip(xs, ys, ahead))) / 2
