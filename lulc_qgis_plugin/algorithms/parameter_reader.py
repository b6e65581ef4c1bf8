"""Read the values of Processing parameters as what the engine's options take."""

from __future__ import annotations

import os
from typing import Any, Callable

from qgis.core import (
    NULL,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingParameterDefinition,
    QgsProcessingParameters,
    QgsProcessingUtils,
    QgsProperty,
)

from ..bundled_models import bundled_model
from ..layer_paths import absolute, layer_path, raster_path
from .parameters import SELECTED_ONLY, ModelParameter

Definition = QgsProcessingParameterDefinition
Values = dict[str, Any]


class ParameterReader:
    """Reads the values of parameters as what the engine's options take.

    Attributes:
        layer_ids: layer outputs by parameter, in the spelling under which QGIS will load them.
    """

    def __init__(
        self, parameters: Values, context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        self._parameters = parameters
        self._context = context
        self._feedback = feedback
        self.layer_ids: dict[str, str] = {}

    def read(self, definition: Definition) -> Any:
        """Return the value of a parameter; None or '' where it was not given.

        Raises:
            QgsProcessingException: a layer does not exist or cannot be used.
        """
        reader = _READERS.get(definition.type(), ParameterReader.plain)
        return reader(self, definition)

    def plain(self, definition: Definition) -> Any:
        """Return the value as given: the options check it, in a model nobody else does."""
        value = self._parameters.get(definition.name())
        if isinstance(value, QgsProperty):
            value = value.value(self._context.expressionContext())[0]
        if value is None or value == NULL:
            return definition.defaultValue() if not _is_optional(definition) else None
        return value

    def _field(self, definition: Definition) -> Any:
        value = self.plain(definition)
        return (value[0] if value else "") if isinstance(value, (list, tuple)) else value

    def _file(self, definition: Definition) -> str:
        value = self.plain(definition)
        if not value:
            return ""
        bundled = bundled_model(str(value)) if isinstance(definition, ModelParameter) else ""
        return bundled or absolute(str(value))

    def _file_destination(self, definition: Definition) -> str:
        path = QgsProcessingParameters.parameterAsFileOutput(
            definition, self._parameters, self._context
        )
        return os.path.abspath(path) if path else ""

    def _layer_destination(self, definition: Definition) -> str:
        path = QgsProcessingParameters.parameterAsOutputLayer(
            definition, self._parameters, self._context
        )
        self.layer_ids[definition.name()] = path
        return os.path.abspath(path) if path else ""

    def _raster(self, definition: Definition) -> str:
        layer = QgsProcessingParameters.parameterAsRasterLayer(
            definition, self._parameters, self._context
        )
        if layer is not None:
            return raster_path(layer, definition.name())
        return self._missing(definition, "raster layer")

    def _several(self, definition: Definition) -> list[str]:
        if definition.layerType() == QgsProcessing.SourceType.TypeFile:
            return self._files(definition)
        return self._rasters(definition)

    def _files(self, definition: Definition) -> list[str]:
        """Return files or folders; a bundled model may be named."""
        given = self.plain(definition)
        items = given if isinstance(given, (list, tuple)) else [given] if given else []
        return [bundled_model(str(item)) or absolute(str(item)) for item in items]

    def _rasters(self, definition: Definition) -> list[str]:
        given = self.plain(definition)
        items = given if isinstance(given, (list, tuple)) else [given] if given else []
        layers = QgsProcessingParameters.parameterAsLayerList(
            definition, self._parameters, self._context
        )
        if len(layers) < len(items):
            unknown = [item for item in items if not self._finds(item)]
            raise _no_layer(definition, "raster layer", ", ".join(map(str, unknown or items)))
        return [raster_path(layer, definition.name()) for layer in layers]

    def _layer(self, definition: Definition) -> str:
        selected = _is_true(self._parameters.get(SELECTED_ONLY))
        selected = selected and definition.name() in ("LABELS", "REFERENCE")
        value = self._parameters.get(definition.name())
        if isinstance(value, QgsProcessingFeatureSourceDefinition):
            selected = selected or value.selectedFeaturesOnly
            source = value.source.valueAsString(self._context.expressionContext())[0]
            layer = QgsProcessingUtils.mapLayerFromString(source, self._context)
        else:
            layer = QgsProcessingParameters.parameterAsLayer(
                definition, self._parameters, self._context
            )
        if layer is None:
            return self._missing(definition, "layer")
        return layer_path(layer, definition.name(), selected, self._context, self._feedback)

    def _extent(self, definition: Definition) -> str:
        given = (definition, self._parameters, self._context)
        box = QgsProcessingParameters.parameterAsExtent(*given)
        if box.isNull():
            return ""
        crs = QgsProcessingParameters.parameterAsExtentCrs(*given)
        sides = (box.xMinimum(), box.xMaximum(), box.yMinimum(), box.yMaximum())
        text = ",".join(repr(side) for side in sides)
        return f"{text} [{crs.authid() or crs.toWkt()}]" if crs.isValid() else text

    def _missing(self, definition: Definition, kind: str) -> str:
        value = self.plain(definition)
        if not value:
            return ""  # the options say so where it is required
        shown = value.name() if isinstance(value, QgsMapLayer) else value
        raise _no_layer(definition, kind, str(shown))

    def _finds(self, item: Any) -> bool:
        if isinstance(item, QgsMapLayer):
            return True
        return QgsProcessingUtils.mapLayerFromString(str(item), self._context) is not None


# By type of parameter; kept out of the reader, where they would tie it and its context in a cycle.
_READERS: dict[str, Callable[[ParameterReader, Definition], Any]] = {
    "extent": ParameterReader._extent,
    "field": ParameterReader._field,
    "file": ParameterReader._file,
    "fileDestination": ParameterReader._file_destination,
    "folderDestination": ParameterReader._file_destination,
    "layer": ParameterReader._layer,
    "multilayer": ParameterReader._several,
    "raster": ParameterReader._raster,
    "rasterDestination": ParameterReader._layer_destination,
    "vectorDestination": ParameterReader._layer_destination,
}


def _no_layer(definition: Definition, kind: str, shown: str) -> QgsProcessingException:
    return QgsProcessingException(
        f"{definition.name()}: there is no {kind} or readable file {shown}. Give the name of a "
        "layer in the project or the path of a file."
    )


def _is_optional(definition: Definition) -> bool:
    return bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "yes", "1")
