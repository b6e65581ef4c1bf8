"""Preparing a network in a process of its own.

Making a graph takes PyTorch and some 600 MB, which a process never gives back, and cannot be
stopped while it lasts. So it is done by a child, which is gone before the map is begun and which a
cancelled run ends at once. A process that has loaded PyTorch already does it by itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess  # nosec B404 - starts only this Python with this module
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lulc_engine.inference.runtimes import Wanted
from lulc_engine.inference.runtimes.recipe import Recipe

_CHILD = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request.pop('path');"
    "from lulc_engine.inference.runtimes.preparing import main; main(request)"
)
_POLL_S = 0.1


def prepare(
    runtime: str, model: str, recipe: Recipe, path: Path, check: Callable[[], None]
) -> None:
    """Write the graph of a recipe for a runtime.

    Args:
        runtime: openvino or onnxruntime.
        model: the model file.
        recipe: of that model.
        path: the file to write, as the runtime's ``write_graph`` takes it.
        check: raises to stop; called several times a second while a child is at work.

    Raises:
        ModelFileError: see `recipe_graph`.
    """
    if "torch" in sys.modules or not _in_child(runtime, model, recipe, path, check):
        # Of a child that failed nothing is known: what it failed of is raised here.
        _write(runtime, model, recipe, path)


def _in_child(
    runtime: str, model: str, recipe: Recipe, path: Path, check: Callable[[], None]
) -> bool:
    """Have a child write the graph; return whether it did."""
    request = json.dumps(
        {
            "path": sys.path,
            "runtime": runtime,
            "model": model,
            "recipe": dataclasses.asdict(recipe),
            "target": str(path),
        }
    )
    child = subprocess.Popen(  # nosec B603
        [sys.executable, "-I", "-c", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    with child:
        try:
            if child.stdin is not None:
                with contextlib.suppress(OSError), child.stdin:  # it may have ended already
                    child.stdin.write(request)
            while True:
                try:
                    return child.wait(_POLL_S) == 0
                except subprocess.TimeoutExpired:
                    check()
        except BaseException:
            child.kill()
            raise


def main(request: dict[str, Any]) -> None:
    """Do in the child what its parent asked for."""
    from lulc_engine.process import prepare_process

    prepare_process()
    given = request["recipe"]
    for name in ("scale", "offset", "shape"):  # JSON knows no tuples
        given[name] = tuple(given[name])
    given["wanted"] = Wanted(**given["wanted"])
    _write(request["runtime"], request["model"], Recipe(**given), Path(request["target"]))


def _write(runtime: str, model: str, recipe: Recipe, path: Path) -> None:
    from lulc_engine.inference.runtimes.recipe_graph import recipe_graph

    graph = recipe_graph(model, recipe)
    if runtime == "onnxruntime":
        from lulc_engine.inference.runtimes.onnx_runtime import write_graph
    else:
        from lulc_engine.inference.runtimes.openvino_runtime import write_graph
    write_graph(recipe, graph, path)
