"""What all algorithms have in common: identity, help, and one run of the engine.

An algorithm only translates. Its parameters become the options of one of the engine's commands, the
command runs in a worker process, and its result becomes outputs and styled layers.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess  # nosec B404 - only to quote a command line
from typing import Any

from qgis.core import (
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
)
from qgis.PyQt.QtGui import QIcon

from ..child_process import is_inside
from ..engine_source import ENGINE_VERSION, errors, options, protocol, resource
from ..environment import find_engine
from ..help_text import help_text
from ..layer_groups import RunGroup
from ..styling import LayerStyle, style_when_loaded
from ..translation import tr
from ..worker import run_worker
from .parameter_reader import ParameterReader
from .parameters import from_option, help_of, option_fields, parameter_name

SCORES = {
    "OVERALL_ACCURACY": "Overall accuracy",
    "KAPPA": "Kappa",
    "MEAN_IOU": "Mean IoU",
    "MACRO_F1": "Macro F1",
}


class LulcAlgorithm(QgsProcessingAlgorithm):
    """Identity and help of an algorithm, from the constants of its class."""

    ID = ""
    TITLE = ""
    GROUP = ""
    SUMMARY = ""
    TAGS: tuple[str, ...] = ()

    def createInstance(self) -> LulcAlgorithm:
        return type(self)()

    def name(self) -> str:
        return self.ID

    def displayName(self) -> str:
        return tr(self.TITLE)

    def group(self) -> str:
        return tr(self.GROUP)

    def groupId(self) -> str:
        return self.GROUP.lower().replace(" ", "")

    def icon(self) -> QIcon:
        return QIcon(self.svgIconPath())

    def svgIconPath(self) -> str:
        return str(resource("icons", f"{self.groupId()}.svg"))

    def shortDescription(self) -> str:
        return tr(self.SUMMARY)

    def shortHelpString(self) -> str:
        return help_text(self.ID)

    def tags(self) -> list[str]:
        return ["land cover", "land use", "lulc", *self.TAGS]

    def add(
        self, definition: QgsProcessingParameterDefinition, help: str, advanced: bool = False
    ) -> None:
        """Declare a parameter with its help; an advanced one stands in a folded section."""
        definition.setDescription(tr(definition.description()))
        definition.setHelp(tr(help))
        if advanced:
            flag = QgsProcessingParameterDefinition.Flag.FlagAdvanced
            definition.setFlags(definition.flags() | flag)
        self.addParameter(definition)

    def addOutput(self, definition: QgsProcessingOutputDefinition) -> bool:
        """Declare an output that is no file."""
        definition.setDescription(tr(definition.description()))
        return bool(super().addOutput(definition))


class EngineAlgorithm(LulcAlgorithm):
    """An algorithm that runs one command of the engine."""

    COMMAND = ""
    OPTIONS: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._options: Any = None
        self._inputs: dict[str, Any] = {}
        self._failure = ""
        self._layer_ids: dict[str, str] = {}
        self._styles: dict[str, LayerStyle] = {}  # of the outputs that QGIS is going to load
        self._subject = ""

    def add_option(self, name: str, what: Any, help: str = "", advanced: bool = False) -> None:
        """Declare the parameter of an option.

        Args:
            name: name of the parameter.
            what: its label, or a parameter of a type of its own such as a layer.
            help: the help, where that of the option is not enough in QGIS.
            advanced: whether it stands in the folded section.
        """
        item = option_fields(self.OPTIONS)[name]
        definition = from_option(item, what) if isinstance(what, str) else what
        self.add(definition, help or help_of(item), advanced)

    def given(self, field_name: str) -> Any:
        """Return the checked value of an option."""
        return getattr(self._options, field_name)

    def add_scores(self) -> None:
        """Declare the numbers that a model can branch on."""
        for name, label in SCORES.items():
            self.addOutput(QgsProcessingOutputNumber(name, label))

    def warn(self, feedback: QgsProcessingFeedback) -> None:
        """Warn of choices that the user may regret; nothing to say for most algorithms."""

    def warn_if_temporary(self, name: str, feedback: QgsProcessingFeedback) -> None:
        """Say that an output that is wanted later will be lost."""
        if is_inside(self.given(name.lower()), QgsProcessingUtils.tempFolder()):
            feedback.pushWarning(
                f"{name} is temporary and is deleted when QGIS closes. Save a copy of it, or "
                "choose a place next time."
            )

    def remember(self, result: dict[str, Any]) -> None:
        """Keep what the run took, for estimates of later ones; most algorithms are quick."""

    def style(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Style the result's layers; nothing to do for most algorithms."""

    def style_output(
        self,
        name: str,
        style: LayerStyle,
        source: str,
        context: QgsProcessingContext,
        title: str = "",
    ) -> None:
        """Style one layer and name it after what it was made from, if QGIS is going to load it."""
        label = self.parameterDefinition(name).description()
        subject = os.path.splitext(os.path.basename(source.rstrip("/\\")))[0]
        style.rename(label, f"{tr(title) or label}: {subject}")
        if style_when_loaded(context, self._layer_ids.get(name, ""), style):
            self._styles[name] = style
            self._subject = subject

    def prepareAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> bool:
        """Read the inputs, on the main thread because layers belong to it.

        What is wrong with them is raised later: QGIS drops the message of a failed preparation.
        """
        try:
            self._inputs = self._read(False, ParameterReader(parameters, context, feedback))
        except QgsProcessingException as err:
            self._failure = str(err)
        return True

    def processAlgorithm(
        self,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> dict[str, Any]:
        """Run the command; every failure raises QgsProcessingException.

        The outputs are read here, because QGIS forgets layers to load that the preparation named.
        """
        if self._failure:
            raise QgsProcessingException(self._failure)
        reader = ParameterReader(parameters, context, feedback)
        values = {**self._inputs, **self._read(True, reader)}
        try:
            self._options = self.OPTIONS.from_mapping(values)
            result = self._run(feedback)
            self.remember(result)
        except errors.LulcError as err:
            raise QgsProcessingException(in_parameter_names(str(err))) from err
        outputs = self._outputs(result)
        self._layer_ids = reader.layer_ids
        self.style(result, context)
        self._group_layers()
        return outputs

    def _group_layers(self) -> None:
        """Let the layers of this run be put together, in the order of the outputs."""
        names = [item.name() for item in self.destinationParameterDefinitions()]
        names = [name for name in names if name in self._styles]
        group = RunGroup(f"{self.displayName()}: {self._subject}", names)
        for name in names:
            self._styles[name].join(group, name)

    def _read(self, destinations: bool, reader: ParameterReader) -> dict[str, Any]:
        """Return the values of the outputs or of all other options, by field name."""
        definitions = {
            item.name: self.parameterDefinition(name)
            for name, item in option_fields(self.OPTIONS).items()
        }
        return {
            name: reader.read(definition)
            for name, definition in definitions.items()
            if definition.isDestination() == destinations
        }

    def _run(self, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        engine = find_engine()
        feedback.pushInfo(f"Engine {ENGINE_VERSION} in {engine.python} ({engine.origin})")
        feedback.pushInfo("The same on the command line:")
        feedback.pushCommandInfo(command_line(self.COMMAND, self._options))
        self.warn(feedback)
        request = protocol.request(self.COMMAND, self._options.as_dict())
        try:
            return run_worker(request, feedback, engine)
        except QgsProcessingException as err:
            raise QgsProcessingException(in_parameter_names(str(err))) from err

    def _outputs(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the declared outputs; a number that does not exist (0/0) is None."""
        given = self._options.as_dict()
        files = {item.name() for item in self.destinationParameterDefinitions()}
        outputs: dict[str, Any] = {}
        for definition in self.outputDefinitions():
            name = definition.name()
            if name not in files:
                outputs[name] = result.get(name.lower())
            elif given[name.lower()]:
                path = given[name.lower()]
                if not os.path.exists(path):
                    raise QgsProcessingException(
                        f"The engine reported success but {path} does not exist."
                    )
                outputs[name] = path
        return outputs


def in_parameter_names(text: str) -> str:
    """Return a message of the engine with options as parameters: --class-field is CLASS_FIELD."""
    return re.sub(
        r"(?<![\w-])--([a-z][a-z0-9]*(?:-[a-z0-9]+)*)",
        lambda match: parameter_name(match.group(1).replace("-", "_")),
        text,
    )


def command_line(command: str, given: Any) -> str:
    """Return the ``lulc`` command that does the same, without options left at their default."""
    parts = ["lulc", command]
    fields = option_fields(type(given)).values()
    for item in sorted(fields, key=lambda item: not item.metadata.get("required")):
        value = getattr(given, item.name)
        if value is None or value == item.default:
            continue
        for one in value if isinstance(value, tuple) else (value,):
            parts.append(options.option_name(item.name))
            if one is not True:
                parts.append(str(one))
    return subprocess.list2cmdline(parts) if os.name == "nt" else shlex.join(parts)
