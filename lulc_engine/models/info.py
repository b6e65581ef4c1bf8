"""The command ``info``: what a model file says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lulc_engine.errors import DataError, LulcError, ModelFileError
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import read_spec
from lulc_engine.models.model_file import read_card
from lulc_engine.options import InfoOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.rasters.legend import Legend
from lulc_engine.reports.model import ModelFile, render_model_page

if TYPE_CHECKING:
    from lulc_engine.models.summary import Summary

_ENDINGS = (".html", ".htm")


def info(options: InfoOptions, feedback: Feedback) -> dict[str, Any]:
    """Read a model card and write it as a page where asked to; loads no weights.

    For the page the network is built, to list its layers; where that is not possible here, the page
    says why.

    Returns:
        The report's path ('' where not asked for), the size of the file and the main facts of the
        card.

    Raises:
        ModelFileError: the file is not a model file, or its card is incomplete.
        OptionsError: the report's path has the wrong ending.
    """
    if options.report:
        check_writable(options.report, _ENDINGS, [options.model])
    card = read_card(options.model)
    try:
        facts = _facts(card)
        legend = Legend.from_rows(card["lulc:legend"])
        page = _page(options.model, card, legend, feedback) if options.report else ""
    except (KeyError, TypeError, AttributeError, ValueError, DataError) as err:
        raise ModelFileError(
            f"The model card of {options.model} is incomplete: {type(err).__name__} {err}.",
            "Train or import the model again.",
        ) from err
    if options.report:
        with Outputs([options.model]) as outputs:
            outputs.write_text(options.report, page, _ENDINGS)
    feedback.progress(1.0, "Done")
    size = Path(options.model).stat().st_size
    return {"report": options.report, "size_bytes": size, **facts}


def _page(path: str, card: Mapping[str, Any], legend: Legend, feedback: Feedback) -> str:
    feedback.progress(0.2, "Looking at the network")
    file = ModelFile(Path(path).name, Path(path).stat().st_size, *_summary(card))
    return render_model_page(card, legend, file)


def _summary(card: Mapping[str, Any]) -> tuple[Summary | None, str]:
    """Return what the network is made of, or None and why that cannot be said here."""
    # PyTorch takes seconds to load, and only the page needs it.
    from lulc_engine.models.summary import summarise

    try:
        return summarise(read_spec(card)), ""
    except LulcError as err:
        return None, err.message
    except (RuntimeError, ValueError, TypeError, KeyError, AttributeError) as err:
        return None, f"{type(err).__name__}: {err}"


def _facts(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": card.get("mlm:name", ""),
        "architecture": card["mlm:architecture"],
        "task": card["mlm:tasks"][0],
        "parameters": card.get("mlm:total_parameters"),
        "classes": [row["name"] for row in card["lulc:legend"]],
        "legend": list(card["lulc:legend"]),
        "bands": [band["name"] for band in card["lulc:bands"]],
        "indices": list(card.get("lulc:indices", [])),
        **_patch_facts(card.get("lulc:patch")),
        "model_sha256": card.get("model_sha256", ""),
    }


def _patch_facts(patch: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what only patch classifiers have: size, kind of answer, thresholds and stretch."""
    if patch is None:
        return {}
    return {name: patch[name] for name in ("size_px", "multilabel", "thresholds", "stretch")}
