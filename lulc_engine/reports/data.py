"""The report on training data: what the labels hold, for people who will train on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import lulc_engine
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import data_pictures, data_words, html, plots
from lulc_engine.reports.plain_text import decimal, thousands

_MOST_ROWS = 40
_MOST_BANDS = 30


def render_data_report(description: Mapping[str, Any], legend: Legend, name: str) -> str:
    """Return the report as one HTML page that needs nothing else.

    Args:
        description: as the command ``describe`` makes it.
        legend: its classes with their colours.
        name: of the labels or patches, without folders.
    """
    bands = [row["band"] for row in description["band_statistics"]]
    names = dict(zip(legend.ids, legend.names, strict=True))
    pairs = description["separability"]
    together = description["cooccurrence"]
    return html.render(
        "data.html.j2",
        title=f"Training data {name}",
        summary=data_words.summary(description),
        data=description,
        colors={item.id: item.hex_color for item in legend.classes},
        names=names,
        sample_word=data_words.sample_word(description),
        unit_word=data_words.plural(description["unit"]),
        warnings=data_words.warnings(description, names),
        lowest=pairs[0]["jeffries_matusita"] if pairs else None,
        hardest=data_words.hardest_pairs(pairs, names),
        balance=data_pictures.balance_picture(
            description["classes"], legend, data_words.plural(description["unit"])
        ),
        signatures=data_pictures.signature_picture(description["statistics"], legend, bands),
        histograms=data_pictures.histogram_picture(description["histograms"], legend),
        separability=data_pictures.separability_picture(pairs, legend) if pairs else None,
        together=(
            plots.cooccurrence_picture(np.array(together, np.int64), legend) if together else None
        ),
        bands=bands[:_MOST_BANDS],
        means=_means(description, legend, bands[:_MOST_BANDS]),
        most_rows=_MOST_ROWS,
        digits=_digits(description["suspicious"]),
        many_suspicious=data_words.are_many(description),
        fewest_drawn=data_pictures.FEWEST_DRAWN,
        facts=_facts(description),
        version=lulc_engine.__version__,
    )


def _means(
    description: Mapping[str, Any], legend: Legend, bands: list[str]
) -> list[tuple[int, str, list[str]]]:
    """Return id, name and "mean ± spread" in every band of each class with pixels."""
    cells = {(row["id"], row["band"]): row for row in description["statistics"]}
    rows = []
    for item in legend.classes:
        if (item.id, bands[0]) in cells:
            found = [cells[item.id, band] for band in bands]
            texts = [f"{decimal(row['mean'])} ± {decimal(row['spread'])}" for row in found]
            rows.append((item.id, item.name, texts))
    return rows


def _digits(rows: list[Mapping[str, Any]]) -> int:
    """Return how many digits coordinates need: 5 for degrees, 0 for metres."""
    return 0 if any(abs(row["y"] or 0) > 90 or abs(row["x"] or 0) > 360 for row in rows) else 5


def _facts(description: Mapping[str, Any]) -> list[tuple[str, str]]:
    bands = ", ".join(str(band["role"] or band["name"]) for band in description["bands"])
    facts = [("Bands", f"{len(description['bands'])}: {bands}")]
    facts.append(("Pixel values", description["radiometry"]))
    if description["kind"] == "scene":
        facts.insert(0, ("Scenes", ", ".join(description["scenes"])))
        facts.insert(1, ("Labels", description["labels"]))
    else:
        side = description["size_px"]
        count = f"{thousands(description['samples'])} of {side} x {side} pixels"
        facts.insert(0, ("Patches", f"{description['patches']}: {count}"))
        facts.append(("Split", data_words.SPLITS[description["split_by"]]))
    return facts
