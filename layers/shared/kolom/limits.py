"""The maximum length of each form field in characters: the only definition of these limits. Pure.

The API, the pages and their error messages use this module. The custom elements use a module that is generated from it
(:mod:`kolom_cli.assets.catalog`).
"""

from collections.abc import Mapping
from typing import Final

MAX_NAME: Final = 100
MAX_EMAIL: Final = 254
MAX_WEBSITE: Final = 254
MAX_SUBJECT: Final = 200
MAX_CONTENT: Final = 10_000
MAX_QUERY: Final = 4_096

FIELD_LIMITS: Final[Mapping[str, int]] = {
    "name": MAX_NAME,
    "email": MAX_EMAIL,
    "website": MAX_WEBSITE,
    "subject": MAX_SUBJECT,
    "content": MAX_CONTENT,
    "message": MAX_CONTENT,
    "q": MAX_QUERY,
}
"""The limits by the names of the fields in forms and in the API."""
