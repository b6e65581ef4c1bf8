"""Every algorithm as a step of a graphical model, with all of its parameters and outputs."""

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterDefinition,
)

from lulc_qgis_plugin.provider import ALGORITHMS

IDS = [algorithm.ID for algorithm in ALGORITHMS]


@pytest.fixture
def step(provider):
    """Return a function that fills in the modeler's dialog and returns model and step."""
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    opened = []

    def make(name, source=None):
        model = QgsProcessingModelAlgorithm("model", "group")
        dialog = ModelerParametersDialog(provider.algorithm(name).create(), model)
        opened.append(dialog)
        panel = dialog.widget.widget
        if hasattr(panel, "advancedButton"):
            panel.showAdvancedParametersClicked()  # fails in QGIS 3.22 at an advanced output
        for definition in inputs(provider.algorithm(name)) if source else []:
            panel.wrappers[definition.name()].setWidgetValue(source)
        child = dialog.createAlgorithm()
        model.addChildAlgorithm(child)
        return model, model.childAlgorithm(child.childId())

    yield make
    for dialog in opened:
        dialog.close()


def inputs(algorithm):
    return [item for item in algorithm.parameterDefinitions() if not item.isDestination()]


@pytest.mark.parametrize("name", IDS)
def test_every_parameter_can_be_an_expression(step, provider, name):
    source = QgsProcessingModelChildParameterSource.fromExpression("@something")
    model, child = step(name, source)
    again = QgsProcessingModelAlgorithm("again", "group")
    assert again.loadVariant(model.toVariant())
    given = again.childAlgorithm(child.childId()).parameterSources()
    for definition in inputs(provider.algorithm(name)):
        (found,) = given[definition.name()]
        assert found.expression() == "@something", definition.name()


@pytest.mark.parametrize("name", IDS)
def test_what_is_left_alone_has_its_default(step, provider, name):
    _, child = step(name)
    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    for definition in inputs(provider.algorithm(name)):
        default = definition.defaultValue()
        if not definition.flags() & optional and default is None:
            continue  # to be filled in
        found = [item.staticValue() for item in child.parameterSources()[definition.name()]]
        # QGIS takes an empty list of choices for no sources at all.
        assert found in ([default], [default or ""], [[]], []), definition.name()


@pytest.mark.parametrize("name", IDS)
def test_numbers_and_texts_can_be_used_in_expressions(step, provider, name):
    model, _ = step(name)
    variables = model.variablesForChildAlgorithm("", QgsProcessingContext())
    kinds = (QgsProcessingOutputNumber, QgsProcessingOutputString)
    for output in provider.algorithm(name).outputDefinitions():
        if isinstance(output, kinds):
            assert any(key.endswith(f"_{output.name()}") for key in variables), output.name()
