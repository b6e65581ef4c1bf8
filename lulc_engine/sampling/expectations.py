"""Reading the accuracies that are expected of a map's classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.legend import Legend
from lulc_engine.sampling.size import Rates

DEFAULT_ACCURACY = 0.85


def expected_accuracies(given: Sequence[str], legend: Legend) -> Rates:
    """Return the user's accuracy expected of each class, float64 (K,).

    Args:
        given: numbers from 0 to 1: alone for all classes, as ``NAME=0.9`` or ``ID=0.9`` for one.
        legend: the K classes.

    Raises:
        OptionsError: a number is not from 0 to 1, or no class has the name.
    """
    expected = np.full(len(legend), DEFAULT_ACCURACY)
    # The number for all comes first, wherever it stands in the list
    for item in sorted(given, key=lambda text: "=" in text):
        name, _, number = item.rpartition("=")
        expected[_place(name.strip(), legend)] = _share(number)
    return expected


def _place(name: str, legend: Legend) -> int | slice:
    if not name:
        return slice(None)
    for index, item in enumerate(legend.classes):
        if name in (item.name, str(item.id)):
            return index
    raise OptionsError(
        f"--expected-accuracy names the class {name!r}, which the map does not have.",
        f"Its classes are: {', '.join(f'{c.id} {c.name}' for c in legend.classes)}.",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise OptionsError(
            f"--expected-accuracy must be a number from 0 to 1, not {text.strip()!r}.",
            "Write 0.9 for all classes, or NAME=0.9 for one.",
        )
    return share
