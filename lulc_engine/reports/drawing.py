"""What all pictures of reports share: style, and SVG embedded in the page.

No pyplot: each picture is a figure of its own. Text stays text, so that the reader's browser shapes
Arabic and draws emoji; the same numbers give the same bytes.
"""

from __future__ import annotations

import base64
import io
import re
import textwrap
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lulc_engine.reports.plain_text import one_line, shorten

# Blue, orange and green that stay apart for colour-blind readers (Okabe and Ito 2008).
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#6b7280"
INK = "#1f2933"

_STYLE: Any = {
    "svg.hashsalt": "lulc",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
_GRID = "#e4e7eb"
_LIGHTEST = 0.225  # relative luminance below which white has more contrast than ink
_PAGE_FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans'"
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_WIDTH_PT = re.compile(r'<svg [^>]*?width="([\d.]+)pt"')
_PX_PER_INCH = 96


@dataclass(frozen=True)
class Picture:
    """A picture as a page shows it: address with the data itself, words instead, width."""

    source: str
    alt: str
    width_px: int


def style() -> AbstractContextManager[None]:
    """Return the context in which figures are made and saved; nothing outside it changes."""
    return mpl.rc_context(_STYLE)


def new_figure(width_in: float, height_in: float, arranged: bool = False) -> Figure:
    """Return an empty figure.

    Args:
        width_in: in inches; a page is 7 wide.
        height_in: in inches.
        arranged: whether matplotlib makes room for what stands around the axes.
    """
    return Figure(figsize=(width_in, height_in), layout="constrained" if arranged else None)


def grid(axes: Axes, axis: Literal["both", "x", "y"] = "both") -> None:
    """Draw faint lines behind everything."""
    axes.grid(axis=axis, color=_GRID, lw=0.8)
    axes.set_axisbelow(True)


def ink_on(color: npt.ArrayLike) -> str:
    """Return white or ink, whichever has more contrast on a colour of three bytes (WCAG 2.1)."""
    channels = np.asarray(color, np.float64) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "white" if luminance < _LIGHTEST else INK


def picture(figure: Figure, alt: str) -> Picture:
    """Return a figure as a picture that a page can hold."""
    stream = io.BytesIO()
    with warnings.catch_warnings():
        # Expected: a name in a script that the measuring font lacks; the browser has others.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata=_NO_METADATA)
    text = stream.getvalue().decode("utf-8").replace("'DejaVu Sans'", _PAGE_FONTS)
    encoded = base64.b64encode(text.encode("utf-8")).decode("ascii")
    found = _WIDTH_PT.search(text)
    width = round(float(found[1]) / 72 * _PX_PER_INCH) if found else 600
    return Picture(f"data:image/svg+xml;base64,{encoded}", alt, width)


def svg_text(drawn: Picture) -> str:
    """Return a picture that `picture` made as the text of an SVG file."""
    return base64.b64decode(drawn.source.partition(",")[2]).decode("utf-8")


def tick_name(name: str, lines: int = 2, width: int = 20) -> str:
    """Return a class name that fits beside a plot: at most so many lines of so many characters."""
    wrapped = textwrap.wrap(one_line(name), width) or [""]
    if len(wrapped) > lines:
        rest = " ".join(wrapped[lines - 1 :])
        wrapped = [*wrapped[: lines - 1], shorten(rest, width)]
    return "\n".join(wrapped)
