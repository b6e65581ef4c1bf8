"""The change report: what two maps say has become of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import lulc_engine
from lulc_engine.change.summary import ChangeSummary
from lulc_engine.reports import html, plots
from lulc_engine.reports.plain_text import percent, quantity, thousands
from lulc_engine.reports.words import quoted

_MOST_SENTENCES = 8
_LARGEST_TABLE = 24
# Two maps that are right for 9 places of 10 seem to differ at up to 2 of 10 where nothing changed.
_CAUTION = (
    "The areas are counted from the maps, and the errors of both maps add up: where they are wrong "
    "in different places, unchanged land seems to have changed. For areas to rely on, draw a "
    "random sample from the change map (Suggest samples), look at each point at both dates, and "
    "assess the change map with it (Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015)."
)


@dataclass(frozen=True)
class ChangeReport:
    """What a change report shows.

    Attributes:
        summary: the from-to matrix.
        before_name: name of the first map's file, without folders.
        after_name: name of the second map's file.
        cautions: what a reader must know about the matching of the legends.
        notes: what was done to bring the maps together.
    """

    summary: ChangeSummary
    before_name: str
    after_name: str
    cautions: tuple[str, ...]
    notes: tuple[str, ...]


def render_change_report(report: ChangeReport) -> str:
    """Return the report as one HTML page that needs nothing else."""
    summary = report.summary
    amounts, unit = _amounts(summary)
    legend = summary.legend
    small = len(legend) <= _LARGEST_TABLE
    return html.render(
        "change.html.j2",
        title=f"Change from {report.before_name} to {report.after_name}",
        summary=_lead(summary, report),
        changed_share=summary.changed_share,
        changed=float(amounts.sum() - np.trace(amounts)),
        compared=float(amounts.sum()),
        unit=unit,
        warnings=[*report.cautions, _CAUTION],
        sentences=_sentences(summary),
        picture=plots.matrix_picture(
            np.rint(amounts).astype(np.int64) if amounts.max() >= 100 else summary.pixels,
            legend,
            corner="Before ↓    After →",
            words="From-to matrix: rows are the classes before, columns the classes after.",
        ),
        picture_unit=unit if amounts.max() >= 100 else "pixels",
        classes=_classes(summary),
        names=legend.names,
        rows=list(zip(legend.names, amounts.tolist(), strict=True)) if small else [],
        notes=report.notes,
        version=lulc_engine.__version__,
    )


def _amounts(summary: ChangeSummary) -> tuple[Any, str]:
    """Return the matrix (K, K) that is shown and its unit: hectares where they are known."""
    if summary.hectares is None:
        return summary.pixels.astype(np.float64), "pixels"
    return summary.hectares, "hectares"


def _lead(summary: ChangeSummary, report: ChangeReport) -> str:
    return (
        f"The maps {report.before_name} and {report.after_name} were compared at "
        f"{thousands(int(summary.pixels.sum()))} pixels where both have a class. "
        f"{percent(summary.changed_share)} have another class in the second map."
    )


def _sentences(summary: ChangeSummary) -> list[str]:
    """Return the largest changes in words, the largest first."""
    amounts, unit = _amounts(summary)
    changed = np.where(np.eye(len(amounts), dtype=bool), 0, amounts)
    order = np.argsort(-changed, axis=None, kind="stable")[:_MOST_SENTENCES]
    found = []
    for place in order.tolist():
        i, j = divmod(place, len(amounts))
        amount = float(changed[i, j])
        if amount > 0:
            names = [quoted(summary.legend.names[k]) for k in (i, j)]
            share = percent(amount / float(amounts[i].sum()))
            found.append(
                f"{quantity(amount)} {unit} of {names[0]} became {names[1]} ({share} of what was "
                f"{names[0]})."
            )
    return found


def _classes(summary: ChangeSummary) -> list[dict[str, Any]]:
    """Return per class what it had before and has after, and what it lost and gained."""
    amounts, _ = _amounts(summary)
    before, after, same = amounts.sum(axis=1), amounts.sum(axis=0), np.diagonal(amounts)
    return [
        {
            "name": item.name,
            "color": item.hex_color,
            "before": float(before[i]),
            "after": float(after[i]),
            "lost": float(before[i] - same[i]),
            "gained": float(after[i] - same[i]),
            "net": float(after[i] - before[i]),
        }
        for i, item in enumerate(summary.legend.classes)
    ]
