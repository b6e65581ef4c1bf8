"""Trainings on patches as a user starts them, in this process, and small patches to learn from."""

import contextlib
import io
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from learning import Record

from lulc_engine.cli.main import main
from lulc_engine.options import TrainPatchesOptions
from lulc_engine.training.patches import train_patches

DATA = Path(__file__).resolve().parents[2] / "data"
EUROSAT = DATA / "eurosat"
BIGEARTHNET = DATA / "bigearthnet"
BANDS = ("blue", "green", "red", "nir")
SIDE = 5


@dataclass
class Done:
    """How a command ended: exit code, the JSON on stdout and what it said on stderr."""

    code: int
    result: dict[str, Any]
    said: str

    @property
    def message(self):
        return self.result["error"]["message"]


def lulc(*words, **options):
    """Run `lulc train-patches`; options become ``--x-y``, lists are repeated."""
    given = [str(word) for word in words]
    for name, value in options.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            given.append("--" + name.replace("_", "-"))
            given += [] if one is True else [str(one)]
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(["train-patches", "--threads", "1", "--json", *given])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Done(code, json.loads(out.getvalue()), err.getvalue())


def trained(*words, **options):
    """Run `lulc train-patches`, which must succeed."""
    done = lulc(*words, **options)
    assert done.code == 0, done.said + str(done.result)
    return done


def start(record=None, **options):
    """Start a training as a library call, with a feedback that may cancel it."""
    texts = {name: str(v) if isinstance(v, Path) else v for name, v in options.items()}
    return train_patches(TrainPatchesOptions(threads=1, **texts), record or Record())


def arrays(folder, per_class=40, classes=3, several=False, dtype="uint16", side=SIDE, seed=0):
    """Write patches and labels as numpy files; return the options that name them.

    The classes differ most in the near infrared, a little in red and not at all in blue and green.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), per_class)
    targets = labels
    if several:
        targets = (rng.random((len(labels), classes)) < 0.4).astype(np.uint8)
        targets[targets.sum(axis=1) == 0, 0] = 1
    signal_of = targets @ np.arange(classes) if several else labels
    top = 250 if dtype == "uint8" else 10000
    values = rng.normal(0.3, 0.02, (len(labels), side, side, len(BANDS)))
    values[..., 3] += 0.1 * signal_of[:, None, None]
    values[..., 2] += 0.02 * signal_of[:, None, None]
    folder.mkdir(exist_ok=True)
    np.save(folder / "x.npy", np.clip(values * top, 1, top).astype(dtype))
    np.save(folder / "y.npy", targets)
    return {
        "features": folder / "x.npy",
        "targets": folder / "y.npy",
        "band_names": ",".join(BANDS),
    }
