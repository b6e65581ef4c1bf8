"""What stands in the other widgets of an algorithm's dialog, for a widget that goes by it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from qgis.core import (
    NULL,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameters,
    QgsProcessingUtils,
    QgsProject,
    QgsProperty,
    QgsRasterLayer,
)

from .algorithms.parameters import option_fields
from .layer_paths import raster_path


class DialogValues:
    """The widgets of a dialog by parameter.

    Args:
        wrappers: what QGIS gives to `postInitialize`.
        names: parameters to look at; those that the dialog does not have are empty.
        changed: called when one of them changes.
    """

    def __init__(
        self, wrappers: Sequence[Any], names: Sequence[str], changed: Callable[..., None]
    ) -> None:
        self._wrappers: dict[str, Any] = {}
        for wrapper in wrappers:
            name = wrapper.parameterDefinition().name()
            if name in names:
                self._wrappers[name] = wrapper
                wrapper.widgetValueHasChanged.connect(changed)

    def __contains__(self, name: str) -> bool:
        return name in self._wrappers

    def plain(self, name: str) -> Any:
        """Return a value; None where it is not given or is an expression."""
        if name not in self._wrappers:
            return None
        value = self._wrappers[name].parameterValue()
        if isinstance(value, QgsProperty):
            value = value.staticValue()
        return None if value == NULL else value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts that are separated by commas."""
        return tuple(
            part.strip() for part in str(self.plain(name) or "").split(",") if part.strip()
        )

    def number(self, name: str) -> float | None:
        """Return a number; None where it is not given."""
        value = self.plain(name)
        try:
            return None if value in (None, "") else float(value)
        except (TypeError, ValueError):
            return None

    def option(self, name: str, options_class: Any) -> Any:
        """Return a choice, or its default where it is not given."""
        value = self.plain(name)
        return option_fields(options_class)[name].default if value in (None, "") else value

    def layer(self, name: str) -> QgsMapLayer | None:
        """Return the chosen layer; of several the first."""
        value = self.plain(name)
        if isinstance(value, (list, tuple)):
            value = value[0] if value else None
        if isinstance(value, str) and value:
            return _layer_of(value)
        return value if isinstance(value, QgsMapLayer) else None

    def raster(self, name: str) -> QgsRasterLayer | None:
        """Return the chosen layer where it is a raster; of several the first."""
        found = self.layer(name)
        return found if isinstance(found, QgsRasterLayer) else None

    def extent_px(self, name: str, layer: QgsRasterLayer) -> tuple[int, int] | None:
        """Return about how many columns and rows of a layer an extent covers; None for all.

        Both are 0 where it lies beside the layer.
        """
        value = self.plain(name)
        if not value:
            return None
        definition = self._wrappers[name].parameterDefinition()
        context = project_context()
        rectangle = QgsProcessingParameters.parameterAsExtent(
            definition, {name: value}, context, layer.crs()
        )
        part = rectangle.intersect(layer.extent())
        if rectangle.isNull() or not layer.rasterUnitsPerPixelX():
            return None
        if part.isEmpty():
            return 0, 0
        across = part.width() / abs(layer.rasterUnitsPerPixelX())
        down = part.height() / abs(layer.rasterUnitsPerPixelY())
        return max(1, round(across)), max(1, round(down))

    def folder(self, name: str) -> str:
        """Return the folder that an output goes to; empty where it is not written."""
        value = self.plain(name)
        if isinstance(value, QgsProcessingOutputLayerDefinition):
            value = value.sink.staticValue()
        if not value or not isinstance(value, str):
            return ""
        if value == QgsProcessing.TEMPORARY_OUTPUT:
            return str(QgsProcessingUtils.tempFolder())
        return os.path.dirname(os.path.abspath(value))


def project_context() -> QgsProcessingContext:
    """Return a context in which layers of the project are found."""
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    return context


def path_of(layer: QgsRasterLayer) -> str:
    """Return the file of a raster layer; empty where it has none, as a web map."""
    try:
        return raster_path(layer, layer.name())
    except QgsProcessingException:
        return ""


def _layer_of(text: str) -> QgsMapLayer | None:
    context = project_context()
    layer = QgsProcessingUtils.mapLayerFromString(text, context)
    if layer is None:
        return None
    # What the context has loaded dies with it.
    return layer if layer.id() in QgsProject.instance().mapLayers() else layer.clone()
