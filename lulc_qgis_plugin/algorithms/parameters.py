"""Make Processing parameters from the engine's options.

An option ``x_y`` of `lulc_engine.options` is the parameter ``X_Y``; ``image`` is INPUT.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..bundled_models import bundled_model, bundled_names
from ..engine_source import options

MODEL_FILTER = "Model (*.safetensors)"
SELECTED_ONLY = "SELECTED_ONLY"
# Kinds of layers that a dialog suggests.
SCENE, MAP, LABELS, REFERENCE = "scene", "map", "labels", "reference"
CHOICE, SEVERAL_CHOICES = "choice_widget.ChoiceWidget", "choice_widget.ChoicesWidget"
_RENAMED = {"image": "INPUT"}
_UNBOUNDED = 1e30
_SMALLEST_SHOWN = 1e-4  # of shares and weights; scales and learning rates may be far smaller
_LARGEST_IN_A_WIDGET = 2**31  # a larger maximum turns the widget's value into a negative number

Definition = QgsProcessingParameterDefinition


def parameter_name(field_name: str) -> str:
    """Return the parameter of an option's field; class_ is CLASS, a word of Python otherwise."""
    return _RENAMED.get(field_name, field_name.rstrip("_").upper())


def option_fields(options_class: type[Any]) -> dict[str, Any]:
    """Return the fields of an options class by parameter name."""
    return {parameter_name(item.name): item for item in dataclasses.fields(options_class)}


def help_of(item: Any) -> str:
    """Return the help of an option, with its choices: qgis_process lists only their numbers."""
    choices = item.metadata.get("choices", ())
    return str(item.metadata["help"]) + (f" One of: {', '.join(choices)}." if choices else "")


def from_option(item: Any, label: str) -> Definition:
    """Return the parameter for an option that is a number, a text, a choice or a switch."""
    name, rules = parameter_name(item.name), item.metadata
    optional = not rules.get("required", False)
    choices = list(rules.get("choices", ()))
    if rules["kind"] == "switch":
        return QgsProcessingParameterBoolean(name, label, bool(item.default), optional)
    if rules["kind"] in ("integer", "number"):
        return _number(item, label)
    if choices:
        several = rules["kind"] == "texts"
        definition = QgsProcessingParameterEnum(
            name,
            label,
            choices,
            allowMultiple=several,
            defaultValue=item.default or None,
            optional=optional and (several or not item.default),
            usesStaticStrings=True,
        )
        return with_widget(definition, SEVERAL_CHOICES if several else CHOICE)
    return QgsProcessingParameterString(name, label, item.default or None, optional=optional)


def _number(item: Any, label: str) -> Definition:
    kinds = QgsProcessingParameterNumber.Type
    whole = item.metadata["kind"] == "integer"
    definition = QgsProcessingParameterNumber(
        parameter_name(item.name),
        label,
        kinds.Integer if whole else kinds.Double,
        item.default,
        item.default is None,
    )
    low, high = item.metadata["low"], item.metadata["high"]
    if low > -_UNBOUNDED:
        definition.setMinimum(low)
    if high < (_LARGEST_IN_A_WIDGET if whole else _UNBOUNDED):
        definition.setMaximum(high)
    if not whole:
        small = low == -_UNBOUNDED or 0 < low < _SMALLEST_SHOWN
        definition.setMetadata({"widget_wrapper": {"decimals": 10 if small else 4}})
    return definition


class LabelsParameter(QgsProcessingParameterMapLayer):
    """A raster or vector layer; scripts may ask for its selected features as with a vector."""

    def checkValueIsAcceptable(self, value: Any, context: Any = None) -> bool:
        """Accept what a map layer accepts, and a feature source definition of one."""
        if isinstance(value, QgsProcessingFeatureSourceDefinition):
            value = value.source.staticValue()
        return bool(super().checkValueIsAcceptable(value, context))


