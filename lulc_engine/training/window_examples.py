"""Windows of held-out labels for the report: what a segmenter has right there, and what not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from lulc_engine.reports.example_pictures import composite, painted, png_address, stretched
from lulc_engine.reports.examples import Examples, WindowExample, swatches
from lulc_engine.reports.plain_text import percent, thousands
from lulc_engine.samples.chips import Chip, as_input
from lulc_engine.samples.labels import NO_LABEL
from lulc_engine.samples.split import ROLE_NAMES, TEST, VALIDATION
from lulc_engine.training.session import Session

SIDE_PX = 96
_MOST_CHIPS = 24  # that are looked at
_MOST_UNITS = 50  # of a chip
_LEAST_LABELLED = 20  # pixels of a polygon or block
_EACH = 2  # windows of the best, of the worst and of those in between
_HOW = (
    "Of windows of {side} pixels around {unit} of the {split} set, those with the lowest and the "
    "highest share of right pixels, and some from the middle."
)


@dataclass(frozen=True)
class _Candidate:
    """A window: its image (C, H, W), labels and answers (H, W) and the share that is right."""

    image: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    share: float
    labelled: int


def window_examples(session: Session) -> Examples | None:
    """Return example windows of the test, else of validation; None where there are no labels.

    Args:
        session: its network has the weights that were kept.
    """
    session.network.eval()  # it may come right from training
    for role in (TEST, VALIDATION):
        chips = [chip for chip in session.dataset.chips if role in chip.held_out]
        step = -(-len(chips) // _MOST_CHIPS) if chips else 1
        found = [w for chip in chips[::step] for w in _windows(session, chip, role)]
        if found:
            return _examples(session, found, ROLE_NAMES[role])
    return None


def _windows(session: Session, chip: Chip, role: int) -> Iterator[_Candidate]:
    """Yield a window around each polygon or block of a chip that has enough labels of a role."""
    held = chip.held_out[role]
    units, counts = np.unique(chip.units[held >= 0], return_counts=True)
    units = units[counts >= _LEAST_LABELLED]
    if not len(units):
        return
    with torch.inference_mode():
        raw = torch.from_numpy(as_input(chip.image, chip.valid))[None].to(session.device)
        logits = session.network(raw.contiguous(memory_format=torch.channels_last))
        answers = logits.argmax(dim=1)[0].to("cpu", torch.int16).numpy()
    taken: list[tuple[slice, slice]] = []
    for unit in units[:: -(-len(units) // _MOST_UNITS)].tolist():
        rows, columns = np.nonzero((chip.units == unit) & (held >= 0))
        part = (_around(rows, held.shape[0]), _around(columns, held.shape[1]))
        if any(_overlaps(part, other) for other in taken):
            continue
        taken.append(part)
        labels = held[part]
        labelled = int((labels >= 0).sum())
        if labelled < _LEAST_LABELLED:  # a ring, or larger than the window
            continue
        share = float((labels == answers[part])[labels >= 0].mean())
        image = np.where(chip.valid[part], chip.image[(slice(None), *part)], np.nan)
        shown = chip.image[(slice(None), *part)] if chip.valid[part].all() else image
        said = np.where(chip.valid[part], answers[part], NO_LABEL)
        yield _Candidate(shown, labels, said, share, labelled)


def _around(places: np.ndarray, length: int) -> slice:
    """Return SIDE_PX pixels around places, moved back where they would reach over the edge."""
    middle = (int(places.min()) + int(places.max()) + 1) // 2
    start = max(0, min(middle - SIDE_PX // 2, length - SIDE_PX))
    return slice(start, start + SIDE_PX)


def _overlaps(part: tuple[slice, slice], other: tuple[slice, slice]) -> bool:
    """Return whether two windows share more than a quarter of their side both ways."""
    return all(
        abs(one.start - two.start) < 0.75 * SIDE_PX for one, two in zip(part, other, strict=True)
    )


def _examples(session: Session, found: list[_Candidate], split: str) -> Examples:
    found.sort(key=lambda item: item.share)
    middle = max(0, len(found) // 2 - _EACH // 2)
    groups = (
        {"Example": range(len(found))}
        if len(found) <= _EACH
        else {
            "Worst": range(min(_EACH, len(found))),
            "In between": range(middle, min(middle + _EACH, len(found))),
            "Best": range(max(0, len(found) - _EACH), len(found)),
        }
    )
    chosen: dict[int, str] = {}
    for kind, numbers in groups.items():
        for number in numbers:
            chosen.setdefault(number, "Best" if found[number].share == 1 else kind)
    shown, name = composite(session.spec.bands)
    windows = [found[number] for number in chosen]
    images = stretched([item.image for item in windows], shown)
    legend = session.dataset.test_legend
    return Examples(
        split=split,
        shown=name,
        how=_HOW.format(side=SIDE_PX, unit=f"{session.dataset.split.kind}s", split=split),
        swatches=swatches(legend),
        windows=[
            WindowExample(
                image=png_address(image),
                reference=png_address(painted(item.labels, legend)),
                prediction=png_address(painted(item.answers, legend)),
                kind=kind,
                words=f"{percent(item.share)} of {thousands(item.labelled)} labelled pixels right",
            )
            for item, image, kind in zip(windows, images, chosen.values(), strict=True)
        ],
    )
