"""Chips and the roles of their labels."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from factories import ORIGIN, pixel_box, pixel_point, random_image, write_raster
from rasterio.env import getenv
from recorder import Recorder

from lulc_engine.errors import BandError, Cancelled, EnvironmentFailure, LabelError, OptionsError
from lulc_engine.feedback import Feedback
from lulc_engine.options import SceneOptions
from lulc_engine.rasters.files import CACHE_BYTES, gdal_settings
from lulc_engine.rasters.grid import Window
from lulc_engine.samples.chips import ChipStore, as_input, labelled_pixels, only_core
from lulc_engine.samples.dataset import DatasetBuilder, SplitOptions
from lulc_engine.samples.label_files import open_source
from lulc_engine.samples.scenes import open_scenes
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION
from lulc_engine.samples.unit_table import UnitTable

HALO, STRIDE, CHIP = 8, 8, 48
SIZE = (100, 130)


@pytest.fixture
def write_scene(write_raster):
    """Return a function that writes a scene that has nodata in its first rows."""

    def write(name="scene.tif", **options):
        image = random_image(2, *SIZE)
        image[:, :5] = 0
        return write_raster(name, image, nodata=0, **options)

    return write


def build(scenes, labels, test="", store=None, field="class", share=0.3, test_share=0.0, seed=0,
          **scene_options):  # fmt: skip
    opened = open_scenes(scenes, SceneOptions(**scene_options), Feedback())
    test_source = open_source(test, field) if test else None
    builder = DatasetBuilder(
        opened, open_source(labels, field), test_source, HALO, STRIDE, store or ChipStore(), CHIP
    )
    return builder.build(SplitOptions(share, test_share, seed), Feedback())


def fields(rows=3, columns=6, side=9):
    """Return polygons of three classes in a lattice; some lie on nodata in part."""
    return [
        (pixel_box(2 + 30 * r, 3 + 21 * c, side, side), {"class": "abc"[(r + c) % 3]})
        for r in range(rows)
        for c in range(columns)
    ]


def truth_of(features, shape=SIZE):
    """Return class indices (H, W) of boxes, and the number of the box; -1 outside."""
    classes, numbers = np.full(shape, -1), np.full(shape, -1)
    for number, (geometry, values) in enumerate(features):
        xs, ys = zip(*geometry["coordinates"][0], strict=True)
        left, top = ~ORIGIN * (min(xs), max(ys))
        right, bottom = ~ORIGIN * (max(xs), min(ys))
        place = (slice(round(top), round(bottom)), slice(round(left), round(right)))
        classes[place], numbers[place] = "abc".index(values["class"]), number
    return classes, numbers


def test_labels_that_are_not_used_are_counted(write_scene, write_vector):
    """Rows 0 to 4 are nodata, the scene has 100 rows of 130 pixels."""
    boxes = [(10, 10, 9), (40, 60, 9), (2, 40, 5), (95, 20, 10), (95, 60, 10), (200, 3, 9)]
    labels = write_vector(
        "l.geojson",
        [(pixel_box(r, c, n, n), {"class": "ab"[i % 2]}) for i, (r, c, n) in enumerate(boxes)],
    )
    notes = " ".join(build([write_scene()], labels).notes)
    assert "1 of 6 polygons of l.geojson lie outside of the scene and were not used" in notes
    assert "2 polygons of l.geojson reach over the edge of the scene; about 100 of" in notes
    assert "15 labelled pixels have no valid value (nodata or mask) and were not used" in notes


def laid_out(dataset, role, shape=SIZE):
    """Return labels (H, W) of a role put together again from the cores, and how often each."""
    found, times = np.full(shape, -1), np.zeros(shape, int)
    for chip in dataset.chips:
        labels = only_core(chip, chip.labels) if role == TRAINING else chip.held_out.get(role)
        if labels is None:
            continue
        top, left = place_of(chip, shape)
        for row, column in np.argwhere(labels >= 0):
            found[top + row, left + column] = labels[row, column]
            times[top + row, left + column] += 1
    return found, times


def place_of(chip, shape):
    """Return where a chip was cut, found by its pixels: the image is random."""
    image = random_image(2, *SIZE)
    image[:, :5] = 0
    height, width = chip.labels.shape
    for row in range(0, shape[0], STRIDE):
        for column in range(0, shape[1], STRIDE):
            part = np.zeros_like(chip.image)
            cut = image[:, row : row + height, column : column + width]
            part[:, : cut.shape[1], : cut.shape[2]] = cut
            if np.array_equal(part, chip.image):
                return row, column
    raise AssertionError("a chip that is no window of the scene")


def test_every_labelled_valid_pixel_is_in_one_core_and_in_one_role(write_scene, write_vector):
    features = fields()
    dataset = build([write_scene()], write_vector("l.geojson", features), test_share=0.2)
    assert len(dataset.chips) > 4
    truth, _ = truth_of(features)
    truth[:5] = -1
    total = np.zeros(SIZE, int)
    everything = np.full(SIZE, -1)
    for role in (TRAINING, VALIDATION, TEST):
        found, times = laid_out(dataset, role)
        assert times.max() == 1
        total += times
        everything = np.maximum(everything, found)
        np.testing.assert_array_equal(
            dataset.count(role, 3), np.bincount(found[found >= 0], minlength=3)
        )
        np.testing.assert_array_equal(dataset.count(role, 3), dataset.split.pixels(role))
    np.testing.assert_array_equal(total, truth >= 0)
    np.testing.assert_array_equal(everything, truth)
    assert dataset.legend.names == ("a", "b", "c")
    assert dataset.pixel_m == (10, 10)


def test_polygons_stay_whole(write_scene, write_vector):
    features = fields()
    dataset = build([write_scene()], write_vector("l.geojson", features), test_share=0.2)
    _, numbers = truth_of(features)
    sides = {}
    for role in (TRAINING, VALIDATION, TEST):
        found, _ = laid_out(dataset, role)
        for number in np.unique(numbers[found >= 0]):
            assert sides.setdefault(number, role) == role
    assert len(sides) == len(features)
    assert set(sides.values()) == {TRAINING, VALIDATION, TEST}


def test_the_halo_shows_no_held_out_label(write_scene, write_vector):
    """What is trained on around a core is of training polygons only, so that nothing leaks."""
    features = fields()
    dataset = build([write_scene()], write_vector("l.geojson", features), test_share=0.2)
    trained, _ = laid_out(dataset, TRAINING)
    seen = 0
    for chip in dataset.chips:
        top, left = place_of(chip, SIZE)
        for row, column in np.argwhere(chip.labels >= 0):
            assert trained[top + row, left + column] == chip.labels[row, column]
            seen += 1
    assert seen > (trained >= 0).sum(), "halos overlap, so some are there more than once"


def test_points_are_divided_by_blocks(write_scene, write_vector):
    rng = np.random.default_rng(0)
    features = [
        (pixel_point(int(rng.integers(100)), int(rng.integers(130))), {"class": "ab"[i % 2]})
        for i in range(300)
    ]
    dataset = build([write_scene()], write_vector("l.geojson", features))
    assert (dataset.label_kind, dataset.split.kind) == ("points", "block")
    side = dataset.split.block_px
    blocks = {}
    for role in (TRAINING, VALIDATION):
        found, _ = laid_out(dataset, role)
        for row, column in np.argwhere(found >= 0):
            assert blocks.setdefault((row // side, column // side), role) == role
    assert set(blocks.values()) == {TRAINING, VALIDATION}


def test_a_label_raster_is_divided_by_blocks(write_scene, write_raster):
    rng = np.random.default_rng(0)
    labels = np.kron(rng.choice([0, 3, 300], (13, 17)), np.ones((8, 8)))[:100, :130]
    path = write_raster("l.tif", labels.astype("uint16"))
    dataset = build([write_scene()], path)
    assert dataset.legend.ids == (3, 300)
    assert dataset.split.kind == "block"
    expected = np.array([-1, 0, 1])[np.searchsorted([0, 3, 300], labels)]
    expected[:5] = -1
    both = np.maximum(laid_out(dataset, TRAINING)[0], laid_out(dataset, VALIDATION)[0])
    np.testing.assert_array_equal(both, expected)


def test_test_labels_are_taken_out_of_training(write_scene, write_vector):
    features = fields()
    held = [
        (pixel_box(30, 20, 12, 40), {"class": "a"}),
        (pixel_box(60, 90, 12, 30), {"class": "b"}),
        (pixel_box(90, 100, 6, 9), {"class": "new"}),
        (pixel_box(90, 20, 6, 9), {"class": "c"}),
    ]
    dataset = build([write_scene()], write_vector("l.geojson", features),
                    write_vector("t.geojson", held), test_share=0.2)  # fmt: skip
    assert dataset.has_own_test
    assert dataset.test_legend.names == ("a", "b", "c", "new")
    under = np.full(SIZE, -1)
    under[30:42, 20:60], under[60:72, 90:120], under[90:96, 100:109] = 0, 1, 3
    under[90:96, 20:29] = 2
    found, times = laid_out(dataset, TEST)
    np.testing.assert_array_equal(found, under)
    assert times.max() == 1
    truth, _ = truth_of(features)
    truth[:5] = -1
    kept = np.full(SIZE, -1)
    for role in (TRAINING, VALIDATION):
        labels, _ = laid_out(dataset, role)
        assert not (labels[under >= 0] >= 0).any()
        kept = np.maximum(kept, labels)
    np.testing.assert_array_equal(kept, np.where(under >= 0, -1, truth))
    removed = ((truth >= 0) & (under >= 0)).sum()
    assert removed > 0
    assert any(f"{removed} pixels of the training labels" in note for note in dataset.notes)
    for chip in dataset.chips:
        top, left = place_of(chip, SIZE)
        for row, column in np.argwhere(chip.labels >= 0):
            assert under[top + row, left + column] == -1


def test_two_scenes_of_one_place_share_the_split(write_scene, write_vector):
    """A polygon seen in two dates is on one side in both."""
    features = fields()
    path = write_vector("l.geojson", features)
    dataset = build([write_scene("a.tif"), write_scene("b.tif")], path)
    alone = build([write_scene("a.tif")], path)
    for role in (TRAINING, VALIDATION):
        np.testing.assert_array_equal(dataset.count(role, 3) % 2, 0)
        _, times = laid_out(dataset, role)
        assert set(np.unique(times)) == {0, 2}
        np.testing.assert_array_equal(dataset.split.pixels(role), dataset.count(role, 3))
    assert dataset.count(TRAINING, 3).sum() + dataset.count(VALIDATION, 3).sum() == 2 * (
        alone.count(TRAINING, 3).sum() + alone.count(VALIDATION, 3).sum()
    )


def test_a_scene_without_labels_is_left_out_and_named(write_scene, write_vector):
    far = write_scene("far.tif", transform=ORIGIN * Affine.translation(5000, 0))
    path = write_vector("l.geojson", fields())
    dataset = build([far, write_scene()], path)
    assert any("far.tif has no labels and was not used" in note for note in dataset.notes)
    with pytest.raises(LabelError, match="do not overlap"):
        build([far], path)


def test_test_labels_must_lie_on_a_scene(write_scene, write_vector):
    away = write_vector("t.geojson", [(pixel_box(4000, 0, 5, 5), {"class": "a"})])
    with pytest.raises(LabelError, match="test labels do not overlap"):
        build([write_scene()], write_vector("l.geojson", fields()), away)


def test_one_class_is_not_enough(write_scene, write_vector):
    features = [(pixel_box(20, 20, 9, 9), {"class": "a"}), (pixel_box(0, 0, 3, 9), {"class": "b"})]
    with pytest.raises(LabelError, match=r"at least two classes.* only a"):
        build([write_scene()], write_vector("l.geojson", features))


def test_a_class_that_covers_all_others_is_told_of(write_scene, write_vector):
    features = [*fields(), (pixel_box(0, 0, 100, 130), {"class": "all"})]
    with pytest.raises(LabelError, match="only all") as caught:
        build([write_scene()], write_vector("l.geojson", features))
    assert "pixels in polygons of two classes were ignored" in caught.value.hint


def test_labels_on_nodata_only(write_scene, write_vector):
    features = [(pixel_box(0, 0, 3, 9), {"class": "a"}), (pixel_box(0, 20, 3, 9), {"class": "b"})]
    with pytest.raises(LabelError, match="No label lies on a valid pixel"):
        build([write_scene()], write_vector("l.geojson", features))


def test_polygons_between_the_centres_of_pixels_are_named(write_scene, write_vector):
    corner = [ORIGIN * (20.1, 20.1), ORIGIN * (20.4, 20.1), ORIGIN * (20.4, 20.4)]
    sliver = {"type": "Polygon", "coordinates": [[*corner, corner[0]]]}
    with pytest.raises(LabelError, match="no pixel's centre is inside"):
        build([write_scene()], write_vector("l.geojson", [(sliver, {"class": "a"})]))


def test_scenes_with_other_pixels_and_empty_bands_are_named(write_raster):
    image = random_image(2, 40, 40)
    first = write_raster("first.tif", image)
    image[1] = 7
    second = write_raster("second.tif", image, transform=ORIGIN * Affine.scale(2))
    feedback = Recorder()
    for place in open_scenes([first, second], SceneOptions(), feedback):
        place.scene.close()
    pixels, empty = sorted(feedback.warnings)
    assert "pixels of second.tif are 20 m, those of first.tif 10 m" in pixels
    assert empty == "second.tif has the same value everywhere in band 2."


def test_a_scene_that_does_not_name_its_bands_is_named(write_raster):
    image = random_image(2, 40, 40)
    named = write_raster("named.tif", image, descriptions=("red", "nir"))
    plain = write_raster("plain.tif", image)
    for paths, warned in (([named, plain], 1), ([plain, named], 1), ([plain, plain], 0)):
        feedback = Recorder()
        for place in open_scenes(paths, SceneOptions(), feedback):
            place.scene.close()
        assert sum("what their bands are" in text for text in feedback.warnings) == warned


def test_all_labels_under_test_labels(write_scene, write_vector):
    path = write_vector("l.geojson", fields())
    with pytest.raises(LabelError, match="No label lies on a valid pixel"):
        build([write_scene()], path, path)


def test_pixels_of_two_classes_are_counted_in_the_notes(write_scene, write_vector):
    features = [*fields(), (pixel_box(35, 4, 4, 5), {"class": "a"})]
    expected = truth_of(fields())[0][35:39, 4:9]
    assert (expected == 1).all()
    dataset = build([write_scene()], write_vector("l.geojson", features))
    assert any("20 pixels" in note and "two classes" in note for note in dataset.notes)


def test_the_mask_drops_labels(write_scene, write_vector, write_raster):
    mask = np.zeros(SIZE, np.uint8)
    mask[:, :60] = 1
    dataset = build([write_scene()], write_vector("l.geojson", fields()),
                    mask=(write_raster("clouds.tif", mask),))  # fmt: skip
    for role in (TRAINING, VALIDATION):
        found, _ = laid_out(dataset, role)
        assert not (found[:, :60] >= 0).any()
        assert (found[:, 60:] >= 0).any()


def test_cancelling(write_scene, write_vector):
    opened = open_scenes([write_scene()], SceneOptions(), Feedback())
    source = open_source(write_vector("l.geojson", fields()), "class")
    feedback = Feedback()
    feedback.cancel()
    builder = DatasetBuilder(opened, source, None, HALO, STRIDE, ChipStore(), CHIP)
    with pytest.raises(Cancelled):
        builder.build(SplitOptions(0.2, None, 0), feedback)


def test_chips_on_disk_are_as_those_in_memory(write_scene, write_vector, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "chips"))
    (tmp_path / "chips").mkdir()
    path = write_vector("l.geojson", fields())
    in_memory = build([write_scene()], path, test_share=0.2)
    store = ChipStore(budget_bytes=5000)
    on_disk = build([write_scene()], path, store=store, test_share=0.2)
    assert list((tmp_path / "chips").rglob("*.npy"))
    assert any(isinstance(chip.image, np.memmap) for chip in on_disk.chips)
    for one, other in zip(in_memory.chips, on_disk.chips, strict=True):
        for name in ("image", "valid", "labels", "units"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.held_out.keys() == other.held_out.keys()
    store.close()
    assert list((tmp_path / "chips").iterdir()) == []
    store.close()


def test_a_full_temporary_folder(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(EnvironmentFailure, match="No space left"):
        ChipStore(budget_bytes=0).keep(np.zeros(8))


def test_units_are_counted():
    table = UnitTable(2)
    for start in range(0, 300, 10):
        keys = np.arange(start, start + 10).reshape(2, 5) - 150
        rows = table.rows(keys)
        labels = np.array([[0, 1, -1, 0, 1]] * 2)
        table.add(rows, labels)
        np.testing.assert_array_equal(table.rows(keys), rows)
    assert table.counts.shape == (300, 2)
    assert table.counts[:5].tolist() == [[1, 0], [0, 1], [0, 0], [1, 0], [0, 1]]
    assert table.counts.sum() == 30 * 8


def test_values_become_network_input():
    image = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], np.uint16)
    valid = np.array([[True, False], [True, True]])
    found = as_input(image, valid)
    assert found.dtype == np.float32
    assert np.isnan(found[:, 0, 1]).all()
    np.testing.assert_array_equal(found[:, valid], image[:, valid])


def test_pixels_of_each_class(write_scene, write_vector):
    dataset = build([write_scene()], write_vector("l.geojson", fields()))
    found = labelled_pixels(dataset.chips, 3, 10**6, np.random.default_rng(0))
    assert [len(places) for places in found] == dataset.count(TRAINING, 3).tolist()
    for index, places in enumerate(found):
        for number, row, column in places:
            assert dataset.chips[number].labels[row, column] == index
        assert len(np.unique(places, axis=0)) == len(places)
    thinned = labelled_pixels(dataset.chips, 3, 20, np.random.default_rng(0))
    assert [len(places) for places in thinned] == [20, 20, 20]


def test_scenes_are_brought_to_one_radiometry(write_scene, write_raster, write_vector):
    first = random_image(2, *SIZE)
    first[:, :5] = 0

    def calibrate(scale, offset):
        def alter(dataset):
            dataset.scales, dataset.offsets = (scale,) * 2, (offset,) * 2

        return alter

    other = (first * 2 + 5).astype("uint16")
    paths = [
        write_raster("a.tif", first, alter=calibrate(0.001, 0.2)),
        write_raster("b.tif", other, alter=calibrate(0.0005, 0.1975)),
    ]
    a, b = open_scenes(paths, SceneOptions(), Feedback())
    window = Window(10, 10, 20, 20)
    np.testing.assert_allclose(b.read(window)[0], a.read(window)[0], rtol=1e-5)
    assert a.read(window)[0].dtype == np.uint16


@pytest.mark.parametrize(
    ("second", "message"),
    [(("red",), "has 1 bands"), (("nir", "red"), "another order")],
)
def test_scenes_must_have_the_same_bands(write_raster, second, message):
    paths = [
        write_raster("a.tif", random_image(2, 9, 9), descriptions=("red", "nir")),
        write_raster("b.tif", random_image(len(second), 9, 9), descriptions=second),
    ]
    with pytest.raises(BandError, match=message):
        open_scenes(paths, SceneOptions(), Feedback())


def test_rows_of_a_scene_in_strips_are_kept(tmp_path):
    """Else each window decodes all rows that it lies in, from one side of the scene to the other.

    A row of windows of 512 px and their margins takes 160 MB here.
    """
    path = tmp_path / "wide.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=10980, height=2000, count=13, dtype="uint16",
        interleave="pixel", compress="deflate", sparse_ok=True, transform=ORIGIN, crs="EPSG:32633",
    ):  # fmt: skip
        pass
    with gdal_settings():
        open_scenes([str(path)], SceneOptions(scale=1e-4, offset=0.0), Feedback())
        assert getenv()["GDAL_CACHEMAX"] >= 10980 * 13 * 2 * 560
        with gdal_settings():
            small = tmp_path / "small.tif"
            write_raster(small, random_image(1, 9, 9))
            open_scenes([str(small)], SceneOptions(), Feedback())
            assert getenv()["GDAL_CACHEMAX"] == CACHE_BYTES


def test_masks_must_be_one_or_one_per_scene(write_raster):
    paths = [write_raster(f"{n}.tif", random_image(1, 9, 9)) for n in range(3)]
    with pytest.raises(OptionsError, match="2 masks were given for 3 scenes"):
        open_scenes(paths, SceneOptions(mask=tuple(paths[:2])), Feedback())
    assert len(open_scenes(paths, SceneOptions(mask=tuple(paths[:1])), Feedback())) == 3
