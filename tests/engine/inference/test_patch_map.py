"""Maps of patch classifiers are what a loop over single patches gives."""

import numpy as np
import pytest
import rasterio
import torch
from affine import Affine
from factories import ORIGIN, random_image, write_raster
from hypothesis import given
from hypothesis import strategies as st
from landscape import write_untrained_model
from patch_models import loop_logits, make_patch_spec, write_patch_model
from seamless import expect_whole, read_map, run_classify, softmax

from lulc_engine.errors import Cancelled, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.averaging import spread
from lulc_engine.inference.classify import classify
from lulc_engine.inference.lattice import Lattice, centred, covering, tiled
from lulc_engine.inference.patch_runtimes import DENSE_ARCHITECTURES
from lulc_engine.models.every_window import folded
from lulc_engine.options import PATCH_CLASSIFIERS, ClassifyOptions
from lulc_engine.rasters.grid import Window

pytestmark = pytest.mark.usefixtures("flat")

IDS = (1, 2, 3)


def scene_with_holes(path, height, width, seed=0):
    """Write a scene; return its values and which are valid."""
    image = random_image(3, height, width, seed=seed)
    rng = np.random.default_rng(seed)
    image[1, rng.random((height, width)) < 0.05] = 0
    image[:, height // 2 : height // 2 + 9, : width // 3] = 0
    write_raster(path, image, nodata=0)
    return image, (image != 0).all(axis=0)


def probabilities(path):
    with rasterio.open(path) as dataset:
        return dataset.read()


# --- small windows: a label per pixel ------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "size"),
    [
        ("pixelnet", 1), ("pixelnet", 2), ("pixelnet", 5), ("pixelnet", 8),
        ("dcnn5", 4), ("dcnn5", 5), ("dcnn5", 7), ("flat", 4), ("flat", 5), ("flat", 15),
    ],
)  # fmt: skip
@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_every_pixel_is_classified_as_its_patch(tmp_path, architecture, size, runtime):
    spec = make_patch_spec(architecture, size)
    path, network = write_patch_model(tmp_path / "m.safetensors", spec)
    image, valid = scene_with_holes(tmp_path / "s.tif", 53, 61)
    result = run_classify(
        tmp_path / "s.tif", path, tmp_path / "map.tif", tile_px=23, runtime=runtime,
        probabilities=str(tmp_path / "p.tif"), confidence=str(tmp_path / "c.tif"),
    )  # fmt: skip
    rows, columns = (np.arange(length) - size // 2 for length in valid.shape)
    logits = loop_logits(network, image, valid, size, rows, columns)
    found = read_map(tmp_path / "map.tif")
    assert expect_whole(found, logits, valid, IDS) > 0.99
    assert set(np.unique(found)) == {0, *IDS}
    shares = probabilities(tmp_path / "p.tif")
    np.testing.assert_allclose(shares[:, valid], softmax(logits)[:, valid], atol=1e-5)
    assert np.isnan(shares[:, ~valid]).all()
    percent = read_map(tmp_path / "c.tif")
    assert abs(percent[valid] - 100 * shares.max(axis=0)[valid]).max() <= 0.501
    assert result["pixels"] == valid.sum()
    assert result["multilabel"] is False


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 40), (140, 131)])
def test_any_size_of_scene(tmp_path, shape, runtime):
    path, network = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("pixelnet", 5))
    image = random_image(3, *shape)
    write_raster(tmp_path / "s.tif", image)
    run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif", runtime=runtime)
    valid = np.ones(shape, bool)
    rows, columns = (np.arange(length) - 2 for length in shape)
    logits = loop_logits(network, image, valid, 5, rows, columns)
    expect_whole(read_map(tmp_path / "map.tif"), logits, valid, IDS)


