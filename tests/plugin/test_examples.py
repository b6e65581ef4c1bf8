"""The example models show in the Toolbox, with every algorithm that they call."""

import pytest
from qgis.core import QgsApplication

NAMES = [
    "Choose the better of two networks",
    "Classify scenes with one model",
    "Train, classify, assess",
]


@pytest.fixture
def examples(provider):
    return QgsApplication.processingRegistry().providerById("lulcexamples")


def test_all_are_there(examples):
    assert sorted(item.displayName() for item in examples.algorithms()) == NAMES
    assert not examples.icon().isNull()


@pytest.mark.parametrize("name", NAMES)
def test_every_child_is_known_and_given_parameters_that_it_has(examples, name):
    (model,) = [item for item in examples.algorithms() if item.displayName() == name]
    assert len(model.shortHelpString()) > 150
    for child in model.childAlgorithms().values():
        assert child.algorithm() is not None, child.algorithmId()
        known = {item.name() for item in child.algorithm().parameterDefinitions()}
        assert set(child.parameterSources()) <= known
        outputs = {item.name() for item in child.algorithm().outputDefinitions()}
        assert {item.childOutputName() for item in child.modelOutputs().values()} <= outputs
    assert model.create().canExecute()[0]
