"""The layout of BigEarthNet: bands brought to one grid, labels of two nomenclatures."""

import shutil

import numpy as np
import pytest
import rasterio
from patch_files import opened, reasons, write_band_files
from rasterio.enums import Resampling
from recorder import Recorder

from lulc_engine.errors import DataError, LabelError, OptionsError
from lulc_engine.samples.patches.bigearthnet import is_bigearthnet, split_cell
from lulc_engine.samples.patches.nomenclature import CLASSES_19, DROPPED, class_index

NAMES = list(CLASSES_19)


@pytest.fixture
def archive(tmp_path):
    """Ten patches with JSON files."""
    for number in range(10):
        labels = ["Pastures", "Rice fields"] if number % 2 else ["Sea and ocean"]
        write_band_files(tmp_path / "v1", f"P_{number}", labels, number)
    return tmp_path / "v1"


def test_bands_come_in_sentinels_order_with_roles_and_labels(archive):
    patches = opened(patches=archive)
    assert patches.source == "bigearthnet"
    assert patches.images.shape == (10, 4, 24, 24)
    assert patches.images.dtype == np.uint16
    assert [band.name for band in patches.bands] == ["B02", "B03", "B8A", "B09"]
    assert [band.role for band in patches.bands] == ["blue", "green", "nir08", "nir09"]
    assert patches.legend.names == tuple(NAMES)
    assert patches.legend.ids == tuple(range(19))
    assert patches.targets.sum(axis=0)[[2, 4, 18]].tolist() == [5, 5, 5]
    assert patches.targets.sum() == 15
    assert patches.pixel_m == (10, 10)
    assert patches.radiometry.offset == (0,) * 4
    assert "N0206" in patches.radiometry.reason


