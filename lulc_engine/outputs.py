"""The write protocol that every file of the engine goes through.

Nothing appears under its final name before all files of a run are complete: each is written beside
its destination under a temporary name, checked, flushed to disk and then renamed. A run that fails
or is cancelled leaves neither new nor damaged files, and a file that was there stays as it was.

    with Outputs(inputs=[scene_path]) as outputs:
        part = outputs.stage(model_path, suffixes=(".safetensors",))
        save(part)

Why so careful: a GeoTIFF of a killed or out-of-disk writer opens, has the right size and reads
without an error while pixels are missing, and stale ``.aux.xml`` files override the new file's
georeferencing. Rasters are therefore also compared with digests taken while writing (`verify`).
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from lulc_engine.errors import EnvironmentFailure, LulcError, OptionsError
from lulc_engine.leftovers import MAKER, maker_name, remove_orphans

_PART = re.compile(rf"^\.{MAKER}\.part\.")
_RENAME_TRIES = 40

# Temporary files of this process, so that a process that must end at once can remove them.
_open_parts: set[Path] = set()


@dataclass
class _Staged:
    part: Path
    final: Path
    verify: Callable[[Path], None] | None
    sidecars: tuple[Path, ...]


class Outputs:
    """The set of files that one run publishes together.

    Args:
        inputs: files that the run reads; an output that is one of them is refused.
    """

    def __init__(self, inputs: Iterable[str | Path] = ()) -> None:
        self._inputs = [Path(path) for path in inputs]
        self._staged: list[_Staged] = []

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.publish()
        finally:
            self.discard()

    def stage(
        self,
        path: str | Path,
        suffixes: Sequence[str] = (),
        verify: Callable[[Path], None] | None = None,
        sidecars: Sequence[str] = (),
    ) -> Path:
        """Return the temporary path to write, after checking that the final one can be written.

        Args:
            path: the final path.
            suffixes: allowed endings, lower case with dot; none allows any.
            verify: called with the temporary path before publishing; raises if it is not right.
            sidecars: endings of files beside an older file that must not outlive it, such as
                ``.aux.xml`` (appended to the whole name).

        Raises:
            OptionsError: the ending is not allowed, or the path is a folder, an input or another
                output.
            EnvironmentFailure: the folder is missing or cannot be written to.
        """
        final = check_writable(path, suffixes, self._inputs)
        beside = tuple(final.with_name(final.name + ending) for ending in sidecars)
        for sidecar in beside:
            _refuse_inputs(sidecar, self._inputs)
        if any(os.path.normcase(final) == os.path.normcase(s.final) for s in self._staged):
            raise OptionsError(f"{path} is named for two outputs.", "Choose different names.")
        part = _part_path(final, final.suffix[-20:])
        _open_parts.add(part)
        self._staged.append(_Staged(part, final, verify, beside))
        return part

    def write_text(self, path: str | Path, text: str, suffixes: Sequence[str] = ()) -> None:
        """Stage a text file in UTF-8."""
        part = self.stage(path, suffixes)
        with friendly_write_errors(path):
            part.write_text(text, encoding="utf-8", newline="")

    def publish(self) -> None:
        """Check every staged file, flush it to disk and give it its final name.

        Raises:
            EnvironmentFailure: a file is missing, not as written, or cannot be renamed.
        """
        for item in self._staged:
            if not item.part.is_file():
                raise EnvironmentFailure(f"{item.final} was not written.")
            if item.verify is not None:
                item.verify(item.part)
            _set_usual_mode(item.part)
            _flush_to_disk(item.part)
        while self._staged:
            item = self._staged[0]
            for sidecar in item.sidecars:
                _remove_sidecar(sidecar, item.final)
            _rename(item.part, item.final)
            _remove_part(self._staged.pop(0).part)
            _flush_to_disk(item.final.parent)

    def discard(self) -> None:
        """Remove what was staged and not published."""
        for item in self._staged:
            _remove_part(item.part)
        self._staged.clear()


def check_writable(
    path: str | Path, suffixes: Sequence[str] = (), inputs: Iterable[str | Path] = ()
) -> Path:
    """Return the absolute path of an output that can be written; clean up after killed runs.

    Called before long work starts, so that a mistyped folder does not cost an hour.

    Raises:
        OptionsError: the ending is not allowed, or the path is a folder or an input.
        EnvironmentFailure: the folder is missing or cannot be written to.
    """
    final = Path(os.path.abspath(path))
    try:
        str(final).encode("utf-8")
    except UnicodeEncodeError as err:
        raise OptionsError(
            "The path of an output holds bytes that are no text.", "Choose another folder or name."
        ) from err
    if suffixes and final.suffix.lower() not in suffixes:
        raise OptionsError(f"The output {path} must end in {' or '.join(suffixes)}.")
    try:
        _check_replaceable(final, inputs)
        if not final.parent.is_dir():
            raise EnvironmentFailure(
                f"The folder {final.parent} does not exist.", "Make it, or choose another."
            )
        remove_orphans(final.parent, _PART)
        probe = _part_path(final, ".probe")
        probe.touch(exist_ok=False)
        probe.unlink()
    except LulcError:
        raise
    except OSError as err:
        if err.errno == errno.ENAMETOOLONG:
            raise OptionsError(f"The name of the output {path} is too long.") from err
        raise EnvironmentFailure(
            f"The folder {final.parent} cannot be written to ({err.strerror}).",
            "Choose another folder or ask for the permission.",
        ) from err
    return final


def remove_open_parts() -> None:
    """Remove the temporary files of this process; for a process that is about to end at once."""
    for part in list(_open_parts):
        _remove_part(part)


@contextlib.contextmanager
def friendly_write_errors(path: str | Path, *kinds: type[Exception]) -> Iterator[None]:
    """Turn an error of writing into one that names the file and the cure.

    Args:
        path: the final path.
        kinds: errors of libraries that mean the same as one of the operating system.

    Raises:
        EnvironmentFailure: the file could not be written.
    """
    caught: tuple[type[Exception], ...] = (OSError, *kinds)
    try:
        yield
    except EnvironmentFailure:
        raise
    except caught as err:
        reason = f" ({err.strerror})" if isinstance(err, OSError) and err.strerror else ""
        raise EnvironmentFailure(
            f"{path} could not be written{reason}.",
            "Free some disk space or choose another folder.",
        ) from err


def file_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_replaceable(final: Path, inputs: Iterable[Path | str]) -> None:
    """Refuse to replace what is no file, is protected or is an input."""
    if final.is_dir():
        raise OptionsError(f"The output {final} is a folder.", "Name a file in it.")
    if not final.exists():
        return
    if not final.is_file():
        raise OptionsError(f"The output {final} is not an ordinary file.", "Choose another name.")
    _refuse_inputs(final, inputs)
    if not os.access(final, os.W_OK):
        raise EnvironmentFailure(f"{final} is read-only.", "Choose another name or unprotect it.")


def _refuse_inputs(path: Path, inputs: Iterable[Path | str]) -> None:
    for source in inputs:
        # A name that is too long to exist is an error of Path.exists, and False here.
        if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
            raise OptionsError(f"The output {path} is also an input.", "Choose another name.")


def _part_path(final: Path, ending: str) -> Path:
    """Return a new temporary path beside a file; short, since names have a limit in bytes."""
    return final.with_name(f".{maker_name()}.part{ending or '.file'}")


def _remove_sidecar(sidecar: Path, final: Path) -> None:
    """Remove a file beside an older output, which would be believed over the new one."""
    if not os.path.lexists(sidecar):
        return
    try:
        sidecar.unlink()
    except OSError as err:
        raise EnvironmentFailure(
            f"{sidecar} belongs to an older {final.name} and cannot be removed ({err.strerror}).",
            "Remove it, or choose another name.",
        ) from err


def _set_usual_mode(path: Path) -> None:
    """Give a file the mode of any new file; some libraries make theirs unreadable for others."""
    umask = os.umask(0)
    os.umask(umask)
    with contextlib.suppress(PermissionError):  # some network drives have modes of their own
        os.chmod(path, 0o666 & ~umask)


def _flush_to_disk(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open a folder for flushing
    try:
        handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as err:
        if not path.is_dir():  # some network drives refuse it for folders only
            raise EnvironmentFailure(f"{path} could not be flushed to disk: {err}.") from err


def _rename(part: Path, final: Path) -> None:
    """Rename, waiting up to 10 s: on Windows a file that is open elsewhere cannot be replaced."""
    for attempt in range(_RENAME_TRIES):
        try:
            os.replace(part, final)
            return
        except PermissionError as err:
            if attempt == _RENAME_TRIES - 1 or os.name != "nt":
                raise EnvironmentFailure(
                    f"{final} could not be replaced ({err.strerror}).",
                    "If it is a layer in QGIS, remove the layer or choose another name.",
                ) from err
            time.sleep(0.25)
        except OSError as err:
            raise EnvironmentFailure(f"{final} could not be written ({err.strerror}).") from err


def _remove_part(part: Path) -> None:
    _open_parts.discard(part)
    beside = part.parent.glob(glob.escape(part.name) + ".*")  # GDAL's .ovr.tmp, .aux.xml
    for leftover in (part, *beside):
        leftover.unlink(missing_ok=True)
