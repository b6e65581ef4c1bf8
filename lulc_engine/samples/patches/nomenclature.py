"""The 19 classes of BigEarthNet, and which of the 43 CORINE names are in each.

Sumbul et al. 2021, BigEarthNet-MM, doi:10.1109/MGRS.2021.3089174. Eleven CORINE classes that cannot
be told from a Sentinel-2 patch are in none.
"""

from __future__ import annotations

_SAME: tuple[str, ...] = ()
# In the order of the nomenclature; a class without parts has the CORINE name itself.
CLASSES_19 = {
    "Urban fabric": ("Continuous urban fabric", "Discontinuous urban fabric"),
    "Industrial or commercial units": _SAME,
    "Arable land": ("Non-irrigated arable land", "Permanently irrigated land", "Rice fields"),
    "Permanent crops": (
        "Vineyards",
        "Fruit trees and berry plantations",
        "Olive groves",
        "Annual crops associated with permanent crops",
    ),
    "Pastures": _SAME,
    "Complex cultivation patterns": _SAME,
    "Land principally occupied by agriculture, with significant areas of natural vegetation": _SAME,
    "Agro-forestry areas": _SAME,
    "Broad-leaved forest": _SAME,
    "Coniferous forest": _SAME,
    "Mixed forest": _SAME,
    "Natural grassland and sparsely vegetated areas": (
        "Natural grassland",
        "Sparsely vegetated areas",
    ),
    "Moors, heathland and sclerophyllous vegetation": (
        "Moors and heathland",
        "Sclerophyllous vegetation",
    ),
    "Transitional woodland, shrub": ("Transitional woodland/shrub",),
    "Beaches, dunes, sands": _SAME,
    "Inland wetlands": ("Inland marshes", "Peatbogs"),
    "Coastal wetlands": ("Salt marshes", "Salines"),
    "Inland waters": ("Water courses", "Water bodies"),
    "Marine waters": ("Coastal lagoons", "Estuaries", "Sea and ocean"),
}
DROPPED = (
    "Road and rail networks and associated land",
    "Port areas",
    "Airports",
    "Mineral extraction sites",
    "Dump sites",
    "Construction sites",
    "Green urban areas",
    "Sport and leisure facilities",
    "Bare rock",
    "Burnt areas",
    "Intertidal flats",
)
_INDEX = {
    name.lower(): index
    for index, (title, parts) in enumerate(CLASSES_19.items())
    for name in (title, *parts)
}
_NO_CLASS = {name.lower() for name in DROPPED}


def class_index(name: str) -> int | None:
    """Return the index of the class that a name of either nomenclature is in; None if dropped.

    Raises:
        KeyError: it is a name of neither.
    """
    lower = " ".join(name.lower().split())
    if lower in _NO_CLASS:
        return None
    if lower not in _INDEX:
        raise KeyError(name)
    return _INDEX[lower]
