"""Patches and tiles written for other tools, and read back by ourselves."""

import csv
import json

import numpy as np
import pytest
import rasterio
from factories import pixel_box, random_image, write_geojson, write_raster
from landscape import Country
from patch_files import opened, picture, write_class_folders, write_image
from recorder import Recorder

from lulc_engine.cli.main import main
from lulc_engine.errors import Cancelled, DataError, EnvironmentFailure, LabelError, OptionsError
from lulc_engine.options import ExportPatchesOptions
from lulc_engine.samples.patches.export import export_patches
from lulc_engine.samples.patches.export_tiles import tile_starts
from lulc_engine.samples.patches.image_files import safe_names


def export(output, feedback=None, **options):
    return export_patches(
        ExportPatchesOptions(output=str(output), **options), feedback or Recorder()
    )


def manifest(folder):
    with open(folder / "manifest.csv", encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def scene(tmp_path):
    """Options that name a scene of 96 x 96 px with gaps, and polygons on it."""
    land = Country()
    values = land.image("uint16")
    values[:, 30:34, :60] = 0
    image = write_raster(tmp_path / "s.tif", values, nodata=0, descriptions=("red", "green", "nir"))
    labels = land.polygons(tmp_path / "l.geojson", ["Wald", "See", "Öde/Fläche"])
    return {"image": [image], "labels": labels, "class_field": "class"}


@pytest.mark.parametrize("format", ["tif", "png"])
def test_what_was_exported_opens_the_same(tmp_path, format):
    write_class_folders(tmp_path / "in", {"Wald": 8, "See": 6, "a:b": 5})
    result = export(tmp_path / "out", patches=str(tmp_path / "in"), format=format)
    first, again = opened(patches=tmp_path / "in"), opened(patches=tmp_path / "out/manifest.csv")
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "Wald", "See", "a_b", "manifest.csv", "legend.json",
    }  # fmt: skip
    assert again.split == "data"
    assert again.legend.names == first.legend.names
    assert (again.images == first.images).all()
    assert (again.targets == first.targets).all()
    assert (again.roles == first.roles).all()
    assert [band.role for band in again.bands] == ["red", "green", "blue"]
    assert again.pixel_m is None
    assert again.radiometry == first.radiometry
    assert result["images"] == 19
    assert result["training"] + result["validation"] + result["test"] == 19
    legend = json.loads((tmp_path / "out" / "legend.json").read_text())
    assert [row["id"] for row in legend] == [0, 1, 2]
    by_folder = opened(patches=tmp_path / "out")
    assert len(by_folder) == 19


def test_the_folder_of_an_export_points_to_its_manifest(tmp_path, scene):
    """Opened as a folder, neighbours in the scene are divided at random."""
    export(tmp_path / "out", **scene, patch_px=7, max_per_class=20)
    (note,) = [n for n in opened(patches=tmp_path / "out").notes if "manifest.csv" in n]
    assert "it keeps the ids and the split" in note
    assert opened(patches=tmp_path / "out" / "manifest.csv").split == "data"


def test_several_labels_have_a_column_per_class(tmp_path):
    bits = (np.arange(24).reshape(12, 2) % 3 == 0).astype(int)
    features = np.stack([picture(n, 2).transpose(1, 2, 0) for n in range(12)])
    np.save(tmp_path / "x.npy", features)
    np.save(tmp_path / "y.npy", bits)
    given = {"features": str(tmp_path / "x.npy"), "targets": str(tmp_path / "y.npy")}
    export(tmp_path / "out", **given, classes=["a", "b"], scale=1e-4, offset=-0.1)
    again = opened(patches=tmp_path / "out" / "manifest.csv")
    assert (again.targets == bits).all()
    assert again.legend.names == ("a", "b")
    assert (again.images == np.moveaxis(features, -1, 1)).all()
    assert again.radiometry.scale == (1e-4, 1e-4)
    assert again.radiometry.offset == (-0.1, -0.1)


