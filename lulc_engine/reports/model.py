"""The page that shows a model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lulc_engine
from lulc_engine.evaluation.thresholds import DEFAULT
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html
from lulc_engine.reports.multilabel import MultilabelSection, section_of
from lulc_engine.reports.plain_text import NO_VALUE, thousands
from lulc_engine.reports.sections import SPLITS, Section

if TYPE_CHECKING:
    from lulc_engine.models.summary import Part, Summary

_LONGEST_VALUE = 600
_MOST_KINDS = 4
# What networks see instead of reflectance, by `lulc:transform`.
_INPUTS = {
    "none": "",
    "log_ratio": "logarithms of reflectance and normalised differences of every two bands",
}


@dataclass(frozen=True)
class ModelFile:
    """What the page says of the file itself.

    Attributes:
        name: without folders.
        size_bytes: of the file.
        network: what the network is made of, None where it cannot be built here.
        trouble: why not.
    """

    name: str
    size_bytes: int
    network: Summary | None = None
    trouble: str = ""


def render_model_page(card: Mapping[str, Any], legend: Legend, file: ModelFile) -> str:
    """Return the page of a model card as HTML that needs nothing else.

    Args:
        card: the model card.
        legend: its classes.
        file: what is known of the file.
    """
    name = str(card.get("mlm:name") or file.name)
    bands = _bands(card)
    patch = card.get("lulc:patch") or {}
    return html.render(
        "model.html.j2",
        title=f"Model {name}",
        summary=f"{file.name} {_ability(len(legend), len(bands), patch)}.",
        warnings=_warnings(card),
        facts=[*_facts(card, file.size_bytes), *_run(card)],
        network=file.network,
        network_rows=_network_rows(file.network),
        layer_rows=_layer_rows(file.network),
        trouble=file.trouble,
        bands=bands,
        with_means=bool(bands) and "mean" in bands[0],
        has_patch=bool(patch),
        stretched=bool(patch.get("stretch")),
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


def _bands(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the bands, with mean and spread of what training saw in them where these are known.

    They are of reflectance, or of the pictures that it was stretched to; of logarithms, which some
    networks see instead, they would tell nothing.
    """
    bands = [dict(band) for band in card["lulc:bands"]]
    found = card.get("lulc:normalisation", {})
    means, spreads = found.get("mean", ()), found.get("spread", ())
    if card.get("lulc:transform", "none") == "none" and min(len(means), len(spreads)) >= len(bands):
        for band, mean, spread in zip(bands, means, spreads, strict=False):
            band |= {"mean": float(mean), "spread": float(spread)}
    return bands


def _network_rows(network: Summary | None) -> list[dict[str, Any]]:
    """Return the blocks with how many layers they have and their share of the parameters."""
    if network is None:
        return []
    return [
        _part(part) | {"share": part.parameters / max(network.parameters, 1)}
        for part in network.blocks
    ]


def _layer_rows(network: Summary | None) -> list[dict[str, Any]]:
    if network is None:
        return []
    return [_part(layer) for part in network.blocks for layer in part.layers or (part,)]


def _part(part: Part) -> dict[str, Any]:
    kind = part.kind
    if kind == "Sequential":  # what it holds tells more
        kinds = list(dict.fromkeys(layer.kind for layer in part.layers))
        kind = ", ".join(kinds[:_MOST_KINDS]) + (", ..." if len(kinds) > _MOST_KINDS else "")
    return {
        "name": part.name,
        "kind": kind,
        "output": " x ".join(map(str, part.output)) or "several",
        "layers": max(len(part.layers), 1),
        "parameters": part.parameters,
    }


def _facts(card: Mapping[str, Any], size_bytes: int) -> list[tuple[str, str]]:
    patch = card.get("lulc:patch") or {}
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
        ("Sees around a pixel", _reach(card)),
        (
            "Pixel values" if patch.get("stretch") else "Reflectance",
            _reflectance(card.get("lulc:radiometry", {})),
        ),
        ("Made with", framework),
        ("Licence", str(card.get("license", "not stated"))),
        ("Size of the file", _megabytes(size_bytes)),
        ("SHA-256 of the model", str(card.get("model_sha256", "not recorded"))),
    ]
    return facts


def _reach(card: Mapping[str, Any]) -> str:
    """Return how far the network looks, in pixels and, where their size is known, in metres."""
    patch = card.get("lulc:patch") or {}
    halo = card.get("lulc:receptive_field", {}).get("halo_px")
    pixel_m = card.get("lulc:training", {}).get("pixel_m")
    metres = float(pixel_m[0]) if pixel_m else None
    if patch:
        side = f", {patch['size_px'] * metres:.4g} m along a side" if metres else ""
        return f"the whole patch{side}"
    if halo is None:
        return "the whole window: its reach has no useful bound"
    far = f", {halo * metres:.4g} m" if metres else ""
    return f"{halo} pixels{far} in each direction (a window of {2 * halo + 1} x {2 * halo + 1})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{thousands(size)} bytes"


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
    run = dict(card.get("run", {}))
    run.pop("sha256", None)  # of these lines; it guards the file and tells people nothing
    seconds = run.pop("duration_s", None)
    if isinstance(run.get("date"), str):
        run["date"] = f"{run['date'][:16].replace('T', ' ')} UTC"
    if isinstance(run.get("hardware"), Mapping):
        run["hardware"] = _hardware(run["hardware"])
    facts = [(_label(key), _text(value)) for key, value in run.items()]
    if isinstance(seconds, (int, float)):
        took = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.1f} s"
        facts.append(("Training took", took))
    return facts


def _hardware(found: Mapping[str, Any]) -> str:
    """Return the machine in a line; what was not found is left out."""
    cores, memory = found.get("cores"), found.get("memory_gib")
    parts = (
        found.get("gpu"),
        found.get("processor"),
        cores and f"{cores} core{'' if cores == 1 else 's'}",
        isinstance(memory, (int, float)) and f"{memory:g} GiB of memory",
        found.get("system"),
    )
    return ", ".join(str(part) for part in parts if part)


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
    scale, offset = (
        [f"{number:.6g}" for number in sorted(set(radiometry.get(key, ())))]
        for key in ("scale", "offset")
    )
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
        text = NO_VALUE if value is None else str(value)
    if len(text) > _LONGEST_VALUE:
        return f"{text[:_LONGEST_VALUE]}… (all of it in the card below)"
    return text or "none"


def _label(key: str) -> str:
    words = str(key).replace("_", " ")
    return words[:1].upper() + words[1:]


def _count(value: Any) -> str:
    return thousands(value) if isinstance(value, int) else "not recorded"
