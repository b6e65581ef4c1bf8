"""Find enum members that are spelled without their enum, which Qt 6 no longer knows.

    PYTHON_OF_QGIS scripts/flat_enums.py FILE_OR_FOLDER...

Each ``Name.attribute`` whose name was imported from qgis is looked up in the QGIS that runs this:
``QgsFeatureSink.FastInsert`` is a member, but its owner is not its enum, so it is flat;
``QgsFeatureSink.Flag.FastInsert`` is not. Prints ``file:line: what``; ends with 1 if any is left.
"""

from __future__ import annotations

import ast
import enum
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def main() -> int:
    """Look through all files and return 0 where every enum is scoped."""
    import qgis.core

    files: list[Path] = []
    for argument in map(Path, sys.argv[1:]):
        files += sorted(argument.rglob("*.py")) if argument.is_dir() else [argument]
    faults, looked_up = [], 0
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = dict(imported(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                looked_up += 1
                if is_flat(node, names):
                    faults.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    for fault in faults:
        print(fault)
    version = qgis.core.Qgis.QGIS_VERSION
    print(f"{len(files)} files, {looked_up} attributes: {len(faults)} flat enums (QGIS {version})")
    return 1 if faults or not files else 0


def imported(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Yield the names that a file imports from qgis, with what they are."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "qgis":
            module = importlib.import_module(str(node.module))
            for alias in node.names:
                yield alias.asname or alias.name, getattr(module, alias.name, None)


def is_flat(node: ast.Attribute, names: dict[str, Any]) -> bool:
    """Return whether an attribute is an enum member whose owner is not its enum."""
    owner = resolve(node.value, names)
    if not isinstance(owner, type):
        return False
    value = getattr(owner, node.attr, None)
    return is_member(value) and type(value) is not owner


def resolve(node: ast.expr, names: dict[str, Any]) -> Any:
    """Return the object that a dotted name means; None where it is not known."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        return getattr(resolve(node.value, names), node.attr, None)
    return None


def is_member(value: Any) -> bool:
    """Return whether a value is a member of a Python enum or of one of PyQt5's."""
    return isinstance(value, enum.Enum) or type(type(value)).__name__ == "enumtype"


if __name__ == "__main__":
    sys.exit(main())
