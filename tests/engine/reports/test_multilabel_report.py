"""Reports and model pages of patch classifiers, for one class per patch and for several."""

import dataclasses
import re
import warnings

import numpy as np
import pytest
from page_reader import NAMES, check_harmless, pictures

from lulc_engine.errors import ModelFileError
from lulc_engine.evaluation.metrics import ReferenceInfo
from lulc_engine.evaluation.patch_metrics import patch_metrics
from lulc_engine.feedback import Feedback
from lulc_engine.models.card import PATCHES, ModelSpec, PatchFacts, make_card
from lulc_engine.models.info import info
from lulc_engine.models.model_file import write_model
from lulc_engine.options import InfoOptions
from lulc_engine.rasters.bands import Band
from lulc_engine.rasters.legend import make_legend
from lulc_engine.rasters.reflectance import Radiometry
from lulc_engine.reports import words
from lulc_engine.reports.curves import class_curves
from lulc_engine.reports.multilabel import multilabel_section, section_of
from lulc_engine.reports.patches import SPLIT_TEXTS, split_rows
from lulc_engine.reports.training import (
    MOST_REJECTED,
    Table,
    TrainingReport,
    render_training_report,
)

NASTY = make_legend(range(len(NAMES)), NAMES)
LAND = make_legend([1, 2, 3], ["water", "forest", "city"])
HITS = np.array([[1, 1, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0]], np.uint8)
SAID = np.array([[0.9, 0.2, 0.1], [0.8, 0.7, 0.1], [0.2, 0.9, 0.6], [0.1, 0.6, 0.1]], np.float32)


def plain(text):
    return re.sub("[\u2068\u2069]", "", text)


def reference(split, count):
    return ReferenceInfo("patches", split == "test", split, count, notes=("<i>a remark</i>",))


def several(legend, split="test", thresholds=(), seed=0):
    """Metrics of random labels; the fourth class, if there is one, is nowhere."""
    rng = np.random.default_rng(seed)
    targets = (rng.random((80, len(legend))) < 0.3).astype(np.uint8)
    targets[:, 3:4] = 0
    p = 0.4 * targets + 0.6 * rng.random(targets.shape)
    return patch_metrics(targets, p, legend, reference(split, 80), thresholds)


def single(legend, split="test", seed=0):
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, len(legend), 300)
    p = rng.random((300, len(legend))) + 0.7 * np.eye(len(legend))[targets]
    return patch_metrics(targets, p / p.sum(axis=1, keepdims=True), legend, reference(split, 300))


def history(legend, epochs=5):
    """Epochs as the trainer of patches leaves them."""
    return [
        {
            "epoch": n,
            "loss": 1 / n,
            "learning_rate": 1e-3,
            "validation": {
                "loss": None if n == 2 else 1.2 / n,
                "overall_accuracy": 1 - 1 / n,
                "macro_f1": 0.5,
                "map": None if n == 1 else 0.6,
                "f1": [None if n == 3 else n / 9] * len(legend),
            },
        }
        for n in range(1, epochs + 1)
    ]


def report_of(legend, metrics, **more):
    counts = {"training": [30] * len(legend), "validation": [9] * len(legend)}
    counts["training"][0] = 0
    values = {
        "model_name": "m",
        "legend": legend,
        "history": history(legend),
        "best_epoch": 4,
        "split_rows": split_rows(legend, counts),
        "split_unit": "",
        "metrics_by_split": {m["reference"]["split"]: m for m in metrics},
        "sample_unit": "patches",
        "split_text": SPLIT_TEXTS["random"],
        "split_totals": {"training": 71, "validation": 17},
        "kept": "the best on validation by macro F1",
    }
    return TrainingReport(**(values | more))


def words_of(report):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return check_harmless(render_training_report(report)).words


# --- several classes per patch -------------------------------------------------------------------


def test_names_from_users_do_no_harm():
    report = report_of(
        NASTY,
        [several(NASTY)],
        rejected=[(name, name) for name in NAMES],
        tables=[Table(NAMES[0], NAMES[:2], [NAMES[6:8]], NAMES[8], 0)],
    )
    shown = words_of(report)
    for name in NAMES[:9]:
        assert shown.count(" ".join(name.split())) > 3
    for picture in pictures(render_training_report(report)):
        assert {element.tag.split("}")[1] for element in picture.iter()}.isdisjoint(
            {"script", "foreignObject", "a"}
        )


