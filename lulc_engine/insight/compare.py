"""The command ``compare``: models side by side, by their scores and by what they cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from lulc_engine.errors import DataError
from lulc_engine.feedback import Feedback
from lulc_engine.insight.answers import compare_answers
from lulc_engine.insight.candidates import Candidate, check_number, find_candidates
from lulc_engine.insight.comparability import cautions
from lulc_engine.insight.mcnemar import holm
from lulc_engine.insight.selecting import all_hold, in_order, read_conditions, values_of
from lulc_engine.options import COMPARED_METRICS, CompareOptions
from lulc_engine.outputs import Outputs, check_writable
from lulc_engine.reports.comparison import render_comparison
from lulc_engine.reports.csv_table import Cell, csv_text

_ENDINGS = {"report": (".html", ".htm"), "table": (".csv",)}
_FILES = ("model", "metrics", "predictions")
_COLUMNS = ("rank", "name", "date", "status", "architecture", "seed", "split", "n",
            *COMPARED_METRICS, "parameters", "size_bytes", "training_s", "mcnemar_p",
            "mcnemar_p_holm", *_FILES)  # fmt: skip


def compare(options: CompareOptions, feedback: Feedback) -> dict[str, Any]:
    """Rank models by a score; write report and table where asked to.

    Scores on samples that took part in making a model do not make it the best where another has
    scores on untouched ones. Where the best and another answered the same patches, McNemar's test
    tells whether they differ by more than chance.

    Returns:
        Paths ``report`` and ``table`` ('' where not asked for); ``best``, the path of the best
        model (of its metrics where there is no model file), ``best_name``, ``best_score``,
        ``models`` (how many) and everything as ``comparison``.

    Raises:
        OptionsError: a path has the wrong ending or is an input, or FILTER is no condition.
        DataError: fewer than two models with scores, or none has the score that was asked for.
        ModelFileError: a named file is not a usable model file.
    """
    paths = {name: getattr(options, name) for name in _ENDINGS}
    feedback.progress(None, "Reading models and scores")
    conditions = read_conditions(options.filter)
    candidates, unfinished = find_candidates(options.models, feedback)
    candidates = [item for item in candidates if all_hold(conditions, values_of(_row(item)))]
    check_number(candidates, bool(conditions))
    inputs = [path for item in candidates for path in item.files.values()]
    for name, path in paths.items():
        if path:
            check_writable(path, _ENDINGS[name], inputs)
    comparison, best = _comparison(candidates, options.metric, options.sort_by)
    comparison["unfinished"] = [dataclasses.asdict(item) for item in unfinished]
    for caution in comparison["cautions"]:
        feedback.warning(caution)
    writers: dict[str, Callable[[], str]] = {
        "report": lambda: render_comparison(comparison),
        "table": lambda: _table(comparison),
    }
    with Outputs(inputs) as outputs:
        for name, path in paths.items():
            if path:
                outputs.write_text(path, writers[name](), _ENDINGS[name])
    feedback.progress(1.0, "Done")
    return {
        **paths,
        "best": str(best.path),
        "best_name": best.name,
        "best_score": score_of(best.metrics, options.metric),
        "models": len(candidates),
        "comparison": comparison,
    }


def score_of(metrics: dict[str, Any], name: str) -> float | None:
    """Return one of COMPARED_METRICS of a metrics object, None where it was not measured."""
    if name == "weighted_f1":
        value = (metrics.get("weighted") or {}).get("f1")
    elif name == "map":
        value = (metrics.get("multilabel") or {}).get("map")
    else:
        value = metrics.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def ranked(candidates: Sequence[Candidate], metric: str) -> list[Candidate]:
    """Return candidates, the best first: by the score, those that are untouched by training first.

    Those without the score come last.
    """

    def key(item: Candidate) -> tuple[bool, bool, float]:
        score = score_of(item.metrics, metric)
        return score is None, item.optimistic, -(score or 0.0)

    return sorted(candidates, key=key)


def _comparison(
    candidates: list[Candidate], metric: str, sort_by: str
) -> tuple[dict[str, Any], Candidate]:
    order = ranked(candidates, metric)
    best = order[0]
    if score_of(best.metrics, metric) is None:
        raise DataError(
            f"None of the models has the score {metric}.",
            "Choose another METRIC; map is of patches with several classes only.",
        )
    models = [_row(item, rank) for rank, item in enumerate(order, start=1)]
    _add_tests(models, order)
    warned = cautions(order, models, metric)
    models = in_order(models, sort_by)
    comparison = {
        "metric": metric,
        "sorted_by": sort_by,
        "best": best.name,
        "models": models,
        "classes": _classes([order[row["rank"] - 1] for row in models]),
    }
    return {**comparison, "cautions": warned}, best


def _row(item: Candidate, rank: int = 0) -> dict[str, Any]:
    card, record = item.card or {}, item.record or {}
    model = item.files.get("model")
    return {
        "rank": rank,
        "name": item.name,
        "date": record.get("started") or card.get("run", {}).get("date"),
        "status": record.get("status"),
        "seed": card.get("lulc:training", {}).get("seed", record.get("seed")),
        "source": item.source,
        "split": item.split,
        "optimistic": item.optimistic,
        "kind": item.metrics["reference"].get("kind"),
        "n": item.metrics["reference"].get("n"),
        "architecture": card.get("mlm:architecture"),
        "parameters": card.get("mlm:total_parameters"),
        "size_bytes": model.stat().st_size if model else None,
        "training_s": card.get("run", {}).get("duration_s"),
        "scores": {name: score_of(item.metrics, name) for name in COMPARED_METRICS},
        "versus_best": None,
        **{kind: str(item.files[kind]) if kind in item.files else None for kind in _FILES},
    }


def _add_tests(models: list[dict[str, Any]], order: Sequence[Candidate]) -> None:
    """Put McNemar's test against the best into the rows where both answered the same patches."""
    best = order[0].answers
    tested = []
    for row, item in zip(models[1:], order[1:], strict=True):
        test = compare_answers(best, item.answers) if best and item.answers else None
        if test is not None:
            row["versus_best"] = {
                "best_only": test.first_only, "other_only": test.second_only,
                "p": test.p, "exact": test.exact,
            }  # fmt: skip
            tested.append(row["versus_best"])
    for test_row, p in zip(tested, holm([row["p"] for row in tested]), strict=True):
        test_row["p_holm"] = p


def _classes(order: Sequence[Candidate]) -> list[dict[str, Any]]:
    """Return a row per class name with F1, IoU and support of every model, None where it has none.

    Classes come as the first model orders them, then those that only others have.
    """
    scores = [{str(row["name"]): row for row in item.metrics["classes"]} for item in order]
    names = dict.fromkeys(name for by_name in scores for name in by_name)
    return [
        {
            "name": name,
            **{
                key: [by_name.get(name, {}).get(key) for by_name in scores]
                for key in ("f1", "iou", "support")
            },
        }
        for name in names
    ]


def _table(comparison: dict[str, Any]) -> str:
    rows: list[list[Cell]] = [list(_COLUMNS)]
    for row in comparison["models"]:
        test = row["versus_best"] or {}
        values = {**row, **row["scores"]}
        values |= {"mcnemar_p": test.get("p"), "mcnemar_p_holm": test.get("p_holm")}
        rows.append([values[name] for name in _COLUMNS])
    return csv_text(rows)
