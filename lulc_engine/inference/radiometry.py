"""Which scale and offset a network is given for the values of a scene or of patches.

What the user or the file says counts. Where nothing is said, the model's own numbers are taken,
unless the values contradict them.

Models that were trained on pictures of 8 bits are special: their values were stretched for display,
and what 0 and 255 stand for is nowhere in the data. Pictures of 8 bits are taken as they are. A
scene in reflectance is stretched the same way where the model card knows the stretch, else refused.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import ModelSpec
from lulc_engine.rasters.reflectance import Radiometry

Stretch = tuple[tuple[float, float], ...]

_EIGHT_BIT = 1 / 255
_SIXTEEN_BIT = 1 / 65535  # raw numbers, as some published networks take them
# Beyond this share of black or white values a stretch has shown nothing.
_MOST_CLIPPED = 0.9


def fit_radiometry(
    found: Radiometry, sample: Callable[[], np.ndarray], spec: ModelSpec, feedback: Feedback
) -> Radiometry:
    """Return how values become what the network was trained on; says what was decided.

    Args:
        found: how values become reflectance, and how that is known.
        sample: gives raw values (C, n) of valid pixels in their own type.
        spec: the model's.
        feedback: for the log.

    Raises:
        DataError: the values show that they are of another kind than those of the training.
    """
    chosen = found
    if spec.patch is not None:
        stretch = spec.patch.stretch
        if stretch and not _is_picture(found, sample):
            feedback.info(found.summary())
            feedback.info(
                f"The model was trained on pictures: reflectance {_span(stretch)} became black to "
                "white. The values are stretched in the same way."
            )
            chosen = stretched(found, stretch)
            _look_at(sample(), chosen, feedback)
            return chosen
        if _takes(spec, _SIXTEEN_BIT) and found.source in ("tags", "name"):
            chosen = _as_in_training(spec)  # it takes raw numbers, whatever reflectance they are
            feedback.info(chosen.summary())
            return chosen
        if not stretch:
            _check_kind(found, sample, spec)
    if found.source == "values":
        _check_values(sample(), spec)
        chosen = _as_in_training(spec)
    feedback.info(chosen.summary())
    return chosen


def stretched(radiometry: Radiometry, stretch: Stretch) -> Radiometry:
    """Return how raw values become display values: low becomes 0 and high 1.

    Args:
        radiometry: how they become reflectance.
        stretch: low and high reflectance per band.
    """
    spans = [high - low for low, high in stretch]
    scale = [s / span for s, span in zip(radiometry.scale, spans)]
    offset = [(o - low) / span for o, (low, _), span in zip(radiometry.offset, stretch, spans)]
    reason = f"{radiometry.reason}, stretched"
    return Radiometry(tuple(scale), tuple(offset), radiometry.source, reason)


def _as_in_training(spec: ModelSpec) -> Radiometry:
    model = spec.radiometry
    return Radiometry(model.scale, model.offset, "model", "as in the model's training")


def _takes(spec: ModelSpec, scale: float) -> bool:
    """Return whether the model was trained with a certain scale and no offset."""
    model = spec.radiometry
    return bool(np.allclose(model.scale, scale, rtol=1e-3) and not any(model.offset))


def _is_picture(found: Radiometry, sample: Callable[[], np.ndarray]) -> bool:
    """Return whether values are 0 to 255 and nobody says that they are reflectance."""
    if found.source != "values":
        return False
    values = sample()
    return values.dtype == np.uint8 or (values.size > 0 and 2 < float(values.max()) <= 255)


def _check_kind(found: Radiometry, sample: Callable[[], np.ndarray], spec: ModelSpec) -> None:
    """Refuse pictures for models of reflectance, and the reverse."""
    if found.source == "option":  # the user knows
        return
    is_picture = _is_picture(found, sample)
    if _takes(spec, _EIGHT_BIT) and not is_picture:
        raise DataError(
            "The model was trained on pictures of 8 bits and does not say which reflectance their "
            "values stand for; these values are not of 8 bits.",
            "Stretch them to 8 bits as the training's pictures were, train with STRETCH, or set "
            "SCALE and OFFSET so that value * SCALE + OFFSET is 0 for black and 1 for white.",
        )
    brightest = max((high for _, high in spec.value_range), default=0.0)
    if is_picture and brightest > 255:
        raise DataError(
            f"The values are of 8 bits, the model was trained on values up to {brightest:g}.",
            "Use the data that the picture was made from, or set SCALE and OFFSET (reflectance = "
            "value * SCALE + OFFSET).",
        )


def _look_at(sample: np.ndarray, radiometry: Radiometry, feedback: Feedback) -> None:
    """Warn where a stretch leaves nothing but black or white."""
    if sample.shape[1] < 16:
        return
    shown = sample * np.array(radiometry.scale)[:, None] + np.array(radiometry.offset)[:, None]
    for share, word in (((shown <= 0).mean(), "black"), ((shown >= 1).mean(), "white")):
        if share > _MOST_CLIPPED:
            feedback.warning(
                f"After the stretch {share:.0%} of the values are {word}. Check SCALE and OFFSET."
            )


def _span(stretch: Stretch) -> str:
    shown = [f"{low:.4g} to {high:.4g}" for low, high in stretch]
    return shown[0] if len(set(shown)) == 1 else ", ".join(shown)


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