def test_channels_are_made_in_the_network(tmp_path):
    """Logarithms, ratios and indices of the whole image equal those of the patches."""
    roles = ("green", "red", "nir")
    spec = make_patch_spec("pixelnet", 3, roles, indices=("ndvi", "ndwi"), transform="log_ratio")
    path, network = write_patch_model(tmp_path / "m.safetensors", spec, mean=1.0, spread=2.0)
    image, valid = scene_with_holes(tmp_path / "s.tif", 40, 30)
    run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif")
    rows, columns = (np.arange(length) - 1 for length in valid.shape)
    logits = loop_logits(network, image, valid, 3, rows, columns)
    assert expect_whole(read_map(tmp_path / "map.tif"), logits, valid, IDS) > 0.99


def test_networks_known_to_be_dense_are_those_that_are(tmp_path):
    dense = set()
    for architecture in PATCH_CLASSIFIERS:
        _, network = write_patch_model(
            tmp_path / "m.safetensors", make_patch_spec(architecture, 16)
            if architecture in ("spectralnet", "flat") else make_patch_spec(architecture, 5),
        )  # fmt: skip
        dense |= {architecture} if network.is_dense else set()
    assert dense == set(DENSE_ARCHITECTURES)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime"])
def test_windows_of_a_large_network_are_prepared_where_asked_for(tmp_path, runtime):
    spec = make_patch_spec("spectralnet", 32)
    path, _ = write_patch_model(tmp_path / "m.safetensors", spec)
    scene_with_holes(tmp_path / "s.tif", 90, 100)
    for name in (runtime, "torch"):
        run_classify(
            tmp_path / "s.tif", path, tmp_path / f"{name}.tif", runtime=name, stride=8,
            probabilities=str(tmp_path / f"{name}_p.tif"),
        )  # fmt: skip
    ours, theirs = (probabilities(tmp_path / f"{name}_p.tif") for name in (runtime, "torch"))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)  # logits here are large
    assert (np.nanmax(theirs, axis=(1, 2)) > 0.5).sum() > 1


def test_folding_changes_nothing_but_the_form(tmp_path):
    spec = make_patch_spec("pixelnet", 5)
    _, network = write_patch_model(tmp_path / "m.safetensors", spec)
    dense = network.body.dense().eval()
    image = torch.randn(1, 3, 12, 14)
    with torch.inference_mode():
        before, after = dense(image), folded(dense)(image)
        torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(dense(image), before, atol=0, rtol=0)
    kinds = {type(module).__name__ for module in folded(dense).modules()}
    assert not kinds & {"BatchNorm2d", "Dropout"}


