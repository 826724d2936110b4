"""Public test collections are converted to the files that the benchmark of the ranking reads."""

import json
from pathlib import Path

import pytest

from benchmarks.collections import COLLECTIONS, idk_mrc, npl, write
from benchmarks.search_quality import load


def test_npl_is_converted(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "doc-text.trec").write_text(
        "<DOC>\n<DOCNO>1</DOCNO>\ncompact  memories\nhave\n</DOC>\n<DOC>\n<DOCNO>2</DOCNO>\ndielectric\n</DOC>\n"
    )
    (tmp_path / "query-text.trec").write_text("<top>\n<num>7</num><title>\nMEASUREMENT OF MEMORIES\n</title>\n</top>\n")
    (tmp_path / "qrels").write_text("7 0 1 1\n7 0 2 0\n")
    write(npl(tmp_path), tmp_path / "out")
    collection = load("en", tmp_path / "out", 10)
    assert [each.text for each in collection.documents] == ["compact memories have", "dielectric"]
    assert collection.queries == {"7": "measurement of memories"}
    assert collection.relevant == {"7": {"1"}}


def test_idk_mrc_is_converted(tmp_path: Path) -> None:
    """A passage with several questions is one document; a question without an answer is left out."""
    answered = {"question": "Kapan?", "answers": [{"text": "1959"}]}
    passages = [{"context": "Sejak 1959", "qas": [answered, {"question": "Di mana?", "answers": []}]}]
    for split in ("test", "valid", "train"):
        (tmp_path / f"{split}.json").write_text(json.dumps(passages if split != "train" else []))
    write(idk_mrc(tmp_path), tmp_path / "out")
    collection = load("id", tmp_path / "out", 10)
    assert [each.text for each in collection.documents] == ["Sejak 1959"]
    assert collection.relevant == {"q0": {"d0"}, "q1": {"d0"}}


@pytest.mark.parametrize(
    ("name", "file"),
    [("cmrc", "cmrc2018_dev.json"), ("jaquad", "jaquad_dev_0000.json"), ("iapp", "test.jsonl")],
)
def test_passages_without_spaces_and_their_questions_are_converted(tmp_path: Path, name: str, file: str) -> None:
    passages = [{"context": "東大寺", "qas": [{"question": "何"}, {"question": "誰"}]}]
    lines = [{"context": "東大寺", "question": question} for question in ("何", "誰")]
    squad = json.dumps({"data": [{"paragraphs": passages}]})
    (tmp_path / file).write_text("\n".join(map(json.dumps, lines)) if name == "iapp" else squad)
    write(COLLECTIONS[name](tmp_path), tmp_path / "out")
    collection = load("ja", tmp_path / "out", 10)
    assert [each.text for each in collection.documents] == ["東大寺"]
    assert collection.queries == {"q0": "何", "q1": "誰"}
    assert collection.relevant == {"q0": {"d0"}, "q1": {"d0"}}