def test_scores_are_shown_in_numbers_and_words():
    test = patch_metrics(HITS, SAID, LAND, reference("test", 4), (0.5, 0.65, 0.5))
    shown = words_of(report_of(LAND, [test]))
    part = test["multilabel"]
    for text in (
        "tells which of 3 classes a patch has; it may have several. It was tested with patches",
        f"Macro F1 {test['macro_f1']:.3f}",
        f"Micro F1 {part['micro']['f1']:.3f}",
        f"Mean average precision {part['map']:.3f}",
        f"Hamming loss {part['hamming_loss']:.1%}".replace("%", " %"),
        "One-error 0.0 %",
        f"Ranking precision {part['lrap']:.3f}",
        "for 0.0 % of the patches (subset accuracy)",
        "No patch has “city”, but it is said of 1 patch.",
        "“forest” is missed in 2 of 3 patches (66.7 %), and wrongly said of 1 of 2 (50.0 %).",
        "forest 0.65 0.500 0.333 0.400 0.357 0.250",  # threshold, precision, recall, F1, F2, IoU
        "city 0.50 0.000 – 0.000 0.000 0.000 – 0",  # noqa: RUF001 - the sign for no value
        "forest 1 2 1 0",
        "water 2 0 0 2",
        "<i>a remark</i>",
    ):
        assert text in shown
    assert len(multilabel_section(test, LAND).errors) == 2  # there is nothing to say of water
    assert "map" not in re.sub("mapping engine|mAP", "", shown)
    assert "pixels" not in shown


@pytest.mark.parametrize(
    ("targets", "said", "sentence"),
    [
        ([[1], [1]], [[0.9], [0.1]], "“a” is missed in 1 of 2 patches (50.0 %); there are no"),
        ([[1], [0]], [[0.9], [0.9]], "“a” is never missed, but wrongly said of 1 of 2 (50.0 %)."),
        ([[1], [0]], [[0.1], [0.1]], "“a” is missed in 1 of 1 patch (100.0 %): it is never said."),
    ],
)
def test_sentences_on_errors(targets, said, sentence):
    legend = make_legend([1], ["a"])
    metrics = patch_metrics(np.array(targets), np.array(said), legend, reference("test", 2))
    (found,) = multilabel_section(metrics, legend).errors
    assert plain(found).startswith(sentence)


def test_the_worst_classes_come_first():
    metrics = several(make_legend(range(9), [f"class {i}" for i in range(9)]))
    rows = {row["name"]: row["f1"] for row in metrics["classes"]}
    section = multilabel_section(metrics, make_legend([1], ["other"]))
    named = [re.search("“(.+?)”", plain(text))[1] for text in section.errors]
    assert len(named) == 5
    known = sorted((name for name in rows if rows[name] is not None), key=rows.get)
    assert named == known[:5]


def test_pictures_hold_the_counts():
    metrics = patch_metrics(HITS, SAID, LAND, reference("test", 4))
    (together,) = pictures(f'src="{multilabel_section(metrics, LAND).together.source}"')
    text = " ".join("".join(together.itertext()).split())
    for number in ("2 100 %", "3 100 %", "1 50 %", "1 33 %"):  # water, forest, both ways
        assert number in text


@pytest.mark.parametrize("classes", [1, 19, 70])
def test_any_number_of_classes(classes):
    legend = make_legend(range(classes), [f"class {i} of a long name" for i in range(classes)])
    words_of(report_of(legend, [several(legend)]))


def test_tuned_thresholds_flatter_validation_only():
    tuned = [0.5, 0.4, 0.5]
    parts = [several(LAND, split, tuned) for split in ("test", "validation")]
    shown = words_of(report_of(LAND, parts))
    caution = "The thresholds were tuned on these patches"
    assert shown.count(caution) == 1
    assert shown.index(caution) > shown.index("Scores on the validation set")
    assert caution not in words_of(report_of(LAND, [several(LAND, "validation")]))


def test_one_class_among_several_is_still_a_question():
    targets = np.zeros((60, 3), np.uint8)
    targets[:55, 1] = 1
    metrics = patch_metrics(targets, np.full((60, 3), 0.4), LAND, reference("test", 60))
    assert not any("one class only" in text for text in words.warnings(metrics))


def test_same_numbers_same_bytes():
    report = report_of(LAND, [several(LAND)])
    assert render_training_report(report) == render_training_report(report)


# --- one class per patch -------------------------------------------------------------------------


