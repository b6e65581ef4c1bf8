"""Which class is to be explained; found before PyTorch is loaded, so that a typo fails soon."""

from __future__ import annotations

from lulc_engine.errors import OptionsError
from lulc_engine.rasters.legend import Legend

_MOST_NAMED = 40


def choose_class(word: str, legend: Legend) -> int | None:
    """Return the index of a class by name or id; None for an empty word.

    Raises:
        OptionsError: no class has it.
    """
    if not word:
        return None
    names = [*legend.names, *map(str, legend.ids)]
    if word.strip() in names:
        return names.index(word.strip()) % len(legend)
    shown = ", ".join(f"{item.id} {item.name}" for item in legend.classes[:_MOST_NAMED])
    more = len(legend) - _MOST_NAMED
    raise OptionsError(
        f"The model has no class {word!r}.",
        f"Its classes are: {shown}{f' and {more} more' if more > 0 else ''}.",
    )
