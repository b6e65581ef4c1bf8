"""Pretrained weights that are downloaded on first use, without long waits where nothing answers.

The client of the Hugging Face hub tries again for about half a minute before it gives up. One short
question to the hub says the same; without an answer the client is told to use only what was
downloaded before.
"""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator

from huggingface_hub import constants

_ANSWER_WITHIN_S = 5


@contextlib.contextmanager
def downloads() -> Iterator[None]:
    """Within this context missing weights fail at once when the hub cannot be reached."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _answers(constants.ENDPOINT)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _answers(address: str) -> bool:
    """Return whether a web server can be reached, by proxy where one is set."""
    try:
        request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - the hub's address
        urllib.request.urlopen(request, timeout=_ANSWER_WITHIN_S).close()  # noqa: S310 # nosec B310
    except urllib.error.HTTPError:
        return True  # it answered, if not kindly
    except (OSError, ValueError):
        return False
    return True