def test_single_label_speaks_of_patches_and_the_model():
    metrics = single(make_legend(range(6), "abcdef"))
    shown = words_of(report_of(make_legend(range(6), "abcdef"), [metrics]))
    tops = metrics["top_k"]
    for text in (
        "The model m gives a patch one of 6 classes.",
        "of the patches are right",
        f"among the 2 likeliest for {tops['2']:.1%}".replace("%", " %"),
        f"among the 5 likeliest for {tops['5']:.1%}".replace("%", " %"),
        "are taken for",
        "Rows are the reference, columns the model",
        "Precision: share of what is taken for the class",
        "epoch 4, the best on validation by macro F1, were kept",
    ):
        assert text in shown
    assert "s acc." not in shown
    assert not re.search(r"\bmap\b|pixels|polygons", shown)


def test_top_k_says_nothing_where_nothing_is_known():
    two = make_legend([1, 2], ["a", "b"])
    assert words.top_k(single(two)) == ""
    assert words.top_k({}) == ""


def test_section_of_tells_kinds_apart():
    assert section_of(several(LAND), LAND).multilabel
    assert not section_of(single(LAND), LAND).multilabel


def test_patches_are_counted_by_class_and_split():
    shown = words_of(report_of(LAND, [single(LAND)]))
    for text in (
        "The patches and how they were split",
        "Patches that lie side by side",
        "Training patches Validation patches Remark",
        "water 0 9 cannot be learned: no patch",
        "forest 30 9",
        "All patches 71 17",
    ):
        assert text in shown


def test_remarks_on_classes():
    counts = {"training": [5, 5, 0], "validation": [3, 0, 0], "test": [1, 0, 2]}
    status = [row["status"] for row in split_rows(LAND, counts)]
    assert status[0] == "ok"
    assert status[1] == "cannot be validated or tested: no patch"
    assert status[2] == "cannot be learned: no patch"
    full = report_of(LAND, [single(LAND)], split_rows=split_rows(LAND, {"test": [1, 2, 3]}))
    assert "Remark" not in words_of(full).replace("Remarks on the reference", "")


@pytest.mark.parametrize("count", [0, 1, 3, MOST_REJECTED, 1234])
def test_rejected_patches_are_listed(count):
    rejected = [(f"town/{n}.jpg", "63 x 64 pixels") for n in range(count)]
    shown = words_of(report_of(LAND, [single(LAND)], rejected=rejected))
    assert ("Patches that were left out" in shown) == (count > 0)
    assert shown.count("63 x 64 pixels") == min(count, MOST_REJECTED)
    if count == 1:
        assert "One patch was left out." in shown
    if count > MOST_REJECTED:
        assert "1\u202f234 patches were left out." in shown
        assert "The first 200 of them:" in shown
        assert "town/199.jpg" in shown


def test_further_tables_are_shown():
    table = Table("Band sets", ["Bands", "F1"], [["rgb", "0.71"], ["all", "0.82"]], "Why.", 1)
    report = report_of(LAND, [single(LAND)], tables=[table])
    assert "Band sets Why. Bands F1 rgb 0.71 all 0.82" in words_of(report)
    assert render_training_report(report).count('<tr class="best">') == 1


def test_test_only_and_unscored_reports():
    shown = words_of(report_of(LAND, [single(LAND)], history=[], best_epoch=None))
    assert "How training went" not in shown
    assert "It was not scored." in words_of(report_of(LAND, []))
    flattered = words_of(report_of(LAND, [single(LAND, "validation")]))
    assert "No patches were kept apart for a test" in flattered


def test_without_validation_no_epoch_is_called_the_best():
    scores = {"loss": None, "overall_accuracy": None, "macro_f1": None, "f1": [None] * 3}
    epochs = [{"epoch": n, "loss": 0.5, "validation": scores} for n in (1, 2)]
    report = report_of(LAND, [single(LAND)], history=epochs, best_epoch=2)
    shown = words_of(report)
    assert "The weights of epoch 2 were kept; there were no labels to validate with." in shown
    assert "the best on validation" not in shown
    drawn = ["".join(p.itertext()) for p in pictures(render_training_report(report))]
    (curves,) = (texts for texts in drawn if "Loss" in texts)
    assert "Validation" not in curves


def test_curves_of_classes():
    picture = class_curves(history(LAND), LAND, 4)
    text = "".join("".join(p.itertext()) for p in pictures(f'src="{picture.source}"'))
    assert "epoch 4" in text
    assert text.count("0.44") == 3  # 4 / 9 of each class at the best epoch
    assert "forest" in text
    unmeasured = class_curves(history(LAND), LAND, 3)
    (tree,) = pictures(f'src="{unmeasured.source}"')
    assert "".join(tree.itertext()).count("–") == 3  # noqa: RUF001 - the sign for no value
    for nothing in (None, {"f1": [None, None, None]}):
        assert class_curves([{"epoch": 1, "loss": 1, "validation": nothing}], LAND, 1) is None
    assert class_curves(history(LAND, 1), LAND, None) is not None


