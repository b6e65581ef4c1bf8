"""What the pages on scenes and on patches have alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.explain.occlusion import BandCounts
from lulc_engine.explain.subject import Subject
from lulc_engine.options import ExplainOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.reports.explanation import BandRow, ClassRow
from lulc_engine.reports.explanation_colors import (
    Scale,
    activation_scale,
    drop_scale,
    heat_scale,
)


def common_facts(
    options: ExplainOptions,
    card: dict[str, Any],
    subject: Subject,
    counts: BandCounts | None,
    facts: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Return what reports on scenes and on patches have alike."""
    layer = subject.layer
    rows = [] if counts is None else counts.importances(subject.target)
    return {
        "method": options.method,
        "model": Path(options.model).name,
        "class_name": "" if subject.target is None else subject.spec.legend.names[subject.target],
        "layer": layer.name if layer else "",
        "channel": options.channel,
        "cell_px": layer.cell_px if layer else 0,
        "bands": [
            BandRow(_name(row.band), row.probability, row.without, row.drop, row.accuracy_drop)
            for row in rows
        ],
        "knows_means": subject.knows_means,
        "by_class": _by_class(subject, counts),
        "facts": [*facts, ("SHA-256 of the model", str(card.get("model_sha256", "")))],
    }


def _by_class(subject: Subject, counts: BandCounts | None) -> list[ClassRow]:
    """Return what each class loses without each band, where all classes were asked."""
    if counts is None or subject.target is not None:
        return []
    rows = []
    for index, item in enumerate(subject.spec.legend.classes):
        if counts.samples[index]:
            drops = [found.drop for found in counts.importances(index)]
            rows.append(ClassRow(item.name, item.hex_color, int(counts.samples[index]), drops))
    return rows


def scale_of(method: str, values: np.ndarray) -> Scale:
    """Return the colours of a method's values; NaN are left out."""
    if method == "gradcam":
        return heat_scale()
    if method == "occlusion":
        return drop_scale(float(np.nanmax(np.abs(values))))
    low, high = (float(x) for x in np.nanpercentile(values, (1, 99)))
    return activation_scale(low, high)


def _name(band: Band) -> str:
    return band.role or band.name


def band_names(bands: Sequence[Band]) -> list[str]:
    """Return the roles of bands, or names where a role is not known."""
    return [_name(band) for band in bands]
