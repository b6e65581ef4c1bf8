"""Repeating a run: ``config.json`` holds every option, ``lulc COMMAND --config`` reads them again.

Standard library and options only: the command line reads a configuration before anything else.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess  # nosec B404 - only to quote a command line
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lulc_engine.errors import OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import Options
from lulc_engine.runs import record as names

# Where the results of the earlier run went, and how it was continued, is not repeated.
NOT_REPEATED = {
    "model",
    "report",
    "metrics",
    "table",
    "predictions",
    "checkpoints",
    "run_folder",
    "resume",
}
_FILES = ("image", "labels", "test_labels", "mask", "patches", "features", "targets",
          "initial_model", *sorted(NOT_REPEATED - {"resume"}))  # fmt: skip
_HINT = "Name the config.json of a run folder."


def config_of(command: str, options: Options, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a run, with files by their whole path.

    Args:
        command: train-segmenter or train-patches.
        options: all of them.
        facts: what else decides about the model; for people, not read again.
    """
    values = options.as_dict()
    for name in _FILES:
        value = values.get(name)
        if isinstance(value, list):
            values[name] = [_whole(path) for path in value]
        elif value:
            values[name] = _whole(value)
    return {"command": command, "options": values, **facts}


def command_text(command: str, config: Path) -> str:
    """Return the command that repeats a run, quoted for the shell of this system."""
    words = ["lulc", command, "--config", str(config)]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def read_config(path: str, command: str) -> dict[str, Any]:
    """Return the options of an earlier run by field name, without those of its outputs.

    MODEL becomes ``repeated.safetensors`` beside the configuration.

    Raises:
        OptionsError: the file is no configuration, or one of another command.
    """
    file = Path(path)
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
        made_by, options = config["command"], dict(config["options"])
    except FileNotFoundError as err:
        raise OptionsError(f"The configuration {path} does not exist.", _HINT) from err
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as err:
        raise OptionsError(f"{path} is not the configuration of a run.", _HINT) from err
    if made_by != command:
        raise OptionsError(
            f"{path} is the configuration of {made_by}, not of {command}.", f"Run lulc {made_by}."
        )
    kept = {name: value for name, value in options.items() if name not in NOT_REPEATED}
    return {**kept, "model": str(Path(os.path.abspath(file)).with_name(names.REPEATED))}


def say_whether_same(path: str, result: Mapping[str, Any], feedback: Feedback) -> None:
    """Say whether a repeated run made the same model as the one before.

    Args:
        path: the configuration.
        result: of the command.
        feedback: gets a message, or a warning that says what differs.
    """
    folder = Path(os.path.abspath(path)).parent
    record = names.read_record(folder)
    before, now = (record or {}).get("model_sha256"), result.get("model_sha256")
    if not before or not now:
        return
    if before == now:
        feedback.info(f"The model is the same as that of the run in {folder}.")
        return
    feedback.warning(
        f"The model differs from that of the run in {folder}: the same needs the same data, "
        "versions, kind of processor and number of threads, which the report of each run lists."
    )


def _whole(path: str) -> str:
    """Return the whole path of a file, of which a layer's name may follow; others stay."""
    file, bar, layer = path.partition("|")
    there = os.path.exists(file) or os.path.isdir(os.path.dirname(os.path.abspath(file)))
    return f"{os.path.abspath(file)}{bar}{layer}" if there and "://" not in file else path