def test_patches_of_scenes_keep_their_place_and_their_gaps(tmp_path, scene):
    export(tmp_path / "out", **scene, patch_px=7, max_per_class=60)
    rows = manifest(tmp_path / "out")
    patches = opened(**scene, patch_px=7, max_per_class=60)
    assert len(rows) == len(patches)
    with rasterio.open(scene["image"][0]) as source:
        for row in rows[::4]:
            with rasterio.open(tmp_path / "out" / row["path"]) as dataset:
                assert dataset.crs == source.crs
                centre = dataset.transform * (3.5, 3.5)
                place = (int(row["row"]), int(row["col"]))
                assert source.index(*centre) == place
                assert dataset.descriptions == ("red", "green", "nir")
                window = rasterio.windows.Window(place[1] - 3, place[0] - 3, 7, 7)
                expected = source.read(window=window, boundless=True, masked=True)
                found = dataset.read(masked=True)
                assert (found.mask == expected.mask).all()
                assert (found == expected).all()
    again = opened(patches=tmp_path / "out" / "manifest.csv")
    assert (again.valid == patches.valid).all()
    assert again.pixel_m == patches.pixel_m == (10, 10)
    assert (again.roles == patches.roles).all()
    assert {row["label"] for row in rows} == {"Wald", "See", "Öde/Fläche"}
    assert (tmp_path / "out" / "Öde_Fläche").is_dir()


def test_numpy_files_hold_the_bands_last(tmp_path, scene):
    export(tmp_path / "out", **scene, format="npy", bands=["nir", "red"], max_per_class=60)
    rows = manifest(tmp_path / "out")
    patches = opened(**scene, bands=["nir", "red"], max_per_class=60)
    for number in range(0, len(rows), 9):
        array = np.load(tmp_path / "out" / rows[number]["path"])
        assert array.shape == (5, 5, 2)
        expected = patches.raw(np.array([number]))[0]
        assert np.array_equal(np.moveaxis(array, -1, 0), expected, equal_nan=True)
    with pytest.raises(DataError, match="numpy arrays are read as FEATURES with TARGETS"):
        opened(patches=tmp_path / "out" / "manifest.csv")


def test_what_png_cannot_hold_is_refused(tmp_path, scene):
    with pytest.raises(OptionsError, match="PNG cannot mark pixels"):
        export(tmp_path / "out", **scene, format="png")
    with pytest.raises(OptionsError, match="PNG cannot hold 2 bands"):
        export(tmp_path / "out", **scene, format="png", bands=["red", "nir"])
    with pytest.raises(OptionsError, match="PNG cannot mark pixels"):
        export(tmp_path / "out", kind="tiles", **scene, format="png", tile_px=96)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_tiles_of_image_and_label(tmp_path, overlap):
    land = Country()
    image = write_raster(tmp_path / "s.tif", land.image("uint16"))
    labels = write_raster(tmp_path / "l.tif", (land.truth + 1).astype("uint8"))
    given = {"image": [image], "labels": labels, "tile_px": 40, "overlap": overlap}
    result = export(tmp_path / "out", kind="tiles", **given)
    rows = manifest(tmp_path / "out")
    assert result["images"] == len(rows) == (9 if overlap == 0 else 16)
    owner = np.full(land.truth.shape, "", dtype=object)
    for row in rows:
        top, left = int(row["row"]), int(row["col"])
        with rasterio.open(tmp_path / "out" / row["path"]) as dataset:
            expected = land.image("uint16")[:, top : top + 40, left : left + 40]
            assert (dataset.read() == expected).all()
            placed = dataset.transform
        with rasterio.open(tmp_path / "out" / row["label"]) as dataset:
            found = dataset.read(1)
            assert dataset.nodata == 0
            assert dataset.transform == placed
            assert [c["id"] for c in json.loads(dataset.tags()["LULC_LEGEND"])] == [1, 2, 3]
        truth = land.truth[top : top + 40, left : left + 40] + 1
        labelled = found > 0
        assert (found[labelled] == truth[labelled]).all()
        assert labelled.sum() == int(row["labelled_pixels"])
        rest = owner[top : top + 40, left : left + 40]
        assert set(rest[labelled]) <= {"", row["split"]}
        rest[labelled] = row["split"]
    assert (owner != "").all()
    assert {row["split"] for row in rows} == {"train", "val", "test"}


@pytest.mark.parametrize("form", ["tif", "png", "npy"])
def test_tiles_are_no_patches(tmp_path, form):
    """The manifest has a column `label`, but what it names are images."""
    image = write_raster(tmp_path / "s.tif", random_image(3, 40, 40).astype(np.uint8))
    labels = write_raster(tmp_path / "l.tif", np.repeat([[1, 2]], 40, 0).repeat(20, 1)[None])
    given = {"image": [image], "labels": labels, "tile_px": 16, "format": form}
    export(tmp_path / "out", kind="tiles", **given)
    for several in (False, True):
        with pytest.raises(LabelError, match="a class for every pixel") as caught:
            opened(patches=tmp_path / "out" / "manifest.csv", multilabel=several)
        assert "train a segmenter on the scene" in caught.value.hint


