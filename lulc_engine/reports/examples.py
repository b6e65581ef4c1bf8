"""Examples of what a model makes of data that it did not learn from, as a report shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.plain_text import isolated, shorten

_MOST_SWATCHES = 24
_NAME_LENGTH = 40


@dataclass(frozen=True)
class WindowExample:
    """A part of a scene: addresses of image, reference and prediction, and what it shows."""

    image: str
    reference: str
    prediction: str
    kind: str
    words: str


@dataclass(frozen=True)
class PatchExample:
    """A patch: address of its picture, its name, its label and what the model said of it."""

    image: str
    name: str
    label: str
    answer: str


@dataclass(frozen=True)
class Examples:
    """Examples of one split.

    Attributes:
        split: test or validation.
        shown: what the colours of images are, such as "red, green, blue".
        how: how the examples were chosen, in a sentence or two.
        swatches: name and colour of the classes.
        windows: of segmenters.
        right: patches that the model has right.
        wrong: patches that it has wrong.
    """

    split: str
    shown: str
    how: str
    swatches: Sequence[tuple[str, str]] = ()
    windows: Sequence[WindowExample] = ()
    right: Sequence[PatchExample] = ()
    wrong: Sequence[PatchExample] = ()


def swatches(legend: Legend) -> list[tuple[str, str]]:
    """Return name and colour of the first classes, for the key of maps."""
    return [(item.name, item.hex_color) for item in legend.classes[:_MOST_SWATCHES]]


def several(names: Sequence[str]) -> str:
    """Return class names for a caption, "none" where there are none."""
    return ", ".join(isolated(shorten(name, _NAME_LENGTH)) for name in names) or "none"
