"""Whether and how a scene fits a model: bands, radiometry and resolution."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from lulc_engine.errors import BandError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.extent import parse_extent
from lulc_engine.inference.radiometry import fit_radiometry
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ClassifyOptions, ExplainOptions
from lulc_engine.rasters.bands import Band, choose_bands, match_bands
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.pixel_size import alike
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.rasters.scene import Scene


@dataclass(frozen=True)
class FittedScene:
    """An open scene, and how a model is to see it.

    Attributes:
        scene: the scene.
        bands: the bands that the model reads, in its order.
        radiometry: how their values become what it was trained on.
        part: the window that is asked for.
    """

    scene: Scene
    bands: list[Band]
    radiometry: Radiometry
    part: Window


@contextlib.contextmanager
def open_fitted(
    options: ClassifyOptions | ExplainOptions,
    card: Mapping[str, Any],
    spec: ModelSpec,
    feedback: Feedback,
) -> Iterator[FittedScene]:
    """Open the scene that options name and fit it to a model; says what was decided.

    Args:
        options: name the scene and how to read it.
        card: of the model.
        spec: the model's.
        feedback: for the log.

    Raises:
        OptionsError: there are several masks, or EXTENT is none.
        RasterError: the scene cannot be used.
        DataError: it does not fit the model.
    """
    if len(options.mask) > 1:
        raise OptionsError(
            f"{len(options.mask)} masks were given for one scene.", "Give one, or merge them."
        )
    mask = options.mask[0] if options.mask else None
    scene = Scene(options.image, options.band_names, mask, options.mask_values)
    with contextlib.closing(scene):
        bands = fit_bands(scene, spec, options.bands, feedback)
        found = scene.radiometry(bands, options.scale, options.offset)
        scene.tell(feedback)
        radiometry = fit_radiometry(found, partial(scene.sample, bands), spec, feedback)
        compare_resolution(scene, card["lulc:training"].get("pixel_m"), feedback)
        part = parse_extent(options.extent, scene.grid)
        yield FittedScene(scene, bands, radiometry, part)


def fit_bands(
    scene: Scene, spec: ModelSpec, wanted: Sequence[str], feedback: Feedback
) -> list[Band]:
    """Return the scene's bands in the model's order; says how they were matched.

    Raises:
        BandError: they do not fit.
    """
    return fit_named_bands(scene.bands, spec, wanted, feedback)


def fit_named_bands(
    available: Sequence[Band], spec: ModelSpec, wanted: Sequence[str], feedback: Feedback
) -> list[Band]:
    """Return the bands of a scene or of patches in the model's order; see `fit_bands`."""
    if wanted:
        chosen = choose_bands(available, wanted)
        if len(chosen) != len(spec.bands):
            raise BandError(
                f"BANDS names {len(chosen)} bands, the model needs {len(spec.bands)} "
                f"({', '.join(b.role or b.name for b in spec.bands[:16])}).",
                "Name them in the model's order.",
            )
        return chosen
    bands, how = match_bands(available, spec.bands)
    if how == "role":
        numbers = ", ".join(str(band.number) for band in bands[:16])
        feedback.info(f"Bands were matched by role; the model reads bands {numbers}.")
    else:
        feedback.warning(
            "Bands were matched by their position, since not all their roles are known. Check "
            "that they are in the model's order."
        )
    return bands


def compare_resolution(
    scene: Scene, trained_px: Sequence[float] | None, feedback: Feedback
) -> None:
    """Warn where the scene's pixels are of another size than those of the training."""
    own = pixel_metres(scene.grid)
    if not trained_px or own is None:
        return
    if not alike(own, trained_px):
        feedback.warning(
            f"The scene's pixels are {own[0]:.3g} m, the model was trained on {trained_px[0]:.3g} "
            "m: expect a poorer map."
        )
