"""Errors a user can act on; everything else is a bug.

Standard library and Python 3.9 syntax only: the QGIS plugin imports this module.

Each message is one or two sentences: what was given, what is allowed. ``hint`` says what to do.
``code`` is stable (it keys the troubleshooting page) and ``exit_code`` is what the process returns.
"""

from __future__ import annotations

from typing import Dict, Optional


class LulcError(Exception):
    """Root of all errors that are the input's or the machine's fault, not ours."""

    code = "LULC-E1"
    exit_code = 1

    def __init__(self, message: str, hint: str = "", code: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def as_dict(self) -> Dict[str, str]:
        """Return the error as the object that ``--json`` and the worker protocol print."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class OptionsError(LulcError, ValueError):
    """An option has a value that is not allowed."""

    code = "LULC-E2"
    exit_code = 2


class DataError(LulcError, ValueError):
    """Input data cannot be used: wrong bands, no overlap, no classes."""

    code = "LULC-E3"
    exit_code = 3


class RasterError(DataError):
    """A raster cannot be opened, read or matched to a grid."""

    code = "LULC-E31"


class LabelError(DataError):
    """Labels or reference data cannot be used."""

    code = "LULC-E32"


class BandError(DataError):
    """The bands of a scene do not fit what was asked for or what the model needs."""

    code = "LULC-E33"


class ModelFileError(LulcError, ValueError):
    """A file is not a usable model file."""

    code = "LULC-E4"
    exit_code = 4


class EnvironmentFailure(LulcError, OSError):
    """The machine cannot do it: device, memory, disk, folder or installation."""

    code = "LULC-E5"
    exit_code = 5


class Cancelled(LulcError):
    """The run was cancelled, or the process that asked for it is gone."""

    code = "LULC-E130"
    exit_code = 130

    def __init__(self, message: str = "The run was cancelled.", hint: str = "") -> None:
        super().__init__(message, hint)
