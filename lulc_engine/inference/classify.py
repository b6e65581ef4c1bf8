"""The command ``classify``: from a scene and a model file to a map."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.extent import parse_extent
from lulc_engine.inference.fitting import compare_resolution, fit_bands, fit_radiometry
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.inference.runtimes import Prediction, Runtime
from lulc_engine.inference.tiling import Tile, tiles
from lulc_engine.inference.writers import MapWriters, ModelIdentity
from lulc_engine.models.card import ModelSpec, read_spec
from lulc_engine.models.model_file import Tensors, read_model
from lulc_engine.options import ClassifyOptions
from lulc_engine.outputs import Outputs
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.rasters.scene import Scene
from lulc_engine.samples.chips import as_input
from lulc_engine.training.provenance import training_hashes

# Large enough that the halo costs little, small enough for a laptop's memory.
TILE_PX = 576
# Margin of networks whose reach has no useful bound; their windows may show faint seams.
FALLBACK_HALO_PX = 128


@dataclass(frozen=True)
class _Pixels:
    """What was read of a tile: the network's input and where it is valid."""

    raw: np.ndarray
    valid: np.ndarray


def classify(options: ClassifyOptions, feedback: Feedback) -> dict[str, Any]:
    """Classify a scene and write the map with what else the options name.

    Returns:
        Paths ``output confidence probabilities areas``, ``legend`` as rows of id, name and color,
        ``pixels`` (classified), ``nodata_share`` and ``seconds``.

    Raises:
        LulcError: see `errors`; nothing is written then.
    """
    started = time.monotonic()
    with gdal_settings(), Outputs([options.image, options.model, *options.mask]) as outputs:
        feedback.progress(0.0, "Reading the model")
        card, tensors = read_model(options.model)
        spec = read_spec(card)
        mask = options.mask[0] if options.mask else None
        scene = Scene(options.image, options.band_names, mask, options.mask_values)
        with contextlib.closing(scene):
            bands = fit_bands(scene, spec, options.bands, feedback)
            radiometry = fit_radiometry(scene, bands, spec, options)
            feedback.info(radiometry.summary())
            compare_resolution(scene, card["lulc:training"].get("pixel_m"), feedback)
            part = parse_extent(options.extent, scene.grid)
            identity = ModelIdentity(
                card["model_sha256"], tuple(training_hashes(card["lulc:training"]))
            )
            writers = MapWriters(options, scene.grid.crop(part), spec.legend, identity, outputs)
            try:
                runtime = _runtime(spec, tensors, radiometry, options, feedback)
                counted = _run(scene, bands, part, spec, runtime, writers, options, feedback)
                feedback.progress(0.97, "Completing the files")
                writers.finish()
            except BaseException as err:
                writers.discard(err)
                raise
    feedback.progress(1.0, "Done")
    total = part.height * part.width
    return {
        "output": options.output,
        "confidence": options.confidence,
        "probabilities": options.probabilities,
        "areas": options.areas,
        "pixels": counted,
        "nodata_share": 1 - counted / total,
        "seconds": round(time.monotonic() - started, 2),
        "legend": [{"id": c.id, "name": c.name, "color": c.hex_color} for c in spec.legend.classes],
    }


def _runtime(
    spec: ModelSpec,
    tensors: Tensors,
    radiometry: Radiometry,
    options: ClassifyOptions,
    feedback: Feedback,
) -> Runtime:
    feedback.progress(0.0, "Loading PyTorch")
    # Imported here: it takes seconds, and wrong input should fail before.
    from lulc_engine.devices import choose_device, use_threads
    from lulc_engine.inference.runtimes.torch_runtime import TorchRuntime
    from lulc_engine.models.build import load_network

    device = choose_device(options.device)
    use_threads(options.threads)
    network = load_network(spec, tensors)
    network.input.set_radiometry(radiometry.scale, radiometry.offset)
    return TorchRuntime(network, device, bool(options.confidence), bool(options.probabilities))


def _run(
    scene: Scene,
    bands: list[Band],
    part: Window,
    spec: ModelSpec,
    runtime: Runtime,
    writers: MapWriters,
    options: ClassifyOptions,
    feedback: Feedback,
) -> int:
    """Classify all tiles of a part; return the number of classified pixels."""
    halo = FALLBACK_HALO_PX if spec.halo_px is None else spec.halo_px
    side = options.tile_px or TILE_PX
    plan = list(tiles(scene.grid.window, part, side, halo, spec.stride))

    def read(tile: Tile) -> _Pixels | None:
        values, valid = scene.read(tile.window, bands)
        if not valid[tile.core.relative_to(tile.window)].any():
            return None
        return _Pixels(as_input(values, valid), valid)

    counted, started = 0, time.monotonic()
    for number, (tile, pixels) in enumerate(ReadAhead(plan, read)):
        feedback.check()
        counted += _classify_tile(tile, pixels, part, runtime, writers)
        is_last_in_row = (
            number + 1 == len(plan) or plan[number + 1].core.row_off > tile.core.row_off
        )
        if is_last_in_row:
            writers.complete_rows(tile.core.row_stop - part.row_off)
        share = (number + 1) / len(plan)
        left = (time.monotonic() - started) * (1 / share - 1)
        feedback.progress(0.97 * share, f"Window {number + 1} of {len(plan)}, {left:.0f} s left")
    if counted == 0:
        raise DataError(
            "There is no valid pixel in the area: everything is nodata or masked.",
            "Check the nodata value, the mask and the extent.",
        )
    return counted


def _classify_tile(
    tile: Tile, pixels: _Pixels | None, part: Window, runtime: Runtime, writers: MapWriters
) -> int:
    core = tile.core.relative_to(tile.window)
    row, column = tile.core.row_off - part.row_off, tile.core.col_off - part.col_off
    if pixels is None:
        nothing = np.zeros((tile.core.height, tile.core.width), dtype=bool)
        writers.put(row, column, None, nothing)
        return 0
    found = runtime.run(pixels.raw)
    cut = Prediction(
        found.classes[core],
        None if found.confidence is None else found.confidence[core],
        None if found.probabilities is None else found.probabilities[(slice(None), *core)],
    )
    valid = pixels.valid[core]
    writers.put(row, column, cut, valid)
    return int(valid.sum())
