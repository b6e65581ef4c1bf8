"""The table of a band study: a row per set of bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lulc_engine.rasters.bands import Band
from lulc_engine.reports.csv_table import Cell, csv_text
from lulc_engine.reports.plain_text import decimal
from lulc_engine.reports.training import Table
from lulc_engine.training.publish import HEADLINE, headline_split
from lulc_engine.training.snapshot import Snapshot

_SHOWN = ("overall_accuracy", "kappa", "macro_f1", "mean_iou")
_COLUMNS = ("set", "bands", "number_of_bands", *HEADLINE, "best_epoch", "split", "seconds", "best")


@dataclass
class StudyRow:
    """What became of one set of bands.

    Attributes:
        name: of the set.
        bands: role, or name where there is none, of each band.
        scores: HEADLINE by name.
        split: what the scores are of: test where there is one, else validation.
        score: the validation score that sets are compared by; None where nothing was validated.
        epoch: whose weights were kept.
        seconds: how long the epochs took, with their validation.
        is_best: whether MODEL is of this set.
    """

    name: str
    bands: tuple[str, ...]
    scores: dict[str, float | None]
    split: str
    score: float | None
    epoch: int
    seconds: float
    is_best: bool = False


def study_row(
    name: str,
    bands: Sequence[Band],
    by_split: Mapping[str, Mapping[str, Any]],
    kept: Snapshot,
    seconds: float,
) -> StudyRow:
    """Return the row of a set that was trained.

    Args:
        name: of the set.
        bands: its bands.
        by_split: metrics objects of validation and, where there is one, of the test.
        kept: the network that was kept.
        seconds: how long the epochs took, with their validation.
    """
    split = headline_split(by_split)
    return StudyRow(
        name,
        tuple(band.role or band.name for band in bands),
        {score: by_split[split][score] for score in HEADLINE},
        split,
        kept.score,
        kept.epoch,
        round(seconds, 1),
    )


def study_csv(rows: Sequence[StudyRow]) -> str:
    """Return TABLE of a band study: a header, then a row per set; ``best`` is yes or empty."""
    cells: list[Sequence[Cell]] = [_COLUMNS]
    for row in rows:
        scores = [row.scores[name] for name in HEADLINE]
        best = "yes" if row.is_best else ""
        names = "+".join(row.bands)
        count = len(row.bands)
        cells.append([row.name, names, count, *scores, row.epoch, row.split, row.seconds, best])
    return csv_text(cells)


def study_table(rows: Sequence[StudyRow], metric: str) -> Table:
    """Return the study as the report shows it.

    Args:
        rows: of the sets.
        metric: what the best set was chosen by, in words.
    """
    header = ("Set", "Bands", "Accuracy", "Kappa", "Macro F1", "Mean IoU", "Epoch", "Seconds")
    shown = [
        (
            row.name,
            str(len(row.bands)),
            *(decimal(row.scores[name], 4) for name in _SHOWN),
            str(row.epoch),
            f"{row.seconds:.0f}",
        )
        for row in rows
    ]
    best = next((number for number, row in enumerate(rows) if row.is_best), None)
    splits = sorted({row.split for row in rows})
    text = (
        f"The same training on each set of bands. The scores are of the {' or '.join(splits)} "
        f"patches; the best set was chosen by {metric} on the validation patches."
    )
    return Table("Band study", header, shown, text, best)
