"""Convert public test collections to the files that :mod:`.search_quality` reads.

    .venv/bin/python -m benchmarks.collections npl SOURCE DIRECTORY
    .venv/bin/python -m benchmarks.collections idk_mrc SOURCE DIRECTORY

SOURCE is a copy of the data, which is not part of this project:

* ``npl``, in English: the folder ``share/vaswani_npl`` of Terrier (github.com/terrier-org/terrier-core), with 11,429
  abstracts of electrical engineering and 93 queries.
* ``idk_mrc``, in Indonesian: the folder ``dataset/idk_mrc`` of IDK-MRC (github.com/rifkiaputri/IDK-MRC), with passages
  of Wikipedia. The queries are the questions that a passage answers.

DIRECTORY then has ``docs.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
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
    converted = Converted()
    ids: dict[str, str] = {}
    for split in _SPLITS:
        for passage in json.loads((source / f"{split}.json").read_text("utf-8")):
            document = ids.setdefault(passage["context"], f"d{len(ids)}")
            converted.documents[document] = passage["context"]
            for question in passage["qas"]:
                if question["answers"]:
                    query = f"q{len(converted.queries)}"
                    converted.queries[query] = question["question"]
                    converted.relevant.append((query, document))
    return converted


def write(converted: Converted, directory: Path) -> None:
    """Write the three files of a collection."""
    directory.mkdir(parents=True, exist_ok=True)
    documents = ({"id": each, "title": "", "text": text} for each, text in converted.documents.items())
    queries = ({"id": each, "text": text} for each, text in converted.queries.items())
    _write_lines(directory / "docs.jsonl", (json.dumps(each, ensure_ascii=False) for each in documents))
    _write_lines(directory / "queries.jsonl", (json.dumps(each, ensure_ascii=False) for each in queries))
    _write_lines(directory / "qrels.tsv", (f"{query}\t{document}\t1" for query, document in converted.relevant))


COLLECTIONS: dict[str, Callable[[Path], Converted]] = {"npl": npl, "idk_mrc": idk_mrc}


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
