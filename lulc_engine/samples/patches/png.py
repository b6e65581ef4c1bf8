"""Whether a PNG file is whole.

GDAL's driver reads a file that was cut off, or damaged in between, without an error: what is
missing becomes zeros or noise. The chunks of a PNG have checksums (ISO/IEC 15948, clause 5), so
they are checked here before the file is trusted.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # per pixel, by colour type
_FRAME = 12  # length, type and checksum of a chunk


def is_whole_png(path: Path) -> bool:
    """Return whether all chunks are there and the image data reach to the last row."""
    content = memoryview(path.read_bytes())
    if bytes(content[:8]) != _SIGNATURE:
        return False
    header, image, place = b"", [], len(_SIGNATURE)
    while place + _FRAME <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind = bytes(content[place + 4 : place + 8])
        data = content[place + 8 : place + 8 + length]
        place += length + _FRAME
        if place > len(content):
            return False
        (expected,) = struct.unpack(">I", content[place - 4 : place])
        if zlib.crc32(data, zlib.crc32(kind)) != expected:
            return False
        if kind == b"IHDR":
            header = bytes(data)
        elif kind == b"IDAT":
            image.append(data)
        elif kind == b"IEND":
            return _reaches_the_end(header, b"".join(image))
    return False


def _reaches_the_end(header: bytes, packed: bytes) -> bool:
    if len(header) != 13:
        return False
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    row_bytes = 1 + (width * depth * _SAMPLES.get(colour, 1) + 7) // 8
    needed = 0 if interlaced else height * row_bytes  # interlaced rows come in seven passes
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(packed, max(needed, 1))
        return len(data) >= needed and (needed > 0 or bool(data))
    except zlib.error:
        return False
