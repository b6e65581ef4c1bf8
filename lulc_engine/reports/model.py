"""The page that shows a model card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lulc_engine
from lulc_engine.evaluation.thresholds import DEFAULT
from lulc_engine.protocol import to_json
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports import html
from lulc_engine.reports.model_facts import flat_rows, network_facts, patch_size, run_facts
from lulc_engine.reports.multilabel import MultilabelSection, section_of
from lulc_engine.reports.sections import SPLITS, Section

if TYPE_CHECKING:
    from lulc_engine.models.summary import Part, Summary

_MOST_KINDS = 4


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
        facts=[*network_facts(card, file.size_bytes), *run_facts(card)],
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
        training=flat_rows(card.get("lulc:training", {})),
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
    seen = f"{patch_size(patch)} with {needs}"
    if patch["multilabel"]:
        return f"tells which of {classes} classes patches of {seen} have; they may have several"
    return f"gives patches of {seen} one of {classes} classes"


def _classes(legend: Legend, patch: Mapping[str, Any]) -> list[dict[str, Any]]:
    thresholds = patch.get("thresholds") or [None] * len(legend)
    return [
        {"id": item.id, "name": item.name, "color": item.hex_color, "threshold": threshold}
        for item, threshold in zip(legend.classes, thresholds, strict=True)
    ]


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


def _sections(card: Mapping[str, Any], legend: Legend) -> list[Section | MultilabelSection]:
    scores = card.get("lulc:scores", {})
    return [
        section_of(scores[split], legend, split)
        for split in SPLITS
        if isinstance(scores.get(split), Mapping) and "confusion" in scores[split]
    ]
