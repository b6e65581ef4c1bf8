"""Patches and labels in numpy files, well-formed and not."""

import numpy as np
import pytest
from patch_files import opened

from lulc_engine.errors import BandError, DataError, LabelError, OptionsError


@pytest.fixture
def save(tmp_path):
    """Return a function that saves arrays and returns the options that name them."""

    def write(features, targets, **options):
        np.save(tmp_path / "x.npy", features)
        np.save(tmp_path / "y.npy", targets)
        return {"features": tmp_path / "x.npy", "targets": tmp_path / "y.npy", **options}

    return write


def random_features(count=20, side=5, bands=4, dtype="uint16"):
    return np.random.default_rng(0).integers(1, 3000, (count, side, side, bands)).astype(dtype)


def test_features_come_with_their_bands_first(save):
    features = random_features()
    patches = opened(**save(features, np.arange(20) % 3 * 10))
    assert patches.images.shape == (20, 4, 5, 5)
    assert (patches.images == features.transpose(0, 3, 1, 2)).all()
    assert patches.legend.ids == (0, 10, 20)
    assert patches.targets.tolist() == (np.arange(20) % 3).tolist()
    assert patches.source == "arrays"
    assert patches.names[:2] == ["0", "1"]
    assert [band.role for band in patches.bands] == [None] * 4
    assert patches.radiometry.scale == (1e-4,) * 4
    assert [item["name"] for item in patches.files] == ["y.npy", "patches of x.npy"]


def test_bands_can_be_named_and_chosen(save):
    features = random_features()
    given = save(features, np.arange(20) % 2, band_names=["blue", "green", "red", "nir"])
    patches = opened(**given, bands=["cir"])
    assert [band.role for band in patches.bands] == ["nir", "red", "green"]
    assert (patches.images == features[..., [3, 2, 1]].transpose(0, 3, 1, 2)).all()
    with pytest.raises(BandError, match="'red'"):
        opened(**save(features, np.arange(20) % 2, bands=["rgb"]))
    with pytest.raises(OptionsError, match="names 2 bands, the patches have 4"):
        opened(**save(features, np.arange(20) % 2, band_names=["a", "b"]))


def test_columns_of_0_and_1_are_several_labels(save):
    bits = np.zeros((20, 3), np.int64)
    bits[:, 0] = 1
    bits[::2, 1] = 1
    patches = opened(**save(random_features(), bits, classes=["See", "Wald", "nie"]))
    assert patches.multilabel
    assert patches.targets.dtype == np.uint8
    assert (patches.targets == bits).all()
    assert patches.legend.names == ("See", "Wald", "nie")
    assert any("nie" in note for note in patches.notes)


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool", "uint8", ">i4"])
def test_one_hot_targets_are_one_label_where_said_so(save, dtype):
    one_hot = np.eye(3)[np.arange(20) % 3].astype(dtype)
    patches = opened(**save(random_features(), one_hot, single_label=True))
    assert not patches.multilabel
    assert patches.targets.tolist() == (np.arange(20) % 3).tolist()
    several = opened(**save(random_features(), one_hot))
    assert several.multilabel
    assert any("--single-label" in note for note in several.notes)


def test_one_label_may_be_trained_as_several(save):
    patches = opened(**save(random_features(), np.arange(20) % 2, multilabel=True))
    assert patches.targets.tolist() == [[1, 0], [0, 1]] * 10


def test_texts_are_classes_too(save):
    patches = opened(**save(random_features(), np.array(["b", "a"] * 10)))
    assert patches.legend.names == ("a", "b")
    assert patches.legend.ids == (1, 2)
    assert patches.targets.tolist() == [1, 0] * 10


@pytest.mark.parametrize(
    ("ids", "names", "expected"),
    [
        ([5, 9], ["a", "b"], ("a", "b")),
        ([0, 2], ["a", "b", "c"], ("a", "c")),
        ([0, 1], [], ("0", "1")),
    ],
)
def test_names_of_ids(save, ids, names, expected):
    patches = opened(**save(random_features(), np.array(ids * 10), classes=names))
    assert patches.legend.names == expected
    assert patches.legend.ids == tuple(ids)


@pytest.mark.parametrize(
    ("targets", "options", "message"),
    [
        (np.arange(20) % 2, {"classes": ["a"]}, "names 1 classes, the labels have 2"),
        (np.ones((20, 2)), {"classes": ["a"]}, "names 1 classes, the targets have 2"),
        (np.arange(19) % 2, {}, r"\(19,\); 20 patches need \(20,\)"),
        (np.ones((20, 2, 2)), {}, "shape"),
        (np.array(5), {}, "shape"),
        (np.arange(20) / 2, {}, "0.5, which is not a class id"),
        (np.full(20, np.inf), {}, "inf, which is not a class id"),
        (np.full(20, 2**40), {}, "not a class id"),
        (np.full(20, 1 + 1j), {}, "complex"),
        (np.full((20, 2), 2), {}, "holds 2 for patch 0"),
        (np.full((20, 2), "a"), {}, "not 0 and 1"),
        (np.ones((20, 2)), {"single_label": True}, "Patch 0 .* has 2 classes"),
        (np.full(20, np.nan), {}, "None of the targets is a label"),
        (np.zeros(20), {}, "at least two classes"),
        (np.zeros((20, 2), int), {}, "at least one class"),
    ],
)
def test_targets_that_are_no_labels(save, targets, options, message):
    with pytest.raises(LabelError, match=message):
        opened(**save(random_features(), targets, **options))


