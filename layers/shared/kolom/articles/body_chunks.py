"""Store bodies as DynamoDB items: compressed, and split well below the item limit of 400 KB."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict

from kolom.articles.types import Body
from kolom.models.articles import BodyChunk
from kolom.rendering.types import Heading

CHUNK_BYTES = 350 * 1024


def split_body(article_id: int, version: str, body: Body) -> list[BodyChunk]:
    """Return the items with the rendered HTML and table of contents of ``body``."""
    rendered = {"html": body.html, "toc": [asdict(heading) for heading in body.toc]}
    return _cut(article_id, f"body#{version}#", json.dumps(rendered, ensure_ascii=False).encode())


def split_source(article_id: int, version: str, body: Body) -> list[BodyChunk]:
    """Return the items with the source of ``body``, which readers never get."""
    return _cut(article_id, f"source#{version}#", body.source.encode())


def join_body(parts: Sequence[BodyChunk]) -> Body:
    """Return the body that :func:`split_body` split, without its source. ``parts`` must be in order."""
    rendered = json.loads(_join(parts))
    return Body(html=rendered["html"], toc=tuple(Heading(**heading) for heading in rendered["toc"]))


def join_source(parts: Sequence[BodyChunk]) -> str:
    """Return the author's source. ``parts`` must be in order."""
    return _join(parts).decode()


def _cut(article_id: int, prefix: str, data: bytes) -> list[BodyChunk]:
    packed = zlib.compress(data, level=9)
    pieces = [packed[start : start + CHUNK_BYTES] for start in range(0, len(packed), CHUNK_BYTES)]
    return [BodyChunk(str(article_id), f"{prefix}{number}", data=piece) for number, piece in enumerate(pieces)]


def _join(parts: Sequence[BodyChunk]) -> bytes:
    return zlib.decompress(b"".join(part.data for part in parts))
