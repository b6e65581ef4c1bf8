"""Whether and how a scene fits a model: bands and resolution."""

from __future__ import annotations

from collections.abc import Sequence

from lulc_engine.errors import BandError
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import ModelSpec
from lulc_engine.rasters.bands import Band, choose_bands, match_bands
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.scene import Scene


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
    if not 0.66 < own[0] / trained_px[0] < 1.5:
        feedback.warning(
            f"The scene's pixels are {own[0]:.3g} m, the model was trained on {trained_px[0]:.3g} "
            "m: expect a poorer map."
        )
