"""Parse request bodies: JSON and plain HTML forms. Pure."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from kolom.errors import FieldError, InvalidInput, KolomError
from kolom.http.headers import headers_of
from kolom.json_input import parse_json

MAX_BYTES: Final = 64 * 1024
_MAX_FIELDS: Final = 50
_FORMS: Final = {"application/x-www-form-urlencoded", "multipart/form-data"}


class MalformedBody(KolomError):
    """The body does not have the format of its content type."""


class BodyTooLarge(KolomError):
    """The body has more than :data:`MAX_BYTES`."""


class UnsupportedMediaType(KolomError):
    """The content type of the body is not supported."""


@dataclass(frozen=True, slots=True)
class RequestBody:
    """The parsed body: a JSON object, or the fields of a form by name. Of a file, only its ``filename`` is kept."""

    value: dict[str, Any]
    is_form: bool


def read_body(event: Mapping[str, Any], *, accept_forms: bool) -> RequestBody | None:
    """Parse the body of an HTTP API event (payload 2.0); None if it has neither a body nor a content type.

    :raises InvalidInput: it is JSON, but not an object
    :raises MalformedBody: it does not have the format of its content type
    :raises BodyTooLarge: it has more than :data:`MAX_BYTES`
    :raises UnsupportedMediaType: it is neither JSON nor, if ``accept_forms``, a form
    """
    data = _bytes(event)
    if len(data) > MAX_BYTES:
        raise BodyTooLarge(f"the body must have at most {MAX_BYTES:,} bytes, got {len(data):,}")
    content_type, options = _content_type(event)
    if not data and not content_type:
        return None
    if content_type == "application/json" or content_type.endswith("+json"):
        return RequestBody(_json(data), is_form=False)
    if accept_forms and content_type in _FORMS:
        fields = _multipart(data, options) if content_type.startswith("multipart") else _urlencoded(data)
        return RequestBody(fields, is_form=True)
    raise UnsupportedMediaType("unsupported content type")


def is_form(event: Mapping[str, Any]) -> bool:
    """Return whether the content type of the body is that of a plain HTML form."""
    return _content_type(event)[0] in _FORMS


def _content_type(event: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    # Imported here, since most functions only read: it adds 3 ms to a cold start.
    from multipart import parse_options_header

    content_type, options = parse_options_header(headers_of(event).get("content-type", ""))
    return content_type.strip().lower(), options


def _bytes(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedBody("the body is not valid Base64") from error


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = parse_json(data.decode())
    except ValueError as error:
        raise MalformedBody("the body is not valid JSON, or is nested too deeply") from error
    if not isinstance(value, dict):
        # Powertools would use the first element of a list as the whole body.
        raise InvalidInput(FieldError("body", "must be a JSON object"))
    return value


def _urlencoded(data: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise MalformedBody("the body is not a valid form") from error
    return dict(pairs)


def _multipart(data: bytes, options: Mapping[str, str]) -> dict[str, Any]:
    from multipart import MultipartError, MultipartParser

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
        return {
            part.name: part.value if part.filename is None else {"filename": part.filename} for part in parser.parts()
        }
    except (MultipartError, ValueError, LookupError, AttributeError) as error:
        raise MalformedBody("the body is not a valid form") from error