def test_gaps_in_targets_are_listed(save):
    targets = (np.arange(20) % 2).astype(float)
    targets[3] = np.nan
    patches = opened(**save(random_features(), targets))
    assert [(item.name, item.reason) for item in patches.rejected] == [("3", "it has no label")]
    assert len(patches) == 19
    assert "3" not in patches.names
    bits = np.eye(2)[np.arange(20) % 2]
    bits[4, 0] = np.nan
    several = opened(**save(random_features(), bits))
    assert [item.name for item in several.rejected] == ["4"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((20, 5, 5)), "shape"),
        (np.ones((20, 5, 5, 0)), "shape"),
        (np.ones((20, 4, 5, 5)), "must be square"),
        (np.ones((20, 5, 5, 4), complex), "not numbers"),
        (np.full((20, 5, 5, 4), "a"), "not numbers"),
        (np.ones((20, 1, 1, 401), "uint8"), "401 bands"),
        (np.zeros((20, 5, 5, 4)), "20 x all values are 0"),
        (np.full((20, 5, 5, 4), np.nan), "20 x no pixel is valid"),
    ],
)
def test_features_that_are_no_patches(save, features, message):
    with pytest.raises(DataError, match=message):
        opened(**save(features, np.arange(20) % 2))


def test_the_likely_mistake_is_named(save):
    with pytest.raises(DataError) as caught:
        opened(**save(np.ones((20, 4, 5, 5)), np.arange(20) % 2))
    assert "moveaxis" in caught.value.hint


def test_objects_and_other_files_are_refused(save, tmp_path):
    given = save(random_features(), np.arange(20) % 2)
    np.save(tmp_path / "y.npy", np.array([{"evil": 1}] * 20, dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read as a numpy array"):
        opened(**given)
    (tmp_path / "y.npy").write_bytes(b"no array")
    with pytest.raises(DataError, match="cannot be read as a numpy array"):
        opened(**given)
    np.savez(tmp_path / "y.npz", a=np.ones(2))
    with pytest.raises(DataError, match="several arrays"):
        opened(**{**given, "targets": tmp_path / "y.npz"})
    with pytest.raises(DataError, match="does not exist"):
        opened(**{**given, "targets": tmp_path / "gone.npy"})
    with pytest.raises(OptionsError, match="--targets is missing"):
        opened(features=given["features"])
    with pytest.raises(OptionsError, match="cannot be used together"):
        opened(**given, patches=tmp_path)
    with pytest.raises(OptionsError, match="contradict"):
        opened(**save(random_features(), np.arange(20) % 2), single_label=True, multilabel=True)
    with pytest.raises(OptionsError, match="No patches"):
        opened()


def test_empty_patches_are_left_out_and_gaps_are_not_valid(save):
    features = random_features(dtype="float64")
    features[2] = np.nan
    features[5, 1, 2, 3] = np.inf
    features[6, 0, 0, 0] = 1e300
    patches = opened(**save(features, np.arange(20) % 2))
    assert [item.name for item in patches.rejected] == ["2"]
    assert patches.images.dtype == np.float32
    assert np.argwhere(~patches.valid).tolist() == [[4, 1, 2], [5, 0, 0]]


def test_a_patch_at_the_largest_value_is_empty(save):
    features = random_features()
    features[7] = 65535
    patches = opened(**save(features, np.arange(20) % 2))
    assert [item.reason for item in patches.rejected] == ["all values are 65535"]


@pytest.mark.parametrize(
    ("dtype", "kept"),
    [
        (">u2", "uint16"),
        ("int64", "int32"),
        ("uint64", "int32"),
        ("float16", "float32"),
        ("float64", "float32"),
        ("uint8", "uint8"),
    ],
)
def test_values_are_kept_in_at_most_four_bytes(save, dtype, kept):
    features = random_features().clip(1, 200).astype(dtype)
    patches = opened(**save(features, np.arange(20) % 2))
    assert patches.images.dtype == np.dtype(kept)
    assert (patches.images == features.transpose(0, 3, 1, 2)).all()


def test_integers_beyond_four_bytes_become_floats(save):
    features = random_features(dtype="int64")
    features[0, 0, 0, 0] = 2**40
    assert opened(**save(features, np.arange(20) % 2)).images.dtype == np.float32


def test_the_sentinel_offset_is_seen_in_the_values(save):
    features = random_features() + 1000
    patches = opened(**save(features.astype("int64"), np.arange(20) % 2))
    assert patches.radiometry.offset == (-0.1,) * 4


def test_a_wanted_side_must_be_that_of_the_arrays(save):
    given = save(random_features(), np.arange(20) % 2)
    assert opened(**given, patch_px=5).size_px == 5
    with pytest.raises(OptionsError, match="--patch-px is 7"):
        opened(**given, patch_px=7)


def test_a_fraction_and_contiguous_parts(save):
    features, targets = random_features(100), np.repeat([0, 1], 50)
    patches = opened(**save(features, targets, fraction=0.2, split="contiguous", test_share=0))
    assert np.bincount(patches.targets).tolist() == [10, 10]
    assert [int(name) for name in patches.names] == sorted(int(name) for name in patches.names)
    assert patches.roles.tolist() == [0] * 8 + [1] * 2 + [0] * 8 + [1] * 2
    assert any("fraction 0.2, seed 0" in note for note in patches.notes)


def test_shares_must_leave_something_to_train_on(save):
    given = save(random_features(), np.arange(20) % 2)
    with pytest.raises(OptionsError, match="nothing to train on"):
        opened(**given, validation_share=0.5, test_share=0.5)
