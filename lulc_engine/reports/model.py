"""The page that shows a model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lulc_engine
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html
from lulc_engine.reports.plain_text import thousands
from lulc_engine.reports.sections import SPLITS, Section, scores_section

_LONGEST_VALUE = 600


def render_model_page(card: Mapping[str, Any], legend: Legend, file_name: str) -> str:
    """Return the page of a model card as HTML that needs nothing else.

    Args:
        card: the model card.
        legend: its classes.
        file_name: name of the model file, without folders.
    """
    name = str(card.get("mlm:name") or file_name)
    bands = [dict(band) for band in card["lulc:bands"]]
    needs = f"{len(bands)} band{'' if len(bands) == 1 else 's'}"
    return html.render(
        "model.html.j2",
        title=f"Model {name}",
        summary=f"{file_name} tells {len(legend)} classes apart in scenes with {needs}.",
        warnings=_warnings(card),
        facts=_facts(card),
        bands=bands,
        classes=legend.classes,
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


def _facts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    reach = card.get("lulc:receptive_field", {})
    halo = reach.get("halo_px")
    indices = ", ".join(name.upper() for name in card.get("lulc:indices", ())) or "none"
    framework = f"{card.get('mlm:framework', '')} {card.get('mlm:framework_version', '')}".strip()
    facts = [
        ("Architecture", str(card.get("mlm:architecture", "not known"))),
        ("Settings", _text(card.get("lulc:architecture", {}).get("settings", {}))),
        ("Trainable parameters", _count(card.get("mlm:total_parameters"))),
        ("Spectral indices", f"{indices}, computed from the bands"),
        ("Sees around a pixel", "the whole window" if halo is None else f"{halo} pixels"),
        ("Reflectance", _reflectance(card.get("lulc:radiometry", {}))),
        ("Made with", framework),
        ("Licence", str(card.get("license", "not stated"))),
        ("SHA-256 of the model", str(card.get("model_sha256", "not recorded"))),
    ]
    return facts + [(_label(key), _text(value)) for key, value in card.get("run", {}).items()]


def _sections(card: Mapping[str, Any], legend: Legend) -> list[Section]:
    scores = card.get("lulc:scores", {})
    return [
        scores_section(scores[split], legend, split)
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
