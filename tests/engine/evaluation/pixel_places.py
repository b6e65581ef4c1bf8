"""Where the pixels of the tests' maps are."""

from affine import Affine

ORIGIN = Affine(10, 0, 500_000, 0, -10, 5_200_000)
CRS = "EPSG:32632"


def pixel_point(row, column, dx=5.0, dy=5.0):
    """Return a point in a pixel, by default in its centre."""
    x, y = ORIGIN * (column, row)
    return {"type": "Point", "coordinates": [x + dx, y - dy]}


def pixel_box(row, column, height, width):
    """Return a polygon that covers whole pixels."""
    left, top = ORIGIN * (column, row)
    right, bottom = ORIGIN * (column + width, row + height)
    ring = [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]]
    return {"type": "Polygon", "coordinates": [ring]}
