"""Band statistics and histograms of each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lulc_engine.insight.samples import Floats, Samples, band_names

PERCENTILES = (5, 25, 50, 75, 95)
KEYS = ("n", "mean", "spread", "minimum", *(f"p{p:02d}" for p in PERCENTILES), "maximum")
BINS = 40
# Of all classes together: the few values beyond would leave the histogram one narrow peak.
_SHOWN = (0.5, 99.5)


@dataclass(frozen=True)
class Histogram:
    """How often the values of a band occur, by class.

    Attributes:
        band: name of the band.
        edges: (BINS + 1,) of the bins, the same for all classes.
        counts: (K, BINS) int64 pixels; values beyond the first and last edge are in none.
    """

    band: str
    edges: Floats
    counts: np.ndarray


def summarise(values: Floats) -> list[dict[str, Any]]:
    """Return KEYS for every band.

    The spread is the standard deviation with n - 1 in the denominator, None for a single pixel;
    percentiles are interpolated linearly between ranks.

    Args:
        values: (n, C) reflectance, n at least 1.

    Example:
        >>> row = summarise(np.array([[0.1], [0.2], [0.3]]))[0]
        >>> round(row["mean"], 3), round(row["spread"], 3), row["p50"]
        (0.2, 0.1, 0.2)
    """
    spread = values.std(axis=0, ddof=1).tolist() if len(values) > 1 else [None] * values.shape[1]
    columns = zip(
        values.mean(axis=0).tolist(),
        spread,
        values.min(axis=0).tolist(),
        *np.percentile(values, PERCENTILES, axis=0).tolist(),
        values.max(axis=0).tolist(),
        strict=True,
    )
    return [dict(zip(KEYS, (len(values), *column), strict=True)) for column in columns]


def class_statistics(samples: Samples) -> list[dict[str, Any]]:
    """Return a row of KEYS per class and band with ``id``, ``name`` and ``band``; none without."""
    bands = band_names(samples.bands)
    rows = []
    for index, item in enumerate(samples.legend.classes):
        values = samples.of_class(index)
        if not len(values):
            continue
        for band, summary in zip(bands, summarise(values), strict=True):
            rows.append({"id": item.id, "name": item.name, "band": band, **summary})
    return rows


def band_statistics(samples: Samples) -> list[dict[str, Any]]:
    """Return a row of KEYS per band with ``band``, over the pixels of all classes."""
    summaries = summarise(samples.values)
    return [
        {"band": band, **row}
        for band, row in zip(band_names(samples.bands), summaries, strict=True)
    ]


def histograms(samples: Samples) -> list[Histogram]:
    """Return the histogram of every band, over bins that suit all classes together."""
    found = []
    for number, band in enumerate(band_names(samples.bands)):
        values = samples.values[:, number]
        low, high = np.percentile(values, _SHOWN)
        if high <= low:  # a constant band
            low, high = low - 0.5, high + 0.5
        edges = np.linspace(low, high, BINS + 1)
        counts = np.zeros((len(samples.legend), BINS), np.int64)
        for index in range(len(samples.legend)):
            counts[index] = np.histogram(values[samples.targets == index], edges)[0]
        found.append(Histogram(band, edges, counts))
    return found
