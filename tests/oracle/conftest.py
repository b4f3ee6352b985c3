"""Fixtures of the tests against oracles."""
import pytest

TOLD = pytest.StashKey[list]()


@pytest.fixture
def tell(request):
    """tell(line): what a run shows at its end, also if it passed; scripts/test.sh prints it."""
    return request.config.stash.setdefault(TOLD, []).append


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(TOLD, []):
        terminalreporter.write_line(f"told: {line}")
