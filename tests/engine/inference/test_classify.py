"""What a classification reads, writes and refuses."""

import csv
import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from factories import ORIGIN, random_image, write_raster
from landscape import make_model_card, make_spec, untrained_network, write_untrained_model
from recorder import Recorder
from seamless import expect_whole, logits_of, read_map, run_classify

from lulc_engine.errors import Cancelled, DataError, LulcError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.inference.extent import parse_extent
from lulc_engine.inference.pipeline import ReadAhead
from lulc_engine.inference.runtimes.machine import Machine
from lulc_engine.models.build import network_tensors
from lulc_engine.models.model_file import write_model
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.grid import Grid, Window
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.rasters.scene import Scene

IDS = (1, 2, 3)


@pytest.fixture
def image():
    return random_image(3, 60, 70)


@pytest.fixture
def scene(tmp_path, image):
    return write_raster(tmp_path / "scene.tif", image)


def logged_run(scene, path, output):
    log = Recorder()
    given = {"image": str(scene), "model": str(path), "output": str(output), "threads": 1}
    classify(ClassifyOptions(**given), log)
    return log.lines


# --- outputs -------------------------------------------------------------------------------------


def test_all_outputs_agree(tmp_path, model, image):
    path, network = model
    image[:, 10:20, 10:30] = 0
    valid = (image != 0).all(axis=0)
    scene = write_raster(tmp_path / "scene.tif", image, nodata=0)
    files = {"confidence": "conf.tif", "probabilities": "prob.tif", "areas": "areas.csv"}
    result = run_classify(
        scene, path, tmp_path / "map.tif", **{k: str(tmp_path / v) for k, v in files.items()}
    )
    logits = logits_of(network, image, valid)
    found = read_map(tmp_path / "map.tif")
    expect_whole(found, logits, valid, IDS)
    share = torch.softmax(torch.from_numpy(logits), dim=0).numpy()
    with rasterio.open(tmp_path / "prob.tif") as dataset:
        written = dataset.read()
        assert dataset.descriptions == ("class 1", "class 2", "class 3")
        assert dataset.dtypes == ("float32",) * 3
    assert np.isnan(written[:, ~valid]).all()
    np.testing.assert_allclose(written[:, valid], share[:, valid], atol=1e-5)
    with rasterio.open(tmp_path / "conf.tif") as dataset:
        percent = dataset.read(1)
        assert (dataset.nodata, dataset.dtypes) == (255, ("uint8",))
    assert (percent[~valid] == 255).all()
    best = share.max(axis=0)[valid] * 100
    assert (abs(percent[valid] - best) <= 0.501).all()
    with open(tmp_path / "areas.csv", newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["id", "name", "pixels", "hectares", "share"]
    for row in rows[:3]:
        pixels = int((found == int(row["id"])).sum())
        assert int(row["pixels"]) == pixels
        assert float(row["hectares"]) == pytest.approx(pixels / 100, rel=1e-6)
        assert float(row["share"]) == pytest.approx(pixels / valid.sum(), abs=1e-6)
    assert result["pixels"] == valid.sum()
    assert result["nodata_share"] == pytest.approx(1 - valid.mean())
    assert [row["id"] for row in result["legend"]] == list(IDS)
    names = {"scene.tif", "map.tif", "map.qml", "map.tif.aux.xml", *files.values()}
    names |= {f"{Path(file).stem}.qml" for file in files.values() if file.endswith(".tif")}
    assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize(
    ("ids", "dtype", "nodata"),
    [
        ((1, 2, 254), "uint8", 0),
        ((0, 1, 2), "uint8", 255),
        ((1, 2, 255), "uint16", 0),
        ((0, 255, 3), "uint16", 65535),
        ((0, 255, 70000), "int32", -(2**31)),
        ((-3, 5, 70000), "int32", 0),
    ],
)
def test_maps_carry_the_users_ids(tmp_path, ids, dtype, nodata):
    path, network = write_untrained_model(tmp_path / "m.safetensors", make_spec(ids=ids))
    image = random_image(3, 60, 70)
    image[:, 30:40, 20:60] = 0
    valid = (image != 0).all(axis=0)
    scene = write_raster(tmp_path / "scene.tif", image, nodata=0)
    run_classify(scene, path, tmp_path / "map.tif")
    found = read_map(tmp_path / "map.tif")
    expect_whole(found, logits_of(network, image, valid), valid, ids, nodata)
    assert set(np.unique(found)) == {*ids, nodata}
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert (dataset.dtypes[0], dataset.nodata) == (dtype, nodata)
        assert [row["id"] for row in json.loads(dataset.tags()["LULC_LEGEND"])] == list(ids)
        assert len(dataset.tags()["LULC_MODEL_SHA256"]) == 64


def test_indices_are_computed_on_reflectance(tmp_path):
    roles = ("blue", "red", "nir")
    radiometry = Radiometry((1e-4,) * 3, (-0.1,) * 3, "tags", "as given")
    spec = make_spec(roles, indices=("ndvi", "evi"), radiometry=radiometry)
    torch.manual_seed(0)
    network = untrained_network(spec)
    network.input.set_statistics(torch.full((5,), 0.2), torch.full((5,), 0.2))
    write_model(
        tmp_path / "m.safetensors", network_tensors(network), make_model_card(spec, network)
    )
    image = np.random.default_rng(0).integers(1000, 6000, (3, 50, 60)).astype(np.uint16)
    scene = write_raster(tmp_path / "scene.tif", image, descriptions=roles)
    valid = np.ones((50, 60), bool)
    run_classify(
        scene, tmp_path / "m.safetensors", tmp_path / "map.tif", scale=2e-4, offset=-0.2
    )  # fmt: skip
    network.input.set_radiometry([2e-4] * 3, [-0.2] * 3)
    expect_whole(read_map(tmp_path / "map.tif"), logits_of(network, image, valid), valid, IDS)


def test_masks_are_nodata_in_the_map_and_unseen_by_the_network(tmp_path, model, image, scene):
    path, network = model
    mask = np.zeros(image.shape[1:], np.uint8)
    mask[20:30, :25], mask[40:, 50:] = 1, 7
    write_raster(tmp_path / "mask.tif", mask)
    run_classify(scene, path, tmp_path / "map.tif", mask=[str(tmp_path / "mask.tif")])
    logits = logits_of(network, image, mask == 0)
    expect_whole(read_map(tmp_path / "map.tif"), logits, mask == 0, IDS)
    options = {"mask": [str(tmp_path / "mask.tif")], "mask_values": ["7"]}
    run_classify(scene, path, tmp_path / "map.tif", **options)
    logits = logits_of(network, image, mask != 7)
    expect_whole(read_map(tmp_path / "map.tif"), logits, mask != 7, IDS)


def test_twice_the_same_map(tmp_path, model, scene):
    for name in ("a.tif", "b.tif"):
        run_classify(scene, model[0], tmp_path / name)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


# --- bands and radiometry ------------------------------------------------------------------------

ROLES = ("blue", "red", "nir")


@pytest.fixture(scope="module")
def roled(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    return write_untrained_model(path, make_spec(ROLES))


@pytest.fixture
def ordered(tmp_path, image, roled):
    scene = write_raster(tmp_path / "ordered.tif", image, descriptions=ROLES)
    run_classify(scene, roled[0], tmp_path / "ordered_map.tif")
    return read_map(tmp_path / "ordered_map.tif")


def test_bands_are_brought_into_the_models_order(tmp_path, roled, image, ordered):
    mixed = np.stack([image[2], image[0] * 0 + 50, image[0], image[1]])
    scene = write_raster(tmp_path / "mixed.tif", mixed, descriptions=("nir", "green", "B02", "red"))
    log = logged_run(scene, roled[0], tmp_path / "map.tif")
    assert "Bands were matched by role; the model reads bands 3, 4, 1." in log
    np.testing.assert_array_equal(read_map(tmp_path / "map.tif"), ordered)


def test_unknown_bands_are_taken_in_their_order_with_a_warning(tmp_path, roled, image, ordered):
    scene = write_raster(tmp_path / "plain.tif", image)
    log = logged_run(scene, roled[0], tmp_path / "map.tif")
    assert any("matched by their position" in line for line in log)
    np.testing.assert_array_equal(read_map(tmp_path / "map.tif"), ordered)


def test_bands_can_be_named_by_hand(tmp_path, roled, image, ordered):
    scene = write_raster(tmp_path / "plain.tif", image[[1, 2, 0]])
    run_classify(scene, roled[0], tmp_path / "map.tif", bands=["3,1,2"])
    np.testing.assert_array_equal(read_map(tmp_path / "map.tif"), ordered)
    run_classify(scene, roled[0], tmp_path / "map.tif", band_names=["red", "nir", "blue"])
    np.testing.assert_array_equal(read_map(tmp_path / "map.tif"), ordered)


def failing(tmp_path, *args, **options):
    """Return the error of a run that must leave nothing behind."""
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(LulcError) as caught:
        run_classify(*args, tmp_path / "map.tif", **options)
    assert {path.name for path in tmp_path.iterdir()} == before
    return caught.value


@pytest.mark.parametrize(
    ("bands", "descriptions"), [(2, ()), (4, ()), (3, ("blue", "red", "green"))]
)
def test_bands_that_do_not_fit(tmp_path, roled, bands, descriptions):
    image = random_image(bands, 20, 20)
    scene = write_raster(tmp_path / "s.tif", image, descriptions=descriptions)
    error = failing(tmp_path, scene, roled[0])
    assert (error.exit_code, error.code) == (3, "LULC-E33")
    assert "BANDS" in error.hint


def sentinel(tmp_path, trained_range, radiometry, values):
    spec = make_spec(ROLES, radiometry=radiometry, value_range=(trained_range,) * 3)
    path, _ = write_untrained_model(tmp_path / "m.safetensors", spec)
    image = np.random.default_rng(0).integers(*values, (3, 40, 40)).astype(np.uint16)
    return write_raster(tmp_path / "s.tif", image, descriptions=ROLES), path


SINCE_2022 = Radiometry((1e-4,) * 3, (-0.1,) * 3, "values", "judged")
BEFORE = Radiometry((1e-4,) * 3, (0.0,) * 3, "values", "judged")


@pytest.mark.parametrize(
    ("trained_range", "radiometry", "values", "message"),
    [
        ((1200.0, 4000.0), SINCE_2022, (100, 3000), "1000 added"),
        ((200.0, 3000.0), BEFORE, (1100, 4000), "1000 were added"),
        ((200.0, 3000.0), BEFORE, (1, 30), "not in the same unit"),
        ((0.02, 0.3), Radiometry((1.0,) * 3, (0.0,) * 3, "values", ""), (200, 3000), "same unit"),
    ],
)
def test_values_of_another_kind_are_refused(tmp_path, trained_range, radiometry, values, message):
    scene, path = sentinel(tmp_path, trained_range, radiometry, values)
    error = failing(tmp_path, scene, path)
    assert message in error.message
    assert error.exit_code == 3
    assert "SCALE and OFFSET" in error.hint
    run_classify(scene, path, tmp_path / "map.tif", scale=1e-4, offset=-0.1)  # the user knows


def test_other_pixel_sizes_are_said(tmp_path, model, image):
    scene = write_raster(tmp_path / "s.tif", image, transform=ORIGIN * ORIGIN.scale(0.05))
    log = logged_run(scene, model[0], tmp_path / "map.tif")
    assert any("pixels are 0.5 m, the model was trained on 10" in line for line in log)


# --- refusals ------------------------------------------------------------------------------------


def test_nothing_but_nodata(tmp_path, model):
    scene = write_raster(tmp_path / "s.tif", np.zeros((3, 30, 30), np.uint8), nodata=0)
    error = failing(tmp_path, scene, model[0])
    assert isinstance(error, DataError)
    assert "everything is nodata or masked" in error.message


def test_a_scene_that_ends_too_early(tmp_path, model):
    path = write_raster(tmp_path / "s.tif", random_image(3, 400, 400), blockysize=1)
    data = (tmp_path / "s.tif").read_bytes()
    (tmp_path / "s.tif").write_bytes(data[: len(data) // 2])
    error = failing(tmp_path, path, model[0])
    assert error.exit_code == 3
    assert "s.tif" in error.message


def test_an_output_that_is_an_input(tmp_path, model, scene):
    before = (tmp_path / "scene.tif").read_bytes()
    with pytest.raises(OptionsError, match="also an input"):
        run_classify(scene, model[0], scene)
    assert (tmp_path / "scene.tif").read_bytes() == before


def test_an_older_map_stays_when_a_run_fails(tmp_path, model):
    (tmp_path / "map.tif").write_bytes(b"older")
    scene = write_raster(tmp_path / "s.tif", np.zeros((3, 30, 30), np.uint8), nodata=0)
    failing(tmp_path, scene, model[0])
    assert (tmp_path / "map.tif").read_bytes() == b"older"


def test_cancelling_leaves_nothing(tmp_path, model):
    scene = write_raster(tmp_path / "s.tif", random_image(3, 200, 200))
    feedback = Feedback()

    def progress(fraction, text=""):
        if fraction and fraction > 0.3:
            feedback.cancel()

    feedback.progress = progress
    options = ClassifyOptions(
        image=scene, model=model[0], output=str(tmp_path / "map.tif"), tile_px=128, threads=1
    )
    with pytest.raises(Cancelled):
        classify(options, feedback)
    assert [path.name for path in tmp_path.iterdir()] == ["s.tif"]
    assert not any(thread.name.startswith("reader") for thread in threading.enumerate())


# --- extents -------------------------------------------------------------------------------------

GRID = Grid(rasterio.CRS.from_epsg(32632), ORIGIN, 100, 80)


def test_extents_cover_every_pixel_that_they_touch():
    left, top = 500_000, 5_200_000
    assert parse_extent("", GRID) == GRID.window
    whole = Window(2, 1, 3, 4)
    assert parse_extent(f"{left + 10},{left + 50},{top - 50},{top - 20}", GRID) == whole
    assert parse_extent(f"{left + 15},{left + 41},{top - 41},{top - 29}", GRID) == whole
    assert parse_extent(f"{left - 1e3},{left + 1e6},{top - 1e6},{top + 9}", GRID) == GRID.window
    assert parse_extent("-1e30,1e30,-1e30,1e30", GRID) == GRID.window


def test_extents_in_another_crs_are_transformed():
    found = parse_extent("9.001,9.004,46.949,46.951 [EPSG:4326]", GRID)
    centre = ORIGIN * (found.col_off + found.width / 2, found.row_off + found.height / 2)
    from rasterio.warp import transform

    (x,), (y,) = transform("EPSG:32632", "EPSG:4326", [centre[0]], [centre[1]])
    assert (x, y) == pytest.approx((9.0025, 46.95), abs=2e-4)


@pytest.mark.parametrize(
    "text", ["1,2,3", "a,b,c,d", "1,2,3,4 [EPSG:nonsense]", "5,1,2,3", "1,5,3,3", "nan,1,2,3", "["]
)
def test_texts_that_are_no_extents(text):
    with pytest.raises(OptionsError, match="--extent"):
        parse_extent(text, GRID)


@pytest.mark.parametrize("text", ["0,1,0,1", "0,1,0,1 [EPSG:4326]", "900,901,900,901 [EPSG:4326]"])
def test_extents_elsewhere(text):
    with pytest.raises(DataError, match="does not overlap"):
        parse_extent(text, GRID)


# --- reading ahead -------------------------------------------------------------------------------


def test_reading_ahead_keeps_the_order_and_the_bound():
    started, done = [], []

    def read(job):
        started.append(job)
        return job * 2

    with ReadAhead(range(30), read, depth=3) as reads:
        for job, result in reads:
            assert result == job * 2
            done.append(job)
            assert len(started) - len(done) <= 5, "read too far ahead"
    assert done == list(range(30))


def test_several_readers_work_at_once_and_in_order():
    together = threading.Barrier(3, timeout=30)  # broken unless three are read at once

    def read(job):
        if job < 6:
            together.wait()
        return job * 2

    with ReadAhead(range(30), read, threads=3) as reads:
        found = list(reads)
    assert found == [(job, job * 2) for job in range(30)]


def test_every_reader_has_a_handle_of_its_own(tmp_path, monkeypatch):
    path, _ = write_untrained_model(tmp_path / "m.safetensors")
    scene = write_raster(tmp_path / "s.tif", random_image(3, 300, 200))
    opened, again = [], Scene.opened_again

    def noted(self):
        opened.append(again(self))
        return opened[-1]

    monkeypatch.setattr(Scene, "opened_again", noted)
    maps = []
    for readers in (1, 3):
        monkeypatch.setattr(Machine, "readers", readers)
        run_classify(scene, path, tmp_path / "map.tif", tile_px=64)
        maps.append(read_map(tmp_path / "map.tif"))
        assert 1 <= len(opened) <= readers
        assert all(one._source.closed for one in opened)
        opened.clear()
    np.testing.assert_array_equal(*maps)


def test_an_error_of_the_reader_reaches_the_consumer():
    def read(job):
        if job == 2:
            raise DataError("damaged")
        return job

    with ReadAhead(range(5), read) as results:
        assert [next(results), next(results)] == [(0, 0), (1, 1)]
        with pytest.raises(DataError, match="damaged"):
            next(results)


def test_the_reader_stops_with_the_consumer():
    read = []
    with ReadAhead(iter(range(10**9)), read.append, depth=2) as reads:
        for job, _ in reads:
            if job == 3:
                break
    assert len(read) < 10
    assert not any(thread.name.startswith("reader") for thread in threading.enumerate())


def test_no_read_is_under_way_when_an_error_leaves_the_block():
    """What is read from is closed next, while the error still holds on to its frames."""
    under_way = []

    def read(job):
        under_way.append(job)
        time.sleep(0.05)
        under_way.remove(job)

    def consume():
        with ReadAhead(range(99), read, threads=3) as reads:
            for _ in reads:
                raise Cancelled

    with pytest.raises(Cancelled) as caught:
        consume()
    assert caught.value.__traceback__ is not None
    assert under_way == []