@pytest.mark.parametrize("method", ["cubic", "nearest", "bilinear", "average"])
def test_coarser_bands_are_resampled_to_the_finest(archive, method):
    patches = opened(patches=archive, resampling=method)
    folder = archive / "P_3"
    number = patches.names.index("P_3")
    for place, band in enumerate(patches.bands):
        with rasterio.open(folder / f"P_3_{band.name}.tif") as dataset:
            expected = dataset.read(1, out_shape=(24, 24), resampling=Resampling[method])
            own = dataset.read(1)
        assert (patches.images[number, place] == expected).all()
        repeated = np.kron(own, np.ones((24 // len(own), 24 // len(own))))
        assert ((patches.images[number, place] == repeated).all()) == (
            method == "nearest" or len(own) == 24 or method == "average"
        )


def test_cubic_resampling_follows_a_slope(tmp_path):
    def slope(band, values):
        side = values.shape[1]
        centres = (np.arange(side) + 0.5) * 24 / side
        return np.broadcast_to(np.round(1000 + 40 * centres), values.shape).astype("uint16")

    for number in range(4):
        write_band_files(tmp_path, f"P_{number}", NAMES[number % 2 : number % 2 + 2], alter=slope)
    image = opened(patches=tmp_path, test_share=0).images[0].astype(int)
    expected = 1000 + 40 * (np.arange(24) + 0.5)
    assert np.abs(image[2, :, 4:-4] - expected[4:-4]).max() <= 1
    assert np.abs(image[3, :, 10:-10] - expected[10:-10]).max() <= 1


def test_bands_can_be_chosen(archive):
    patches = opened(patches=archive, bands=["nir08", "B02"])
    assert [band.name for band in patches.bands] == ["B8A", "B02"]
    assert patches.size_px == 24
    only_coarse = opened(patches=archive, bands=["B09"])
    assert only_coarse.size_px == 24
    with pytest.raises(OptionsError, match="--band-names"):
        opened(patches=archive, band_names=["a", "b", "c", "d"])
    with pytest.raises(OptionsError, match="--patch-px is 12"):
        opened(patches=archive, patch_px=12)


def test_patches_of_no_use_are_listed(archive):
    def lacks(which):
        return lambda band, values: None if band == which else values

    write_band_files(archive, "Q_band", ["Pastures"], 20, alter=lacks("B8A"))
    write_band_files(archive, "Q_size", ["Pastures"], 21, alter=lambda b, v: v[:, :2, :2])
    write_band_files(archive, "Q_zero", ["Pastures"], 22, alter=lambda b, v: v * 0)
    write_band_files(archive, "Q_type", ["Pastures"], 23, alter=lambda b, v: v.astype("float64"))
    write_band_files(archive, "Q_bad", ["Pastures"], 24)
    (archive / "Q_bad" / "Q_bad_B03.tif").write_bytes(b"II*\0no tiff")
    write_band_files(archive, "Q_dropped", ["Airports", "Bare rock"], 25)
    write_band_files(archive, "Q_other", ["Moon"], 26)
    write_band_files(archive, "Q_none", [], 27)
    write_band_files(archive, "Q_nofile", None, 28)
    write_band_files(archive, "Q_json", ["Pastures"], 29)
    (archive / "Q_json" / "Q_json_labels_metadata.json").write_text("[")
    patches = opened(patches=archive)
    assert len(patches) == 10
    assert reasons(patches) == {
        "Q_band": "B8A is missing",
        "Q_size": "B02 is 2 x 2 px where 24 x 24 are usual",
        "Q_zero": "all values are 0",
        "Q_type": "B02 has values of type float64",
        "Q_bad": "B03 cannot be read or is damaged",
        "Q_dropped": "it has labels only of classes that the 19 leave out (Airports, Bare rock)",
        "Q_other": "'Moon' is no class of BigEarthNet",
        "Q_none": "it has no label",
        "Q_nofile": "it has no file of labels",
        "Q_json": "Q_json_labels_metadata.json cannot be read",
    }


def version_2(root, cells, header="patch_id,labels,split,country"):
    """Write patches in tile folders, and a table; cells are (labels, split) of P_0, P_1, ..."""
    for number in range(len(cells)):
        name = f"S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_{number}"
        write_band_files(root / "BigEarthNet-S2" / name.rsplit("_", 1)[0], name, None, number)
    rows = [
        f'S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_{n},"{labels}",{split},Austria'
        for n, (labels, split) in enumerate(cells)
    ]
    (root / "metadata.csv").write_text("\n".join([header, *rows]))
    return root


def test_a_table_in_the_folder_gives_labels_and_split(tmp_path):
    cells = [
        ("['Beaches, dunes, sands', 'Marine waters']", "train"),
        ("['Beaches, dunes, sands' 'Marine waters']", "validation"),
        ("Inland wetlands|Beaches, dunes, sands", "test"),
        ("Peatbogs; Salines", "train"),
    ]
    patches = opened(patches=version_2(tmp_path, cells))
    assert patches.split == "data"
    assert patches.roles.tolist() == [0, 1, 2, 0]
    found = [[NAMES[k] for k in np.flatnonzero(row)] for row in patches.targets]
    assert found == [
        ["Beaches, dunes, sands", "Marine waters"],
        ["Beaches, dunes, sands", "Marine waters"],
        ["Beaches, dunes, sands", "Inland wetlands"],
        ["Inland wetlands", "Coastal wetlands"],
    ]
    assert patches.radiometry.offset == (0,) * 4
    assert "version 2" in patches.radiometry.reason
    assert patches.files[0]["name"] == "metadata.csv"
    by_table = opened(patches=tmp_path / "metadata.csv")
    assert by_table.names == patches.names
    assert (by_table.targets == patches.targets).all()


def test_table_and_folder_may_differ(tmp_path):
    root = version_2(
        tmp_path, [("Pastures", "train"), ("Pastures", "val"), ("Mixed forest", "train")]
    )
    write_band_files(root / "BigEarthNet-S2", "X_1", None, 9)
    with open(root / "metadata.csv", "a") as stream:
        stream.write("\nGONE_1,Pastures,train,Austria\nGONE_2,Pastures,test,Austria")
    (root / "another.csv").write_text("a,b\n1,2\n")
    feedback = Recorder()
    patches = opened(patches=root, feedback=feedback)
    assert reasons(patches) == {"X_1": "it is not in metadata.csv"}
    assert "2 patches of metadata.csv are not in the folder." in feedback.infos


def test_parquet_metadata(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for number in range(6):
        write_band_files(tmp_path, f"P_{number}", None, number)
    columns = {
        "patch_id": [f"P_{number}" for number in range(6)],
        "labels": [["Pastures", "Mixed forest"], ["Arable land"]] * 3,
        "split": ["train", "train", "validation", "validation", "test", "test"],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "metadata.parquet")
    patches = opened(patches=tmp_path)
    assert patches.roles.tolist() == [0, 0, 1, 1, 2, 2]
    assert patches.targets.sum(axis=0)[[2, 4, 10]].tolist() == [3, 3, 3]


def test_the_layout_is_told_from_class_folders(archive, tmp_path):
    assert is_bigearthnet(archive)
    assert is_bigearthnet(archive.parent)
    other = tmp_path / "classes" / "Forest"
    other.mkdir(parents=True)
    shutil.copy(archive / "P_0" / "P_0_B02.tif", other / "T32_B02.tif")
    assert not is_bigearthnet(other.parent)


def test_a_folder_without_any_label_is_an_error(tmp_path):
    for number in range(3):
        write_band_files(tmp_path, f"P_{number}", None, number)
    with pytest.raises(LabelError, match="None of 3 patches has a label of BigEarthNet"):
        opened(patches=tmp_path)


def test_nothing_readable_is_an_error(tmp_path):
    for number in range(3):
        write_band_files(tmp_path, f"P_{number}", ["Pastures"], number)
        for path in (tmp_path / f"P_{number}").glob("*.tif"):
            path.write_bytes(b"no tiff")
    with pytest.raises(DataError, match="None of 3 patches can be read"):
        opened(patches=tmp_path)


def test_links_in_circles_end(archive):
    (archive / "again").symlink_to(archive, target_is_directory=True)
    assert len(opened(patches=archive)) == 10


def test_a_fraction_of_several_labels(archive):
    patches = opened(patches=archive, fraction=0.5)
    assert patches.targets.sum(axis=0)[[2, 4, 18]].min() >= 2
    assert 4 <= len(patches) <= 6


def test_all_43_names_have_their_place():
    names = [part for title, parts in CLASSES_19.items() for part in (parts or (title,))]
    assert len(CLASSES_19) == 19
    assert len(DROPPED) == 11
    assert len({*names, *DROPPED}) == len(names) + len(DROPPED) == 43
    assert [class_index(title) for title in CLASSES_19] == list(range(19))
    assert {class_index(name) for name in DROPPED} == {None}
    assert class_index("transitional  Woodland/shrub") == NAMES.index(
        "Transitional woodland, shrub"
    )
    with pytest.raises(KeyError):
        class_index("Moon")


def test_lists_in_cells():
    assert split_cell(["a", "b"]) == ["a", "b"]
    assert split_cell('["a, b", "c"]') == ["a, b", "c"]
    assert split_cell("a, b") == ["a, b"]
    assert split_cell("") == []
