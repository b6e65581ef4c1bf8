"""The algorithms with the real engine, in qgis_process and beside the command line `lulc`."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from support import (
    CLASSES,
    engine_python,
    is_running,
    lulc,
    pixels,
    qgis_process,
    run_qgis_process,
    wait_for,
)

pytestmark = pytest.mark.skipif(engine_python() is None, reason="no Python with the engine")

SCORES = ("OVERALL_ACCURACY", "KAPPA", "MEAN_IOU", "MACRO_F1")
FIELDS = {"CLASS_FIELD": "class_id", "CLASS_NAME_FIELD": "class"}
FAST = {"EPOCHS": 1, "WINDOW_PX": 32, "BATCH_SIZE": 4, "SEED": 3, "DEVICE": "cpu"}


@pytest.fixture(scope="module")
def trained(env, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    code, results, err = run_qgis_process(
        env,
        "lulc:trainsegmenter",
        INPUT=data["scene"],
        LABELS=data["labels"],
        **FIELDS,
        **FAST,
        MODEL=folder / "model.safetensors",
        REPORT=folder / "report.html",
        METRICS=folder / "metrics.json",
        TABLE=folder / "table.csv",
    )
    assert code == 0, err
    return results


@pytest.fixture(scope="module")
def classified(env, data, trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classified")
    code, results, err = run_qgis_process(
        env,
        "lulc:classifyraster",
        INPUT=data["other"],
        MODEL=trained["MODEL"],
        OUTPUT=folder / "map.tif",
        CONFIDENCE=folder / "confidence.tif",
        PROBABILITIES=folder / "probabilities.tif",
        AREAS=folder / "areas.csv",
    )
    assert code == 0, err
    return results


# --- the three steps -----------------------------------------------------------------------------


def test_training_gives_files_and_numbers(trained):
    for name in ("MODEL", "REPORT", "METRICS", "TABLE"):
        with open(trained[name], "rb") as stream:
            assert stream.read(1)
    with open(trained["METRICS"], encoding="utf-8") as stream:
        metrics = json.load(stream)
    for name in SCORES:
        assert trained[name] == pytest.approx(metrics[name.lower()])
    assert trained["SPLIT"] in ("test", "validation")


def test_classifying_gives_a_map_with_the_users_ids(classified):
    assert set(pixels(classified["OUTPUT"]).ravel()) <= set(CLASSES)
    assert pixels(classified["PROBABILITIES"]).shape[0] == len(CLASSES)
    assert pixels(classified["CONFIDENCE"]).max() <= 100
    with open(classified["AREAS"], encoding="utf-8") as stream:
        assert stream.readline().strip() == "id,name,pixels,hectares,share"


def test_assessing_gives_numbers(env, data, classified, tmp_path):
    code, results, err = run_qgis_process(
        env,
        "lulc:assessaccuracy",
        MAP=classified["OUTPUT"],
        REFERENCE=data["labels"],
        **FIELDS,
        METRICS=tmp_path / "metrics.json",
    )
    assert code == 0, err
    with open(results["METRICS"], encoding="utf-8") as stream:
        metrics = json.load(stream)
    for name in SCORES:
        assert results[name] == pytest.approx(metrics[name.lower()])
    assert "REPORT" not in results  # optional outputs that nobody asked for are not made


def test_a_model_tells_about_itself(env, trained, tmp_path):
    code, results, err = run_qgis_process(
        env, "lulc:modelinfo", MODEL=trained["MODEL"], REPORT=tmp_path / "card.html"
    )
    assert code == 0, err
    with open(results["REPORT"], encoding="utf-8") as stream:
        assert "built-up" in stream.read()


def test_the_command_line_gives_the_same_map_and_numbers(data, trained, classified, tmp_path):
    options = [f"--{name.lower().replace('_', '-')}={value}" for name, value in FAST.items()]
    result = lulc(
        "train-segmenter", "--image", data["scene"], "--labels", data["labels"],
        "--class-field", "class_id", "--class-name-field", "class", *options,
        "--model", tmp_path / "model.safetensors",
    )  # fmt: skip
    for name in SCORES:
        assert trained[name] == result[name.lower()]
    lulc(
        "classify", "--image", data["other"], "--model", tmp_path / "model.safetensors",
        "--output", tmp_path / "map.tif",
    )  # fmt: skip
    assert (pixels(tmp_path / "map.tif") == pixels(classified["OUTPUT"])).all()


# --- failures ------------------------------------------------------------------------------------


def test_a_failure_is_one_sentence_and_leaves_nothing(env, data, tmp_path):
    not_a_model = tmp_path / "model.safetensors"
    not_a_model.write_bytes(b"not a model")
    code, _, err = run_qgis_process(
        env,
        "lulc:classifyraster",
        INPUT=data["scene"],
        MODEL=not_a_model,
        OUTPUT=tmp_path / "map.tif",
    )
    assert code == 1
    assert "model.safetensors" in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_missing_folder_is_named_before_the_work(env, data, tmp_path):
    code, _, err = run_qgis_process(
        env,
        "lulc:trainsegmenter",
        INPUT=data["scene"],
        LABELS=data["labels"],
        CLASS_FIELD="class_id",
        MODEL=tmp_path / "no" / "model.safetensors",
    )
    assert code == 1
    assert f"The folder {tmp_path / 'no'} does not exist" in err


def test_without_an_engine_the_setup_is_named(env, trained):
    code, _, err = run_qgis_process(
        {**env, "LULC_ENGINE_PYTHON": ""}, "lulc:modelinfo", MODEL=trained["MODEL"]
    )
    assert code == 1
    assert "lulc:setupengine" in err


def test_hostile_variables_do_no_harm(env, trained, tmp_path):
    hostile = {
        "PYTHONEXECUTABLE": "/usr/bin/python3",
        "PROJ_LIB": str(tmp_path),
        "PROJ_DATA": str(tmp_path),
        "GDAL_DATA": str(tmp_path),
    }
    code, _, err = run_qgis_process({**env, **hostile}, "lulc:modelinfo", MODEL=trained["MODEL"])
    assert code == 0, err


# --- the end of a run ----------------------------------------------------------------------------


@pytest.fixture
def started():
    """Start qgis_process; whatever becomes of the test, it does not go on after it."""
    processes = []

    def start(*arguments):
        processes.append(qgis_process(*arguments))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_training_ends_the_worker_and_leaves_nothing(started, env, data, tmp_path, how):
    model = tmp_path / "model.safetensors"
    parameters = {
        "INPUT": data["scene"], "LABELS": data["labels"], "CLASS_FIELD": "class_id",
        "EPOCHS": 10000, "PATIENCE": 10000, "MODEL": model,
    }  # fmt: skip
    given = [f"{name}={value}" for name, value in parameters.items()]
    process = started(env, "run", "lulc:trainsegmenter", "--", *given)
    worker = wait_for(lambda: child_of(process.pid))
    assert worker, "no worker was started"
    time.sleep(3)  # well into its work
    stopped = time.monotonic()
    process.send_signal(how)
    assert wait_for(lambda: not is_running(worker), 12)
    assert process.wait(timeout=20) == (-how if how == signal.SIGKILL else 1)
    assert time.monotonic() - stopped < 12
    process.communicate()
    assert not model.exists()
    if how != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []


def test_a_killed_worker_is_a_failure(started, env, data, tmp_path):
    given = [
        f"INPUT={data['scene']}", f"LABELS={data['labels']}", "CLASS_FIELD=class_id",
        "EPOCHS=10000", "PATIENCE=10000", f"MODEL={tmp_path / 'model.safetensors'}",
    ]  # fmt: skip
    process = started(env, "run", "lulc:trainsegmenter", "--", *given)
    worker = wait_for(lambda: child_of(process.pid))
    time.sleep(1)
    os.kill(worker, signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "memory ran out" in err
    assert not (tmp_path / "model.safetensors").exists()


def child_of(pid):
    """Return the worker that a qgis_process has started."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            arguments = (folder / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended in the meantime
        if parent == pid and b"launcher.py" in arguments:
            return int(folder.name)
    return None
