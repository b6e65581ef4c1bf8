"""Compliance of the provider: names, help, groups, icons, and a parameter for every option."""

import dataclasses
import re

import pytest
from support import PLUGIN_DIR

IDS = [
    "assessaccuracy",
    "classifypatches",
    "classifyraster",
    "comparemodels",
    "describedata",
    "detectchange",
    "explainprediction",
    "exportmodel",
    "exportpatches",
    "importmodel",
    "modelinfo",
    "setupengine",
    "suggestsamples",
    "trainpatchclassifier",
    "trainsegmenter",
]
ENGINE_IDS = [name for name in IDS if name != "setupengine"]
GROUPS = {"Train", "Apply", "Assess", "Exchange", "Set up"}
ONLY_IN_QGIS = {"SELECTED_ONLY"}


@pytest.fixture(params=IDS)
def algorithm(provider, request):
    return provider.algorithm(request.param).create()


@pytest.fixture(params=ENGINE_IDS)
def engine_algorithm(provider, request):
    return provider.algorithm(request.param).create()


def test_provider_lists_its_algorithms(provider):
    assert sorted(item.name() for item in provider.algorithms()) == IDS
    assert provider.id() == "lulc"
    assert not provider.icon().isNull()
    assert provider.defaultRasterFileExtension() == "tif"
    assert provider.versionInfo()


def test_plugin_can_be_unloaded_and_loaded_again(provider):
    from lulc_qgis_plugin import classFactory

    plugin = classFactory(None)
    plugin.unload()  # never loaded: nothing happens
    assert provider.algorithm("trainsegmenter") is not None


def test_identity(algorithm):
    assert re.fullmatch(r"[a-z]+", algorithm.name())
    assert algorithm.displayName()[0].isupper()
    assert algorithm.group() in GROUPS
    assert algorithm.groupId() == algorithm.group().lower().replace(" ", "")
    assert not algorithm.icon().isNull()
    assert algorithm.svgIconPath().endswith(f"{algorithm.groupId()}.svg")
    assert "land cover" in algorithm.tags()


def test_description_is_one_sentence_that_starts_with_a_verb(algorithm):
    text = algorithm.shortDescription()
    assert re.match(r"[A-Z][a-z]+s ", text)
    assert text.endswith(".")
    assert "<" not in text


def test_help_says_enough_and_is_sound_html(algorithm):
    from qgis.PyQt.QtXml import QDomDocument

    text = algorithm.shortHelpString()
    assert len(text) > 150
    assert "\n" not in text
    assert "Results" in text
    answer = QDomDocument().setContent(f"<help>{text}</help>")
    assert answer[0] if isinstance(answer, tuple) else answer


def test_every_output_is_in_the_help(algorithm):
    text = algorithm.shortHelpString()
    for output in algorithm.outputDefinitions():
        assert output.description() in text or output.name() in text, output.name()


def test_every_parameter_has_a_name_a_label_and_help(algorithm):
    for definition in algorithm.parameterDefinitions():
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", definition.name())
        assert definition.description()[0].isupper(), definition.name()
        assert definition.help().strip().endswith("."), definition.name()


def test_dialogs_stay_short(algorithm):
    from qgis.core import QgsProcessingParameterDefinition as Definition

    shown = [
        item
        for item in algorithm.parameterDefinitions()
        if not item.flags() & Definition.Flag.FlagAdvanced and not item.isDestination()
    ]
    assert len(shown) <= 10


def test_every_option_has_a_parameter_and_the_other_way_round(engine_algorithm):
    words = [item.name.rstrip("_").upper() for item in _fields(engine_algorithm)]
    fields = {"INPUT" if word == "IMAGE" else word for word in words}
    names = {item.name() for item in engine_algorithm.parameterDefinitions()}
    assert names - ONLY_IN_QGIS == fields


def test_parameters_have_the_defaults_and_ranges_of_the_options(engine_algorithm):
    for item in _fields(engine_algorithm):
        if item.metadata["kind"] not in ("integer", "number"):
            continue
        definition = engine_algorithm.parameterDefinition(item.name.upper())
        assert definition.defaultValue() == item.default
        if item.metadata["low"] > -1e30:
            assert definition.minimum() == item.metadata["low"]
        if item.metadata["high"] < 2**31:
            assert definition.maximum() == item.metadata["high"]


def test_scores_are_outputs(provider):
    for name in ("trainsegmenter", "trainpatchclassifier", "assessaccuracy"):
        outputs = {item.name() for item in provider.algorithm(name).outputDefinitions()}
        assert {"OVERALL_ACCURACY", "KAPPA", "MEAN_IOU", "MACRO_F1"} <= outputs


def test_plugin_has_the_version_of_the_engine(provider):
    from lulc_qgis_plugin.engine_source import ENGINE_VERSION, shipped_file

    text = shipped_file("metadata.txt").read_text(encoding="utf-8")
    assert f"\nversion={ENGINE_VERSION}\n" in text
    assert "\nhasProcessingProvider=yes\n" in text
    icon = re.search(r"\nicon=(.*)\n", text).group(1)
    assert (PLUGIN_DIR / icon).is_file() or shipped_file(icon).is_file()


def _fields(algorithm):
    return dataclasses.fields(algorithm.OPTIONS)