def field_parameter(name: str, label: str, layer_parameter: str) -> Definition:
    """Return the parameter for a field of the layer in another parameter."""
    definition = QgsProcessingParameterField(name, label, None, layer_parameter, optional=True)
    is_class = name == "CLASS_FIELD"
    empty = "Field with the class" if is_class else "None: the class field holds the names"
    return with_widget(definition, "field_widget.FieldWidget", guess=is_class, placeholder=empty)


def with_widget(definition: Definition, name: str, **settings: Any) -> Definition:
    """Give a parameter a widget of our own, by module and class; see `own_widget`."""
    package = __name__.split(".", 1)[0]
    definition.setMetadata({"widget_wrapper": {"class": f"{package}.{name}", **settings}})
    return definition


def suggested_layer(definition: Definition, kind: str, unlike: str = "") -> Definition:
    """Let a dialog open with the layer that is most likely meant, see `layer_widget`.

    Args:
        definition: of one layer or of several.
        kind: SCENE, MAP, LABELS or REFERENCE.
        unlike: the parameter whose layer is not meant.
    """
    return with_widget(definition, "layer_widget.LayerWidget", kind=kind, unlike=unlike)


class ModelParameter(QgsProcessingParameterFile):
    """A model file, or the name of a bundled model."""

    def checkValueIsAcceptable(self, value: Any, context: Any = None) -> bool:
        """Accept a bundled model's name, which has no ending that the filter would match."""
        named = isinstance(value, str) and bool(bundled_model(value))
        return named or bool(super().checkValueIsAcceptable(value, context))


def model_parameter(
    name: str = "MODEL", label: str = "Model", optional: bool = False, patches_only: bool = False
) -> Definition:
    """Return the parameter for the model that an algorithm reads.

    Args:
        name: of the parameter.
        label: of the parameter.
        optional: whether it may be left out.
        patches_only: whether the dialog refuses segmenters.
    """
    definition = ModelParameter(name, label, optional=optional, fileFilter=MODEL_FILTER)
    return with_widget(
        definition,
        "model_widget.ModelWidget",
        suggestions=bundled_names(),
        placeholder="File, or name of a bundled model",
        filter=MODEL_FILTER,
        patches_only=patches_only,
    )


def legend_parameter(**followed: str) -> Definition:
    """Return the parameter for names and colours of classes.

    Args:
        followed: parameters that the table of the dialog follows, see `class_widget`.
    """
    definition = QgsProcessingParameterString("LEGEND", "Classes", optional=True)
    return with_widget(definition, "class_widget.LegendWidget", **followed)


def bands_parameter(of_model: bool = False) -> Definition:
    """Return the parameter for bands, which a dialog offers from those of INPUT.

    Args:
        of_model: whether to choose none means those that the model needs, instead of all.
    """
    label = "Bands (numbers, names or roles)"
    definition = QgsProcessingParameterString("BANDS", label, optional=True)
    empty = "As the model needs them" if of_model else "All"
    listed = "As the model needs them, of {}" if of_model else "All: {}"
    return with_widget(
        definition, "band_widget.BandsWidget", scene="INPUT", placeholder=empty, listed=listed
    )


def epochs_parameter(command: str) -> Definition:
    """Return the parameter for the number of epochs, with an estimate of the time in dialogs."""
    fields = {
        "train-segmenter": options.TrainSegmenterOptions,
        "train-patches": options.TrainPatchesOptions,
    }
    item = option_fields(fields[command])["EPOCHS"]
    definition = from_option(item, "Maximum number of epochs")
    return with_widget(definition, "epochs_widget.EpochsWidget", command=command)


def model_help() -> str:
    """Return the help of that parameter, with the bundled models that there are."""
    names = ", ".join(bundled_names())
    named = f", or the name of a bundled model: {names}" if names else ""
    return f"Model file (.safetensors){named}."


class TableDestination(QgsProcessingParameterVectorDestination):
    """A CSV table to write; QGIS loads it like other layers where the user wants that."""

    def __init__(self, name: str, label: str) -> None:
        super().__init__(name, label, QgsProcessing.SourceType.TypeVector)

    def defaultFileExtension(self) -> str:
        return "csv"

    def createFileFilter(self) -> str:
        return "CSV (*.csv)"
