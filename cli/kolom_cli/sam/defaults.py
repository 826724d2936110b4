"""The path of the template and the URL of the local site."""

from pathlib import Path
from typing import Final

LOCAL_SITE: Final = "http://127.0.0.1:8080"
TEMPLATE: Final = Path(__file__).parents[3] / "template.yaml"
