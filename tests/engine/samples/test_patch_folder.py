"""Folders of patches, tidy and as they are found in the world."""

import errno
import os
import shutil

import numpy as np
import pytest
import rasterio
from patch_files import opened, picture, reasons, write_class_folders, write_image
from recorder import Recorder

from lulc_engine.errors import (
    BandError,
    Cancelled,
    DataError,
    EnvironmentFailure,
    LabelError,
    OptionsError,
)
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION


def test_classes_are_the_folders_in_name_order(tmp_path):
    write_class_folders(tmp_path, {"Forst": 6, "Acker": 5, "Öde Fläche": 5})
    patches = opened(patches=tmp_path)
    assert patches.legend.names == ("Acker", "Forst", "Öde Fläche")
    assert patches.legend.ids == (0, 1, 2)
    assert patches.targets.dtype == np.int16
    assert np.bincount(patches.targets).tolist() == [5, 6, 5]
    assert patches.images.shape == (16, 3, 8, 8)
    assert patches.images.dtype == np.uint8
    assert patches.source == "folder"
    assert patches.split == "random"
    assert not patches.multilabel
    assert patches.valid is None
    assert not patches.rejected
    number = patches.names.index("Öde Fläche/p_3.png")
    assert (patches.images[number] == picture(6 + 5 + 3)).all()


def test_files_come_in_natural_order(tmp_path):
    write_class_folders(tmp_path, {"a": 12, "b": 2})
    names = opened(patches=tmp_path).names
    assert names[:3] == ["a/p_0.png", "a/p_1.png", "a/p_2.png"]
    assert names[10] == "a/p_10.png"


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_colour_pictures_are_red_green_blue_of_8_bits(tmp_path, ending):
    write_class_folders(tmp_path, {"a": 3, "b": 3}, ending)
    patches = opened(patches=tmp_path)
    assert [band.role for band in patches.bands] == ["red", "green", "blue"]
    assert patches.radiometry.scale == (1 / 255,) * 3
    assert patches.radiometry.offset == (0.0,) * 3


def test_any_number_of_bands_with_roles_from_the_file(tmp_path):
    names = ["B02", "B03", "B04", "B08", "B11"]
    for seed in range(8):
        values = picture(seed, 5, dtype="uint16")
        write_image(tmp_path / "ab"[seed % 2] / f"{seed}.TIF", values, names)
    patches = opened(patches=tmp_path, bands=["rgb+nir"])
    assert [band.role for band in patches.bands] == ["red", "green", "blue", "nir"]
    assert [band.number for band in patches.bands] == [3, 2, 1, 4]
    number = patches.names.index("a/2.TIF")
    assert (patches.images[number] == picture(2, 5, dtype="uint16")[[2, 1, 0, 3]]).all()
    assert patches.radiometry.scale == (1e-4,) * 4


def test_names_of_bands_and_radiometry_can_be_given(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3}, ".tif", bands=2, dtype="float32")
    patches = opened(patches=tmp_path, band_names=["red", "nir"], scale=0.5, offset=1)
    assert [band.role for band in patches.bands] == ["red", "nir"]
    assert patches.radiometry.scale == (0.5, 0.5)
    assert patches.radiometry.offset == (1, 1)
    with pytest.raises(OptionsError, match="names 1 bands"):
        opened(patches=tmp_path, band_names=["red"])
    with pytest.raises(BandError, match="'swir16'"):
        opened(patches=tmp_path, band_names=["red", "nir"], bands=["red+swir"])


def test_folders_called_train_val_and_test_are_the_datas_own_split(tmp_path):
    for number, part in enumerate(["Train", "validation", "test"]):
        write_class_folders(tmp_path / part, {"a": 4, "b": 3}, first_seed=100 * number)
    patches = opened(patches=tmp_path)
    assert patches.split == "data"
    assert patches.legend.names == ("a", "b")
    for role, word in ((TRAINING, "Train"), (VALIDATION, "validation"), (TEST, "test")):
        members = patches.indices(role)
        assert {patches.names[i].split("/")[0] for i in members} == {word}
        assert patches.counts(role).tolist() == [4, 3]


