"""Where the project and the tests' fixtures are."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
FIXTURES: Final = PROJECT / "tests/fixtures"
