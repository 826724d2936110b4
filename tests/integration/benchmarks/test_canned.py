"""Recorded responses answer the same requests again, without the emulator."""

import json

import pytest

from benchmarks.canned import bare_script, recorded, replayed
from kolom.models.articles import Pointer

pytestmark = pytest.mark.usefixtures("tables")


def read() -> int:
    return int(Pointer.get("slug:a", "pointer").id)


def test_a_request_is_answered_from_its_recording() -> None:
    pointer = Pointer("slug:a", "pointer", id=7)
    pointer.save()
    with recorded() as recording:
        assert read() == 7
    pointer.update(actions=[Pointer.id.set(8)])
    assert read() == 8
    with replayed(recording):
        assert [read(), read()] == [7, 7]
        (answer,) = json.loads(bare_script(recording)())
    assert answer["Item"]["id"] == {"N": "7"}
    assert read() == 8


def test_a_write_with_other_content_is_answered_and_stores_nothing() -> None:
    with recorded() as recording:
        Pointer("slug:a", "pointer", id=1).save()
    with replayed(recording):
        Pointer("slug:b", "pointer", id=2).save()
    assert [each.key for each in Pointer.scan()] == ["slug:a"]


def test_a_read_that_was_not_recorded_is_an_error() -> None:
    with recorded() as recording:
        Pointer("slug:a", "pointer", id=1).save()
        Pointer.get("slug:a", "pointer")
    with replayed(recording), pytest.raises(LookupError, match="GetItem"):
        Pointer.get("slug:b", "pointer")


def test_the_calls_of_a_recording_are_those_of_its_block() -> None:
    Pointer("slug:a", "pointer", id=1).save()
    with recorded() as recording:
        read()
    read()
    assert [name for name, _ in recording.calls] == ["GetItem"]