def test_a_split_without_validation_takes_it_from_training(tmp_path):
    write_class_folders(tmp_path / "train", {"a": 10, "b": 10})
    write_class_folders(tmp_path / "test", {"a": 2, "b": 2}, first_seed=50)
    patches = opened(patches=tmp_path)
    assert [patches.counts(role).tolist() for role in range(3)] == [[8, 8], [2, 2], [2, 2]]
    assert any("no validation" in note for note in patches.notes)
    assert all(patches.names[i].startswith("test/") for i in patches.indices(TEST))


def test_a_split_without_a_test_has_none_unless_asked(tmp_path):
    write_class_folders(tmp_path / "train", {"a": 10, "b": 10})
    write_class_folders(tmp_path / "val", {"a": 2, "b": 2}, first_seed=50)
    assert not len(opened(patches=tmp_path).indices(TEST))
    assert opened(patches=tmp_path, test_share=0.3).counts(TEST).tolist() == [3, 3]


def test_classes_called_like_parts_of_a_split_stay_classes(tmp_path):
    write_class_folders(tmp_path, {"test": 3, "train": 3})
    assert opened(patches=tmp_path).legend.names == ("test", "train")


def test_rubbish_beside_patches_is_ignored(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3, ".ipynb_checkpoints": 2, "__MACOSX": 2})
    for name in (".DS_Store", "Thumbs.db", "readme.txt", "._p_0.png"):
        (tmp_path / "a" / name).write_bytes(b"?")
    (tmp_path / "empty").mkdir()
    write_image(tmp_path / "loose.png", picture(1000))
    patches = opened(patches=tmp_path)
    assert len(patches) == 6
    assert not patches.rejected
    assert patches.legend.names == ("a", "b")
    assert any("empty" in note for note in patches.notes)
    assert any("1 images that lie beside" in note for note in patches.notes)


def test_links_in_circles_end(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3})
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b" / "other").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "b" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    patches = opened(patches=tmp_path)
    assert len(patches) == 6
    assert list(reasons(patches)) == ["b/gone.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3})
    os.mkfifo(tmp_path / "a" / "pipe.png")
    (tmp_path / "a" / "folder.png").mkdir()
    assert len(opened(patches=tmp_path)) == 6


def test_files_that_refer_to_others_are_no_pictures(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3})
    band = '<VRTRasterBand dataType="Byte" band="{}"/>'
    bands = "".join(band.format(number) for number in (1, 2, 3))
    content = f'<VRTDataset rasterXSize="8" rasterYSize="8">{bands}</VRTDataset>'
    for name in ("a.png", "a.jpg", "a.tif"):
        (tmp_path / "a" / name).write_text(content)
    found = reasons(opened(patches=tmp_path))
    assert found["a/a.png"] == "it is called .png and is VRT"
    assert sorted(found) == ["a/a.jpg", "a/a.png", "a/a.tif"]


def test_images_lie_in_depth_and_below_an_archives_own_folder(tmp_path):
    write_class_folders(tmp_path / "EuroSAT" / "2750", {"a": 3, "b": 3})
    write_image(tmp_path / "EuroSAT/2750/a/deep/er/x.png", picture(77))
    patches = opened(patches=tmp_path)
    assert patches.legend.names == ("a", "b")
    assert "a/deep/er/x.png" in patches.names


