"""A Drone whose builds are recorded."""

from collections.abc import Iterator

import pytest

from configs import keeping, served


@pytest.fixture
def records(transactional_db) -> Iterator[None]:
    """Edrone's own database, empty, and a keeper that is not resting."""
    keeping.keeper().resting_until = 0
    served.stored_files.clear()
    yield
    keeping.keeper().resting_until = 0
