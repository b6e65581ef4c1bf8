"""OpenVINO without its telemetry and a deadlock: import it from here, nowhere else.

On import and on conversion OpenVINO's Python package reports to a web service, from a process that
it forks off. Our users were not asked, scenes may be confidential, and on machines without a
network such a process hangs for ever, and its parent with it. Where the package that reports is
missing OpenVINO does without, so it is made to be missing.

Its binding makes tables of types when they are first asked for. Two threads that do so at once wait
for each other for ever: one has the table's lock and needs the interpreter's, the other the
reverse. The tables are therefore made here, by the one thread that imports.
"""

from __future__ import annotations

import sys

import numpy as np

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402 - not before the line above

ov.Type.f32.to_dtype()
_ = ov.Tensor(np.zeros(1, np.float32), shared_memory=True).data

__all__ = ["ov"]
