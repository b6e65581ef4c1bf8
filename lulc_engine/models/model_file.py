"""Model files: tensors and model card in one ``.safetensors`` file.

Nothing in such a file is ever executed, and both parts are covered by a hash that is checked on
loading: the format's own loader accepts a file with flipped bits and gives other weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lulc_engine.errors import ModelFileError

FORMAT = "lulc-model"
FORMAT_VERSION = 1
SUFFIXES = (".safetensors",)
_METADATA = "__metadata__"
_CARD = "model_card"
_RUN = "run"
_SHA256 = "model_sha256"
_LARGEST_HEADER = 32 * 2**20
_RUN_SHA256 = "sha256"
_COPY_AGAIN = "Copy the file again."
_HINT = "Choose a model file (.safetensors) that the training or the import made."

Tensors = Mapping[str, np.ndarray]


def write_model(path: str | Path, tensors: Tensors, card: Mapping[str, Any]) -> str:
    """Write a model file and return the model's hash.

    Args:
        path: where to write; callers stage it through `outputs`.
        tensors: arrays by name.
        card: the model card; what differs between equal runs stands under ``run``.

    Raises:
        EnvironmentFailure: the file could not be written.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    from lulc_engine.outputs import friendly_write_errors  # the plugin reads only

    digest = model_sha256(tensors, card)
    whole = {**card, _SHA256: digest}
    if _RUN in card:
        whole[_RUN] = {**card[_RUN], _RUN_SHA256: _run_sha256(card[_RUN])}
    text = _canonical(whole)
    # One metadata entry only: the library writes several in no fixed order.
    ordered = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    # The library has an error of its own for a full disk. The path may be a temporary one.
    with friendly_write_errors(f"The model file in {Path(path).parent}", SafetensorError):
        save_file(ordered, path, metadata={_CARD: text})
    return digest


def read_card(path: str | Path) -> dict[str, Any]:
    """Return the model card; reads only the header.

    Raises:
        ModelFileError: the file is missing, is no model file or of a later version.
    """
    metadata = _read_header(path).get(_METADATA, {})
    try:
        card = json.loads(metadata[_CARD])
        is_ours = card["format"] == FORMAT
        version = int(card["format_version"])
        # Another spelling of the same card is damage that its hash cannot show.
        is_intact = _canonical(card) == metadata[_CARD] and _run_is_intact(card)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as err:
        raise ModelFileError(f"{path} is not a model file of this software.", _HINT) from err
    if not is_ours:
        raise ModelFileError(f"{path} is not a model file of this software.", _HINT)
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} was made by a later version of this software (format {version}).",
            "Update the plugin.",
        )
    if not is_intact:
        raise ModelFileError(f"{path} is damaged: its model card was changed.", _COPY_AGAIN)
    result: dict[str, Any] = card
    return result


def read_model(path: str | Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return the model card and the tensors, after checking the hash.

    Raises:
        ModelFileError: the file is not a model file, is damaged, or holds values that are not
            finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    card = read_card(path)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as err:
        raise ModelFileError(f"{path} is damaged or incomplete.", _COPY_AGAIN) from err
    if model_sha256(tensors, card) != card.get(_SHA256):
        raise ModelFileError(f"{path} is damaged: its content does not fit its hash.", _COPY_AGAIN)
    for name, tensor in tensors.items():
        if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
            raise ModelFileError(f"{path} holds values that are not finite ({name}).")
    return card, tensors


def model_sha256(tensors: Tensors, card: Mapping[str, Any]) -> str:
    """Return the hash of tensors and card; the card's ``run`` is left out."""
    stable = {key: value for key, value in card.items() if key not in (_RUN, _SHA256)}
    digest = hashlib.sha256(_canonical(stable).encode())
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {tensor.dtype} {tensor.shape} ".encode())
        digest.update(tensor.tobytes())
    return digest.hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _run_sha256(run: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in run.items() if key != _RUN_SHA256}
    return hashlib.sha256(_canonical(rest).encode()).hexdigest()


def _run_is_intact(card: Mapping[str, Any]) -> bool:
    """Return whether ``run``, which the model's hash leaves out, fits its own hash."""
    run = card.get(_RUN, {})
    return not run or (isinstance(run, dict) and run.get(_RUN_SHA256) == _run_sha256(run))


def _read_header(path: str | Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > _LARGEST_HEADER:
                raise ModelFileError(f"{path} is not a model file.", _HINT)
            header = json.loads(stream.read(length))
            size = stream.seek(0, os.SEEK_END)
    except FileNotFoundError as err:
        raise ModelFileError(f"The model file {path} does not exist.", "Check the path.") from err
    except OSError as err:
        raise ModelFileError(f"{path} cannot be read ({err.strerror}).", _HINT) from err
    except (struct.error, ValueError, RecursionError) as err:
        raise ModelFileError(f"{path} is not a model file.", _HINT) from err
    if not isinstance(header, dict):
        raise ModelFileError(f"{path} is not a model file.", _HINT)
    if size < 8 + length + _tensor_bytes(header):
        raise ModelFileError(f"{path} is damaged or incomplete.", _COPY_AGAIN)
    return header


def _tensor_bytes(header: Mapping[str, Any]) -> int:
    """Return where the last tensor ends, by the header; a copy that was cut off ends before."""
    try:
        return max(
            (int(v["data_offsets"][1]) for k, v in header.items() if k != _METADATA), default=0
        )
    except (KeyError, TypeError, ValueError, IndexError, OverflowError):
        return 0  # the loader says what is wrong
