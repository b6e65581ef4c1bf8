"""Rendering of self-contained HTML pages: no network, no scripts, everything from users escaped."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from lulc_engine.reports import plain_text

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: Any) -> str:
    """Return a page from a template of this package and the values it names.

    Raises:
        jinja2.UndefinedError: the template needs a value that is not given.
    """
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": plain_text.percent,
        "decimal": plain_text.decimal,
        "quantity": plain_text.quantity,
        "thousands": plain_text.thousands,
        "shorten": plain_text.shorten,
    }
    return environment


def _harmless(value: Any) -> Any:
    """Make control and direction characters visible, and keep % with its number.

    Escaping follows after this.

    Isolates stay: our own sentences use them, and they end with the element they stand in.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        kept = plain_text.ISOLATE_START + plain_text.ISOLATE_END
        return plain_text.one_line(value, kept).replace(" %", "\u00a0%")
    return value
