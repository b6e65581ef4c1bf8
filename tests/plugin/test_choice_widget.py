"""Choices have names in dialogs and stay the words that qgis_process takes."""

import pytest
from qgis.core import (
    QgsProcessingContext,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingParameterDefinition,
)
from qgis.PyQt.QtWidgets import QComboBox, QMenu


@pytest.fixture
def choices(provider, monkeypatch):
    """Return the wrappers of choices in an algorithm's dialog."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    from lulc_qgis_plugin.choice_widget import ChoicesWrapper, ChoiceWrapper

    monkeypatch.setattr("processing.gui.AlgorithmDialog.iface", None)
    monkeypatch.setattr("processing.gui.ParametersPanel.iface", None)
    opened = []

    def found(name, several=False):
        opened.append(AlgorithmDialog(provider.algorithm(name).create(), False, None))
        wrappers = opened[-1].mainWidget().wrappers
        kind = ChoicesWrapper if several else ChoiceWrapper
        return {key: one for key, one in wrappers.items() if isinstance(one, kind)}

    yield found
    for item in opened:
        item.close()


@pytest.mark.parametrize(
    "algorithm",
    ["trainsegmenter", "trainpatchclassifier", "comparemodels", "explainprediction", "setupengine"],
)
def test_every_choice_has_a_name_and_keeps_its_word(choices, algorithm):
    from lulc_qgis_plugin.choice_labels import LABELS

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


@pytest.mark.parametrize("algorithm", ["trainsegmenter", "trainpatchclassifier"])
def test_several_choices_have_names_and_keep_their_words(choices, algorithm):
    from lulc_qgis_plugin.choice_labels import LABELS

    wrapper = choices(algorithm, several=True)["INDICES"]
    definition, box, heard = wrapper.parameterDefinition(), wrapper.wrappedWidget(), []
    wrapper.widgetValueHasChanged.connect(lambda one: heard.append(one.parameterValue()))
    shown = [box.itemText(place) for place in range(box.count())]
    assert shown == [LABELS[word] for word in definition.options()]
    assert wrapper.parameterValue() == []
    box.setCheckedItems([LABELS["ndvi"], LABELS["ndwi"]])
    assert heard[-1] == wrapper.parameterValue() == ["ndvi", "ndwi"]
    assert definition.checkValueIsAcceptable(wrapper.parameterValue())
    for value in (["evi", "ndvi"], "evi,ndvi"):  # of a dialog, of a history
        wrapper.setParameterValue([], QgsProcessingContext())
        assert wrapper.parameterValue() == []
        wrapper.setParameterValue(value, QgsProcessingContext())
        assert sorted(wrapper.parameterValue()) == ["evi", "ndvi"]


def test_the_modeler_shows_names_and_keeps_words(provider):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog

    algorithm = provider.algorithm("trainsegmenter").create()
    dialog = ModelerParametersDialog(algorithm, QgsProcessingModelAlgorithm("model", "group"))
    widget = dialog.widget.widget.wrappers["ARCHITECTURE"]
    box = next(one for one in widget.findChildren(QComboBox) if one.findData("segformer") >= 0)
    assert box.currentText() == "Mobile-UNet"
    box.setCurrentIndex(box.findText("U-Net++"))
    assert widget.value().staticValue() == "unetplusplus"
    widget.setWidgetValue(QgsProcessingModelChildParameterSource.fromStaticValue("segformer"))
    assert box.currentText() == "SegFormer"
    dialog.close()


def test_sets_of_bands_are_ticked_or_typed(provider, monkeypatch):
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    for module in ("AlgorithmDialog", "ParametersPanel"):
        monkeypatch.setattr(f"processing.gui.{module}.iface", None)
    dialog = AlgorithmDialog(provider.algorithm("trainpatchclassifier").create(), False, None)
    wrapper = dialog.mainWidget().wrappers["BAND_SETS"]
    wrapper.setParameterValue("nir+red, rgb", QgsProcessingContext())
    menu = wrapper.wrappedWidget().findChild(QMenu)
    menu.aboutToShow.emit()
    actions = {action.data(): action for action in menu.actions()}
    assert [word for word, action in actions.items() if action.isChecked()] == ["rgb"]
    actions["swir"].trigger()
    assert wrapper.parameterValue() == "nir+red, rgb, swir"
    actions["rgb"].trigger()
    assert wrapper.parameterValue() == "nir+red, swir"
    dialog.close()
