"""What a model card says, as rows of a label and a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lulc_engine.reports.plain_text import NO_VALUE, thousands

_LONGEST_VALUE = 600
# What networks see instead of reflectance, by `lulc:transform`.
_INPUTS = {
    "none": "",
    "log_ratio": "logarithms of reflectance and normalised differences of every two bands",
}


def network_facts(card: Mapping[str, Any], size_bytes: int) -> list[tuple[str, str]]:
    """Return what the network is, needs and answers.

    Args:
        card: the model card.
        size_bytes: of the file.
    """
    patch = card.get("lulc:patch") or {}
    indices = ", ".join(name.upper() for name in card.get("lulc:indices", ()))
    inputs = _INPUTS.get(str(card.get("lulc:transform", "none")), "not known")
    framework = f"{card.get('mlm:framework', '')} {card.get('mlm:framework_version', '')}".strip()
    return [
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


def _patch_facts(
    patch: Mapping[str, Any], bands: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str]]:
    several = "several classes per patch, each whose probability reaches its threshold"
    facts = [
        ("Patch size", patch_size(patch)),
        ("Answer", several if patch["multilabel"] else "one class per patch, the likeliest"),
    ]
    if patch["stretch"]:
        facts.append(("Trained on pictures", _stretch(patch["stretch"], bands)))
    return facts


def run_facts(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return when, where and how long it was trained."""
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


def flat_rows(value: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return nested values as rows of a table, labels joined by commas."""
    rows: list[tuple[str, str]] = []
    for key, item in value.items():
        label = prefix + _label(key)
        if isinstance(item, Mapping) and item and not prefix:
            rows += flat_rows(item, f"{label}, ")
        else:
            rows.append((label, _text(item)))
    return rows


def patch_size(patch: Mapping[str, Any]) -> str:
    """Return the size of the patches of a card's ``lulc:patch``."""
    return f"{patch['size_px']} x {patch['size_px']} pixels"


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


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{thousands(size)} bytes"


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
