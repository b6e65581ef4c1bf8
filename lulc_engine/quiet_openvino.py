"""OpenVINO without its telemetry: import it from here, nowhere else.

On import and on conversion OpenVINO's Python package reports to a web service, from a process that
it forks off. Our users were not asked, scenes may be confidential, and on machines without a
network such a process hangs for ever, and its parent with it. Where the package that reports is
missing OpenVINO does without, so it is made to be missing.
"""

from __future__ import annotations

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino as ov  # noqa: E402 - not before the line above

__all__ = ["ov"]
