"""Sentinel-2 products: one scene of the bands of three resolutions."""

import contextlib

import numpy as np
import pytest
import rasterio
from factories import CRS, ORIGIN
from landscape import make_spec, write_untrained_model
from rasterio import shutil as rasterio_shutil

from lulc_engine.errors import RasterError
from lulc_engine.feedback import Feedback
from lulc_engine.inference.classify import classify
from lulc_engine.options import ClassifyOptions
from lulc_engine.rasters.files import gdal_settings
from lulc_engine.rasters.grid import Window
from lulc_engine.rasters.safe import find_product
from lulc_engine.rasters.scene import Scene

SIDE = 120  # pixels of 10 m
L2A = {10: ("B02", "B03", "B04", "B08"), 20: ("B02", "B05", "B06", "B07", "B8A", "B11", "B12"),
       60: ("B01", "B02", "B09")}  # fmt: skip
WAVELENGTHS = ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]


@pytest.fixture(autouse=True)
def _gdal():
    with gdal_settings():
        yield


def band_values(band, metres):
    """Return a field that rises to the south-east, of another level for each band."""
    places = (np.arange(SIDE * 10 // metres) + 0.5) * metres / 10
    level = 1000 + 100 * WAVELENGTHS.index(band) if band in WAVELENGTHS else 1000
    return (level + 2 * places[:, None] + 3 * places).round().astype(np.uint16)


def write_product(folder, level="L2A", added=-1000, skip=()):
    """Write a product with lossless JPEG 2000 files; return its SAFE folder."""
    root = folder / f"S2A_MSI{level}_20230701T103031_N0509_R108_T32TLT_20230701T150000.SAFE"
    granule = f"GRANULE/{level}_T32TLT_A041887_20230701T103628/IMG_DATA"
    names = []
    for metres, bands in L2A.items():
        for band in bands:
            inside = f"{granule}/R{metres}m/T32TLT_20230701T103031_{band}_{metres}m"
            if level == "L1C":
                if band == "B02" and metres > 10:
                    continue
                inside = f"{granule}/T32TLT_20230701T103031_{band}"
            names.append(inside)
            if band in skip:
                continue
            values = band_values(band, metres)
            path = root / f"{inside}.jp2"
            path.parent.mkdir(parents=True, exist_ok=True)
            profile = {
                "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1,
                "dtype": "uint16", "crs": CRS,
                "transform": ORIGIN * rasterio.Affine.scale(metres / 10),
            }  # fmt: skip
            with rasterio.MemoryFile() as memory:
                with memory.open(**profile) as dataset:
                    dataset.write(values, 1)
                with memory.open() as dataset:
                    rasterio_shutil.copy(
                        dataset, path, driver="JP2OpenJPEG", QUALITY=100, REVERSIBLE="YES"
                    )
    images = "".join(f"<IMAGE_FILE>{name}</IMAGE_FILE>" for name in names)
    quantum = "BOA_QUANTIFICATION_VALUE" if level == "L2A" else "QUANTIFICATION_VALUE"
    kind = "BOA" if level == "L2A" else "RADIO"
    offset = f'<{kind}_ADD_OFFSET band_id="0">{added}</{kind}_ADD_OFFSET>' if added else ""
    (root / f"MTD_MSI{level}.xml").write_text(
        f"<n1:Product>{images}<{quantum} unit='none'>10000</{quantum}>{offset}</n1:Product>"
    )
    return root


def test_all_bands_on_the_finest_grid_with_the_products_radiometry(tmp_path):
    root = write_product(tmp_path)
    with contextlib.closing(Scene(root)) as scene:
        assert [band.name for band in scene.bands] == WAVELENGTHS
        assert [b.role for b in scene.bands][:4] == ["coastal", "blue", "green", "red"]
        assert (scene.grid.width, scene.grid.height) == (SIDE, SIDE)
        assert scene.grid.transform == ORIGIN
        values, valid = scene.read(scene.grid.window, scene.bands)
        radiometry = scene.radiometry(scene.bands)
    assert valid.all()
    assert set(radiometry.scale) == {1e-4}
    assert set(radiometry.offset) == {-0.1}
    for band, found in zip(WAVELENGTHS, values, strict=True):
        expected = band_values(band, 10)
        if band in L2A[10]:
            np.testing.assert_array_equal(found, expected)
        else:  # a plane is what bilinear interpolation gives back, but for rounding and the edges
            inner = (slice(6, -6), slice(6, -6))
            assert np.abs(found[inner].astype(int) - expected[inner]).max() <= 2
            assert np.abs(found.astype(int) - expected).max() <= 20


def test_windows_are_parts_of_the_whole(tmp_path):
    with contextlib.closing(Scene(write_product(tmp_path))) as scene:
        whole, _ = scene.read(scene.grid.window, scene.bands)
        for window in (Window(0, 0, 50, 60), Window(33, 17, 41, 64), Window(100, 90, 20, 30)):
            part, _ = scene.read(window, scene.bands)
            np.testing.assert_array_equal(
                part, whole[(slice(None), *window.relative_to(scene.grid.window))]
            )


@pytest.mark.parametrize(
    ("level", "added", "offset"), [("L1C", -1000, -0.1), ("L1C", None, 0.0), ("L2A", None, 0.0)]
)
def test_levels_and_offsets(tmp_path, level, added, offset):
    with contextlib.closing(Scene(write_product(tmp_path, level, added))) as scene:
        assert len(scene.bands) == 12
        assert set(scene.radiometry(scene.bands).offset) == {offset}


def test_names_of_a_product(tmp_path):
    root = write_product(tmp_path)
    metadata = root / "MTD_MSIL2A.xml"
    for name in (root, str(root), metadata):
        assert find_product(name) == metadata
        with contextlib.closing(Scene(name)) as scene:
            assert len(scene.bands) == 12
    for name in (
        tmp_path,
        tmp_path / "scene.tif",
        "MTD_TL.xml",
        "x" * 5000,
        f"SENTINEL2_L2A:{metadata}:10m:X",
    ):
        assert find_product(name) is None


def test_a_product_is_classified(tmp_path):
    spec = make_spec(("swir16", "red", "blue"))
    path, _ = write_untrained_model(tmp_path / "m.safetensors", spec)
    options = ClassifyOptions(
        image=str(write_product(tmp_path)), model=path, output=str(tmp_path / "map.tif")
    )
    assert classify(options, Feedback())["pixels"] == SIDE * SIDE
    with rasterio.open(tmp_path / "map.tif") as dataset:
        assert dataset.shape == (SIDE, SIDE)


def test_an_incomplete_product(tmp_path):
    with pytest.raises(RasterError, match=r"lacks .*B11_20m"):
        Scene(write_product(tmp_path, skip=("B11",)))


def test_a_damaged_band(tmp_path):
    root = write_product(tmp_path)
    next(root.rglob("*_B03_10m.jp2")).write_bytes(b"nothing")
    with pytest.raises(RasterError, match="B03_10m"):
        Scene(root)


@pytest.mark.parametrize("text", ["", "<a/>", "<IMAGE_FILE>GRANULE/x/y_TCI</IMAGE_FILE>"])
def test_metadata_without_bands(tmp_path, text):
    (tmp_path / "MTD_MSIL2A.xml").write_text(text)
    with pytest.raises(RasterError, match="names no bands"):
        Scene(tmp_path / "MTD_MSIL2A.xml")


def test_a_virtual_raster_of_band_files_is_understood_by_their_names(tmp_path):
    """As made by gdalbuildvrt -separate, and by QGIS: no descriptions, no scale."""
    root = write_product(tmp_path)
    files = sorted(root.rglob("*_B0[48]_10m.jp2")) + sorted(root.rglob("*_B11_20m.jp2"))
    parts = "".join(
        f'<VRTRasterBand dataType="UInt16" band="{number}"><SimpleSource>'
        f"<SourceFilename>{file}</SourceFilename><SourceBand>1</SourceBand>"
        f'<DstRect xOff="0" yOff="0" xSize="{SIDE}" ySize="{SIDE}"/></SimpleSource></VRTRasterBand>'
        for number, file in enumerate(files, start=1)
    )
    transform = ", ".join(map(str, ORIGIN.to_gdal()))
    (tmp_path / "bands.vrt").write_text(
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>EPSG:32632</SRS>'
        f"<GeoTransform>{transform}</GeoTransform>{parts}</VRTDataset>"
    )
    with contextlib.closing(Scene(tmp_path / "bands.vrt")) as scene:
        assert [band.role for band in scene.bands] == ["red", "nir", "swir16"]
        found = scene.radiometry(scene.bands)
    assert (found.source, set(found.offset)) == ("name", {-0.1})  # N0509 in the files' paths
