import pytest
from page_reader import NAMES, check_harmless

from lulc_engine.reports.comparison import METRIC_NAMES, render_comparison


def row(rank, name, **changes):
    return {
        "rank": rank, "name": name, "source": "model", "split": "test", "optimistic": False,
        "kind": "patches", "n": 1234, "architecture": NAMES[2], "parameters": 10**rank,
        "size_bytes": 1_500_000, "training_s": 90.0 * 10**rank,
        "scores": {key: None if key == "map" else 0.9 / rank for key in METRIC_NAMES},
        "date": "2026-01-02T03:04:05+00:00", "seed": 7, "status": "complete",
        "versus_best": None, "model": name, "metrics": None, "predictions": None, **changes,
    }  # fmt: skip


def page(models, classes=tuple(NAMES), **changes):
    comparison = {
        "metric": "macro_f1", "best": models[0]["name"], "models": models,
        "classes": [
            {"name": name, "f1": [0.9 / m["rank"] for m in models], "iou": [None] * len(models),
             "support": [5] * len(models)}
            for name in classes
        ],
        "cautions": [], "sorted_by": "rank", "unfinished": [], **changes,
    }  # fmt: skip
    return check_harmless(render_comparison(comparison))


def test_names_that_try_to_do_harm_do_none():
    test = {"best_only": 40, "other_only": 9, "p": 1e-5, "p_holm": 0.0471, "exact": False}
    models = [row(1, NAMES[0]), row(2, NAMES[7], versus_best=test), row(3, NAMES[1])]
    words = page(models, cautions=[NAMES[6]]).words
    for text in ("<script>alert(1)</script>", "Before you choose", "0.900", "0.450", "< 0.001",
                 "0.047", "chi-squared", "1.5 MB", "15 min", "2.5 h", "81.6 %",
                 "Matthews"):  # fmt: skip
        assert text in words, text
    assert "avg. precision" not in words  # nobody has it


def test_metrics_files_alone_have_no_costs_and_no_tests():
    nothing = dict.fromkeys(("architecture", "parameters", "size_bytes", "training_s", "date"))
    words = page([row(1, "a", **nothing), row(2, "b", split=None, **nothing)]).words
    assert "what they cost" not in words
    assert "more than chance" not in words
    assert "own" in words


@pytest.mark.parametrize("count", [2, 8, 15])
def test_any_number_of_models(count):
    models = [row(rank, f"model {rank}") for rank in range(1, count + 1)]
    assert f"{count} models, ranked by macro F1" in page(models, classes=("a", "b")).words


def test_a_lead_over_a_model_that_is_ranked_otherwise_means_nothing():
    words = page([row(1, "a"), row(2, "b", optimistic=True)]).words
    assert "Ahead of the next by –" in words  # noqa: RUF001 - the sign for no value
    assert "test optimistic" in words


def test_another_order_keeps_the_best():
    unfinished = {"name": NAMES[0], "status": "killed", "epochs": 4, "started": "2026-01-02T03:04"}
    models = [row(2, "b"), row(1, "a")]
    page_ = page(models, sorted_by="date", unfinished=[unfinished], best="a")
    for text in ("The best is a", "The models, newest first", "2026-01-02 03:04", "killed"):
        assert text in page_.words, text
