"""Patches around labelled pixels: where they are cut, how they are drawn and divided."""

import numpy as np
import pytest
from factories import pixel_box, pixel_point, random_image, write_geojson, write_raster
from hypothesis import given, settings
from hypothesis import strategies as st
from landscape import Country
from patch_files import opened

from lulc_engine.errors import LabelError, OptionsError
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.labelled_pixels import PixelPool, largest_share, reaches_into
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION


@pytest.fixture
def country(tmp_path):
    """A scene of 96 x 96 px with polygons in every field; returns its options."""
    land = Country()
    image = write_raster(tmp_path / "scene.tif", land.image("uint16"), descriptions=("red", "nir"))
    labels = land.polygons(tmp_path / "fields.geojson", ["a", "b", "c"])
    return {"image": [image], "labels": labels, "class_field": "class"}


@pytest.mark.parametrize("patch_px", [1, 4, 5])
def test_a_patch_is_centred_on_its_pixel(tmp_path, patch_px):
    values = random_image(3, 40, 40)
    image = write_raster(tmp_path / "s.tif", values)
    boxes = [
        (pixel_box(r, c, 2, 2), {"k": "ab"[(r + c) % 4 // 2]})
        for r in (0, 20, 38)
        for c in (0, 20, 38)
    ]
    labels = write_geojson(tmp_path / "l.geojson", boxes)
    patches = opened(image=[image], labels=labels, class_field="k", patch_px=patch_px)
    before = patch_px // 2
    padded = np.pad(values.astype(float), ((0, 0), (9, 9), (9, 9)), constant_values=np.nan)
    assert len(patches) == 36
    for number, (scene, row, column) in enumerate(patches.places):
        top, left = row - before + 9, column - before + 9
        expected = padded[:, top : top + patch_px, left : left + patch_px]
        found = patches.raw(np.array([number]))[0]
        assert np.array_equal(found, expected, equal_nan=True)
        assert scene == 0
        assert patches.names[number] == f"row {row} column {column}"


def test_roles_lie_in_different_polygons(country):
    patches = opened(**country, patch_px=3)
    assert patches.source == "scene"
    assert patches.split == "polygon"
    assert patches.legend.names == ("a", "b", "c")
    fields = patches.places[:, 1:] // 12
    roles_of = {}
    for field, role in zip(map(tuple, fields.tolist()), patches.roles, strict=True):
        roles_of.setdefault(field, set()).add(int(role))
    assert all(len(roles) == 1 for roles in roles_of.values())
    assert set.union(*roles_of.values()) == {TRAINING, VALIDATION, TEST}
    rows = patches.units.describe(patches.legend.names)
    assert sum(row["training"]["units"] for row in rows) == sum(
        roles == {TRAINING} for roles in roles_of.values()
    )
    assert (patches.units.counts.sum(axis=0) > 0).all()


def test_points_are_divided_by_blocks(tmp_path):
    land = Country()
    image = write_raster(tmp_path / "s.tif", land.image("uint16"))
    labels = land.points(tmp_path / "p.geojson", ["a", "b", "c"])
    patches = opened(image=[image], labels=labels, class_field="class")
    assert patches.split == "block"
    assert patches.units.block_px == 20
    blocks = {}
    for place, role in zip(patches.places, patches.roles, strict=True):
        # blocks begin at the corner of the scene
        blocks.setdefault(tuple(place[1:] // 20), set()).add(int(role))
    assert all(len(roles) == 1 for roles in blocks.values())
    truth = land.truth[patches.places[:, 1], patches.places[:, 2]]
    assert (patches.targets == truth).all()


def test_a_label_raster_and_its_ignored_value(tmp_path):
    land = Country()
    image = write_raster(tmp_path / "s.tif", land.image("uint16"))
    labels = write_raster(tmp_path / "l.tif", land.truth.astype("uint8"))
    patches = opened(image=[image], labels=labels)
    assert patches.legend.ids == (1, 2)
    kept = opened(image=[image], labels=labels, ignore_value="none")
    assert kept.legend.ids == (0, 1, 2)


@pytest.mark.parametrize("patch_px", [5, 9])
def test_no_training_patch_shares_a_pixel_with_one_held_back(tmp_path, patch_px):
    land = Country()
    image = write_raster(tmp_path / "s.tif", land.image("uint16"))
    labels = land.points(tmp_path / "p.geojson", ["a", "b", "c"], each=12)
    patches = opened(image=[image], labels=labels, class_field="class", patch_px=patch_px)
    training, rest = (patches.places[m][:, 1:] for m in (patches.roles == 0, patches.roles != 0))
    distances = np.abs(training[:, None] - rest[None]).max(axis=2)
    assert distances.min() >= patch_px
    assert any("share pixels" in note for note in patches.notes)


def test_labels_too_close_to_be_apart_are_said_so(tmp_path):
    image = write_raster(tmp_path / "s.tif", random_image(2, 30, 30))
    boxes = [(pixel_box(10 * n, 0, 10, 30), {"k": "aba"[n]}) for n in range(3)]
    boxes += [(pixel_box(25, 0, 5, 30), {"k": "b"})]
    labels = write_geojson(tmp_path / "l.geojson", boxes)
    patches = opened(image=[image], labels=labels, class_field="k", patch_px=64, test_share=0)
    assert patches.counts(TRAINING).all()
    assert any("labels lie too close" in note for note in patches.notes)


def test_a_class_gives_at_most_so_many_from_all_its_polygons(country):
    everything = opened(**country)
    some = opened(**country, max_per_class=100)
    assert np.bincount(some.targets).tolist() == [100, 100, 100]
    fields = {tuple(place[1:] // 12) for place in some.places}
    assert len(fields) == len({tuple(place[1:] // 12) for place in everything.places}) == 64
    assert (some.roles == TEST).any()
    assert any("at most 100 per class" in note for note in some.notes)
    again, other = (
        opened(**country, max_per_class=100),
        opened(**country, max_per_class=100, seed=1),
    )
    assert again.names == some.names != other.names


def test_a_fraction_of_scene_patches(country):
    everything, some = opened(**country), opened(**country, fraction=0.1)
    wanted = np.bincount(everything.targets) / 10
    assert np.abs(np.bincount(some.targets) - wanted).max() <= 2


def test_pixels_without_data_are_no_centres(tmp_path):
    values = random_image(2, 40, 40)
    values[:, 5:10] = 0
    image = write_raster(tmp_path / "s.tif", values, nodata=0)
    boxes = [(pixel_box(4 * n, 0, 4, 40), {"k": "ab"[n % 2]}) for n in range(10)]
    labels = write_geojson(tmp_path / "l.geojson", boxes)
    patches = opened(image=[image], labels=labels, class_field="k")
    assert not np.isin(patches.places[:, 1], range(5, 10)).any()
    assert patches.valid[:, 2, 2].all()
    assert not patches.valid.all()


def test_scenes_in_two_radiometries_are_brought_to_one(tmp_path):
    land = Country()
    first = write_raster(
        tmp_path / "a.tif", land.image("uint16"), tags={"PROCESSING_BASELINE": "3.0"}
    )
    second = write_raster(tmp_path / "b.tif", land.image("float32"))
    labels = land.polygons(tmp_path / "f.geojson", ["a", "b", "c"])
    patches = opened(image=[first, second], labels=labels, class_field="class")
    assert patches.images.dtype == np.float32
    own = {tuple(place): number for number, place in enumerate(patches.places.tolist())}
    number = next(n for place, n in own.items() if place[0] == 0 and (1, *place[1:]) in own)
    twin = own[(1, *patches.places[number, 1:].tolist())]
    assert np.abs(patches.images[number] - patches.images[twin]).max() <= 0.51
    assert patches.names[number].startswith("a.tif row")
    assert patches.roles[number] == patches.roles[twin]


def test_images_beyond_the_budget_are_mapped(country):
    store = ChipStore(budget_bytes=0)
    mapped, in_memory = opened(**country, store=store), opened(**country)
    assert isinstance(mapped.images, np.memmap)
    assert (mapped.images == in_memory.images).all()
    store.close()


def test_mistakes_are_named(tmp_path, country):
    with pytest.raises(OptionsError, match="--labels is missing"):
        opened(image=country["image"])
    far = write_geojson(tmp_path / "far.geojson", [(pixel_point(9000, 9000), {"k": "a"})])
    with pytest.raises(LabelError, match="do not overlap"):
        opened(image=country["image"], labels=far, class_field="k")
    one = write_geojson(tmp_path / "one.geojson", [(pixel_box(0, 0, 9, 9), {"k": "a"})])
    with pytest.raises(LabelError, match="two classes"):
        opened(image=country["image"], labels=one, class_field="k")


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30), st.integers(1, 200))
def test_the_largest_share_is_as_large_as_can_be(sizes, most):
    sizes = np.array(sizes)
    share = largest_share(sizes, most)
    assert np.minimum(sizes, share).sum() <= most
    if share < sizes.max():
        assert np.minimum(sizes, share + 1).sum() > most


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_the_pool_spreads_over_units_however_labels_come_in(seed, most):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 2, (40, 60)).astype(np.int16)
    units = np.repeat(rng.integers(0, 6, 6), 10)[None].repeat(40, axis=0).astype(np.int32)
    pool = PixelPool(2, most, rng)
    for row in range(0, 40, 8):
        pool.add(0, (row, 0), labels[row : row + 8], units[row : row + 8])
    pixels, classes = pool.draw()
    assert (labels[pixels.places[:, 1], pixels.places[:, 2]] == classes).all()
    assert (units[pixels.places[:, 1], pixels.places[:, 2]] == pixels.units).all()
    assert len(np.unique(pixels.places, axis=0)) == len(pixels)
    for index in (0, 1):
        sizes = np.bincount(units[labels == index], minlength=6)
        drawn = np.bincount(pixels.units[classes == index], minlength=6)
        assert drawn.sum() == min(most, sizes.sum())
        share = largest_share(sizes, most)
        assert (drawn >= np.minimum(sizes, share)).all()
        assert (drawn <= np.minimum(sizes, share + 1)).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20))
def test_windows_that_overlap_are_found(seed, side):
    rng = np.random.default_rng(seed)
    first, second = (
        np.column_stack([rng.integers(0, 2, n), rng.integers(0, 90, (n, 2))]) for n in (30, 20)
    )
    same = first[:, None, 0] == second[None, :, 0]
    near = np.abs(first[:, None, 1:] - second[None, :, 1:]).max(axis=2) < side
    assert (reaches_into(first, second, side) == (same & near).any(axis=1)).all()
