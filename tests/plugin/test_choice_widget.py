"""Choices have names in dialogs and stay the words that qgis_process takes."""

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingParameterDefinition


@pytest.fixture
def choices(provider, monkeypatch):
    """Return the wrappers of choices in an algorithm's dialog."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    from lulc_qgis_plugin.choice_widget import ChoiceWrapper

    monkeypatch.setattr("processing.gui.AlgorithmDialog.iface", None)
    monkeypatch.setattr("processing.gui.ParametersPanel.iface", None)
    opened = []

    def found(name):
        opened.append(AlgorithmDialog(provider.algorithm(name).create(), False, None))
        wrappers = opened[-1].mainWidget().wrappers
        return {key: one for key, one in wrappers.items() if isinstance(one, ChoiceWrapper)}

    yield found
    for item in opened:
        item.close()


@pytest.mark.parametrize(
    "algorithm", ["trainsegmenter", "trainpatchclassifier", "comparemodels", "explainprediction"]
)
def test_every_choice_has_a_name_and_keeps_its_word(choices, algorithm):
    from lulc_qgis_plugin.choice_widget import LABELS

    found = choices(algorithm)
    assert found
    for wrapper in found.values():
        definition = wrapper.parameterDefinition()
        assert wrapper.parameterValue() == definition.defaultValue()
        for word in definition.options():
            wrapper.setParameterValue(word, QgsProcessingContext())
            assert wrapper.parameterValue() == word
            assert wrapper.wrappedWidget().currentText() == LABELS[word]
            assert definition.checkValueIsAcceptable(wrapper.parameterValue())


def test_a_choice_may_be_left_open_where_it_is_optional(choices):
    found = choices("trainsegmenter")
    loss, network = found["LOSS"], found["ARCHITECTURE"]
    assert loss.parameterDefinition().flags() & QgsProcessingParameterDefinition.Flag.FlagOptional
    loss.setParameterValue("dice", QgsProcessingContext())
    loss.setParameterValue(None, QgsProcessingContext())
    assert loss.parameterValue() is None
    network.setParameterValue("no such network", QgsProcessingContext())
    assert network.parameterValue() == "mobile_unet"


def test_others_hear_of_a_choice(choices):
    loss, heard = choices("trainsegmenter")["LOSS"], []
    loss.widgetValueHasChanged.connect(lambda wrapper: heard.append(wrapper.parameterValue()))
    loss.wrappedWidget().setCurrentIndex(2)
    assert heard == ["cross_entropy"]
