"""How tests wait: for what is to become true, and never for a length of time."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 300.0  # seconds. Only a failure waits for so long; a busy machine is none


def until(condition: Callable[[], Any], words: str = "", seconds: float = PATIENCE) -> Any:
    """The first true answer; a test that waits in vain says for what."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {seconds:g} s: {words or condition}"
        time.sleep(0.02)
    return found