def test_what_cannot_be_used_is_listed_and_left_out(tmp_path):
    write_class_folders(tmp_path, {"a": 6, "b": 6})
    a = tmp_path / "a"
    (a / "text.png").write_text("no picture")
    (a / "empty file.png").touch()
    shutil.copy(a / "p_0.png", a / "cut off.png")
    os.truncate(a / "cut off.png", (a / "cut off.png").stat().st_size // 2)
    write_image(a / "odd.png", picture(50, side=9))
    write_image(a / "wide.png", np.ones((3, 8, 10), np.uint8))
    write_image(a / "grey.png", picture(51, bands=1))
    write_image(a / "deep.png", picture(52, dtype="uint16"))
    write_image(a / "black.png", np.zeros((3, 8, 8), np.uint8))
    write_image(a / "white.png", np.full((3, 8, 8), 255, np.uint8))
    patches = opened(patches=tmp_path)
    found = reasons(patches)
    assert len(patches) == 12
    assert not (patches.images == 0).all(axis=(1, 2, 3)).any()
    for name in ("text", "empty file", "cut off"):
        assert "cannot be read" in found.pop(f"a/{name}.png")
    assert found == {
        "a/odd.png": "9 x 9 px where 8 x 8 are usual",
        "a/wide.png": "10 x 8 px where 8 x 8 are usual",
        "a/grey.png": "1 bands where 3 are usual",
        "a/deep.png": "values of type uint16 where uint8 is usual",
        "a/black.png": "all values are 0",
        "a/white.png": "all values are 255",
    }


def test_a_picture_is_left_out_wherever_it_was_cut_off_or_altered(tmp_path):
    write_class_folders(tmp_path, {"a": 4, "b": 4}, side=32)
    whole = (tmp_path / "a" / "p_0.png").read_bytes()
    for percent in range(5, 100, 5):
        cut = whole[: len(whole) * percent // 100]
        altered = whole[: len(cut)] + bytes([whole[len(cut)] ^ 1]) + whole[len(cut) + 1 :]
        (tmp_path / "a" / f"cut_{percent}.png").write_bytes(cut)
        (tmp_path / "a" / f"altered_{percent}.png").write_bytes(altered)
    patches = opened(patches=tmp_path)
    assert len(patches) == 8
    assert len(patches.rejected) == 38


def test_a_jpeg_that_ends_too_early_is_left_out(tmp_path):
    write_class_folders(tmp_path, {"a": 4, "b": 4}, ".jpg", side=64)
    victim = tmp_path / "a" / "p_1.jpg"
    os.truncate(victim, victim.stat().st_size // 2)
    assert "cannot be read" in reasons(opened(patches=tmp_path))["a/p_1.jpg"]


def test_a_tiff_whose_data_are_damaged_is_left_out(tmp_path):
    write_class_folders(tmp_path, {"a": 4, "b": 4})
    for name in "ab":
        shutil.rmtree(tmp_path / name)
        for seed in range(4):
            values = picture(seed + ord(name), side=64)
            write_image(tmp_path / name / f"p_{seed}.tif", values, compress="deflate")
    victim = tmp_path / "a" / "p_1.tif"
    content = bytearray(victim.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    victim.write_bytes(content)
    assert "cannot be read" in reasons(opened(patches=tmp_path))["a/p_1.tif"]


def test_pixels_without_data_are_not_valid(tmp_path):
    for seed in range(8):
        values = picture(seed, 2, dtype="float32")
        if seed == 2:
            values[0, 1, 2] = np.nan
            values[1, 3, 4] = -9999
        if seed == 4:
            values[:] = -9999
        if seed == 6:
            values[:] = np.inf
        write_image(tmp_path / "ab"[seed % 2] / f"{seed}.tif", values, nodata=-9999)
    patches = opened(patches=tmp_path)
    number = patches.names.index("a/2.tif")
    assert np.argwhere(~patches.valid[number]).tolist() == [[1, 2], [3, 4]]
    assert patches.valid.sum() == 6 * 64 - 2
    assert np.isnan(patches.raw(np.array([number]))[0, :, 3, 4]).all()
    assert reasons(patches) == {"a/4.tif": "no pixel is valid", "a/6.tif": "no pixel is valid"}


def test_alpha_is_validity_and_no_band(tmp_path):
    for seed in range(6):
        values = picture(seed, 4)
        values[3] = 255
        values[3, 0, 0] = 0
        write_image(tmp_path / "ab"[seed % 2] / f"{seed}.png", values)
    patches = opened(patches=tmp_path)
    assert [band.role for band in patches.bands] == ["red", "green", "blue"]
    assert not patches.valid[:, 0, 0].any()
    assert patches.valid[:, 1:].all()


def test_pictures_with_a_palette_are_left_out(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3})
    with rasterio.open(
        tmp_path / "a" / "map.tif", "w", driver="GTiff", height=8, width=8, count=1, dtype="uint8"
    ) as dataset:
        dataset.write(picture(1, 1))
        dataset.write_colormap(1, {1: (1, 2, 3)})
    assert "palette" in reasons(opened(patches=tmp_path))["a/map.tif"]


def test_nothing_but_palettes_is_said(tmp_path):
    for number in range(4):
        folder = tmp_path / "ab"[number % 2]
        folder.mkdir(exist_ok=True)
        with rasterio.open(
            folder / f"{number}.tif", "w", driver="GTiff", height=8, width=8, count=1, dtype="uint8"
        ) as dataset:
            dataset.write(picture(number, 1))
            dataset.write_colormap(1, {1: (1, 2, 3)})
    with pytest.raises(DataError, match=r"None of 4 patches can be used.* in a palette"):
        opened(patches=tmp_path)


def test_a_fourth_band_of_measurements_is_no_alpha(tmp_path):
    write_class_folders(tmp_path, {"a": 4, "b": 4}, ".tif", bands=4)
    patches = opened(patches=tmp_path)
    assert len(patches.bands) == 4
    assert patches.valid is None or patches.valid.all()


def test_names_that_differ_in_capital_letters_are_said(tmp_path):
    feedback = Recorder()
    write_class_folders(tmp_path, {"Forest": 4, "forest": 4})
    opened(feedback, patches=tmp_path)
    assert "The class names Forest, forest differ in capital letters only." in feedback.infos


def test_a_class_that_loses_all_its_patches_is_an_error(tmp_path):
    write_class_folders(tmp_path, {"a": 5, "b": 5})
    for number in range(2):
        write_image(tmp_path / "c" / f"{number}.png", picture(number, side=9))
    with pytest.raises(LabelError, match=r"All 2 patches of the class 'c'.*9 x 9"):
        opened(patches=tmp_path)


def test_nothing_left_is_an_error(tmp_path):
    for number in range(4):
        write_image(tmp_path / "ab"[number % 2] / f"{number}.png", np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(DataError, match=r"None of 4 patches.*4 x all values are 0"):
        opened(patches=tmp_path)


def test_one_class_is_an_error(tmp_path):
    write_class_folders(tmp_path, {"a": 5})
    with pytest.raises(LabelError, match=r"at least two classes.*only a"):
        opened(patches=tmp_path)


def test_a_wanted_side_chooses_among_sizes(tmp_path):
    write_class_folders(tmp_path, {"a": 6, "b": 6})
    for number in range(4):
        write_image(tmp_path / "ab"[number % 2] / f"x{number}.png", picture(number, side=6))
    patches = opened(patches=tmp_path, patch_px=6)
    assert patches.size_px == 6
    assert len(patches) == 4
    assert len(patches.rejected) == 12
    with pytest.raises(OptionsError, match="No patch is 7 x 7 px; most are 8 x 8"):
        opened(patches=tmp_path, patch_px=7)


def test_patches_must_be_square(tmp_path):
    for number in range(4):
        values = np.full((3, 8, 9), number + 1, np.uint8)
        write_image(tmp_path / "ab"[number % 2] / f"{number}.png", values)
    with pytest.raises(DataError, match="9 x 8 px; patches must be square"):
        opened(patches=tmp_path)


@pytest.mark.parametrize("what", ["missing", "file", "empty", "flat", "no images"])
def test_folders_that_are_no_folders_of_patches(tmp_path, what):
    path = tmp_path / "data"
    if what == "file":
        path.write_text("?")
    elif what != "missing":
        path.mkdir()
    if what == "flat":
        write_image(path / "a.png", picture(0))
    if what == "no images":
        (path / "a").mkdir()
        (path / "a" / "notes.txt").write_text("?")
    with pytest.raises(DataError) as caught:
        opened(patches=path)
    assert str(path) in str(caught.value)
    assert caught.value.hint


def test_a_fraction_is_drawn_from_every_class(tmp_path):
    write_class_folders(tmp_path, {"a": 20, "b": 10, "c": 1})
    patches = opened(patches=tmp_path, fraction=0.3)
    assert np.bincount(patches.targets).tolist() == [6, 3, 1]
    again = opened(patches=tmp_path, fraction=0.3)
    other = opened(patches=tmp_path, fraction=0.3, seed=1)
    assert again.names == patches.names != other.names
    assert (again.roles == patches.roles).all()


def test_copies_stay_together_and_are_counted(tmp_path):
    write_class_folders(tmp_path, {"a": 10, "b": 10})
    for number in range(9):
        shutil.copy(tmp_path / "a" / "p_0.png", tmp_path / "a" / f"copy_{number}.png")
    shutil.copy(tmp_path / "a" / "p_1.png", tmp_path / "b" / "contradiction.png")
    patches = opened(patches=tmp_path)
    role = dict(zip(patches.names, patches.roles, strict=True))
    assert len({role[f"a/copy_{n}.png"] for n in range(9)} | {role["a/p_0.png"]}) == 1
    assert role["a/p_1.png"] == role["b/contradiction.png"]
    assert any(note.startswith("10 patches are exact copies") for note in patches.notes)
    assert any(note.startswith("1 patches have exact copies with other") for note in patches.notes)


def test_copies_across_the_datas_own_split_are_reported(tmp_path):
    write_class_folders(tmp_path / "train", {"a": 5, "b": 5})
    write_class_folders(tmp_path / "test", {"a": 5, "b": 5}, first_seed=9)
    patches = opened(patches=tmp_path)
    assert any("of 1 the data's own split has copies" in note for note in patches.notes)
    assert (patches.roles == TEST).sum() == 10


def test_several_labels_may_be_asked_for(tmp_path):
    write_class_folders(tmp_path, {"a": 5, "b": 6})
    patches = opened(patches=tmp_path, multilabel=True)
    assert patches.multilabel
    assert patches.targets.dtype == np.uint8
    assert patches.targets.sum(axis=0).tolist() == [5, 6]
    assert (patches.targets.sum(axis=1) == 1).all()


def test_images_beyond_the_budget_are_mapped(tmp_path):
    write_class_folders(tmp_path, {"a": 5, "b": 5})
    store = ChipStore(budget_bytes=100)
    mapped = opened(patches=tmp_path, store=store)
    in_memory = opened(patches=tmp_path)
    assert isinstance(mapped.images, np.memmap)
    assert (mapped.images == in_memory.images).all()
    assert mapped.files == in_memory.files
    store.close()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="the system cannot reserve space")
def test_a_full_disk_is_noticed_before_it_ends_the_process(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    write_class_folders(tmp_path, {"a": 5, "b": 5})
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(EnvironmentFailure, match="No space left"):
        opened(patches=tmp_path, store=ChipStore(budget_bytes=0))


def test_names_that_are_no_text_are_shown_as_far_as_they_are(tmp_path):
    write_class_folders(tmp_path, {"a": 3, "b": 3})
    try:
        os.rename(tmp_path / "a" / "p_0.png", os.fsencode(tmp_path) + b"/a/\xff.png")
    except OSError:
        pytest.skip("this file system takes only text")
    patches = opened(patches=tmp_path)
    names = [*patches.names, *reasons(patches)]
    assert len(names) == 6
    "".join(names).encode()


def test_reading_can_be_cancelled_and_reports_progress(tmp_path):
    write_class_folders(tmp_path, {"a": 60, "b": 60})
    feedback = Recorder()
    opened(patches=tmp_path, feedback=feedback)
    assert len(feedback.fractions) > 1
    assert max(f or 0 for f in feedback.fractions) <= 1
    assert any("120 patches of 8 px" in text for text in feedback.infos)
    feedback.cancel()
    with pytest.raises(Cancelled):
        opened(patches=tmp_path, feedback=feedback)


def test_the_digest_of_the_data_follows_their_pixels(tmp_path):
    write_class_folders(tmp_path, {"a": 4, "b": 4})
    before = opened(patches=tmp_path).files[-1]["sha256"]
    write_image(tmp_path / "a" / "p_0.png", picture(99))
    assert opened(patches=tmp_path).files[-1]["sha256"] != before
