"""The directories of the project and of the test fixtures."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
FIXTURES: Final = PROJECT / "tests/fixtures"
