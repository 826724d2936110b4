"""Detect SVG files with active content, which must not be published.

An SVG file that is opened by its own URL runs its scripts in the origin of the site. Responses for media should have a
Content-Security-Policy against that; this check is the first line of defense. A file with active content is refused
rather than cleaned, so that the served file is always the author's file.
"""

import re
from typing import Any, Final

from lxml import etree

_ACTIVE: Final = frozenset(
    ("script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler", "listener", "canvas")
)
_ANIMATIONS: Final = frozenset(("set", "animate", "animatetransform", "animatemotion"))
_SCHEME: Final = re.compile(r"[\s\x00-\x20]*([a-z][a-z0-9+.-]*)\s*:", re.IGNORECASE)
_HARMLESS_DATA: Final = re.compile(r"\s*data:image/(png|jpe?g|gif|webp)[;,]", re.IGNORECASE)


def find_unsafe_svg(data: bytes) -> str | None:
    """Return why this SVG cannot be published, or None if it can.

    It must not have scripts, event handlers, embedded HTML, links with a scheme other than http and https (except for
    embedded images), animations of links or handlers, processing instructions, or entities.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        return f"is not well-formed SVG: {error}"
    if _local(root.tag) != "svg":
        return "is not an SVG file"
    subset: Any = root.getroottree().docinfo.internalDTD
    if subset is not None and list(subset.iterentities()):
        return "declares entities, which may hide scripts"
    nodes = [*root.itersiblings(preceding=True), *root.itersiblings(), *root.iter()]
    if any(each.tag is etree.ProcessingInstruction for each in nodes):
        return "has a processing instruction, which may run scripts"
    for element in root.iter():
        if isinstance(element.tag, str) and (problem := _element_problem(element)):
            return problem
        if element.tag is etree.Entity:
            return "uses an entity"
    return None


def _element_problem(element: etree._Element) -> str | None:
    name = _local(element.tag)
    if name in _ACTIVE:
        return f"has <{name}>, which may run scripts"
    for key, value in element.attrib.items():
        attribute = _local(key)
        if attribute.startswith("on"):
            return f"has the event handler {attribute!r}"
        if attribute in {"href", "src", "action", "from", "to", "values", "by"} and _is_unsafe_link(str(value)):
            return f"has a link with a scheme other than http and https: {str(value)[:40]!r}"
        if name in _ANIMATIONS and attribute == "attributename" and _local(str(value)) in {"href", "xlink:href"}:
            return "animates a link"
        if name in _ANIMATIONS and attribute == "attributename" and str(value).strip().lower().startswith("on"):
            return "animates an event handler"
    return None


def _is_unsafe_link(value: str) -> bool:
    scheme = _SCHEME.match(re.sub(r"[\t\r\n]", "", value))
    return scheme is not None and scheme[1].lower() not in {"http", "https"} and not _HARMLESS_DATA.match(value)


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].strip().lower()
