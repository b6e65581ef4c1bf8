"""Whether a scene fits a model, by the engine's own rules, before anything is run.

Bands and values are judged by the functions that a run calls (`lulc_engine.rasters.bands`,
`lulc_engine.rasters.reflectance`, `lulc_engine.inference.radiometry`); only how the scene is opened
differs (`scene_facts`). Nothing here needs the main thread once `Rules` were loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from .engine_source import engine_module, errors
from .model_card import ModelCard, damage
from .scene_facts import NotLookedAt, SceneFacts, SceneRules
from .translation import tr

# What GDAL and numpy raise for files that nobody foresaw.
_UNREADABLE = (
    RuntimeError, ValueError, TypeError, AttributeError, LookupError, MemoryError, OverflowError,
)  # fmt: skip

FITS, DOUBTFUL, REFUSED, UNKNOWN = "fits", "doubtful", "refused", "unknown"
# How the bands were found, and what is said of it.
_ROLE, _POSITION, _CHOSEN = "role", "position", "chosen"
_FOUND = {
    _ROLE: "Bands {}, matched by their roles.",
    _POSITION: "Bands {}, matched by position.",
    _CHOSEN: "Bands {}, as chosen.",
}


@dataclass(frozen=True)
class Choices:
    """What else in the dialog decides whether a scene fits.

    Attributes:
        bands: of BANDS, split at commas.
        band_names: of BAND_NAMES.
        scale: SCALE.
        offset: OFFSET.
        masks: how many rasters are chosen as MASK.
        is_outside: whether EXTENT lies beside the scene.
        stride: STRIDE.
        per_pixel: PER_PIXEL.
        of_classes: outputs and options that are chosen and need one class per pixel.
    """

    bands: tuple[str, ...] = ()
    band_names: tuple[str, ...] = ()
    scale: float | None = None
    offset: float | None = None
    masks: int = 0
    is_outside: bool = False
    stride: int | None = None
    per_pixel: bool = False
    of_classes: tuple[str, ...] = ()


@dataclass
class Verdict:
    """What was found.

    Attributes:
        level: FITS, DOUBTFUL (it runs, but look), REFUSED (it will not run) or UNKNOWN.
        reasons: sentences, the decisive one first.
        scene: facts of the scene as a line; empty where it could not be opened.
        width: columns of the scene.
        height: rows of the scene.
        valid_share: share of the sampled pixels that hold values.
    """

    level: str = FITS
    reasons: list[str] = field(default_factory=list)
    scene: str = ""
    width: int = 0
    height: int = 0
    valid_share: float = 1.0


@dataclass(frozen=True)
class Rules:
    """The engine's modules that judge; made on the main thread."""

    bands: ModuleType
    reflectance: ModuleType
    radiometry: ModuleType
    feedback: ModuleType
    model_file: ModuleType
    scene: SceneRules

    @classmethod
    def load(cls) -> Rules:
        """Return the rules of the engine that came with the plugin."""
        names = ("rasters.bands", "rasters.reflectance", "inference.radiometry", "feedback",
                 "models.model_file")  # fmt: skip
        return cls(*map(engine_module, names), SceneRules.load())


def judge(model: ModelCard, path: str, choices: Choices, rules: Rules) -> Verdict:
    """Return whether a scene fits a model.

    Args:
        model: the model.
        path: the scene; empty to look at the model only.
        choices: what else is chosen.
        rules: the engine's.
    """
    verdict = Verdict()
    try:
        fault = damage(model, rules.model_file.model_sha256)
        if fault:
            raise errors.ModelFileError(fault, tr("Copy the file again."))
        _check_choices(model, choices)
        if path:
            _judge_scene(model, path, choices, rules, verdict)
    except NotLookedAt as err:
        verdict.level, verdict.reasons = UNKNOWN, [str(err)]
    except errors.LulcError as err:
        verdict.level, verdict.reasons = REFUSED, [str(err)]
    except _UNREADABLE as err:
        verdict.level, verdict.reasons = (
            UNKNOWN,
            [tr("It cannot be looked at here ({}).").format(err)],
        )
    return verdict


def _check_choices(model: ModelCard, choices: Choices) -> None:
    """Raise where options contradict each other, or are for the other kind of model."""
    if choices.masks > 1:
        raise errors.OptionsError(
            tr("{} masks were given for one scene.").format(choices.masks),
            tr("Give one, or merge them."),
        )
    if choices.is_outside:
        raise errors.DataError(
            tr("The extent does not overlap the scene."), tr("Choose another extent.")
        )
    patch = model.spec.patch
    if patch is None and (choices.stride is not None or choices.per_pixel):
        raise errors.OptionsError(
            tr("STRIDE and PER_PIXEL are for patch classifiers; the model labels every pixel."),
            tr("Leave them out."),
        )
    if patch is None:
        return
    if choices.per_pixel and choices.stride is not None and choices.stride > patch.size_px:
        raise errors.OptionsError(
            tr("With PER_PIXEL, STRIDE can be at most {} pixels, the model's window.").format(
                patch.size_px
            ),
            tr("Choose a smaller step."),
        )
    if patch.multilabel and choices.of_classes:
        text = tr("The model gives several classes per patch, so there is no winning class for {}.")
        raise errors.OptionsError(
            text.format(", ".join(choices.of_classes)),
            tr("Leave them out; the output holds the probability of every class."),
        )


