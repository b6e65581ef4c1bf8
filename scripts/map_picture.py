"""Draw a scene in true colour beside its map with legend and class shares, as a PNG.

.venv/bin/python scripts/map_picture.py SCENE MAP PICTURE [TITLE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import rasterio
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lulc_engine.rasters.legend import Legend

INK = "#22303c"
PAPER = "#ffffff"
TITLE = "Land cover by the trained Mobile-UNet"
_MOST_IN_A_ROW = 5


def draw_map(scene: Path, map_path: Path, picture: Path, title: str = TITLE) -> None:
    """Write the picture of a scene and its map; both have the same grid."""
    with rasterio.open(map_path) as source:
        ids, nodata = source.read(1), source.nodata
        legend = Legend.from_json(source.tags()["LULC_LEGEND"])
        pixel_m = source.transform.a
    height, width = ids.shape
    with mpl.rc_context({"font.family": "DejaVu Sans", "text.color": INK, "font.size": 10}):
        figure = Figure(figsize=(12, 12 * height / width / 2 + 1.25), facecolor=PAPER)
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(0.012, 0.145, 0.988, 0.93, wspace=0.025)
        _panel(left, "Sentinel-2, true colour", true_colour(scene))
        _panel(right, title, _coloured(ids, legend))
        _scale_bar(right, width, height, pixel_m)
        valid = ids != nodata
        shares = [float((ids[valid] == item.id).mean()) for item in legend.classes]
        figure.legend(
            handles=[
                Patch(facecolor=item.hex_color, label=f"{item.name}  {share:.0%}")
                for item, share in zip(legend.classes, shares, strict=True)
            ],
            loc="lower center",
            bbox_to_anchor=(0.5, 0.045),
            ncols=min(len(legend), _MOST_IN_A_ROW),
            frameon=False,
            handlelength=1.4,
            handleheight=1.2,
            columnspacing=2.2,
            fontsize=11,
        )
        figure.text(
            0.988,
            0.018,
            "Contains modified Copernicus Sentinel data 2022",
            ha="right",
            fontsize=7.5,
            alpha=0.7,
        )
        figure.savefig(picture, dpi=100, metadata={"Software": None})


def true_colour(scene: Path) -> np.ndarray:
    """Return (H, W, 3) values 0 to 1 of the bands red, green, blue, stretched for the eye."""
    with rasterio.open(scene) as source:
        names = [(text or "").lower() for text in source.descriptions]
        numbers = [
            next(i for i, name in enumerate(names, start=1) if role in name)
            for role in ("red", "green", "blue")
        ]
        bands = source.read(numbers).astype("float64")
    low, high = np.percentile(bands, (0.5, 99.2), axis=(1, 2), keepdims=True)
    stretched = np.clip((bands - low) / (high - low), 0, 1) ** 0.7
    return np.moveaxis(stretched, 0, -1)


def _coloured(ids: np.ndarray, legend: Legend) -> np.ndarray:
    picture = np.ones((*ids.shape, 3))
    for item in legend.classes:
        picture[ids == item.id] = to_rgb(item.hex_color)
    return picture


def _panel(axes: Axes, title: str, picture: np.ndarray) -> None:
    axes.imshow(picture, interpolation="antialiased")
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=7)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _scale_bar(axes: Axes, width: int, height: int, pixel_m: float) -> None:
    length_m = 1000
    right, bottom = width * 0.965, height * 0.955
    left = right - length_m / pixel_m
    axes.plot([left, right], [bottom, bottom], color="white", linewidth=5.5, solid_capstyle="butt")
    axes.plot([left, right], [bottom, bottom], color=INK, linewidth=3, solid_capstyle="butt")
    axes.text(
        (left + right) / 2,
        bottom - height * 0.018,
        f"{length_m / 1000:g} km",
        ha="center",
        va="bottom",
        fontsize=9,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5},
    )


if __name__ == "__main__":
    draw_map(*map(Path, sys.argv[1:4]), *sys.argv[4:5])