# --- a pixel per step ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("architecture", "size", "stride"),
    [("pixelnet", 5, 2), ("pixelnet", 5, 3), ("flat", 5, 1), ("flat", 4, 4), ("flat", 3, 7)],
)
@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_small_windows_at_steps(tmp_path, architecture, size, stride, runtime):
    path, network = write_patch_model(
        tmp_path / "m.safetensors", make_patch_spec(architecture, size)
    )
    image, valid = scene_with_holes(tmp_path / "s.tif", 47, 52)
    run_classify(
        tmp_path / "s.tif", path, tmp_path / "map.tif", stride=stride, tile_px=20, runtime=runtime
    )
    rows, columns = (middles_of(length, stride) for length in valid.shape)
    logits = loop_logits(network, image, valid, size, rows - size // 2, columns - size // 2)
    centres = valid[np.ix_(rows, columns)]
    expect_whole(read_map(tmp_path / "map.tif"), logits, centres, IDS)
    with rasterio.open(tmp_path / "map.tif") as found:
        for row, column in ((0, 0), (3, 5)):
            half = 0.5 if stride % 2 else 0  # of an even number of pixels, none is in the middle
            middle = ORIGIN * (columns[column] + half, rows[row] + half)
            assert found.xy(row, column) == pytest.approx(middle)
        assert found.res == (10 * stride, 10 * stride)
        expect_cover(found, tmp_path / "s.tif")


def middles_of(length, stride):
    """Return the middle pixels of as many cells as cover a side, hanging over both edges alike."""
    count = -(-length // stride)
    beyond = count * stride - length
    return stride * np.arange(count) + stride // 2 - (beyond + 1) // 2


def expect_cover(found, scene):
    """Expect that an open map reaches as far as its scene to all sides, and less than a cell on."""
    with rasterio.open(scene) as dataset:
        bounds = dataset.bounds
    sides = [bounds.left - found.bounds.left, bounds.bottom - found.bounds.bottom]
    sides += [found.bounds.right - bounds.right, found.bounds.top - bounds.top]
    assert all(-1e-6 <= side < found.res[0] for side in sides)


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
@pytest.mark.parametrize("stride", [None, 7, 16, 20, 37])
def test_patches_give_a_pixel_per_step(tmp_path, stride, runtime):
    """Cells cover the scene; windows that reach over its edges see it mirrored."""
    size, step = 16, stride or 16
    path, network = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("flat", size))
    image = random_image(3, 70, 90)
    image[:, 30:70, :40] = 0
    write_raster(tmp_path / "s.tif", image, nodata=0)
    valid = (image != 0).all(axis=0)
    run_classify(
        tmp_path / "s.tif", path, tmp_path / "map.tif", stride=stride, tile_px=30, runtime=runtime
    )
    with rasterio.open(tmp_path / "map.tif") as found:
        assert found.shape == (-(-70 // step), -(-90 // step))
        assert found.res == (10 * step, 10 * step)
        expect_cover(found, tmp_path / "s.tif")
        corner = ~ORIGIN * (found.transform.c, found.transform.f)
    rows, columns = (
        (np.arange(count) * step + round(first) + (step - size) // 2)
        for count, first in zip(found.shape, corner[::-1], strict=True)
    )
    seen = np.pad(valid, size, mode="symmetric")
    some = np.array(
        [[seen[r : r + size, c : c + size].any() for c in columns + size] for r in rows + size]
    )
    assert some.any()
    assert step > size or not some.all()
    logits = loop_logits(network, image, valid, size, rows, columns, mirrored=True)
    expect_whole(read_map(tmp_path / "map.tif"), logits, some, IDS)


def test_a_patch_that_is_larger_than_the_scene(tmp_path):
    path, network = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("flat", 32))
    image = random_image(3, 20, 25)
    write_raster(tmp_path / "s.tif", image)
    run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif")
    logits = loop_logits(network, image, np.ones((20, 25), bool), 32, [0], [0], mirrored=True)
    assert read_map(tmp_path / "map.tif").tolist() == [[IDS[logits.argmax()]]]


# --- overlapping windows averaged ----------------------------------------------------------------


def averaged(shares, known, size, step, shape):
    """Return the mean (K, H, W) of the shares of all windows that see a pixel, and how many do."""
    total, count = np.zeros((len(shares), *shape)), np.zeros(shape)
    for row, column in np.argwhere(known):
        place = np.s_[row * step : row * step + size, column * step : column * step + size]
        total[(slice(None), *place)] += shares[:, row, column, None, None]
        count[place] += 1
    return total / np.maximum(count, 1), count


@pytest.mark.parametrize(
    ("architecture", "size", "stride"),
    [("flat", 16, None), ("flat", 16, 5), ("flat", 16, 16), ("pixelnet", 5, None)],
)
@pytest.mark.parametrize("runtime", ["openvino", "torch"])
def test_pixels_get_the_mean_of_all_windows_that_see_them(
    tmp_path, architecture, size, stride, runtime
):
    path, network = write_patch_model(
        tmp_path / "m.safetensors", make_patch_spec(architecture, size)
    )
    image = random_image(3, 61, 74)
    image[:, 20:55, :37] = 0
    write_raster(tmp_path / "s.tif", image, nodata=0)
    valid = (image != 0).all(axis=0)
    run_classify(
        tmp_path / "s.tif", path, tmp_path / "map.tif", per_pixel=True, stride=stride, tile_px=20,
        runtime=runtime, probabilities=str(tmp_path / "p.tif"), confidence=str(tmp_path / "c.tif"),
    )  # fmt: skip
    step = stride or (1 if size <= 15 else size // 2)
    counts = [-(-max(length - size, 0) // step) + 1 for length in valid.shape]
    rows, columns = (np.arange(count) * step for count in counts)
    known = np.array([[valid[r : r + size, c : c + size].any() for c in columns] for r in rows])
    shares = softmax(loop_logits(network, image, valid, size, rows, columns, mirrored=True))
    mean, count = averaged(shares, known, size, step, (max(rows) + size, max(columns) + size))
    mean, count = mean[:, :61, :74], count[:61, :74]
    assert (count[valid] > 0).all()
    written = probabilities(tmp_path / "p.tif")
    np.testing.assert_allclose(written[:, valid], mean[:, valid], atol=1e-5)
    assert np.isnan(written[:, ~valid]).all()
    found, best = read_map(tmp_path / "map.tif"), np.sort(mean, axis=0)
    decided = valid & (best[-1] - best[-2] > 1e-5)
    np.testing.assert_array_equal(found[decided], np.array(IDS)[mean.argmax(axis=0)][decided])
    assert ((found != 0) == valid).all()
    percent = read_map(tmp_path / "c.tif")
    assert abs(percent[valid] - 100 * mean.max(axis=0)[valid]).max() <= 0.501
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert dataset.transform == ORIGIN


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99)
)  # fmt: skip
def test_spreading_adds_what_each_window_says(height, width, size, step, seed):
    values = np.random.default_rng(seed).integers(0, 9, (height, width)).astype(float)
    expected = np.zeros(((height - 1) * step + size, (width - 1) * step + size))
    for (row, column), value in np.ndenumerate(values):
        expected[row * step : row * step + size, column * step : column * step + size] += value
    np.testing.assert_array_equal(spread(values, size, step), expected)


# --- parts of a scene ----------------------------------------------------------------------------


def extent_of(rows, columns):
    (west, north), (east, south) = ORIGIN * (columns[0], rows[0]), ORIGIN * (columns[1], rows[1])
    return f"{west},{east},{south},{north} [EPSG:32632]"


@pytest.mark.parametrize(
    ("architecture", "size", "options"),
    [
        ("pixelnet", 5, {}),
        ("flat", 16, {"stride": 6}),
        ("flat", 16, {"per_pixel": True, "stride": 6}),
    ],
)
def test_a_part_is_cut_from_the_whole(tmp_path, architecture, size, options):
    path, _ = write_patch_model(tmp_path / "m.safetensors", make_patch_spec(architecture, size))
    scene_with_holes(tmp_path / "s.tif", 80, 90)
    run_classify(tmp_path / "s.tif", path, tmp_path / "whole.tif", **options)
    run_classify(
        tmp_path / "s.tif", path, tmp_path / "part.tif", tile_px=17,
        extent=extent_of((31, 58), (22, 71)), **options,
    )  # fmt: skip
    with (
        rasterio.open(tmp_path / "whole.tif") as whole,
        rasterio.open(tmp_path / "part.tif") as part,
    ):
        offset = ~whole.transform * part.transform
        column, row = round(offset.c), round(offset.f)
        assert (offset.c, offset.f) == pytest.approx((column, row))
        found, expected = part.read(1), whole.read(1)
        bounds = part.bounds
    height, width = found.shape
    assert (found == expected[row : row + height, column : column + width]).mean() > 0.999
    left, top = ORIGIN * (22, 31)
    right, bottom = ORIGIN * (71, 58)
    assert bounds.left <= left < right <= bounds.right
    assert bounds.bottom <= bottom < top <= bounds.top
    assert bounds.right - bounds.left <= right - left + 120


# --- several classes per patch -------------------------------------------------------------------


@pytest.mark.parametrize("runtime", ["openvino", "torch"])
@pytest.mark.parametrize("options", [{}, {"stride": 3}, {"per_pixel": True}])
def test_several_classes_per_patch_give_a_band_of_probabilities_each(tmp_path, options, runtime):
    spec = make_patch_spec("flat", 5, multilabel=True)
    path, network = write_patch_model(tmp_path / "m.safetensors", spec)
    image, valid = scene_with_holes(tmp_path / "s.tif", 30, 33)
    result = run_classify(
        tmp_path / "s.tif", path, tmp_path / "map.tif", probabilities=str(tmp_path / "p.tif"),
        runtime=runtime, **options,
    )  # fmt: skip
    assert result["multilabel"] is True
    with rasterio.open(tmp_path / "map.tif") as dataset:
        shares = dataset.read()
        assert dataset.descriptions == ("class 1", "class 2", "class 3")
        assert dataset.dtypes == ("float32",) * 3
        assert np.isnan(dataset.nodata)
        assert len(dataset.tags()["LULC_MODEL_SHA256"]) == 64
    np.testing.assert_array_equal(shares, probabilities(tmp_path / "p.tif"))
    assert "singlebandpseudocolor" in (tmp_path / "map.qml").read_text(encoding="utf-8")
    assert not (tmp_path / "map.tif.aux.xml").exists()
    if not options:
        rows, columns = (np.arange(length) - 2 for length in valid.shape)
        logits = torch.from_numpy(loop_logits(network, image, valid, 5, rows, columns))
        expected = torch.sigmoid(logits).numpy()
        np.testing.assert_allclose(shares[:, valid], expected[:, valid], atol=1e-5)
        assert np.isnan(shares[:, ~valid]).all()
        assert (np.nansum(shares, axis=0)[valid] > 1.01).any()


@pytest.mark.parametrize("name", ["confidence", "areas"])
def test_without_a_winning_class_there_is_no_confidence_and_no_area(tmp_path, name):
    spec = make_patch_spec("flat", 5, multilabel=True)
    path, _ = write_patch_model(tmp_path / "m.safetensors", spec)
    write_raster(tmp_path / "s.tif", random_image(3, 20, 20))
    output = str(tmp_path / ("c.tif" if name == "confidence" else "a.csv"))
    with pytest.raises(OptionsError, match="no winning class") as caught:
        run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif", **{name: output})
    assert caught.value.exit_code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "s.tif"}


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"stride": 4}, {"per_pixel": True}])
def test_segmenters_have_no_steps(tmp_path, options):
    path, _ = write_untrained_model(tmp_path / "m.safetensors")
    write_raster(tmp_path / "s.tif", random_image(3, 20, 20))
    with pytest.raises(OptionsError, match="for patch classifiers"):
        run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif", **options)


