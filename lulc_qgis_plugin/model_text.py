"""A model, a verdict on a scene and an estimate, as the few lines of HTML that a dialog shows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from .algorithms.base import in_parameter_names
from .fit_verdict import DOUBTFUL, FITS, REFUSED, Verdict
from .model_card import ModelCard

_MOST_CLASSES, _MOST_BANDS, _LONGEST_NAME = 24, 13, 30
# Green, amber, red; each also has its own mark, for those who do not see the difference.
COLORS = {FITS: "#2e7d32", DOUBTFUL: "#e69500", REFUSED: "#c62828"}
NEUTRAL = "#7f8c8d"
_MARKS = {FITS: "✔", DOUBTFUL: "⚠", REFUSED: "✘"}
_HEADS = {
    FITS: "fits this model.",
    DOUBTFUL: "can be classified, but look:",
    REFUSED: "does not fit:",
}


def card_html(model: ModelCard) -> str:
    """Return what a model is: network, classes, bands, values and accuracy."""
    spec = model.spec
    name = html.escape(shortened(str(spec.architecture)))
    head = f"<b>{name}</b> · {_kind(spec)} · {len(spec.legend)} classes"
    lines = [head, legend_html([(c.name, c.hex_color) for c in spec.legend.classes])]
    lines.append(f"<i>Bands</i> {_bands(model)} · <i>values</i> {_values(spec)}")
    lines.append(f"<i>Accuracy</i> {_accuracy(model)}")
    return "<br>".join(lines)


def verdict_html(verdict: Verdict, scene_name: str) -> str:
    """Return a verdict: the mark, what it is about, the reasons."""
    mark, head = (
        _MARKS.get(verdict.level, "…"),
        _HEADS.get(verdict.level, "is judged when it runs."),
    )
    first = f"<b>{mark} {html.escape(shortened(scene_name))} {head}</b>"
    reasons = [html.escape(in_parameter_names(text)) for text in verdict.reasons]
    shown = [f"<span>{html.escape(verdict.scene)}</span>"] if verdict.scene else []
    if verdict.level == FITS:
        reasons = [" ".join(reasons)]
    return "<br>".join([first, *[text for text in reasons if text], *shown])


def error_html(text: str) -> str:
    """Return why a model file cannot be used."""
    return f"<b>{_MARKS[REFUSED]}</b> {html.escape(in_parameter_names(text))}"


def legend_html(classes: Sequence[tuple[str, str]]) -> str:
    """Return names of classes, each after a square of its colour.

    Args:
        classes: names and colours as ``#rrggbb``.
    """
    shown = [
        f'<span style="color:{html.escape(color)}">■</span>&nbsp;'
        f"{_unbroken(html.escape(shortened(name)))}"
        for name, color in classes[:_MOST_CLASSES]
    ]
    more = len(classes) - len(shown)
    return " &nbsp;".join(shown) + (f" and {more} more" if more else "")


def _unbroken(text: str) -> str:
    """Return escaped text in which no line ends."""
    return text.replace(" ", "&nbsp;").replace("-", "&#8209;")


def shortened(text: str) -> str:
    """Return a text that fits into a line."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _kind(spec: Any) -> str:
    if spec.patch is None:
        return "labels every pixel"
    several = ", several classes each" if spec.patch.multilabel else ""
    return f"labels windows of {spec.patch.size_px} &times; {spec.patch.size_px} pixels{several}"


def _bands(model: ModelCard) -> str:
    bands = model.spec.bands
    names = [html.escape(shortened(band.role or band.name)) for band in bands[:_MOST_BANDS]]
    more = f" and {len(bands) - len(names)} more" if len(bands) > len(names) else ""
    size = f" at {model.pixel_m[0]:.3g} m" if model.pixel_m else ""
    return ", ".join(names) + more + size


def _values(spec: Any) -> str:
    """Return the range of raw values in training and what they became."""
    stretch = spec.patch is not None and bool(spec.patch.stretch)
    if spec.value_range:
        low = min(pair[0] for pair in spec.value_range)
        high = max(pair[1] for pair in spec.value_range)
        text = f"{low:g} to {high:g}"
    else:
        text = "not recorded"
    scale, offset = spec.radiometry.scale[0], spec.radiometry.offset[0]
    if abs(scale * 255 - 1) < 1e-6:
        return f"{text} (pictures of 8 bits{'; reflectance is stretched' if stretch else ''})"
    added = "; with Sentinel-2's +1000" if abs(offset + 0.1) < 1e-9 and scale == 1e-4 else ""
    sign = "-" if offset < 0 else "+"
    return f"{text} (reflectance = value &times; {scale:.6g} {sign} {abs(offset):.6g}{added})"


def _accuracy(model: ModelCard) -> str:
    split, scores = model.scores
    overall, f1 = scores.get("overall_accuracy"), scores.get("macro_f1")
    if not isinstance(overall, (int, float)):
        return "not recorded"
    shown = f"{100 * overall:.1f} %"
    if isinstance(f1, (int, float)):
        shown += f", macro F1 {f1:.3f}"
    if split == "test" and not (scores.get("reference") or {}).get("optimistic"):
        return f"{shown} on the test, which training never saw"
    return f"{shown} on {split} data, which the training went by: optimistic"
