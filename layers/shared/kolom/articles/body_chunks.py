"""Bodies as DynamoDB items: compressed, and cut well below the 400 KB that an item may have."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict

from kolom.articles.types import Body
from kolom.models.articles import BodyPart
from kolom.rendering.types import Heading

PART_BYTES = 350 * 1024


def body_parts(article_id: int, version: str, body: Body) -> list[BodyPart]:
    """The items that hold what is shown of ``body``."""
    shown = {"html": body.html, "toc": [asdict(heading) for heading in body.toc]}
    return _cut(article_id, f"body#{version}#", json.dumps(shown, ensure_ascii=False).encode())


def source_parts(article_id: int, version: str, body: Body) -> list[BodyPart]:
    """The items that hold what the author wrote; no public read touches them."""
    return _cut(article_id, f"source#{version}#", body.source.encode())


def join_body(parts: Sequence[BodyPart]) -> Body:
    """What :func:`body_parts` was given (without its source). ``parts`` in the order of their numbers."""
    shown = json.loads(_join(parts))
    return Body(html=shown["html"], toc=tuple(Heading(**heading) for heading in shown["toc"]))


def join_source(parts: Sequence[BodyPart]) -> str:
    """What the author wrote. ``parts`` in the order of their numbers."""
    return _join(parts).decode()


def _cut(article_id: int, prefix: str, data: bytes) -> list[BodyPart]:
    packed = zlib.compress(data, level=9)
    pieces = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    return [BodyPart(str(article_id), f"{prefix}{number}", data=piece) for number, piece in enumerate(pieces)]


def _join(parts: Sequence[BodyPart]) -> bytes:
    return zlib.decompress(b"".join(part.data for part in parts))
