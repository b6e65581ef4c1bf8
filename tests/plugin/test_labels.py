"""Labels of parameters fit into a dialog as QGIS opens it."""

import pytest

from lulc_qgis_plugin.provider import ALGORITHMS

LONGEST = 54  # characters, with what QGIS adds; longer ones make the dialog scroll sideways


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=lambda algorithm: algorithm.ID)
def test_labels_are_short(provider, algorithm):
    from qgis.core import QgsProcessingParameterDefinition

    optional = QgsProcessingParameterDefinition.Flag.FlagOptional
    made = algorithm().create()  # its parameters die with it
    labels = [
        item.description() + (" [optional]" if item.flags() & optional else "")
        for item in made.parameterDefinitions()
    ]
    assert not [label for label in labels if len(label) > LONGEST]
