"""The virtual machine as a fixture, and the marker of every test that boots it."""

import pytest

from tests.vm.lab import Lab, why_not


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The virtual machine, built if it has to be; skips where it cannot run."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    return Lab()
