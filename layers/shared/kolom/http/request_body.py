"""Request bodies: JSON, and what a plain HTML form sends, brought to one form. Pure."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from multipart import MultipartError, MultipartParser, parse_options_header

from kolom.errors import FieldError, InvalidInput, KolomError
from kolom.http.headers import headers_of
from kolom.json_input import parse_json

MAX_BYTES: Final = 64 * 1024
_MAX_FIELDS: Final = 50
_FORMS: Final = {"application/x-www-form-urlencoded", "multipart/form-data"}


class MalformedBody(KolomError):
    """A body that is not what its content type says."""


class BodyTooLarge(KolomError):
    """A body of more than :data:`MAX_BYTES`."""


class UnsupportedMediaType(KolomError):
    """A body of a content type that is not understood."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """What was sent: a JSON object, or the fields of a form by their names."""

    value: dict[str, Any]
    is_form: bool


def read_body(event: Mapping[str, Any], *, takes_forms: bool) -> RequestBody | None:
    """The body of an HTTP API event (payload 2.0), None without a body and a content type.

    :raises Invalid: it is JSON, but no object
    :raises Malformed: it cannot be read as what it is said to be
    :raises TooLarge: it has more than :data:`MAX_BYTES`
    :raises UnsupportedType: it is neither JSON nor, where these are taken, a form
    """
    data = _bytes(event)
    if len(data) > MAX_BYTES:
        raise BodyTooLarge(f"at most {MAX_BYTES:,} bytes are possible")
    content_type, options = _content_type(event)
    if not data and not content_type:
        return None
    if content_type == "application/json" or content_type.endswith("+json"):
        return RequestBody(_json(data), is_form=False)
    if takes_forms and content_type in _FORMS:
        fields = _multipart(data, options) if content_type.startswith("multipart") else _urlencoded(data)
        return RequestBody(fields, is_form=True)
    raise UnsupportedMediaType("this content type is not understood here")


def is_form(event: Mapping[str, Any]) -> bool:
    """Whether the body is said to be that of a plain HTML form."""
    return _content_type(event)[0] in _FORMS


def _content_type(event: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    content_type, options = parse_options_header(headers_of(event).get("content-type", ""))
    return content_type.strip().lower(), options


def _bytes(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedBody("the body cannot be decoded") from error


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data.decode())
    except ValueError as error:
        raise MalformedBody("the body is not valid JSON, or is nested too deep") from error
    if not isinstance(value, dict):
        # Powertools would take the first element of a list for all of it.
        raise InvalidInput(FieldError("body", "must be a JSON object"))
    return value


def _urlencoded(data: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise MalformedBody("the body is not a valid form") from error
    return dict(pairs)


def _multipart(data: bytes, options: Mapping[str, str]) -> dict[str, str]:
    try:
        parser = MultipartParser(
            io.BytesIO(data),
            options.get("boundary", ""),
            len(data),
            disk_limit=0,
            part_limit=_MAX_FIELDS,
            memory_limit=MAX_BYTES,
            charset="utf-8",
            strict=False,
        )
        # The line ends of a form are CRLF, in text areas too (HTML, 4.10.21.8).
        return {part.name: part.value for part in parser.parts() if part.filename is None}
    except (MultipartError, ValueError, LookupError, AttributeError) as error:
        raise MalformedBody("the body is not a valid form") from error