def test_tiles_of_polygons_and_small_scenes(tmp_path, scene):
    export(tmp_path / "out", kind="tiles", **scene, tile_px=128, validation_share=0.2)
    (row,) = manifest(tmp_path / "out")
    with rasterio.open(tmp_path / "out" / row["path"]) as dataset:
        assert dataset.shape == (128, 128)
        mask = dataset.read_masks(1)
    assert not mask[96:].any()
    assert not mask[30:34, :60].any()
    assert mask[50].sum() == 96 * 255
    with rasterio.open(tmp_path / "out" / row["label"]) as dataset:
        assert not dataset.read(1)[30:34, :60].any()


def test_label_tiles_hold_the_users_ids(tmp_path):
    image = write_raster(tmp_path / "s.tif", random_image(3, 32, 32, "uint8"))
    boxes = [(pixel_box(0, 8 * n, 32, 8), {"k": [0, 7, 300][n % 3]}) for n in range(4)]
    labels = write_geojson(tmp_path / "l.geojson", boxes)
    given = {"image": [image], "labels": labels, "class_field": "k", "tile_px": 16}
    export(tmp_path / "png", kind="tiles", format="png", **given)
    export(tmp_path / "npy", kind="tiles", format="npy", **given)
    for row in manifest(tmp_path / "png"):
        with rasterio.open(tmp_path / "png" / row["label"]) as dataset:
            found = dataset.read(1)
        assert found.dtype == np.uint16
        assert set(np.unique(found)) <= {0, 7, 300, 65535}
        array = np.load(tmp_path / "npy" / row["label"].replace(".png", ".npy"))
        assert (array == found).all()
        assert np.load(tmp_path / "npy" / row["path"].replace(".png", ".npy")).shape == (16, 16, 3)


def test_the_folder_must_be_free(tmp_path):
    write_class_folders(tmp_path / "in", {"a": 3, "b": 3})
    source = str(tmp_path / "in")
    (tmp_path / "out").mkdir()
    assert export(tmp_path / "out", patches=source)["images"] == 6
    with pytest.raises(OptionsError, match="is not empty"):
        export(tmp_path / "out", patches=source)
    (tmp_path / "file").touch()
    with pytest.raises(OptionsError, match="is a file"):
        export(tmp_path / "file", patches=source)
    with pytest.raises(EnvironmentFailure, match="does not exist"):
        export(tmp_path / "no" / "out", patches=source)


def test_a_cancelled_or_failed_export_leaves_nothing(tmp_path):
    write_class_folders(tmp_path / "in", {"a": 3, "b": 3})

    class Impatient(Recorder):
        def progress(self, fraction, text=""):
            if text == "Writing patches":
                self.cancel()

        def info(self, text):
            if "patches of" in text:
                self.cancel()

    with pytest.raises(Cancelled):
        export(tmp_path / "out", Impatient(), patches=str(tmp_path / "in"))
    with pytest.raises(OptionsError, match="Tiles are cut from scenes"):
        export(tmp_path / "out", patches=str(tmp_path / "in"), kind="tiles")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_tiles_without_labels_are_an_error(tmp_path, scene):
    values = np.zeros((1, 96, 96), np.uint16)
    image = write_raster(tmp_path / "empty.tif", values, nodata=0)
    with pytest.raises(LabelError, match="No label lies on a valid pixel"):
        export(tmp_path / "out", kind="tiles", **{**scene, "image": [image]})


def test_the_command(tmp_path, capsys):
    write_class_folders(tmp_path / "in", {"a": 4, "b": 4})
    write_image(tmp_path / "in" / "a" / "black.png", np.zeros((3, 8, 8), np.uint8))
    arguments = ["export-patches", "--patches", str(tmp_path / "in"), "--json"]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["images"] == 8
    assert result["rejected"] == 1
    assert result["manifest"] == str(tmp_path / "out" / "manifest.csv")


def test_tiles_reach_to_the_end_of_a_side():
    assert tile_starts(100, 40, 40) == [0, 40, 60]
    assert tile_starts(80, 40, 40) == [0, 40]
    assert tile_starts(80, 40, 20) == [0, 20, 40]
    assert tile_starts(30, 40, 40) == [0]
    assert tile_starts(41, 40, 40) == [0, 1]


def test_names_that_every_file_system_takes():
    texts = ["a/b", "a\\b", "A_b", "", "..", "con", "Öde", "x" * 300, "tab\t", "nul.txt"]
    names = safe_names(texts)
    assert names[:3] == ["a_b", "a_b_2", "A_b_3"]
    assert names[3:7] == ["_", "__2", "_con", "Öde"]
    assert len(set(map(str.casefold, names))) == len(names)
    assert all(len(name.encode()) <= 110 for name in names)
