"""Decode the bytes of an XML export, even if they are not in the encoding that the file declares. Pure.

Many exports were written by a script or merged by hand, or come from databases with texts in several encodings.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any, Final

from kolom_cli.importers.common.export_files import UNREADABLE
from kolom_cli.terminal.plurals import count

_BEGINNING: Final = 64 * 1024
_DECLARATION: Final = re.compile(rb"<\?xml[^<>?]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_MARK: Final = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_MULTIBYTE: Final = frozenset(
    (
        *("big5", "big5hkscs", "cp932", "cp949", "cp950", "euc_jis_2004", "euc_jp", "euc_kr"),
        *("gb18030", "gb2312", "gbk", "johab", "shift_jis"),
    )
)
"""Encodings with characters of several bytes. In most of them, one of the bytes may equal an ASCII letter or sign."""
_SINGLE_BYTE: Final = re.compile(r"(?:iso8859-\d+|cp125\d|koi8-[rtu]|mac-\w+|tis-620)")
_WINDOWS: Final = "cp1252"
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""The characters that XML forbids: control characters, which some blogs allow in posts."""
_SURROGATE: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class Decoder:
    """Decodes a part of a file. ``single_byte`` is the declared encoding if each of its characters is one byte.

    ``transcoded_from`` is the file's encoding if :class:`_Transcoded` converts it to UTF-8.
    """

    single_byte: str = ""
    transcoded_from: str = ""

    def decode(self, data: bytes) -> tuple[str, list[str]]:
        """Return the text without characters that XML forbids, and what was repaired."""
        text, repairs = self._text(data)
        text, controls = _FORBIDDEN.subn(" ", text)
        if controls:
            repairs.append(f"{count(controls, 'control character')} replaced by spaces")
        return text, repairs

    def _text(self, data: bytes) -> tuple[str, list[str]]:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return self._text_of_another_encoding(data)
        if self.single_byte and not data.isascii():
            return text, [f"its text is UTF-8, although the file declares {self.single_byte}"]
        if self.transcoded_from and (lost := text.count(_REPLACEMENT)):
            return text, [f"{count(lost, 'character')} not valid in {self.transcoded_from}"]
        return text, []

    def _text_of_another_encoding(self, data: bytes) -> tuple[str, list[str]]:
        if self.single_byte:
            codec = codecs.lookup(self.single_byte).name
            # As in web browsers, ISO 8859-1 means Windows-1252, which has typographic signs in addition.
            return data.decode(_WINDOWS if codec == "iso8859-1" else codec, "replace"), []
        pieces: list[str] = []
        position = from_windows = lost = 0
        while position < len(data):
            try:
                pieces.append(data[position:].decode("utf-8"))
                break
            except UnicodeDecodeError as error:
                start = position + error.start
                pieces.append(data[position:start].decode("utf-8"))
                character, position = _invalid(data, start)
                pieces.append(character)
                lost += character == _REPLACEMENT
                from_windows += character != _REPLACEMENT
        repairs = [f"{count(from_windows, 'byte')} not valid in UTF-8: read as Windows-1252"] if from_windows else []
        if lost:
            repairs.append(f"{count(lost, 'character')} not valid in UTF-8: replaced by {_REPLACEMENT}")
        return "".join(pieces), repairs


def _invalid(data: bytes, start: int) -> tuple[str, int]:
    """Return the character at an invalid byte, or the replacement character, and the position after it."""
    if match := _SURROGATE.match(data, start):
        return _REPLACEMENT, match.end()
    return data[start : start + 1].decode(_WINDOWS, "replace"), start + 1


class _Prepended:
    """A file whose beginning was read already."""

    def __init__(self, beginning: bytes, file: IO[bytes]) -> None:
        self._beginning = beginning
        self._file = file

    def read1(self, size: int) -> bytes:
        data, self._beginning = self._beginning, b""
        return data or _read1(self._file, size)


class _Transcoded:
    """A file in another encoding, as UTF-8."""

    def __init__(self, file: _Prepended, encoding: str) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")

    def read1(self, size: int) -> bytes:
        while data := self._file.read1(size):
            if text := self._decoder.decode(data):
                return text.encode("utf-8", "replace")
        return self._decoder.decode(b"", final=True).encode("utf-8", "replace")


type ReadableFile = _Prepended | _Transcoded
"""A file in UTF-8, or in an encoding in which ASCII characters are single bytes; it has only ``read1``."""


def open_encoded(file: IO[bytes]) -> tuple[ReadableFile, Decoder]:
    """Return the file without a byte order mark, and the decoder for its parts."""
    beginning = _beginning(file)
    for mark, encoding in _BYTE_ORDER_MARKS:
        if beginning.startswith(mark):
            return _Transcoded(_Prepended(beginning[len(mark) :], file), encoding), Decoder(transcoded_from=encoding)
    for signs, encoding in _WITHOUT_MARK:
        if beginning.startswith(signs):
            return _Transcoded(_Prepended(beginning, file), encoding), Decoder(transcoded_from=encoding)
    beginning = beginning.removeprefix(codecs.BOM_UTF8)
    declared = _declared(beginning)
    if declared in _MULTIBYTE and not _is_utf8(beginning):
        return _Transcoded(_Prepended(beginning, file), declared), Decoder(transcoded_from=declared)
    return _Prepended(beginning, file), Decoder(declared if _SINGLE_BYTE.fullmatch(declared) else "")


def _beginning(file: IO[bytes]) -> bytes:
    beginning = b""
    try:
        while len(beginning) < _BEGINNING and (data := _read1(file, _BEGINNING - len(beginning))):
            beginning += data
    except UNREADABLE:
        if not beginning:
            raise
    return beginning  # the next read raises the error again


def _read1(file: Any, size: int) -> bytes:
    """Read once. For a damaged compressed file, this returns what precedes the damage; ``read`` would not."""
    read: Callable[[int], bytes] = getattr(file, "read1", file.read)
    return read(size)


def _declared(beginning: bytes) -> str:
    """Return Python's name of the declared encoding; empty for an unknown one or none."""
    match = _DECLARATION.search(beginning)
    try:
        return codecs.lookup(match[1].decode("ascii")).name if match else ""
    except (LookupError, UnicodeDecodeError):
        return ""


def _is_utf8(data: bytes) -> bool:
    """Return whether the beginning of a file has other characters than ASCII, and all are UTF-8."""
    try:
        return not codecs.getincrementaldecoder("utf-8")().decode(data).isascii()
    except UnicodeDecodeError:
        return False
