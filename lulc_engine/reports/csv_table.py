"""CSV text that spreadsheets show and do not run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from lulc_engine.reports.plain_text import one_line

# A spreadsheet runs a cell as a formula if it starts so, also behind spaces or quotes and in the
# full-width forms of the signs (CWE-1236).
_FORMULA = re.compile(r"""^[\s"']*[=+\-@＝＋－＠\t\r]""")  # noqa: RUF001 - full-width on purpose
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")

Cell = str | int | float | None


def csv_text(rows: Iterable[Sequence[Cell]]) -> str:
    """Return rows as CSV (RFC 4180): UTF-8 text, a line per row, None as an empty cell.

    Text that would start a formula gets a leading apostrophe; line breaks and control characters
    in text become visible escapes. Numbers keep all their digits.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    armed = _FORMULA.match(value) and not _NUMBER.match(value)
    return ("'" if armed else "") + one_line(value)
