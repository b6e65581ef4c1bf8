"""Reading tables as rows of text: CSV as people save it, and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lulc_engine.errors import EnvironmentFailure, LabelError

TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".parquet"})
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Rows:
    """A table.

    Attributes:
        path: the file.
        header: column names.
        lines: number of each row in the file, from 1.
        rows: cells as text; a list where a Parquet column holds lists.
    """

    path: Path
    header: list[str]
    lines: list[int]
    rows: list[list[Any]]

    def column(self, names: Sequence[str]) -> int | None:
        """Return the position of the first of these columns that there is, in any case."""
        lower = [name.lower() for name in self.header]
        return next((lower.index(name) for name in names if name in lower), None)

    def where(self, row: int) -> str:
        """Return file and line of a row, for messages."""
        return f"line {self.lines[row]} of {self.path.name}"


def read_rows(path: Path) -> Rows:
    """Read a table with a header.

    CSV may be separated by commas, semicolons or tabs and begin with a byte order mark.

    Raises:
        LabelError: the file is missing, is no table, or a row has too few or too many cells.
        EnvironmentFailure: Parquet cannot be read in this installation.
    """
    if path.exists() and not path.is_file():
        raise LabelError(f"{path} is not an ordinary file.", "Give a table.")
    table = _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)
    lower = [name.lower() for name in table.header]
    twice = sorted({name for name in lower if lower.count(name) > 1})
    if twice:
        raise LabelError(f"{path} has the column {twice[0]!r} twice.", "Rename one of them.")
    if not table.rows:
        raise LabelError(f"{path} has no rows below its header.", "Add a row per patch.")
    return table


def _read_csv(path: Path) -> Rows:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as err:
        raise LabelError(f"{path} is not a text file in UTF-8.", "Save it as CSV UTF-8.") from err
    except OSError as err:
        raise LabelError(f"{path} cannot be read ({err.strerror}).", "Check the path.") from err
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    lines, rows = [], []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(reader.line_num)
                rows.append([cell.strip() for cell in cells])
    except csv.Error as err:
        raise LabelError(f"{path} is not CSV: {err} in line {reader.line_num}.") from err
    if not rows:
        raise LabelError(f"{path} is empty.", "Give a table with a header and a row per patch.")
    header = rows.pop(0)
    del lines[0]
    for line, cells in zip(lines, rows, strict=True):
        if len(cells) != len(header):
            raise LabelError(
                f"Line {line} of {path} has {len(cells)} cells, the header has {len(header)}.",
                "Put cells that hold the separator into double quotes.",
            )
    return Rows(path, header, lines, rows)


def _read_parquet(path: Path) -> Rows:
    try:
        import pyarrow  # an optional extra
        from pyarrow import parquet
    except ImportError as err:
        raise EnvironmentFailure(
            f"{path} is Parquet, which this installation cannot read.",
            "Install pyarrow (pip install 'lulc_engine[parquet]'), or save the table as CSV.",
        ) from err
    try:
        table = parquet.read_table(path)
    except FileNotFoundError as err:
        raise LabelError(f"{path} does not exist.", "Check the path.") from err
    except (OSError, pyarrow.ArrowException) as err:
        raise LabelError(f"{path} cannot be read as Parquet.", "Save it again.") from err
    columns = [
        [_as_text(value) for value in table.column(i).to_pylist()]
        for i in range(len(table.schema.names))
    ]
    rows = [list(cells) for cells in zip(*columns, strict=True)]
    return Rows(path, list(table.schema.names), list(range(1, len(rows) + 1)), rows)


def _as_text(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value).strip()