def test_no_pixel_may_lie_between_averaged_windows(tmp_path):
    path, _ = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("flat", 16))
    write_raster(tmp_path / "s.tif", random_image(3, 60, 60))
    with pytest.raises(OptionsError, match="at most the window's side of 16"):
        run_classify(tmp_path / "s.tif", path, tmp_path / "map.tif", per_pixel=True, stride=17)


def test_cancelling_does_not_wait_for_a_whole_job(tmp_path):
    path, _ = write_patch_model(tmp_path / "m.safetensors", make_patch_spec("flat", 5))
    scene = write_raster(tmp_path / "s.tif", random_image(3, 300, 300))
    feedback = Feedback()
    checks = []

    def check():
        checks.append(1)
        if len(checks) > 5:
            raise Cancelled

    feedback.check = check
    options = ClassifyOptions(image=scene, model=path, output=str(tmp_path / "m.tif"), threads=1)
    with pytest.raises(Cancelled):
        classify(options, feedback)
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "s.tif"}


# --- lattices ------------------------------------------------------------------------------------

lengths, sizes, steps = st.integers(1, 300), st.integers(1, 40), st.integers(1, 60)


@given(lengths, sizes, steps)
def test_windows_from_the_edge_on_see_all_pixels_and_none_in_vain(length, size, step):
    found = covering(length, size, step)
    starts = [found.start(i) for i in range(found.count)]
    assert starts[0] == 0
    assert all(start < length for start in starts)
    assert starts[-1] + max(size, step) >= length
    if found.count > 1:  # without the last one, something would be left out
        assert starts[-2] + max(size, step) < length
    assert found.origin + step / 2 == size / 2


