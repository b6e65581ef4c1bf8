"""The field by which points that were chosen, not drawn, are known wherever they are taken.

Points where a model is unsure say nothing about the map as a whole: taken for a random sample they
would make it seem far worse than it is. Files are renamed and change their format, fields stay.
"""

from __future__ import annotations

from lulc_engine.samples.vector_file import field_values

FIELD = "sampling"
UNCERTAIN = "uncertain"


def are_chosen(path: str) -> bool:
    """Return whether a vector file holds points that were chosen where a model is unsure.

    Args:
        path: see `lulc_engine.samples.vector_file.read_features`.
    """
    return UNCERTAIN in field_values(path, FIELD)
