"""Reports in the Results Viewer of QGIS, where its dialogs put pages that an algorithm has made."""

import pytest
from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputHtml

REPORTING = [
    "assessaccuracy",
    "comparemodels",
    "describedata",
    "detectchange",
    "explainprediction",
    "modelinfo",
    "trainpatchclassifier",
    "trainsegmenter",
]


def test_no_report_is_forgotten(provider):
    found = [item.name() for item in provider.algorithms() if item.outputDefinition("REPORT")]
    assert sorted(found) == REPORTING


@pytest.mark.parametrize("name", REPORTING)
def test_a_report_appears_in_the_results_viewer(provider, monkeypatch, tmp_path, name):
    from processing.core.ProcessingResults import resultsList
    from processing.gui.AlgorithmDialog import AlgorithmDialog

    for module in ("AlgorithmDialog", "ParametersPanel"):  # pytest-qgis's mock is refused by QGIS
        monkeypatch.setattr(f"processing.gui.{module}.iface", None)
    page = tmp_path / "report.html"
    page.write_text("<p>done</p>", encoding="utf-8")
    algorithm = provider.algorithm(name).create()
    assert isinstance(algorithm.outputDefinition("REPORT"), QgsProcessingOutputHtml)
    dialog = AlgorithmDialog(algorithm, False, None)
    dialog.iterateParam = None  # as when its button has been pressed
    before = len(resultsList.getResults())
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
    dialog.finish(True, {"REPORT": str(page)}, context, feedback)
    added = resultsList.getResults()[before:]
    assert [item.filename for item in added] == [str(page)]
    assert added[0].name not in ("", "Report")  # which of several would it be?
    dialog.close()
