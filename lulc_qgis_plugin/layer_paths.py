"""Turn layers into paths that the engine can open.

The engine reads files. What is only in QGIS (memory layers, database tables, selections, filters,
unsaved edits, joined and virtual fields) is written to a temporary GeoPackage first. A vector path
is ``path`` or ``path|layername=NAME``.
"""

from __future__ import annotations

import os

from qgis.core import (
    QgsFields,
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

_NOT_A_FILE = ("subset=", "geometrytype=", "option:")


def absolute(path: str) -> str:
    """Return a path that does not depend on the working directory; a GDAL name stays as it is."""
    return os.path.abspath(path) if os.path.exists(path) else path


def raster_path(layer: QgsMapLayer, name: str) -> str:
    """Return the path of a raster layer.

    Raises:
        QgsProcessingException: the layer is no file that GDAL reads, such as a web map.
    """
    provider = layer.providerType()
    if provider != "gdal":
        raise QgsProcessingException(
            f"{name} is {layer.name()!r}, a layer of the type {provider}. Export it to a GeoTIFF "
            "and use that."
        )
    return absolute(layer.source().split("|option:")[0])


def vector_path(
    layer: QgsVectorLayer,
    selected_only: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str:
    """Return the path of a vector layer, written to a temporary file where necessary."""
    if selected_only and layer.selectedFeatureCount() == 0:
        raise QgsProcessingException(
            f"The layer {layer.name()!r} has no selected features. Select some, or use all."
        )
    path, layer_name = ("", "") if selected_only or _needs_copy(layer) else _file_of(layer)
    if not path:
        path, layer_name = _copy(layer, selected_only, context, feedback), ""
    return f"{absolute(path)}|layername={layer_name}" if layer_name else absolute(path)


def layer_path(
    layer: QgsMapLayer,
    name: str,
    selected_only: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str:
    """Return the path of a raster or vector layer."""
    if isinstance(layer, QgsRasterLayer):
        return raster_path(layer, name)
    if isinstance(layer, QgsVectorLayer):
        return vector_path(layer, selected_only, context, feedback)
    raise QgsProcessingException(f"{name} must be a vector or a raster layer.")


def _needs_copy(layer: QgsVectorLayer) -> bool:
    fields = layer.fields()
    origins = {fields.fieldOrigin(index) for index in range(fields.count())}
    return (
        layer.providerType() != "ogr"
        or bool(layer.subsetString())
        or layer.isModified()
        or not origins <= {QgsFields.FieldOrigin.OriginProvider}
        or any(mark in layer.source().lower() for mark in _NOT_A_FILE)
    )


def _file_of(layer: QgsVectorLayer) -> tuple[str, str]:
    """Return path and layer name of an OGR layer; an empty path where that does not identify it."""
    parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
    path, layer_name = str(parts.get("path") or ""), str(parts.get("layerName") or "")
    by_number = parts.get("layerId") not in (None, "", 0, "0", -1)
    return ("", "") if by_number and not layer_name else (path, layer_name)


def _copy(
    layer: QgsVectorLayer,
    selected_only: bool,
    context: QgsProcessingContext,
    feedback: QgsProcessingFeedback,
) -> str:
    path = QgsProcessingUtils.generateTempFilename("labels.gpkg")
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = "labels"
    options.onlySelectedFeatures = selected_only
    options.feedback = feedback
    options.layerOptions = ["FID=lulc_fid"]  # else a field named fid must hold unique numbers
    done = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, path, context.transformContext(), options
    )
    if done[0] != QgsVectorFileWriter.WriterError.NoError:
        raise QgsProcessingException(
            f"The layer {layer.name()!r} could not be written to a temporary file: {done[1]}"
        )
    return path
