"""Respond to forms without JavaScript, with the pages that :mod:`.forms` renders.

Scripts send most comments and messages as JSON, so the templates of pages are loaded only for the first plain form:
they add 45 ms to a cold start.
"""

from collections.abc import Mapping
from typing import Any


def comment_form_response(
    event: Mapping[str, Any], fields: Mapping[str, str], response: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the response to a comment form."""
    from kolom.pages import forms

    return forms.comment_form_response(event, fields, response)


def contact_form_response(
    event: Mapping[str, Any], fields: Mapping[str, str], response: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the response to the contact form."""
    from kolom.pages import forms

    return forms.contact_form_response(event, fields, response)
