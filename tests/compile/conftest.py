from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Small data: starting threads would take longer than the work."""
    with threadpool_limits(1):
        yield
