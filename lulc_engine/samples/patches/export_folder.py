"""A folder of files that appears under its final name only when it is complete."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from lulc_engine.errors import EnvironmentFailure, OptionsError
from lulc_engine.outputs import check_writable


@contextlib.contextmanager
def new_folder(output: str) -> Iterator[Path]:
    """Give a temporary folder beside the final one; rename it when all went well.

    Raises:
        OptionsError: there is something under the name already.
        EnvironmentFailure: the folder around it is missing or cannot be written to.
    """
    final = Path(os.path.abspath(output))
    _refuse_taken(final)
    part = final.with_name(f".{final.name[:50]}-{secrets.token_hex(4)}.part")
    check_writable(part)
    try:
        part.mkdir()
        yield part
        _refuse_taken(final)  # somebody may have made it in the meantime
        _rename(part, final)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _refuse_taken(final: Path) -> None:
    if final.is_dir():
        try:
            is_empty = not any(final.iterdir())
        except OSError as err:
            raise EnvironmentFailure(
                f"The folder {final} cannot be read ({err.strerror}).", "Choose another."
            ) from err
        if is_empty:
            return
        raise OptionsError(f"The folder {final} is not empty.", "Choose another, or empty it.")
    if final.exists() or final.is_symlink():
        raise OptionsError(f"The output {final} is a file.", "Name a folder.")


def _rename(part: Path, final: Path) -> None:
    try:
        if final.exists():
            final.rmdir()
        part.rename(final)
    except OSError as err:
        raise EnvironmentFailure(
            f"The folder {final} could not be made ({err.strerror}).", "Choose another name."
        ) from err
