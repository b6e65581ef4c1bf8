"""The page that shows a model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import lulc_engine
from lulc_engine.evaluation.thresholds import DEFAULT
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html
from lulc_engine.reports.multilabel import MultilabelSection, section_of
from lulc_engine.reports.plain_text import thousands
from lulc_engine.reports.sections import SPLITS, Section

_LONGEST_VALUE = 600
# What networks see instead of reflectance, by `lulc:transform`.
_INPUTS = {
    "none": "",
    "log_ratio": "logarithms of reflectance and normalised differences of every two bands",
}


def render_model_page(card: Mapping[str, Any], legend: Legend, file_name: str) -> str:
    """Return the page of a model card as HTML that needs nothing else.

    Args:
        card: the model card.
        legend: its classes.
        file_name: name of the model file, without folders.
    """
    name = str(card.get("mlm:name") or file_name)
    bands = [dict(band) for band in card["lulc:bands"]]
    patch = card.get("lulc:patch") or {}
    return html.render(
        "model.html.j2",
        title=f"Model {name}",
        summary=f"{file_name} {_ability(len(legend), len(bands), patch)}.",
        warnings=_warnings(card),
        facts=[*_facts(card), *_run(card)],
        bands=bands,
        classes=_classes(legend, patch),
        has_thresholds=bool(patch.get("thresholds")),
        tuned=any(threshold != DEFAULT for threshold in patch.get("thresholds", ())),
        sections=_sections(card, legend),
        training=_flat(card.get("lulc:training", {})),
        card_lines=to_json(card, indent=1).splitlines(),
        version=lulc_engine.__version__,
    )


def _warnings(card: Mapping[str, Any]) -> list[str]:
    found = []
    if card.get("interrupted") or card.get("lulc:training", {}).get("interrupted"):
        found.append("Its training was interrupted; the best model until then was kept.")
    if not card.get("lulc:scores"):
        found.append("The file records no scores: nothing is known about how good it is.")
    return found


def _ability(classes: int, bands: int, patch: Mapping[str, Any]) -> str:
    needs = f"{bands} band{'' if bands == 1 else 's'}"
    if not patch:
        return f"tells {classes} classes apart in scenes with {needs}"
    seen = f"{_size(patch)} with {needs}"
    if patch["multilabel"]:
        return f"tells which of {classes} classes patches of {seen} have; they may have several"
    return f"gives patches of {seen} one of {classes} classes"


def _classes(legend: Legend, patch: Mapping[str, Any]) -> list[dict[str, Any]]:
    thresholds = patch.get("thresholds") or [None] * len(legend)
    return [
        {"id": item.id, "name": item.name, "color": item.hex_color, "threshold": threshold}
        for item, threshold in zip(legend.classes, thresholds, strict=True)
    ]


def _size(patch: Mapping[str, Any]) -> str:
    return f"{patch['size_px']} x {patch['size_px']} pixels"


def _facts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    patch = card.get("lulc:patch") or {}
    halo = card.get("lulc:receptive_field", {}).get("halo_px")
    whole = "patch" if patch else "window"
    indices = ", ".join(name.upper() for name in card.get("lulc:indices", ()))
    inputs = _INPUTS.get(str(card.get("lulc:transform", "none")), "not known")
    framework = f"{card.get('mlm:framework', '')} {card.get('mlm:framework_version', '')}".strip()
    facts = [
        ("Architecture", str(card.get("mlm:architecture", "not known"))),
        ("Settings", _text(card.get("lulc:architecture", {}).get("settings", {}))),
        ("Trainable parameters", _count(card.get("mlm:total_parameters"))),
        ("Inputs", f"{inputs}, computed from the bands" if inputs else "reflectance of the bands"),
        ("Spectral indices", f"{indices}, computed from the bands" if indices else "none"),
        *(_patch_facts(patch, card["lulc:bands"]) if patch else ()),
        ("Sees around a pixel", f"the whole {whole}" if halo is None else f"{halo} pixels"),
        (
            "Pixel values" if patch.get("stretch") else "Reflectance",
            _reflectance(card.get("lulc:radiometry", {})),
        ),
        ("Made with", framework),
        ("Licence", str(card.get("license", "not stated"))),
        ("SHA-256 of the model", str(card.get("model_sha256", "not recorded"))),
    ]
    return facts


def _patch_facts(
    patch: Mapping[str, Any], bands: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    several = "several classes per patch, each whose probability reaches its threshold"
    facts = [
        ("Patch size", _size(patch)),
        ("Answer", several if patch["multilabel"] else "one class per patch, the likeliest"),
    ]
    if patch["stretch"]:
        facts.append(("Trained on pictures", _stretch(patch["stretch"], bands)))
    return facts


def _stretch(limits: Sequence[Sequence[float]], bands: Sequence[Mapping[str, Any]]) -> str:
    """Return what a network that was trained on pictures takes for black and white."""
    same = all(list(pair) == list(limits[0]) for pair in limits)
    shown = [("every band", limits[0])] if same else list(_by_band(limits, bands))
    parts = [f"{low:g} to {high:g} in {name}" for name, (low, high) in shown]
    return (
        f"black to white stand for reflectance {'; '.join(parts)}. Scenes in reflectance are "
        "stretched likewise."
    )


def _by_band(
    limits: Sequence[Sequence[float]], bands: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Sequence[float]]]:
    for band, pair in zip(bands, limits, strict=True):
        yield str(band["role"] or band["name"]), pair


def _run(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_label(key), _text(value)) for key, value in card.get("run", {}).items()]


def _sections(card: Mapping[str, Any], legend: Legend) -> list[Section | MultilabelSection]:
    scores = card.get("lulc:scores", {})
    return [
        section_of(scores[split], legend, split)
        for split in SPLITS
        if isinstance(scores.get(split), Mapping) and "confusion" in scores[split]
    ]


def _reflectance(radiometry: Mapping[str, Any]) -> str:
    if not radiometry:
        return "not recorded"
    scale, offset = (sorted(set(radiometry.get(key, ()))) for key in ("scale", "offset"))
    reason = radiometry.get("reason") or radiometry.get("source") or ""
    numbers = f"pixel value times {_text(scale)}, plus {_text(offset)}"
    return f"{numbers} ({reason})" if reason else numbers


def _flat(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested values as rows of a table, labels joined by commas."""
    rows: list[tuple[str, str]] = []
    for key, item in value.items():
        label = prefix + _label(key)
        if isinstance(item, Mapping) and item and not prefix:
            rows += _flat(item, f"{label}, ")
        else:
            rows.append((label, _text(item)))
    return rows


def _text(value: Any) -> str:
    """Return a value of the card as one short text."""
    if isinstance(value, Mapping):
        text = ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        text = ", ".join(_text(item) for item in value)
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    else:
        text = "–" if value is None else str(value)  # noqa: RUF001 - the sign for no value
    if len(text) > _LONGEST_VALUE:
        return f"{text[:_LONGEST_VALUE]}… (all of it in the card below)"
    return text or "none"


def _label(key: str) -> str:
    words = str(key).replace("_", " ")
    return words[:1].upper() + words[1:]


def _count(value: Any) -> str:
    return thousands(value) if isinstance(value, int) else "not recorded"
