"""Band roles: which band is red, near infrared and so on.

Roles are the common names of the STAC electro-optical extension (v1), with the three red-edge
bands of Sentinel-2 numbered, so that a band is the same whatever file or sensor it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lulc_engine.errors import BandError

_SENTINEL_2 = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "rededge1",
    "6": "rededge2",
    "7": "rededge3",
    "8": "nir",
    "8A": "nir08",
    "9": "nir09",
    "10": "cirrus",
    "11": "swir16",
    "12": "swir22",
}
_LANDSAT_8_9 = {
    "1": "coastal",
    "2": "blue",
    "3": "green",
    "4": "red",
    "5": "nir08",
    "6": "swir16",
    "7": "swir22",
    "8": "pan",
    "9": "cirrus",
}
# Sets of bands by name. A set joined to others, as in rgb+swir, adds its bands; alone, cir and swir
# are the usual composites of three bands.
_COMPOSITES = {
    "rgb": ("red", "green", "blue"),
    "cir": ("nir", "red", "green"),
    "swir": ("swir22", "nir", "red"),
}
_ADDED = {**_COMPOSITES, "nir": ("nir",), "swir": ("swir16", "swir22")}
# Sensors without the first of a pair have the second.
_NEAREST = {"nir": "nir08"}
ROLES = frozenset([*_SENTINEL_2.values(), *_LANDSAT_8_9.values(), "yellow", "lwir11", "lwir12"])

_WORDS = {
    "nir1": "nir",
    "near infrared": "nir",
    "near-infrared": "nir",
    "near infra red": "nir",
    "near infra-red": "nir",
    "nir broad": "nir",
    "nir narrow": "nir08",
    "rededge": "rededge1",
    "red edge": "rededge1",
    "red edge 1": "rededge1",
    "red edge 2": "rededge2",
    "red edge 3": "rededge3",
    "rededge071": "rededge1",
    "rededge075": "rededge2",
    "rededge078": "rededge3",
    "swir1": "swir16",
    "swir2": "swir22",
    "swir 1": "swir16",
    "swir 2": "swir22",
    "coastal aerosol": "coastal",
    "water vapour": "nir09",
}
_SENTINEL_NAME = re.compile(r"(?<![A-Za-z0-9])B(0?[1-9]|1[0-2]|8A)(?![0-9A-Za-z])", re.IGNORECASE)
_LANDSAT_NAME = re.compile(r"SR_B([1-9])(?![0-9])", re.IGNORECASE)
_IN_FILE_NAME = re.compile(r"(?:B(?:0[1-9]|1[0-2]|8A)){2,}", re.IGNORECASE)


@dataclass(frozen=True)
class Band:
    """A band of a scene: 1-based number, the file's description and the role if it is known."""

    number: int
    name: str
    role: str | None


def name_bands(descriptions: Sequence[str | None], path: str | Path = "") -> list[Band]:
    """Return the bands of a file by their descriptions, else by a run like B02B03B04 in its name.

    Args:
        descriptions: one per band, None where the file has none.
        path: the file; its name is used only if it holds exactly one band token per band.
    """
    if not any(descriptions):
        tokens = _tokens_in_name(Path(path).stem)
        if len(tokens) == len(descriptions):
            descriptions = tokens
    return [
        Band(number, text or f"band {number}", role_of(text or ""))
        for number, text in enumerate(descriptions, start=1)
    ]


def role_of(text: str) -> str | None:
    """Return the role that a description names, or None.

    Understands roles themselves, usual English names, Sentinel-2 names (B02, B8A, "B02 blue") and
    names of Landsat 8-9 surface reflectance (SR_B5).
    """
    word = text.strip().lower().replace("_", " ")
    plain = word.replace(" ", "")
    if plain in ROLES:
        return plain
    if word in _WORDS:
        return _WORDS[word]
    landsat = _LANDSAT_NAME.search(text)
    if landsat:
        return _LANDSAT_8_9.get(landsat[1])
    sentinel = _SENTINEL_NAME.search(text.replace("_", " "))
    if sentinel:
        return _SENTINEL_2[sentinel[1].upper().lstrip("0")]
    *before, last = word.split() or [""]
    return last if last in ROLES and before[-1:] != ["infra"] else None


