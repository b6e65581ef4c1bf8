"""A model, a verdict on a scene and an estimate, as the few lines of HTML that a dialog shows."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from .algorithms.base import in_parameter_names
from .fit_verdict import DOUBTFUL, FITS, REFUSED, Verdict
from .model_card import ModelCard
from .translation import tr

_MOST_CLASSES, _MOST_BANDS, _LONGEST_NAME = 24, 13, 30
# Green, amber, red; each also has its own mark, for those who do not see the difference.
COLORS = {FITS: "#2e7d32", DOUBTFUL: "#e69500", REFUSED: "#c62828"}
NEUTRAL = "#7f8c8d"
_MARKS = {FITS: "✔", DOUBTFUL: "⚠", REFUSED: "✘"}
_HEADS = {
    FITS: "{} fits this model.",
    DOUBTFUL: "{} can be classified, but look:",
    REFUSED: "{} does not fit:",
}
_UNKNOWN = "{} is judged when it runs."


def card_html(model: ModelCard) -> str:
    """Return what a model is: network, classes, bands, values and accuracy."""
    spec = model.spec
    name = html.escape(shortened(str(spec.architecture)))
    classes = tr("{} classes").format(len(spec.legend))
    lines = [
        f"<b>{name}</b> · {_kind(spec)} · {classes}",
        legend_html([(c.name, c.hex_color) for c in spec.legend.classes]),
        tr("<i>Bands:</i> {}").format(_bands(model)),
        tr("<i>Values:</i> {}").format(_values(spec)),
        tr("<i>Accuracy:</i> {}").format(_accuracy(model)),
    ]
    return "<br>".join(lines)


def verdict_html(verdict: Verdict, scene_name: str) -> str:
    """Return a verdict: the mark, what it is about, the reasons."""
    mark, head = _MARKS.get(verdict.level, "…"), tr(_HEADS.get(verdict.level, _UNKNOWN))
    first = f"<b>{mark} {head.format(html.escape(shortened(scene_name)))}</b>"
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
    listed = "&nbsp; ".join(shown)  # so that no line begins with a gap
    return tr("{listed} and {count} more").format(listed=listed, count=more) if more else listed


def _unbroken(text: str) -> str:
    """Return escaped text in which no line ends."""
    return text.replace(" ", "&nbsp;").replace("-", "&#8209;")


def shortened(text: str) -> str:
    """Return a text that fits into a line."""
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def _kind(spec: Any) -> str:
    if spec.patch is None:
        return tr("labels every pixel")
    if spec.patch.multilabel:
        text = tr("labels windows of {0} &times; {0} pixels, several classes each")
    else:
        text = tr("labels windows of {0} &times; {0} pixels")
    return text.format(spec.patch.size_px)


def _bands(model: ModelCard) -> str:
    bands = model.spec.bands
    names = [html.escape(shortened(band.role or band.name)) for band in bands[:_MOST_BANDS]]
    text, more = ", ".join(names), len(bands) - len(names)
    if more:
        text = tr("{listed} and {count} more").format(listed=text, count=more)
    if not model.pixel_m:
        return text
    return tr("{bands} at {size} m").format(bands=text, size=f"{model.pixel_m[0]:.3g}")


def _values(spec: Any) -> str:
    """Return the range of raw values in training and what they became."""
    stretch = spec.patch is not None and bool(spec.patch.stretch)
    if spec.value_range:
        low = min(pair[0] for pair in spec.value_range)
        high = max(pair[1] for pair in spec.value_range)
        text = tr("{low} to {high}").format(low=f"{low:g}", high=f"{high:g}")
    else:
        text = tr("not recorded")
    scale, offset = spec.radiometry.scale[0], spec.radiometry.offset[0]
    if abs(scale * 255 - 1) < 1e-6:
        stretched = tr("{} (8-bit pictures; reflectance is stretched)")
        return (stretched if stretch else tr("{} (8-bit pictures)")).format(text)
    formula = f"&times; {scale:.6g} {'-' if offset < 0 else '+'} {abs(offset):.6g}"
    if abs(offset + 0.1) < 1e-9 and scale == 1e-4:
        shown = tr("{range} (reflectance = value {formula}; with Sentinel-2's +1000)")
    else:
        shown = tr("{range} (reflectance = value {formula})")
    return shown.format(range=text, formula=formula)


def _accuracy(model: ModelCard) -> str:
    split, scores = model.scores
    overall, f1 = scores.get("overall_accuracy"), scores.get("macro_f1")
    if not isinstance(overall, (int, float)):
        return tr("not recorded")
    shown = f"{100 * overall:.1f} %"
    if isinstance(f1, (int, float)):
        text = tr("{accuracy}, macro F1 {f1}")
        shown = text.format(accuracy=shown, f1=f"{f1:.3f}")
    if split != "test":
        text = tr("{} on validation data, which the training went by: optimistic")
    elif (scores.get("reference") or {}).get("optimistic"):
        text = tr("{} on test data, which the training went by: optimistic")
    else:
        text = tr("{} on the test, which training never saw")
    return text.format(shown)
