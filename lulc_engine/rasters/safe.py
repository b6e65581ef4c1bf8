"""Sentinel-2 products as one scene: the bands of 10, 20 and 60 m of a SAFE folder together.

GDAL offers a product as one raster per resolution, so that no raster holds the ten bands that land
cover is usually classified with. Here it is a virtual raster of all bands on the grid of 10 m, with
the scale and offset that the product's metadata give (ESA, Sentinel-2 Products Specification
Document, issue 14.9, S2-PDGS-TAS-DI-PSD). Bands of 20 and 60 m are interpolated bilinearly, which
makes up no values beyond the measured ones.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape  # nosec B406 - XML is written here, none is read

import rasterio
from rasterio.errors import RasterioError

from lulc_engine.errors import RasterError

_METADATA = re.compile(r"^MTD_MSI(L1C|L2A)\.xml$", re.IGNORECASE)
_IMAGE = re.compile(r"<IMAGE_FILE>\s*([^<]+?)\s*</IMAGE_FILE>")
_BAND = re.compile(r"_(B(?:0[1-9]|1[0-2]|8A))(?:_(?:10|20|60)m)?$")
_QUANTUM = re.compile(r"<(?:BOA_)?QUANTIFICATION_VALUE[^>]*>\s*([\d.]+)\s*</")
_ADDED = re.compile(r"<(?:BOA|RADIO)_ADD_OFFSET[^>]*>\s*(-?[\d.]+)\s*</")
_ENDINGS = (".jp2", ".tif")
_ORDER = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_NODATA = 0  # of every product


def find_product(path: str | Path) -> Path | None:
    """Return the metadata file of a Sentinel-2 product, None where a path does not name one.

    Args:
        path: the SAFE folder, or its ``MTD_MSIL1C.xml`` or ``MTD_MSIL2A.xml``. GDAL's names of
            single resolutions stay what they are: their bands have numbers of their own.
    """
    path = Path(path)
    if _METADATA.match(path.name):
        return path
    with contextlib.suppress(OSError):  # no folder that can be read, or no possible name of one
        if path.is_dir():
            inside = sorted(path.iterdir())
            return next((item for item in inside if _METADATA.match(item.name)), None)
    return None


def product_raster(metadata: Path) -> str:
    """Return a product as the XML of a virtual raster, in which files have absolute paths.

    Raises:
        RasterError: the metadata or a band cannot be read, or the product has several granules.
    """
    try:
        text = metadata.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise RasterError(
            f"The metadata {metadata} of the Sentinel-2 product cannot be read.",
            "Unpack the whole product, and give its SAFE folder.",
        ) from err
    files = _finest(metadata, _IMAGE.findall(text))
    quantum, added = (float(m[1]) if (m := p.search(text)) else None for p in (_QUANTUM, _ADDED))
    scale = 1 / (quantum or 10000)
    return _virtual(files, scale, (added or 0.0) * scale)


def _finest(metadata: Path, images: Sequence[str]) -> dict[str, Path]:
    """Return the file of the finest resolution of each band, in the order of wavelengths."""
    found: dict[str, Path] = {}
    if len({image.split("/")[1] for image in images if image.count("/") > 1}) > 1:
        raise RasterError(
            f"{metadata.parent.name} holds several granules.", "Give the bands of one of them."
        )
    # In Level-2A the resolution is part of the name: _10m comes before _20m and _60m.
    for image in sorted(images, key=lambda name: name[-3:]):
        band = _BAND.search(image)
        if band and band[1] not in found:
            found[band[1]] = _existing(metadata.parent / image)
    if not found:
        raise RasterError(
            f"{metadata} names no bands.", "Give a Level-1C or Level-2A product since 2016."
        )
    return {band: found[band] for band in _ORDER if band in found}


def _existing(path: Path) -> Path:
    for ending in _ENDINGS:
        file = path.with_name(path.name + ending)
        if file.is_file():
            return file
    raise RasterError(
        f"The Sentinel-2 product lacks {path.name}{_ENDINGS[0]}.", "Download it again, completely."
    )


def _virtual(files: dict[str, Path], scale: float, offset: float) -> str:
    shapes: dict[str, tuple[int, int]] = {}
    grid = None
    for band, path in files.items():
        try:
            with rasterio.open(path) as dataset:
                shapes[band] = (dataset.width, dataset.height)
                if grid is None or dataset.width > grid[0]:
                    transform = ", ".join(map(repr, dataset.transform.to_gdal()))
                    crs = dataset.crs.to_wkt() if dataset.crs else ""
                    grid = (dataset.width, dataset.height, transform, crs)
        except RasterioError as err:
            raise RasterError(
                f"{path} is damaged or no image.", "Download the product again."
            ) from err
    if grid is None:
        raise ValueError("no files")
    width, height, transform, crs = grid
    bands = (
        f'<VRTRasterBand dataType="UInt16" band="{number}"><Description>{band}</Description>'
        f"<NoDataValue>{_NODATA}</NoDataValue><Scale>{scale!r}</Scale><Offset>{offset!r}</Offset>"
        f'<ComplexSource resampling="bilinear"><SourceFilename relativeToVRT="0">'
        f"{escape(str(files[band].resolve()))}</SourceFilename><SourceBand>1</SourceBand>"
        f'<SrcRect xOff="0" yOff="0" xSize="{shapes[band][0]}" ySize="{shapes[band][1]}"/>'
        f'<DstRect xOff="0" yOff="0" xSize="{width}" ySize="{height}"/><NODATA>{_NODATA}</NODATA>'
        "</ComplexSource></VRTRasterBand>"
        for number, band in enumerate(files, start=1)
    )
    return (
        f'<VRTDataset rasterXSize="{width}" rasterYSize="{height}"><SRS>{escape(crs)}</SRS>'
        f"<GeoTransform>{transform}</GeoTransform>{''.join(bands)}</VRTDataset>"
    )
