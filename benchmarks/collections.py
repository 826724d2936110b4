"""Convert public test collections to the files that :mod:`.search_quality` reads.

    .venv/bin/python -m benchmarks.collections npl SOURCE DIRECTORY
    .venv/bin/python -m benchmarks.collections idk_mrc SOURCE DIRECTORY
    .venv/bin/python -m benchmarks.collections cmrc SOURCE DIRECTORY
    .venv/bin/python -m benchmarks.collections jaquad SOURCE DIRECTORY
    .venv/bin/python -m benchmarks.collections iapp SOURCE DIRECTORY

SOURCE is a copy of the data, which is not part of this project:

* ``npl``, in English: the folder ``share/vaswani_npl`` of Terrier (github.com/terrier-org/terrier-core), with 11,429
  abstracts of electrical engineering and 93 queries.
* ``idk_mrc``, in Indonesian: the folder ``dataset/idk_mrc`` of IDK-MRC (github.com/rifkiaputri/IDK-MRC), with passages
  of Wikipedia. The queries are the questions that a passage answers.
* ``cmrc``, in Chinese: the folder ``squad-style-data`` of CMRC 2018 (github.com/ymcui/cmrc2018), with 848 passages of
  Wikipedia, and 3,219 questions.
* ``jaquad``, in Japanese: the folder ``data/dev`` of JaQuAD (github.com/SkelterLabsInc/JaQuAD), with passages of
  Wikipedia and 3,939 questions.
* ``iapp``, in Thai: the folder ``squad_format/data`` of the Thai Wikipedia QA dataset
  (github.com/iapp-technology/iapp-wiki-qa-dataset), with passages and 739 questions of its test set.

DIRECTORY then has ``docs.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

_SPLITS = ("test", "valid", "train")
_NPL_DOCUMENT = re.compile(r"<DOCNO>(\d+)</DOCNO>(.*?)</DOC>", re.DOTALL)
_NPL_QUERY = re.compile(r"<num>(\d+)</num><title>(.*?)</title>", re.DOTALL)


@dataclass(slots=True)
class Converted:
    """The texts of documents and queries by id, and the pairs of a query and a relevant document."""

    documents: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    relevant: list[tuple[str, str]] = field(default_factory=list)


def npl(source: Path) -> Converted:
    """Read the NPL collection. Its queries are in capitals, and are returned in small letters."""
    documents = _NPL_DOCUMENT.findall((source / "corpus" / "doc-text.trec").read_text("utf-8"))
    queries = _NPL_QUERY.findall((source / "query-text.trec").read_text("utf-8"))
    rows = (line.split() for line in (source / "qrels").read_text("utf-8").splitlines() if line.strip())
    return Converted(
        {number: _one_line(text) for number, text in documents},
        {number: _one_line(text).lower() for number, text in queries},
        [(query, document) for query, _, document, grade in rows if grade != "0"],
    )


def idk_mrc(source: Path) -> Converted:
    """Read IDK-MRC: the passages, and the questions that have an answer."""
    passages = chain.from_iterable(json.loads((source / f"{split}.json").read_text("utf-8")) for split in _SPLITS)
    return _convert(
        (passage["context"], question["question"])
        for passage in passages
        for question in passage["qas"]
        if question["answers"]
    )


def cmrc(source: Path) -> Converted:
    """Read the development set of CMRC 2018."""
    return _convert(_squad(source / "cmrc2018_dev.json"))


def jaquad(source: Path) -> Converted:
    """Read the development set of JaQuAD."""
    return _convert(chain.from_iterable(map(_squad, sorted(source.glob("jaquad_dev_*.json")))))


def iapp(source: Path) -> Converted:
    """Read the test set of the Thai Wikipedia QA dataset."""
    lines = (source / "test.jsonl").read_text("utf-8").splitlines()
    return _convert((each["context"], each["question"]) for each in map(json.loads, filter(str.strip, lines)))


def write(converted: Converted, directory: Path) -> None:
    """Write the three files of a collection."""
    directory.mkdir(parents=True, exist_ok=True)
    documents = ({"id": each, "title": "", "text": text} for each, text in converted.documents.items())
    queries = ({"id": each, "text": text} for each, text in converted.queries.items())
    _write_lines(directory / "docs.jsonl", (json.dumps(each, ensure_ascii=False) for each in documents))
    _write_lines(directory / "queries.jsonl", (json.dumps(each, ensure_ascii=False) for each in queries))
    _write_lines(directory / "qrels.tsv", (f"{query}\t{document}\t1" for query, document in converted.relevant))


COLLECTIONS: dict[str, Callable[[Path], Converted]] = {
    "npl": npl,
    "idk_mrc": idk_mrc,
    "cmrc": cmrc,
    "jaquad": jaquad,
    "iapp": iapp,
}


def _squad(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the passages and questions of a file in the format of SQuAD."""
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for passage in article["paragraphs"]:
            for question in passage["qas"]:
                yield passage["context"], question["question"]


def _convert(questions: Iterable[tuple[str, str]]) -> Converted:
    """Return a collection of passages and the questions that they answer."""
    converted = Converted()
    ids: dict[str, str] = {}
    for passage, question in questions:
        document = ids.setdefault(passage, f"d{len(ids)}")
        query = f"q{len(converted.queries)}"
        converted.documents[document] = passage
        converted.queries[query] = question
        converted.relevant.append((query, document))
    return converted


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", choices=COLLECTIONS)
    parser.add_argument("source", type=Path)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    write(COLLECTIONS[arguments.collection](arguments.source), arguments.directory)
