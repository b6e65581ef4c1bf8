"""What a classification will take: time by earlier runs on this computer, and room on the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .model_card import ModelCard
from .run_history import foreseen_s
from .translation import tr

# Overviews add a third. While a raster is written it lies there twice: plain, and as it will be.
_WITH_OVERVIEWS, _WHILE_WRITTEN = 4 / 3, 2
_SMALLEST_FILE = 100_000  # with legend, overviews and style
_LARGEST_BYTE = 254  # ids above it make the map 16 bits
# Multiplications per second of a core: what networks reach on old and on new processors.
_SLOW, _FAST = 3e9, 4e10
# Multiplications per weight and pixel. Usual encoders shrink the image at once, and most of their
# weights see few pixels: a U-Net with a ResNet-34 has 24 million weights and multiplies 118,000
# times per pixel, a ResNet-18 12 million and 36,000. The small networks of ours do so late.
_USUAL_SHARE = 1 / 200
_SHARES = {"mobile_unet": 1 / 5, "spectralnet": 1 / 10, "pixelnet": 1.0, "dcnn5": 1.0}
_START_S = (3, 30)  # loading, preparing


@dataclass(frozen=True)
class Size:
    """How much is to be done.

    Attributes:
        pixels: of the scene, in the part that is classified.
        windows: what the network is asked, see `lulc_engine.speed`.
        cells: pixels of the map.
    """

    pixels: int
    windows: float
    cells: int


def size_of(width: int, height: int, step: int, per_pixel: bool, valid_share: float) -> Size:
    """Return how much a part of a scene is.

    Args:
        width: columns.
        height: rows.
        step: from window to window, in pixels.
        per_pixel: whether the map has the scene's pixels whatever the step.
        valid_share: share of the pixels that hold values.
    """
    across, down = -(-width // step), -(-height // step)
    cells = width * height if per_pixel else across * down
    return Size(width * height, max(1.0, across * down * valid_share), cells)


def time_text(kind: str, size: Size, model: ModelCard) -> str:
    """Return how long a run will take, and how that is known."""
    known = foreseen_s(kind, size.windows)
    if known is not None:
        text = tr("About {}, by an earlier run with this network on this computer.")
        return text.format(in_words(known))
    low, high = guessed_s(size, model)
    text = tr(
        "No earlier run with this network on this computer; a rough guess for the processor is "
        "{low} to {high}."
    )
    return text.format(low=in_words(low), high=in_words(high))


def guessed_s(size: Size, model: ModelCard) -> tuple[float, float]:
    """Return seconds, at best and at worst, by how often a network multiplies."""
    share = _SHARES.get(model.spec.architecture, _USUAL_SHARE)
    patch = model.spec.patch
    pixels = 1 if patch is None else (model.spec.settings.get("resize_px") or patch.size_px) ** 2
    weights = float(model.card.get("mlm:total_parameters") or 0)
    work = weights * share * pixels * size.windows / (os.cpu_count() or 1)
    return _START_S[0] + work / _FAST, _START_S[1] + work / _SLOW


def bytes_of(size: Size, ids: Sequence[int], outputs: Sequence[str]) -> dict[str, int]:
    """Return the most bytes that each output takes; compression makes maps far smaller.

    Args:
        size: how much is classified.
        ids: of the classes.
        outputs: which of OUTPUT, CONFIDENCE and PROBABILITIES are written.
    """
    per_cell = {
        "OUTPUT": 1 if max(ids, default=0) <= _LARGEST_BYTE else 2,
        "CONFIDENCE": 1,
        "PROBABILITIES": 4 * len(ids),
    }
    return {name: int(size.cells * per_cell[name] * _WITH_OVERVIEWS) for name in outputs}


def room_texts(needed: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """Return notes and warnings on the room that files need in their folders.

    Args:
        needed: bytes by folder.
    """
    notes, warnings = [], []
    for folder, most in needed.items():
        free = free_bytes(folder)
        if free is None:
            warnings.append(tr("The folder {} does not exist.").format(folder))
        elif most * _WHILE_WRITTEN > free:
            text = tr(
                "The results may need {size} while they are written; {folder} has {free} free."
            )
            size = in_bytes(most * _WHILE_WRITTEN)
            warnings.append(text.format(size=size, folder=folder, free=in_bytes(free)))
        else:
            text = tr("Results of at most {size}; {folder} has {free} free.")
            size = in_bytes(max(most, _SMALLEST_FILE))
            notes.append(text.format(size=size, folder=folder, free=in_bytes(free)))
    return notes, warnings


def free_bytes(folder: str) -> int | None:
    """Return the free bytes where a folder lies; None where there is no such folder."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def in_words(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 90:
        return tr("{} s").format(max(1, round(seconds)))
    if seconds < 5400:
        return tr("{} min").format(round(seconds / 60))
    return tr("{} h").format(f"{seconds / 3600:.1f}")


def in_bytes(count: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
