"""The classes of labels as a dialog shows them, before the engine has read anything.

Ids and names follow the engine's rules (`lulc_engine.samples.class_values`): numbers are ids, texts
get 1 to K in code-point order, sub-folders of patches 0 to K-1 in the order of their names.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from qgis.core import (
    NULL,
    QgsFeatureRequest,
    QgsPalettedRasterRenderer,
    QgsRasterLayer,
    QgsVectorLayer,
)

from .engine_source import engine_module

MOST_CLASSES = 1000
_DEEPEST = 4
_ROLES = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")
_MOST_FEATURES = 200_000  # beyond them a dialog would be seen to wait


@dataclass(frozen=True)
class LabelClass:
    """A class: id, name, colour as ``#rrggbb``, and how many features or patches it has."""

    id: int
    name: str
    color: str
    count: int | None = None


def of_vector(layer: QgsVectorLayer, field: str, name_field: str, selected: bool) -> list[Any]:
    """Return the classes in a field of a vector layer; none where it holds no classes.

    Args:
        layer: the labels.
        field: holds ids or names.
        name_field: holds names where ``field`` holds ids; may be empty.
        selected: whether only selected features count.
    """
    fields = layer.fields()
    if fields.indexOf(field) < 0:
        return []
    if layer.featureCount() > _MOST_FEATURES and not selected:
        values = layer.uniqueValues(fields.indexOf(field), MOST_CLASSES + 1)
        return _of_values([(value, None) for value in values], False)
    wanted = [name for name in (field, name_field) if name and fields.indexOf(name) >= 0]
    request = QgsFeatureRequest().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    request.setSubsetOfAttributes(wanted, fields)
    features = layer.getSelectedFeatures(request) if selected else layer.getFeatures(request)
    pairs = [(item[field], item[name_field] if name_field in wanted else None) for item in features]
    return _of_values(pairs, True)


def of_raster(layer: QgsRasterLayer) -> list[LabelClass]:
    """Return the classes that a raster is drawn with; none where it is drawn otherwise."""
    renderer = layer.renderer()
    if not isinstance(renderer, QgsPalettedRasterRenderer):
        return []
    classes = sorted(renderer.classes(), key=lambda item: float(item.value))
    return [
        LabelClass(int(item.value), item.label or f"class {int(item.value)}", item.color.name())
        for item in classes[:MOST_CLASSES]
        if int(item.value) != 0 or layer.dataProvider().sourceHasNoDataValue(1)
    ]


def of_folder(path: str) -> list[LabelClass]:
    """Return the classes of a folder with a sub-folder of patches for each.

    The class folders may lie in folders called train, val and test, or in a single one.
    """
    folders = _subfolders(path)
    for _ in range(_DEEPEST):
        if len(folders) != 1 or not _subfolders(folders[0]):
            break
        folders = _subfolders(folders[0])
    if folders and all(os.path.basename(name).lower() in _ROLES for name in folders):
        folders = [inner for outer in folders for inner in _subfolders(outer)]
    names = sorted({os.path.basename(name) for name in folders if _has_files(name)})
    return _coloured(range(len(names)), names) if 2 <= len(names) <= MOST_CLASSES else []


def with_rows(classes: Sequence[LabelClass], rows: dict[int, dict[str, str]]) -> list[LabelClass]:
    """Return classes with the names and colours that rows give them, by id."""
    found = []
    for item in classes:
        row = rows.get(item.id, {})
        found.append(
            LabelClass(
                item.id, row.get("name") or item.name, row.get("color") or item.color, item.count
            )
        )
    return found


def rows_in(text: str) -> dict[int, dict[str, str]]:
    """Return the rows of a text such as LEGEND holds; none where it is no such text."""
    try:
        found = {int(row["id"]): dict(row) for row in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        return {}
    return {
        key: {name: str(row[name]) for name in ("name", "color") if row.get(name)}
        for key, row in found.items()
    }


def text_of(rows: dict[int, dict[str, str]]) -> str:
    """Return rows as the text that LEGEND holds; empty where nothing is given."""
    used = [{"id": key, **row} for key, row in sorted(rows.items()) if row]
    return json.dumps(used, ensure_ascii=False) if used else ""


def _subfolders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            found = [item.path for item in entries if item.is_dir()]
    except OSError:
        return []
    names = [name for name in found if not os.path.basename(name).startswith((".", "__"))]
    return sorted(names)[: MOST_CLASSES + 1]


def _has_files(folder: str) -> bool:
    return any(files for _, _, files in os.walk(folder))


def _of_values(pairs: Sequence[tuple[Any, Any]], is_counted: bool) -> list[LabelClass]:
    values = [(value, name) for value, name in pairs if value is not None and value != NULL]
    if all(isinstance(value, (bool, int, float)) for value, _ in values):
        return _of_numbers(values, is_counted)
    texts = Counter(_tidy(value) for value, _ in values)
    texts.pop("", None)
    names = sorted(texts)
    if not all(isinstance(value, str) for value, _ in values) or len(names) > MOST_CLASSES:
        return []
    counts = [texts[name] for name in names] if is_counted else ()
    return _coloured(range(1, len(names) + 1), names, counts)


def _of_numbers(values: Sequence[tuple[Any, Any]], is_counted: bool) -> list[LabelClass]:
    numbers = [float(value) for value, _ in values]
    if any(number != round(number) for number in numbers if number == number):
        return []
    counts = Counter(int(number) for number in numbers if number == number)
    if len(counts) > MOST_CLASSES:
        return []
    titles: dict[int, Counter[str]] = {key: Counter() for key in counts}
    for number, (_, name) in zip(numbers, values):
        if number == number and name is not None and name != NULL and _tidy(name):
            titles[int(number)][_tidy(name)] += 1
    ids = sorted(counts)
    names = [
        max(sorted(titles[key]), key=titles[key].__getitem__) if titles[key] else f"class {key}"
        for key in ids
    ]
    return _coloured(ids, names, [counts[key] for key in ids] if is_counted else ())


def _coloured(
    ids: Iterable[int], names: Sequence[str], counts: Sequence[int] = ()
) -> list[LabelClass]:
    legend = engine_module("rasters.legend").make_legend(list(ids), names)
    return [
        LabelClass(item.id, item.name, item.hex_color, counts[index] if counts else None)
        for index, item in enumerate(legend.classes)
    ]


def _tidy(value: Any) -> str:
    return unicodedata.normalize("NFC", str(value)).strip()
