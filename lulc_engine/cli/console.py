"""What the command line shows: progress and messages on stderr, results on stdout."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from lulc_engine.feedback import Feedback
from lulc_engine.protocol import to_json

_SHOW_EVERY_S = 0.2
_COMPARED = ("overall_accuracy", "kappa", "mean_iou", "macro_f1")
_COLUMNS = ("precision", "recall", "f1", "iou", "kappa")
# What only patches with several classes have, as it is read; kappa means little to them.
_SEVERAL = {
    "map": "mean average precision",
    "f2": "macro F2",
    "lrap": "ranking average precision",
    "one_error": "one-error",
    "hamming_loss": "Hamming loss",
}


class ConsoleFeedback(Feedback):
    """Feedback for a terminal: one progress line that is rewritten, messages above it."""

    def __init__(self) -> None:
        super().__init__()
        self._live = sys.stderr.isatty()
        self._shown = 0.0
        self._line = ""

    def progress(self, fraction: float | None, text: str = "") -> None:
        now = time.monotonic()
        if not self._live or (now - self._shown < _SHOW_EVERY_S and fraction != 1):
            return
        self._shown = now
        share = "     " if fraction is None else f"{fraction:4.0%} "
        self._line = f"{share}{text}"[:110]
        _write(f"\r\x1b[K{self._line}")

    def info(self, text: str) -> None:
        self._message(text)

    def warning(self, text: str) -> None:
        self._message(f"Warning: {text}")

    def close(self) -> None:
        """Remove the progress line."""
        if self._line:
            _write("\r\x1b[K")
            self._line = ""

    def _message(self, text: str) -> None:
        self.close()
        _write(text + "\n")


def _write(text: str) -> None:
    """Write to stderr; that nobody reads it any more does not stop the run."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text)
        sys.stderr.flush()


def print_result(command: str, result: Mapping[str, Any], as_json: bool) -> None:
    """Print what a command returned, as JSON or for people."""
    if as_json:
        sys.stdout.write(to_json(result) + "\n")
        return
    metrics = result.get("scores")
    if metrics:
        sys.stdout.write(class_table(metrics) + "\n")
        several = metrics.get("multilabel", {})
        for key, text in _SEVERAL.items() if several else ():
            sys.stdout.write(f"{text}: {_number(several[key])}\n")
    if "comparison" in result:
        sys.stdout.write(model_table(result["comparison"]["models"]) + "\n")
    for key, value in result.items():
        if isinstance(value, (str, int, float)) and value != "":
            shown = f"{value:.4f}" if isinstance(value, float) else value
            sys.stdout.write(f"{key.replace('_', ' ')}: {shown}\n")


def class_table(metrics: Mapping[str, Any]) -> str:
    """Return the per-class table of a metrics object as aligned text."""
    rows = [["class", *_COLUMNS, "support"]]
    for item in metrics["classes"]:
        rows.append([item["name"], *(_number(item[c]) for c in _COLUMNS), str(item["support"])])
    for average in ("macro", "weighted"):
        rows.append([average, *(_number(metrics[average][c]) for c in _COLUMNS), ""])
    return _aligned(rows)


def model_table(models: Sequence[Mapping[str, Any]]) -> str:
    """Return the models of a comparison as aligned text, a line each."""
    rows = [["model", "date", "architecture", "seed", "split", *_COMPARED, "trained in s"]]
    for row in models:
        seed = "" if row["seed"] is None else str(row["seed"])
        scores = (_number(row["scores"][name]) for name in _COMPARED)
        seconds = "" if row["training_s"] is None else f"{row['training_s']:.0f}"
        about = [(row["date"] or "")[:16], row["architecture"] or "", seed, row["split"] or "own"]
        rows.append([row["name"], *about, *scores, seconds])
    return _aligned(rows)


def _aligned(rows: list[list[str]]) -> str:
    """Return rows as lines of text, the first column to the left and the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