# --- model pages ---------------------------------------------------------------------------------


@pytest.fixture
def page_of(tmp_path):
    """Return a function from patch facts and scores to the page's words and the result."""

    def make(patch, scores, edit=None, transform="none"):
        bands = (Band(1, "B04", "red"), Band(2, NAMES[0], None))
        radiometry = Radiometry((1 / 255,) * 2, (0.0,) * 2, "values", "8 bits")
        spec = ModelSpec(
            PATCHES, "spectralnet", {}, bands, (), radiometry, ((0, 1),) * 2, LAND, None, 1,
            patch=patch, transform=transform,
        )  # fmt: skip
        statistics = ([0.1] * 2, [0.2] * 2)
        card = make_card(spec, "m", 9, "2", statistics, {"seed": 0}, scores, {"host": "h"})
        card["lulc:patch"].update(edit or {})
        model, page = tmp_path / "m.safetensors", tmp_path / "m.html"
        write_model(model, {"weight": np.zeros(3, np.float32)}, card)
        result = info(InfoOptions(model=str(model), report=str(page)), Feedback())
        return check_harmless(page.read_text("utf-8")).words, result

    return make


def test_page_of_a_model_of_pictures(page_of):
    patch = PatchFacts(64, stretch=((0.0, 0.3), (0.0, 0.3)))
    shown, result = page_of(patch, {"test": single(LAND)})
    for text in (
        "gives patches of 64 x 64 pixels with 2 bands one of 3 classes",
        "Patch size 64 x 64 pixels",
        "one class per patch, the likeliest",
        "black to white stand for reflectance 0 to 0.3 in every band",
        "Sees around a pixel the whole patch",
        "Inputs reflectance of the bands",
        "Spectral indices none Patch size",
        "Pixel values pixel value times",
        "of the patches are right",
    ):
        assert text in shown
    assert "Threshold" not in shown
    assert result["size_px"] == 64
    assert result["multilabel"] is False
    assert result["stretch"] == [[0.0, 0.3], [0.0, 0.3]]


def test_page_of_a_model_of_several_classes(page_of):
    patch = PatchFacts(120, True, (0.5, 0.25, 0.125), ((0.0, 0.3), (0.1, 0.6)))
    shown, result = page_of(patch, {"validation": several(LAND, "validation", patch.thresholds)})
    for text in (
        "tells which of 3 classes patches of 120 x 120 pixels with 2 bands have",
        "several classes per patch, each whose probability reaches its threshold",
        "2 forest 0.250",
        "tuned on validation patches",
        f"0 to 0.3 in red; 0.1 to 0.6 in {NAMES[0]}",
        "Mean average precision",
    ):
        assert text in shown
    assert result["thresholds"] == [0.5, 0.25, 0.125]
    untuned = dataclasses.replace(patch, thresholds=(0.5,) * 3)
    shown, _ = page_of(untuned, {}, transform="log_ratio")
    assert "probability is at least the threshold. It may" in shown
    assert "Inputs logarithms of reflectance and normalised differences" in shown


@pytest.mark.parametrize("edit", [{"thresholds": [0.5]}, {"stretch": [[0]]}, {"size_px": None}])
def test_an_odd_patch_part_breaks_no_page(page_of, edit):
    patch = PatchFacts(8, True, (0.5, 0.25, 0.125))
    if "size_px" in edit:
        assert "Patch size None" in page_of(patch, {}, edit)[0]
        return
    with pytest.raises(ModelFileError, match="incomplete"):
        page_of(patch, {}, edit)


def test_segmenters_keep_their_words(nice_metrics):
    metrics, legend = nice_metrics(3, "test")
    part = {"units": 4, "pixels": 4321}
    rows = [{"name": n, "training": part, "status": "ok"} for n in legend.names]
    plain_history = [{"epoch": 1, "loss": 1, "validation": {"mean_iou": 0.5, "macro_f1": 0.4}}]
    report = TrainingReport("m", legend, plain_history, 1, rows, "polygons", {"test": metrics})
    shown = words_of(report)
    assert "Whole polygons were held back, never single pixels of them" in shown
    assert "are mapped as" in shown
    assert "s acc." in shown
    own_test = dataclasses.replace(
        report, split_rows=[row | {"test": {"units": None, "pixels": 7}} for row in rows]
    )
    assert "4 4\u202f321 – 7" in words_of(own_test)  # noqa: RUF001 - the sign for no value
