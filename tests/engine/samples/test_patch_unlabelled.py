"""Patches for a trained model: found, matched to its bands, and of its size."""

import numpy as np
import pytest
from patch_files import picture, write_band_files, write_class_folders, write_image
from recorder import Recorder

from lulc_engine.errors import BandError, DataError, LabelError, ModelFileError, OptionsError
from lulc_engine.models.card import PATCHES, SEGMENTATION, ModelSpec, PatchFacts
from lulc_engine.options import ClassifyPatchesOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.samples.chips import ChipStore
from lulc_engine.samples.patches.sources import open_unlabelled


def model(*roles, side=8, task=PATCHES):
    bands = tuple(Band(n, role or f"band {n}", role) for n, role in enumerate(roles, start=1))
    count = len(roles)
    return ModelSpec(
        task, "pixelnet", {}, bands, (), Radiometry((1 / 255,) * count, (0,) * count, "values", ""),
        ((0, 255),) * count, make_legend([1, 2], ["a", "b"]), None, 1,
        patch=PatchFacts(side) if task == PATCHES else None,
    )  # fmt: skip


RGB = model("red", "green", "blue")


def opened(spec=RGB, feedback=None, **options):
    given = {key: str(v) if key in ("patches", "features") else v for key, v in options.items()}
    wanted = ClassifyPatchesOptions(model="m.safetensors", output="o.csv", **given)
    return open_unlabelled(wanted, spec, feedback or Recorder(), ChipStore())


def test_a_single_image(tmp_path):
    path = write_image(tmp_path / "Fläche 1.PNG", picture(1))
    patches = opened(patches=path)
    assert patches.names == ["Fläche 1.PNG"]
    assert (patches.images[0] == picture(1)).all()
    assert patches.targets is None
    assert patches.legend == RGB.legend
    assert patches.radiometry.source == "values"


def test_a_folder_is_searched_in_depth(tmp_path):
    write_class_folders(tmp_path, {"b": 11, "a/deep": 2, ".hidden": 1})
    write_image(tmp_path / "top.jpg", picture(50))
    (tmp_path / "notes.txt").write_text("?")
    (tmp_path / "a" / "circle").symlink_to(tmp_path, target_is_directory=True)
    patches = opened(patches=tmp_path)
    assert patches.names[:3] == ["a/deep/p_0.png", "a/deep/p_1.png", "b/p_0.png"]
    assert patches.names[-2:] == ["b/p_10.png", "top.jpg"]
    assert len(patches) == 14


def test_of_a_table_only_the_paths_matter(tmp_path):
    for seed in range(3):
        write_image(tmp_path / f"{seed}.png", picture(seed))
    table = tmp_path / "t.csv"
    table.write_text("n;Path\n1;2.png\n2;0.png\n3;gone.png\n")
    patches = opened(patches=table)
    assert patches.names == ["2.png", "0.png"]
    assert [item.name for item in patches.rejected] == ["gone.png"]
    table.write_text("path\n1.png\n")
    assert opened(patches=table).names == ["1.png"]
    table.write_text("label\n1.png\n")
    with pytest.raises(LabelError, match="no column 'path'"):
        opened(patches=table)


def test_bands_are_matched_by_role(tmp_path):
    values = picture(3, 4, dtype="uint16")
    path = write_image(tmp_path / "p.tif", values, ["B02", "B03", "B04", "B08"])
    feedback = Recorder()
    patches = opened(model("nir", "red"), feedback, patches=path)
    assert (patches.images[0] == values[[3, 2]]).all()
    assert any("matched by role" in text for text in feedback.infos)
    with pytest.raises(BandError, match="swir16"):
        opened(model("red", "swir16"), patches=path)


def test_bands_without_roles_are_matched_by_position(tmp_path):
    path = write_image(tmp_path / "p.tif", picture(3, 2))
    feedback = Recorder()
    patches = opened(model(None, None), feedback, patches=path)
    assert (patches.images[0] == picture(3, 2)).all()
    assert any("position" in text for text in feedback.warnings)
    swapped = opened(model(None, None), patches=path, bands=["2", "1"])
    assert (swapped.images[0] == picture(3, 2)[::-1]).all()
    with pytest.raises(BandError, match="names 1 bands, the model needs 2"):
        opened(model(None, None), patches=path, bands=["2"])
    with pytest.raises(BandError, match="needs 3 bands"):
        opened(model(None, None, None), patches=path)


def test_patches_of_another_size_are_listed_or_an_error(tmp_path):
    write_class_folders(tmp_path, {"a": 5}, side=9)
    write_image(tmp_path / "right.png", picture(1))
    patches = opened(patches=tmp_path)
    assert patches.names == ["right.png"]
    assert len(patches.rejected) == 5
    (tmp_path / "right.png").unlink()
    with pytest.raises(DataError, match="takes patches of 8 x 8 px; these are 9 px") as caught:
        opened(patches=tmp_path)
    assert not isinstance(caught.value, OptionsError)


def test_numpy_features(tmp_path):
    features = np.random.default_rng(0).integers(1, 99, (6, 8, 8, 3)).astype("uint8")
    features[2] = 0
    np.save(tmp_path / "x.npy", features)
    by_position = opened(features=tmp_path / "x.npy")
    assert by_position.names == ["0", "1", "3", "4", "5"]
    by_role = opened(features=tmp_path / "x.npy", band_names=["blue", "green", "red"])
    assert (by_role.images == by_position.images[:, ::-1]).all()
    with pytest.raises(DataError, match="takes patches of 5 x 5"):
        opened(model("red", "green", "blue", side=5), features=tmp_path / "x.npy")


def test_the_layout_of_bigearthnet(tmp_path):
    for number in range(3):
        write_band_files(tmp_path, f"P_{number}", None, number)
    spec = model("nir08", "blue", side=24)
    patches = opened(spec, patches=tmp_path)
    assert patches.names == ["P_0", "P_1", "P_2"]
    assert [band.name for band in patches.bands] == ["B8A", "B02"]
    assert patches.pixel_m == (10, 10)
    one = opened(spec, patches=tmp_path / "P_1")
    assert one.names == ["P_1"]
    assert (one.images[0] == patches.images[1]).all()
    (tmp_path / "some.csv").write_text("patch_id\nP_2\nP_0\n")
    assert opened(spec, patches=tmp_path / "some.csv").names == ["P_0", "P_2"]
    with pytest.raises(DataError, match="takes patches of 8 x 8 px; these are 24 px"):
        opened(model("nir08", "blue"), patches=tmp_path)
    (tmp_path / "some.csv").write_text("patch_id\nX\n")
    with pytest.raises(DataError, match="No patch of"):
        opened(spec, patches=tmp_path / "some.csv")


@pytest.mark.parametrize("what", ["missing", "empty folder", "no image", "black"])
def test_nothing_to_classify_is_an_error(tmp_path, what):
    path = tmp_path / "p.png"
    if what == "empty folder":
        path.mkdir()
    elif what == "no image":
        path.write_text("?")
    elif what == "black":
        write_image(path, np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(DataError):
        opened(patches=path)


def test_options_that_do_not_go_together(tmp_path):
    with pytest.raises(OptionsError, match="No patches"):
        opened()
    with pytest.raises(OptionsError, match="together"):
        opened(patches=tmp_path, features=tmp_path)
    with pytest.raises(ModelFileError, match="no patch classifier"):
        opened(model("red", task=SEGMENTATION), patches=tmp_path)
