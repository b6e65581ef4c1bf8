"""Spectral indices from reflectance, safe where a denominator is zero.

NDVI (Rouse et al. 1974), NDBI (Zha et al. 2003), EVI (Huete et al. 2002), SAVI with L = 0.5
(Huete 1988), NDWI of green and near infrared (McFeeters 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from lulc_engine.errors import BandError

Bands = Mapping[str, Tensor]

_SMALLEST = 1e-6


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """Return numerator / denominator, and 0 where the denominator is 0 (below 1e-6)."""
    usable = denominator.abs() > _SMALLEST
    return torch.where(usable, numerator / torch.where(usable, denominator, 1.0), 0.0)


def _normalised(first: str, second: str) -> Callable[[Bands], Tensor]:
    return lambda b: ratio(b[first] - b[second], b[first] + b[second])


def _evi(b: Bands) -> Tensor:
    return 2.5 * ratio(b["nir"] - b["red"], b["nir"] + 6 * b["red"] - 7.5 * b["blue"] + 1)


def _savi(b: Bands) -> Tensor:
    return 1.5 * ratio(b["nir"] - b["red"], b["nir"] + b["red"] + 0.5)


INDEX_FORMULAS: dict[str, tuple[tuple[str, ...], Callable[[Bands], Tensor]]] = {
    "ndvi": (("nir", "red"), _normalised("nir", "red")),
    "ndbi": (("swir16", "nir"), _normalised("swir16", "nir")),
    "evi": (("nir", "red", "blue"), _evi),
    "savi": (("nir", "red"), _savi),
    "ndwi": (("green", "nir"), _normalised("green", "nir")),
}


def band_positions(roles: Sequence[str | None], index: str) -> dict[str, int]:
    """Return the position of each band that an index needs.

    ``nir08`` stands in for a missing ``nir``: Landsat has only the narrow one.

    Raises:
        BandError: a needed band is not among the chosen ones.
    """
    needed = INDEX_FORMULAS[index][0]
    found = {role: position for position, role in enumerate(roles) if role}
    if "nir" not in found and "nir08" in found:
        found["nir"] = found["nir08"]
    missing = [role for role in needed if role not in found]
    if missing:
        raise BandError(
            f"The index {index.upper()} needs the band {' and '.join(missing)}, which is not among "
            "the chosen bands.",
            "Choose it with BANDS, or name the scene's bands with BAND_NAMES.",
        )
    return {role: found[role] for role in needed}
