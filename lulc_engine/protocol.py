"""The lines that the worker process and its parent exchange.

Standard library and Python 3.9 syntax only: the QGIS plugin imports this module.

The parent starts ``[engine_python, "-I", "-u", launcher, REQUEST.json]`` and keeps stdin open.
The worker prints one JSON object per line on stdout, each with ``v`` and ``event``:

========== =====================================================================
hello      prefix, python, engine: checked by the parent before it goes on; loading where there
           is nothing to clean up until the next event, so that a cancelled worker may be killed
progress   fraction (0 to 1, or null while unknown), text
log        level (debug, info, warning), text
metric     name, epoch and further numbers of one training epoch
result     result: the command's result, the last line of a successful run
error      code, message, hint, exit_code
========== =====================================================================

The parent writes the single line ``cancel``; end-of-file on stdin means that the parent is gone.
"""

from __future__ import annotations

import json
import math
from typing import Any, Dict, Mapping, Optional

VERSION = 1
CANCEL = "cancel"

HELLO = "hello"
PROGRESS = "progress"
LOG = "log"
METRIC = "metric"
RESULT = "result"
ERROR = "error"


def to_json(value: Any, **options: Any) -> str:
    """Return strict JSON: NaN and infinities become null, so that every reader can parse it."""
    return json.dumps(_strict(value), ensure_ascii=False, allow_nan=False, **options)


def encode(event: str, **fields: Any) -> str:
    """Return one protocol line, without the newline."""
    return to_json({"v": VERSION, "event": event, **fields})


def decode(line: str) -> Optional[Dict[str, Any]]:
    """Return the event in a line, or None where the line is not one of ours."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("v") != VERSION or "event" not in event:
        return None
    return event


def request(command: str, options: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the content of REQUEST.json for a command of the engine and its options."""
    return {"v": VERSION, "command": command, "options": dict(options)}


def _strict(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(item) for item in value]
    return value
