"""The scenes of a training: opened alike, with the same bands and one radiometry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rasterio.env import hasenv, setenv

from lulc_engine.errors import BandError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import SceneOptions
from lulc_engine.rasters.bands import Band, choose_bands
from lulc_engine.rasters.block_cache import plan_reading
from lulc_engine.rasters.files import CACHE_BYTES
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.ground import pixel_metres
from lulc_engine.rasters.pixel_size import alike
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.rasters.scene import Scene

# Samples are read in windows of up to so many pixels, margins included.
_WINDOW_PX = 640


@dataclass(frozen=True)
class TrainingScene:
    """A scene with its chosen bands.

    Attributes:
        scene: the open raster.
        bands: the chosen bands.
        radiometry: of this scene.
        common: of the first scene, to which values are brought on reading.
    """

    scene: Scene
    bands: tuple[Band, ...]
    radiometry: Radiometry
    common: Radiometry

    def read(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Return raw values (C, H, W) in the common radiometry, and validity (H, W)."""
        values, valid = self.scene.read(window, self.bands)
        same = (self.radiometry.scale, self.radiometry.offset) == (
            self.common.scale,
            self.common.offset,
        )
        return (values if same else self._to_common(values)), valid

    def _to_common(self, values: np.ndarray) -> np.ndarray:
        own, common = self.radiometry, self.common
        scale = np.array(own.scale) / np.array(common.scale)
        offset = (np.array(own.offset) - np.array(common.offset)) / np.array(common.scale)
        moved = values * scale[:, None, None] + offset[:, None, None]
        floats: np.ndarray = moved.astype(np.float32)
        return floats


def open_scenes(
    paths: Sequence[str], options: SceneOptions, feedback: Feedback
) -> list[TrainingScene]:
    """Open the scenes of a training, and let GDAL keep what their windows share.

    It keeps that as long as the settings last that the command runs in (`gdal_settings`).

    Raises:
        OptionsError: the number of masks is neither 1 nor that of the scenes.
        BandError: scenes differ in the number or the roles of their chosen bands.
        RasterError: a scene cannot be used.
    """
    masks = list(options.mask) or [""]
    if len(masks) not in (1, len(paths)):
        raise OptionsError(
            f"{len(masks)} masks were given for {len(paths)} scenes.",
            "Give one mask for all scenes, or one per scene in the same order.",
        )
    masks = masks * len(paths) if len(masks) == 1 else masks
    opened: list[TrainingScene] = []
    for path, mask in zip(paths, masks, strict=True):
        scene = Scene(path, options.band_names, mask or None, options.mask_values)
        bands = tuple(choose_bands(scene.bands, options.bands))
        radiometry = scene.radiometry(bands, options.scale, options.offset)
        scene.tell(feedback)
        common = opened[0].common if opened else radiometry
        _check_same_bands(opened, bands, path)
        _compare_pixels(opened, scene, feedback)
        _compare_names(opened, bands, scene, feedback)
        opened.append(TrainingScene(scene, bands, radiometry, common))
        names = ", ".join(band.role or band.name for band in bands[:13])
        feedback.info(f"{scene.path.name}: {len(bands)} bands ({names}). {radiometry.summary()}")
    if hasenv():
        setenv(GDAL_CACHEMAX=max(_cache_bytes(scene) for scene in opened))
    return opened


def _cache_bytes(scene: TrainingScene) -> int:
    """Return what GDAL must keep of a scene; in strips, every window decodes whole rows."""
    height = scene.scene.grid.height
    windows = [Window(row, 0, _WINDOW_PX, _WINDOW_PX) for row in range(0, height, _WINDOW_PX)]
    planned = plan_reading(scene.scene.layout(scene.bands), windows, threads=1)
    return max(planned.cache_bytes, CACHE_BYTES)


def _compare_pixels(opened: list[TrainingScene], scene: Scene, feedback: Feedback) -> None:
    """Warn where pixels of a scene are of another size than those of the first."""
    own = pixel_metres(scene.grid)
    first = pixel_metres(opened[0].scene.grid) if opened else None
    if own is not None and first is not None and not alike(own, first):
        feedback.warning(
            f"The pixels of {scene.path.name} are {own[0]:.3g} m, those of "
            f"{opened[0].scene.path.name} {first[0]:.3g} m: a network sees shapes in pixels, and "
            "learns better from scenes of one size."
        )


def _compare_names(
    opened: list[TrainingScene], bands: tuple[Band, ...], scene: Scene, feedback: Feedback
) -> None:
    """Warn where one scene says what its bands are and another does not."""
    known = [all(band.role for band in some) for some in (*[o.bands for o in opened[:1]], bands)]
    if len(set(known)) > 1:
        feedback.warning(
            f"Not both of {opened[0].scene.path.name} and {scene.path.name} say what their bands "
            "are. Check that they have the same order, or name them with BAND_NAMES."
        )


def _check_same_bands(opened: list[TrainingScene], bands: tuple[Band, ...], path: str) -> None:
    if not opened:
        return
    first = opened[0].bands
    if len(bands) != len(first):
        raise BandError(
            f"{path} has {len(bands)} bands, the first scene has {len(first)}.",
            "Choose the same bands of all scenes with BANDS.",
        )
    differing = [
        f"{a.role} and {b.role}"
        for a, b in zip(first, bands, strict=True)
        if a.role and b.role and a.role != b.role
    ]
    if differing:
        raise BandError(
            f"{path} has its bands in another order than the first scene ({differing[0]}).",
            "Choose the bands by role, for example BANDS red,green,nir.",
        )
