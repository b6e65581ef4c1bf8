"""What a segmenter said of the pixels of the untouched test, for statistics of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from lulc_engine.feedback import Feedback
from lulc_engine.outputs import friendly_write_errors
from lulc_engine.samples.chips import as_input
from lulc_engine.samples.split import TEST
from lulc_engine.training.session import Session


def write_pixel_predictions(
    path: Path, session: Session, temperature: float, feedback: Feedback
) -> None:
    """Write predictions of all test pixels as an .npz file without pickled objects.

    Arrays, one entry per pixel: ``targets`` and ``predicted`` (class ids), ``confidence`` (float16,
    the probability of the predicted class) and ``units`` (int32, the polygon or block). Then
    ``class_ids``, ``class_names`` and ``unit_kind``. Pixels of a unit resemble each other, so that
    intervals and tests must draw units, not pixels.

    Args:
        path: temporary path.
        session: its network has the weights to ask.
        temperature: of the network.
        feedback: asked between windows whether to stop.
    """
    legend = session.dataset.test_legend
    ids = np.array(legend.ids)
    columns = _predict(session, temperature, feedback)
    kind = "block" if session.dataset.test_block_px else "polygon"
    with friendly_write_errors(path), open(path, "wb") as stream:
        np.savez_compressed(
            stream,
            allow_pickle=False,
            targets=ids[columns[0]],
            predicted=ids[columns[1]],
            confidence=columns[2],
            units=columns[3],
            class_ids=ids,
            class_names=np.array(legend.names, dtype=np.str_),
            unit_kind=np.array(kind, dtype=np.str_),
        )


def _predict(session: Session, temperature: float, feedback: Feedback) -> list[np.ndarray]:
    """Return targets, answers (class indices), confidence and units (n,) of the test pixels."""
    session.network.eval()
    found: list[list[np.ndarray]] = [[], [], [], []]
    for chip in session.dataset.chips:
        if TEST not in chip.held_out:
            continue
        feedback.check()
        where = chip.held_out[TEST] >= 0
        with torch.inference_mode():
            raw = torch.from_numpy(as_input(chip.image, chip.valid))[None].to(session.device)
            logits = session.network(raw.contiguous(memory_format=torch.channels_last))
            best = torch.softmax(logits.float() / temperature, dim=1)[0].max(dim=0)
        parts = (
            chip.held_out[TEST],
            best.indices.to("cpu", torch.int16).numpy(),
            best.values.to("cpu", torch.float16).numpy(),
            chip.units,
        )
        for column, part in zip(found, parts, strict=True):
            column.append(part[where])
    return [np.concatenate(column) for column in found]