@given(lengths, sizes, steps)
def test_windows_around_pixels_have_their_pixel_in_the_scene(length, size, step):
    found = centred(length, size, step)
    middles = [found.start(i) + size // 2 for i in range(found.count)]
    assert 0 <= middles[0] < step
    assert middles[-1] < length
    assert found.origin + step // 2 == middles[0]
    assert -step < found.origin <= 0
    assert length <= found.origin + found.count * step < length + step
    if length % step == 0:
        assert found.origin == 0
    if step == 1:
        assert middles == list(range(length))


@given(lengths, sizes, steps)
def test_cells_of_larger_windows_cover_the_scene_and_see_some_of_it(length, size, step):
    found = tiled(length, size, step)
    starts = [found.start(i) for i in range(found.count)]
    assert all(-size < start < length for start in starts)
    assert found.origin <= 0
    assert found.count == -(-length // step)
    assert found.origin + found.count * step >= length
    cell_middle, window_middle = found.origin + step / 2, starts[0] + size / 2
    assert 0 <= window_middle - cell_middle + 0.5 <= 1
    if step == size:
        assert starts[0] == 0


@given(lengths, sizes, steps, st.booleans(), st.data())
def test_cells_of_a_part(length, size, step, by_centre, data):
    lattice = Lattice.of(
        Window(0, 0, length, length), size, step, by_centre, data.draw(st.booleans())
    )
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    part = Window(start, start, stop - start, stop - start)
    cells, seen = lattice.cells_in(part), lattice.windows_on(part)
    every = range(lattice.rows.count)
    touching = [
        i for i in every
        if lattice.rows.origin + i * step < stop and lattice.rows.origin + (i + 1) * step > start
    ]  # fmt: skip
    seeing = [
        i for i in every if lattice.rows.start(i) < stop and lattice.rows.start(i) + size > start
    ]
    if touching:
        assert list(range(cells.row_off, cells.row_stop)) == touching
    if seeing:
        assert list(range(seen.row_off, seen.row_stop)) == seeing
    assert 0 <= cells.row_off < cells.row_stop <= lattice.rows.count
    assert cells.height == cells.width


@given(st.integers(1, 60), st.integers(1, 60), sizes, steps, st.booleans(), st.integers(1, 90))
def test_jobs_cover_all_cells_once(height, width, size, step, by_centre, side):
    lattice = Lattice.of(Window(0, 0, height, width), size, step, by_centre)
    cells = Window(0, 0, lattice.rows.count, lattice.columns.count)
    plan = lattice.plan(cells, side)
    times = np.zeros((plan.height, plan.width), int)
    for job in plan.jobs:
        times[job.place.relative_to(cells)] += 1
        valid = np.ones((job.window.height, job.window.width), bool)
        known = plan.known(job, valid)
        assert known.shape == (job.place.height, job.place.width)
        assert known.all()
        assert job.window.row_off == lattice.rows.start(job.place.row_off)
    assert (times == 1).all()
    rows = [job.place.row_off for job in plan.jobs]
    assert rows == sorted(rows)


def test_grids_keep_the_scenes_transform_where_steps_are_pixels():
    lattice = Lattice.of(Window(0, 0, 50, 60), 5, 1, True)
    from lulc_engine.rasters.grid import Grid

    scene = Grid(rasterio.CRS.from_epsg(32632), ORIGIN * Affine.rotation(30), 60, 50)
    grid = lattice.grid(scene, Window(0, 0, 50, 60))
    assert (grid.transform, grid.width, grid.height) == (scene.transform, 60, 50)
