"""One browser for the tests of the page; tables and figures of the made-up experiment with hostile words in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from browser import browser

    with browser() as opened:
        yield opened
