"""Whether and how a scene fits a model: bands, radiometry, resolution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lulc_engine.errors import BandError, DataError
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import ModelSpec
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.bands import Band, choose_bands, match_bands
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.rasters.scene import Scene


def fit_bands(
    scene: Scene, spec: ModelSpec, wanted: Sequence[str], feedback: Feedback
) -> list[Band]:
    """Return the scene's bands in the model's order; says how they were matched.

    Raises:
        BandError: they do not fit.
    """
    if wanted:
        chosen = choose_bands(scene.bands, wanted)
        if len(chosen) != len(spec.bands):
            raise BandError(
                f"BANDS names {len(chosen)} bands, the model needs {len(spec.bands)} "
                f"({', '.join(b.role or b.name for b in spec.bands[:16])}).",
                "Name them in the model's order.",
            )
        return chosen
    bands, how = match_bands(scene.bands, spec.bands)
    if how == "role":
        numbers = ", ".join(str(band.number) for band in bands[:16])
        feedback.info(f"Bands were matched by role; the model reads bands {numbers}.")
    else:
        feedback.warning(
            "Bands were matched by their position, since not all their roles are known. Check "
            "that they are in the model's order."
        )
    return bands


def fit_radiometry(
    scene: Scene, bands: Sequence[Band], spec: ModelSpec, options: ClassifyOptions
) -> Radiometry:
    """Return how this scene's values become the reflectance that the model was trained on.

    What the user or the file says counts. Where nothing is said, the model's own numbers are
    taken, unless the values contradict them.

    Raises:
        DataError: the values show that the model's offset or scale is not that of the scene.
    """
    found = scene.radiometry(bands, options.scale, options.offset)
    if found.source != "values":
        return found
    _check_values(scene.sample(bands), spec)
    model = spec.radiometry
    return Radiometry(model.scale, model.offset, "model", "as in the model's training")


def _check_values(sample: np.ndarray, spec: ModelSpec) -> None:
    """Refuse raw values that cannot be of the kind that the model was trained on."""
    if sample.shape[1] < 16 or not spec.value_range:
        return
    low, high = np.quantile(sample, [0.01, 0.99], axis=1)
    hint = (
        "Set SCALE and OFFSET of the scene (reflectance = value * SCALE + OFFSET); "
        "Sentinel-2 has 0.0001 and -0.1 since 2022, 0.0001 and 0 before."
    )
    trained_low = np.array([pair[0] for pair in spec.value_range])
    trained_high = np.array([pair[1] for pair in spec.value_range])
    trained_span = np.maximum(trained_high - trained_low, 1e-12)
    ratio = float(np.median(np.maximum(high - low, 1e-12) / trained_span))
    if not 0.02 < ratio < 50:
        raise DataError(
            f"The scene's values reach from {low.min():g} to {high.max():g}, the model was trained "
            f"on {trained_low.min():g} to {trained_high.max():g}: they are not in the same unit.",
            hint,
        )
    scale, offset = np.array(spec.radiometry.scale), np.array(spec.radiometry.offset)
    darkest = low * scale + offset
    if (offset < -0.05).any() and float(darkest.min()) < -0.03:
        raise DataError(
            "The model was trained on values with 1000 added to them (Sentinel-2 since 2022); this "
            "scene's values are too low for that.",
            hint,
        )
    if (offset == 0).all() and np.isclose(scale, 1e-4).all():
        lowest, trained_lowest = float(low.min()), float(trained_low.min())
        if lowest >= 1000 and trained_lowest < 700:
            raise DataError(
                "The scene's values look as if 1000 were added to them (Sentinel-2 since 2022); "
                "the model was trained on values without it.",
                hint,
            )


def compare_resolution(
    scene: Scene, trained_px: Sequence[float] | None, feedback: Feedback
) -> None:
    """Warn where the scene's pixels are of another size than those of the training."""
    own = scene.grid.pixel_metres()
    if not trained_px or own is None:
        return
    if not 0.66 < own[0] / trained_px[0] < 1.5:
        feedback.warning(
            f"The scene's pixels are {own[0]:.3g} m, the model was trained on {trained_px[0]:.3g} "
            "m: expect a poorer map."
        )
