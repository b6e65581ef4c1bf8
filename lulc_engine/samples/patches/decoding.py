"""Reading all patches of a set into one array, many at a time, without the ones of no use."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from lulc_engine.feedback import Feedback
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.patch_set import Rejected, sample_values
from lulc_engine.samples.patches.reading import UnusableError, patch_settings

# A patch by its number: values (C, k, k), and validity (k, k) or None where all is valid.
Reader = Callable[[int], tuple[np.ndarray, np.ndarray | None]]
_CHUNK = 32
_MOST_WORKERS = 8


@dataclass
class Decoded:
    """The patches that can be used.

    Attributes:
        images: (n, C, k, k) values.
        valid: (n, k, k) bool, or None where all pixels are valid.
        kept: (n,) number of each among all that were read.
        copies: (n,) the same number for patches that are exact copies of each other.
        rejected: the others.
        sha256: digest of the names and values of all that were kept.
    """

    images: np.ndarray
    valid: np.ndarray | None
    kept: np.ndarray
    copies: np.ndarray
    rejected: list[Rejected]
    sha256: str

    def sample(self) -> np.ndarray:
        """Return raw values (C, n) of valid pixels of some patches."""
        return sample_values(self.images, self.valid)


@dataclass
class Opened:
    """Patches that were read, and what is known of all of them.

    Attributes:
        decoded: the patches.
        bands: the chosen bands, in their order.
        radiometry: from raw values to reflectance.
        pixel_m: sides of a pixel in metres, None if not known.
    """

    decoded: Decoded
    bands: tuple[Band, ...]
    radiometry: Radiometry
    pixel_m: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Patch:
    values: np.ndarray | None
    valid: np.ndarray | None
    digest: bytes
    reason: str


def decode(
    names: Sequence[str],
    read: Reader,
    shape: tuple[int, int, int],
    dtype: np.dtype,
    store: ChipStore,
    feedback: Feedback,
) -> Decoded:
    """Read all patches, in order.

    Args:
        names: a name per patch, for those that are rejected.
        read: gives one patch; called by several threads.
        shape: bands, rows and columns of every patch.
        dtype: type to keep values in.
        store: where the images live.
        feedback: progress, and stops the reading.
    """
    images = store.allocate((len(names), *shape), dtype)
    masks: dict[int, np.ndarray] = {}
    kept: list[int] = []
    digests: list[bytes] = []
    rejected: list[Rejected] = []
    for number, patch in enumerate(_patches(len(names), read, dtype, feedback)):
        if patch.values is None:
            rejected.append(Rejected(names[number], patch.reason))
            continue
        images[len(kept)] = patch.values
        if patch.valid is not None:
            masks[len(kept)] = patch.valid
        kept.append(number)
        digests.append(patch.digest)
    return Decoded(
        images[: len(kept)],
        _whole_validity(len(kept), shape[1:], masks),
        np.array(kept, dtype=np.int64),
        _number_copies(digests),
        rejected,
        _digest_of_all([names[number] for number in kept], digests),
    )


def keepable(dtype: np.dtype) -> np.dtype:
    """Return the type, of at most four bytes and in this machine's byte order, to keep values in.

    Networks compute in float32.
    """
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.itemsize > 4 or dtype.kind == "f":
        return np.dtype(np.float32)
    return dtype.newbyteorder("=")


def emptiness(values: np.ndarray, valid: np.ndarray | None) -> str:
    """Return why a patch (C, k, k) shows nothing; empty where it shows something."""
    if valid is not None and not valid.any():
        return "no pixel is valid"
    shown = values if valid is None else values[:, valid]
    if not shown.any():
        return "all values are 0"
    if values.dtype.kind in "iu":
        largest = np.iinfo(values.dtype).max
        if (shown == largest).all():
            return f"all values are {largest}"
    return ""


def _patches(count: int, read: Reader, dtype: np.dtype, feedback: Feedback) -> Iterator[_Patch]:
    """Yield every patch in order, read by several threads some chunks ahead."""
    workers = min(_MOST_WORKERS, os.cpu_count() or 1)
    starts = range(0, count, _CHUNK)
    executor = ThreadPoolExecutor(workers, thread_name_prefix="patches")
    try:
        for batch in _batches(starts, 2 * workers):
            feedback.check()
            feedback.progress(batch[0] / max(1, count), "Reading patches")
            yield from _read_chunks(executor, batch, count, read, dtype)
    finally:
        executor.shutdown(cancel_futures=True)


def _read_chunks(
    executor: Executor, starts: Sequence[int], count: int, read: Reader, dtype: np.dtype
) -> Iterator[_Patch]:
    def read_chunk(start: int) -> list[_Patch]:
        with patch_settings():
            return [_read(read, n, dtype) for n in range(start, min(start + _CHUNK, count))]

    for chunk in executor.map(read_chunk, starts):
        yield from chunk


def _batches(starts: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(starts), size):
        yield starts[first : first + size]


def _read(read: Reader, number: int, dtype: np.dtype) -> _Patch:
    try:
        values, valid = read(number)
    except UnusableError as err:
        return _Patch(None, None, b"", str(err))
    reason = emptiness(values, valid)
    if reason:
        return _Patch(None, None, b"", reason)
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.ascontiguousarray(values, dtype=dtype)
    digest = hashlib.blake2b(values.data, digest_size=16)
    if valid is not None:
        digest.update(np.packbits(valid).data)
    return _Patch(values, valid, digest.digest(), "")


def _whole_validity(
    count: int, sides: tuple[int, ...], masks: dict[int, np.ndarray]
) -> np.ndarray | None:
    if not masks:
        return None
    valid = np.ones((count, *sides), dtype=bool)
    for number, mask in masks.items():
        valid[number] = mask
    return valid


def _number_copies(digests: Sequence[bytes]) -> np.ndarray:
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(digest, len(numbers)) for digest in digests], np.int64)


def _digest_of_all(names: Sequence[str], digests: Sequence[bytes]) -> str:
    whole = hashlib.sha256()
    for name, digest in zip(names, digests, strict=True):
        whole.update(name.encode("utf-8", "replace") + b"\0" + digest)
    return whole.hexdigest()