def _judge_scene(
    model: ModelCard, path: str, choices: Choices, rules: Rules, verdict: Verdict
) -> None:
    scene = SceneFacts(path, choices.band_names, rules.scene)
    verdict.width, verdict.height = scene.width, scene.height
    verdict.scene = _described(scene, scene.bands)
    bands, how = _fit_bands(scene, model.spec, choices.bands, rules)
    sample, verdict.valid_share = scene.sample(bands)
    found = rules.reflectance.find_radiometry(
        scene.described_by, scene.tags, scene.scales(bands), scene.offsets(bands), sample,
        choices.scale, choices.offset,
    )  # fmt: skip
    said = _Said(rules.feedback)
    try:
        rules.radiometry.fit_radiometry(found, lambda: sample, model.spec, said.feedback)
    except errors.DataError as err:
        if not choices.masks:
            raise
        text = tr("Without the mask the values would not fit: {}")
        said.warnings.insert(0, text.format(err))
    numbers = ", ".join(str(band.number) for band in bands[:16])
    notes = [tr(_FOUND[how]).format(numbers), *said.lines]
    warnings = [*said.warnings, *_warnings(scene, model, choices, how, sample.shape[1])]
    warnings += scene.doubts(sample, bands)
    verdict.level = DOUBTFUL if warnings else FITS
    verdict.reasons = [*warnings, *notes]


def _fit_bands(
    scene: SceneFacts, spec: Any, wanted: Sequence[str], rules: Rules
) -> tuple[list[Any], str]:
    """Return the bands that the model reads and how they were found, as `fit_named_bands` does."""
    if not wanted:
        bands, how = rules.bands.match_bands(scene.bands, spec.bands)
        return bands, _ROLE if how == "role" else _POSITION
    bands = rules.bands.choose_bands(scene.bands, wanted)
    if len(bands) != len(spec.bands):
        raise errors.BandError(
            tr("BANDS names {given} bands, the model needs {needed} ({names}).").format(
                given=len(bands), needed=len(spec.bands), names=_names(spec.bands)
            ),
            tr("Name them in the model's order."),
        )
    return bands, _CHOSEN


def _names(bands: Sequence[Any]) -> str:
    return ", ".join(band.role or band.name for band in bands[:16])


def _warnings(
    scene: SceneFacts, model: ModelCard, choices: Choices, how: str, pixels: int
) -> list[str]:
    """Return what will run and should still be looked at."""
    found = list(scene.warnings)
    if pixels == 0:
        found.append(tr("No valid pixel was found at the 25 places looked at."))
    if choices.masks and pixels:
        found.append(tr("Values were looked at without the mask."))
    if how == _POSITION:
        text = tr(
            "Bands are matched by position, since not all roles are known: check that they are {}, "
            "in this order."
        )
        found.append(text.format(_names(model.spec.bands)))
    own, trained = scene.pixel_metres(), model.pixel_m
    if own and trained and not scene.is_like(trained):
        text = tr(
            "The scene's pixels are {own} m, the model was trained on {trained} m: expect a poorer "
            "map."
        )
        found.append(text.format(own=f"{own[0]:.3g}", trained=f"{trained[0]:.3g}"))
    if own is None:
        found.append(tr("The scene has no CRS: its pixel size is not known, nor will areas be."))
    elif scene.reference.IsGeographic():
        text = tr(
            "The scene's CRS is in degrees, so its pixels are not square on the ground; a "
            "projected one, such as UTM, suits the model better."
        )
        found.append(text)
    return found


class _Said:
    """A feedback of the engine that keeps what it is told."""

    def __init__(self, module: ModuleType) -> None:
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.feedback = module.Feedback()
        self.feedback.info = self.lines.append
        self.feedback.warning = self.warnings.append


def _described(scene: SceneFacts, bands: Sequence[Any]) -> str:
    """Return size, bands, type, pixel size and CRS of a scene as a line."""
    roles = ", ".join(band.role or band.name for band in bands[:6]) + (", …" if bands[6:] else "")
    size, crs = scene.pixel_metres(), scene.reference
    counted = tr("{count} bands ({names})") if len(bands) > 1 else tr("1 band ({names})")
    parts = [
        tr("{width} x {height} pixels").format(width=scene.width, height=scene.height),
        counted.format(count=len(bands), names=roles),
        scene.dtype(bands).name,
        f"{size[0]:.3g} m" if size else "",
        (crs.GetName() or tr("a CRS of its own")) if crs is not None else tr("no CRS"),
    ]
    return " · ".join(part for part in parts if part)
