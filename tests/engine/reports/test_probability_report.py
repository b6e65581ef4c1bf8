"""The part of reports on probabilities, with names that try to do harm."""

import base64
import re
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.evaluation.metrics import ReferenceInfo
from lulc_engine.evaluation.patch_metrics import patch_metrics
from lulc_engine.evaluation.probability_metrics import (
    KEY,
    Probable,
    probability_block,
    without_curves,
)
from lulc_engine.rasters.legend import make_legend
from lulc_engine.reports.accuracy import AccuracyReport, render_accuracy_report
from lulc_engine.reports.multilabel import section_of

PICTURE = re.compile(r'src="data:image/svg\+xml;base64,([^"]+)"')
NASTY = make_legend(range(len(NAMES)), NAMES)


def metrics_of(legend, several, split="test", temperature=1.5, n=300, of=None):
    """Return metrics of random answers; the fourth class is nowhere."""
    rng = np.random.default_rng(0)
    k = len(legend)
    targets = rng.integers(0, k, n)
    targets[targets == 3] = 0
    if several:
        targets = (rng.random((n, k)) < 0.3).astype(np.uint8)
        targets[:, 3] = 0
    hot = targets if several else np.eye(k)[targets]
    p = 0.5 * hot + 0.5 * rng.random((n, k))
    p = p if several else p / p.sum(axis=1, keepdims=True)
    info = ReferenceInfo("patches", split == "test", split, n)
    found = Probable(targets, p**1.3, p, temperature, of or n)
    thresholds = (0.6,) * k if several else ()
    metrics = patch_metrics(targets, p, legend, info, thresholds)
    return {**metrics, KEY: probability_block(found, legend, thresholds)}


def page_of(metrics, legend):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = AccuracyReport(metrics, legend, "m.safetensors", "patches")
        return render_accuracy_report(report)


@pytest.mark.parametrize("several", [False, True])
def test_names_do_no_harm_and_pictures_are_drawn(several):
    source = page_of(metrics_of(NASTY, several), NASTY)
    words = check_harmless(source).words
    assert "expected calibration error" in words
    assert "MIN_CONFIDENCE" in words or several
    assert "Area under ROC" in words
    assert ("What other thresholds would give" in words) == several
    pictures = [ET.fromstring(base64.b64decode(text)) for text in PICTURE.findall(source)]  # noqa: S314
    assert len(pictures) == (4 if several else 5)
    assert len(source) < 1_000_000


def test_where_the_numbers_are_from_is_said():
    legend = make_legend([1, 2, 3, 4], ["water", "wood", "farm", "town"])
    test = section_of(metrics_of(legend, False), legend, "test").probabilities
    assert "fitted on the validation set" in test.belief
    assert "temperature 1.5" in test.belief
    assert "the last that was tried" not in test.belief
    assert test.abstaining_text == "The numbers are those of the test patches."
    assert test.sampled == ""
    own = section_of(metrics_of(legend, False, "validation", of=999), legend, "validation")
    assert "fitted on these patches" in own.probabilities.belief
    assert "expect less elsewhere" in own.probabilities.abstaining_text
    assert "300 patches drawn at random from all 999" in own.probabilities.sampled
    plain = section_of(metrics_of(legend, True, temperature=1.0), legend, "test").probabilities
    assert "The temperature is 1" in plain.belief
    edge = section_of(metrics_of(legend, True, temperature=0.1), legend, "test").probabilities
    assert "the last that was tried" in edge.belief
    assert "yes/no" in plain.belief
    assert plain.classes[3]["roc_auc"] is None


def test_a_model_card_has_no_curves_and_older_metrics_no_probabilities():
    legend = make_legend([1, 2, 3, 4], ["water", "wood", "farm", "town"])
    metrics = without_curves(metrics_of(legend, False))
    part = section_of(metrics, legend, "test").probabilities
    assert part.ranking is None
    assert part.abstaining_curve is None
    assert "How well its probabilities rank" in page_of(metrics, legend)
    del metrics[KEY]
    assert section_of(metrics, legend, "test").probabilities is None
    assert "Whether its probabilities" not in page_of(metrics, legend)
    nothing = metrics_of(legend, False, n=0)
    assert section_of(nothing, legend, "test").probabilities is None
