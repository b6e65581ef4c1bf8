"""Which layers a map's model learned from: scores on these would be far too good.

A map that the engine made holds the SHA-256 of the files of labels that its model was trained with.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection

from qgis.core import QgsMapLayer, QgsProviderRegistry, QgsRasterLayer

from .dialog_values import path_of
from .engine_source import errors
from .scene_source import GdalSource

_TAG = "LULC_TRAINING_SHA256"
_CALLED = re.compile(r"(?<![a-z])train", re.IGNORECASE)
_LARGEST = 64 * 2**20  # bytes that are hashed while a dialog opens, in a tenth of a second


def learned_from(layer: QgsMapLayer | None) -> frozenset[str]:
    """Return the digests of the files that a map's model learned from; none where not recorded."""
    path = path_of(layer) if isinstance(layer, QgsRasterLayer) else ""
    if not path:
        return frozenset()
    try:
        listed = GdalSource(path).tags().get(_TAG, "")
    except (errors.LulcError, RuntimeError):
        return frozenset()
    return frozenset(digest.strip().lower() for digest in listed.split(",") if digest.strip())


def is_training(layer: QgsMapLayer, learned: Collection[str]) -> bool:
    """Return whether a layer's file is among those that were learned from, as far as is told.

    Args:
        layer: of any kind; one without a file, or with a very large one, is not looked at.
        learned: digests, see `learned_from`.
    """
    if not learned:
        return False
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    path = str(parts.get("path") or "")
    try:
        if not os.path.isfile(path) or os.path.getsize(path) > _LARGEST:
            return False
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).hexdigest() in learned
    except OSError:
        return False


def is_called_training(layer: QgsMapLayer) -> bool:
    """Return whether a layer's name says that it is for training."""
    return bool(_CALLED.search(layer.name()))