def choose_bands(available: Sequence[Band], wanted: Sequence[str]) -> list[Band]:
    """Return the wanted bands, in the order given.

    Each word is a number, a description, a role, one of the sets rgb, cir, swir and all, or several
    of these joined by ``+``, such as rgb+nir, rgb+swir or red+nir+3. In a sum ``swir`` adds the
    shortwave infrared bands that there are; alone it is the composite swir22, nir, red.

    Raises:
        BandError: a band does not exist, is named twice, or a word fits several bands.
    """
    chosen = [band for word in wanted for band in _expand(available, word)]
    chosen = chosen if wanted else list(available)
    numbers = [band.number for band in chosen]
    if len(set(numbers)) != len(numbers):
        raise BandError(f"A band is chosen twice: {', '.join(wanted)}.")
    return chosen


def match_bands(available: Sequence[Band], needed: Sequence[Band]) -> tuple[list[Band], str]:
    """Return the bands of a scene in the order that a model needs, and how they were matched.

    By role where all roles are known on both sides; else by position, which needs the same count.

    Raises:
        BandError: a needed role is missing or there twice; or, where roles are unknown, the count
            differs or a known role is at another position.
    """
    wanted = [band.role for band in needed]
    roles = {band.role for band in available if band.role}
    if all(wanted) and len(set(wanted)) == len(wanted) and roles:
        missing = [role for role in wanted if role not in roles]
        if not missing:
            return [_find(available, str(role)) for role in wanted], "role"
        if all(band.role for band in available):
            raise BandError(
                f"The scene has no band {', '.join(map(str, missing))}; it has "
                f"{_listing(available)}. The model needs {_listing(needed)}.",
                "Choose the bands with BANDS, or use a scene of the same sensor.",
            )
    if len(available) != len(needed):
        raise BandError(
            f"The model needs {len(needed)} bands ({_listing(needed)}), the scene has "
            f"{len(available)}.",
            "Choose them with BANDS, in the model's order, or name them with BAND_NAMES.",
        )
    for band, need in zip(available, needed):
        if band.role and need.role and band.role != need.role:
            raise BandError(
                f"Band {band.number} of the scene is {band.role} where the model needs "
                f"{need.role}; the model needs {_listing(needed)}.",
                "Choose the bands with BANDS, in the model's order.",
            )
    return list(available), "position"


def _expand(available: Sequence[Band], word: str) -> list[Band]:
    """Return the bands of a word that may be a set or a sum."""
    lower = word.strip().lower()
    if any(band.name.lower() == lower for band in available):
        return [_find(available, word)]
    if lower == "all":
        return list(available)
    parts = [part.strip() for part in lower.split("+")]
    if len(parts) == 1:
        return [_of_role(available, role) for role in _COMPOSITES.get(lower, ())] or [
            _find(available, word)
        ]
    return [band for part in parts for band in _addend(available, part)]


def _addend(available: Sequence[Band], part: str) -> list[Band]:
    if part not in _ADDED:
        return [_find(available, part)]
    roles = _ADDED[part]
    if part == "swir":
        present = {band.role for band in available}
        roles = tuple(role for role in roles if role in present) or roles
    return [_of_role(available, role) for role in roles]


def _of_role(available: Sequence[Band], role: str) -> Band:
    """Return the band of a role, or of the one that takes its place."""
    if role in _NEAREST and not any(band.role == role for band in available):
        role = _NEAREST[role] if any(b.role == _NEAREST[role] for b in available) else role
    return _find(available, role)


def _find(available: Sequence[Band], word: str) -> Band:
    if word.isdecimal():
        found = [band for band in available if band.number == int(word)]
    else:
        lower = word.lower()
        found = [band for band in available if band.name.lower() == lower]
        found = found or [b for b in available if b.role and b.role in (lower, role_of(word))]
    if not found:
        raise BandError(
            f"There is no band {word!r}; the scene has {_listing(available)}.",
            "Choose bands by number, description or role; BAND_NAMES can name them.",
        )
    if len(found) > 1:
        numbers = ", ".join(str(band.number) for band in found)
        raise BandError(f"{word!r} fits bands {numbers}.", "Choose by number.")
    return found[0]


def _tokens_in_name(stem: str) -> list[str]:
    run = _IN_FILE_NAME.search(stem)
    return re.findall(r"B(?:0[1-9]|1[0-2]|8A)", run[0], re.IGNORECASE) if run else []


def _listing(bands: Sequence[Band]) -> str:
    shown = [f"{band.number} {band.role or band.name}" for band in bands[:16]]
    return ", ".join(shown) + (", ..." if len(bands) > 16 else "")
