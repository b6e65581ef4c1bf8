"""From the values of a class field to a legend and a class index per feature."""

from __future__ import annotations

import unicodedata

import numpy as np

from lulc_engine.errors import LabelError
from lulc_engine.rasters.legend import Legend, alike_names, make_legend
from lulc_engine.samples.labels import MAX_CLASSES, NO_LABEL
from lulc_engine.samples.vector_file import Features


def classes_of(title: str, features: Features, notes: list[str]) -> tuple[Legend, np.ndarray]:
    """Return the legend and a class index (N,) int16 per feature, -1 where the field is empty.

    Numbers, and yes and no as 1 and 0, are ids; texts get the ids 1 to K in code-point order.

    Args:
        title: the file's name, for messages.
        features: what was read.
        notes: takes what is unusual.

    Raises:
        LabelError: the field holds fractions, dates or too many values, or nothing.
    """
    values = features.values
    if values.dtype.kind in "biuf":
        numbers = _whole_numbers(title, features.ids, values)
        present = ~np.isnan(numbers)
        unique = np.unique(numbers[present]).astype(np.int64)
        _check_count(title, len(unique))
        titles = [_name_of(int(i), numbers, features.names) for i in unique]
        legend = make_legend([int(i) for i in unique], titles)
        index = np.searchsorted(unique, np.where(present, numbers, 0))
    elif values.dtype.kind == "O":
        texts = np.array([_tidy(value) for value in values], dtype=object)
        present = texts != ""
        names = sorted(set(texts[present]))
        _check_count(title, len(names))
        notes += alike_names(names)
        legend = make_legend(range(1, len(names) + 1), names)
        order = {name: number for number, name in enumerate(names)}
        index = np.array([order.get(text, 0) for text in texts], dtype=np.int64)
    else:
        raise LabelError(
            f"The class field of {title} holds neither numbers nor text.",
            "Choose a field with class ids or names.",
        )
    if not len(legend):
        raise LabelError(f"The class field of {title} is empty in every feature.")
    return legend, np.where(present, index, NO_LABEL).astype(np.int16)


def _tidy(value: object) -> str:
    """Return a text without outer spaces, and with one spelling of letters with accents."""
    return "" if value is None else unicodedata.normalize("NFC", str(value)).strip()


def _check_count(title: str, classes: int) -> None:
    if classes > MAX_CLASSES:
        raise LabelError(
            f"The class field of {title} has more than {MAX_CLASSES} different values.",
            "Choose the field that holds the class.",
        )


def _whole_numbers(title: str, ids: np.ndarray, values: np.ndarray) -> np.ndarray:
    numbers = values.astype(np.float64)
    broken = np.isfinite(numbers) & (numbers != np.round(numbers))
    broken |= np.isinf(numbers)
    if broken.any():
        raise LabelError(
            f"The class field of {title} must hold whole numbers or text; feature "
            f"{ids[broken][0]} has {values[broken][0]}.",
            "Choose another field.",
        )
    return numbers


def _name_of(class_id: int, numbers: np.ndarray, names: np.ndarray | None) -> str:
    if names is not None:
        given = [_tidy(name) for name in names[numbers == class_id]]
        given = [name for name in given if name and name.lower() != "nan"]
        if given:
            return max(sorted(set(given)), key=given.count)
    return f"class {class_id}"
