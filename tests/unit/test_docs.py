"""README and docs match the template and the code."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore.session
import pytest

from kolom_cli.sam.loader import load, read_document
from kolom_cli.seed import SAMPLE
from tests.paths import PROJECT

TEMPLATE: Final = PROJECT / "template.yaml"
PAGES: Final = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "SECURITY.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    *sorted((PROJECT / "docs/sites").glob("*.md")),
]
PICTURE_LIMIT_BYTES: Final = 100_000
# Commands of the AWS CLI that are no API operations.
HIGH_LEVEL: Final = {("sso", "login"), ("s3", "ls"), ("s3", "sync")}
BODY_LIMIT_BYTES: Final = 51_200
CELL_END: Final = re.compile(r"(?<!\\)\|")


@cache
def text(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


@cache
def document() -> dict[str, Any]:
    return read_document(TEMPLATE)


@cache
def session() -> Any:
    return botocore.session.get_session()


def commands(page: str) -> Iterator[str]:
    """Return the lines of a page's indented blocks, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", page)
    yield from (line.strip() for line in joined.splitlines() if line.startswith("    "))


def overrides(command: str) -> Iterator[str]:
    """Return the names of the parameters that a command sets."""
    _, found, rest = command.partition("--parameter-overrides ")
    if found:
        yield from re.findall(r"[\"']?([A-Za-z]+)=(?:'[^']*'|\S)+", rest)
    yield from re.findall(r"--set ([A-Z][a-z]\w+)=", command)


def table(page: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the table below a heading by their first cell, without code marks."""
    below = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in below.splitlines() if line.startswith("| `")]
    return {row[0].strip(" `"): [cell.strip(" `|") for cell in row[1:]] for row in rows}


@cache
def documented() -> dict[str, str]:
    """Return the documented default of each parameter."""
    pages = [text(f"docs/{name}.md") for name in ("comments", "cost", "deploy")]
    rows = {name: row for page in pages for name, row in table(page, "Parameters").items()}
    return {name: row[-1] for name, row in rows.items()}


def test_every_parameter_is_documented_with_its_default() -> None:
    said = {name: "" if default in {"empty", "none"} else default for name, default in documented().items()}
    # Its default is the word "none"; for other parameters that means "no default".
    said["ProofOfWork"] = documented()["ProofOfWork"]
    assert said == {name: str(entry.get("Default", "")) for name, entry in document()["Parameters"].items()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_set_only_existing_parameters(page: Path) -> None:
    named = {name for command in commands(page.read_text("utf-8")) for name in overrides(command)}
    named |= set(re.findall(r"`([A-Z][a-z]\w+)=[^`]*`", page.read_text("utf-8")))
    named |= set(re.findall(r"--(?:set|parameter|parameter-overrides) ([A-Z][a-z]\w+)=", page.read_text("utf-8")))
    assert named <= document()["Parameters"].keys()


def test_the_pages_contain_commands_that_set_parameters() -> None:
    """Otherwise the previous test checks nothing."""
    assert {"SiteUrl", "SiteTitle", "TimeZone"} <= {
        name for command in commands(text("docs/deploy.md")) for name in overrides(command)
    }


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_to_files_have_targets(page: str) -> None:
    """The documentation build checks the pages below ``docs/``."""
    links = set(re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text(page)))
    paths = {link for pair in links for link in pair if link and not re.match(r"https?:", link)}
    assert paths
    for path, _, anchor in (link.partition("#") for link in paths):
        assert (PROJECT / path).exists(), path
        assert not anchor or anchor in anchors(text(path)), f"{path}#{anchor}"


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)) <= targets


def tables(page: str) -> Iterator[list[str]]:
    """Yield the rows of each table of a page, without those in indented blocks."""
    rows: list[str] = []
    for line in [*page.splitlines(), ""]:
        if line.lstrip().startswith("|") and not line.startswith("    "):
            rows.append(line.strip())
        elif rows:
            yield rows
            rows = []


def test_rows_of_tables_are_one_line_and_have_all_cells() -> None:
    """Otherwise a page is shown without the rest of the table."""
    pages = [*PAGES, PROJECT / "CHANGELOG.md", *(PROJECT / "docs").glob("*/*.md")]
    found = [(page.name, rows) for page in pages for rows in tables(page.read_text("utf-8"))]
    assert len(found) > 100
    for name, rows in found:
        for row in rows:
            assert row.endswith("|"), (name, row)
            assert len(CELL_END.findall(row)) == len(CELL_END.findall(rows[0])), (name, row)


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in (PROJECT / "docs/images").iterdir()}
    assert {name for name, size in sizes.items() if size > PICTURE_LIMIT_BYTES} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_commands_of_aws_exist(page: Path) -> None:
    for service, command, what in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)(?: ([a-z-]+))?", page.read_text("utf-8")):
        if (service, command) in HIGH_LEVEL:
            continue
        if command == "wait":
            found, name = session().get_waiter_model(service).waiter_names, what
        else:
            found, name = list(session().get_service_model(service).operation_names), command
        assert name.replace("-", "") in {each.lower() for each in found}, f"aws {service} {command} {what}"


def test_no_page_passes_an_oversized_template_in_a_request() -> None:
    assert TEMPLATE.stat().st_size > BODY_LIMIT_BYTES
    for page in PAGES:
        bodies = re.findall(r"--template-body (\S+)", page.read_text("utf-8"))
        assert set(bodies) <= {"file://import/template.json"}, page.name
    assert re.search(r"^resolve_s3 = true$", text("samconfig.default.toml"), re.MULTILINE)


def test_the_documented_regions_without_mail_match_the_template() -> None:
    said = set(
        re.findall(r"`([a-z]{2}-[a-z]+-\d)`", text("docs/deploy.md").partition("**Mail.**")[2].partition("A stack")[0])
    )
    either = document()["Conditions"]["HasSes"]["Fn::Not"][0]["Fn::Or"]
    assert said == {each["Fn::Equals"][1] for each in either if each["Fn::Equals"][0] == {"Ref": "AWS::Region"}}


def test_the_documented_numbers_of_resources_are_correct() -> None:
    template = load(TEMPLATE, {"SiteUrl": "https://blog.example"})
    kinds = [entry["Type"] for entry in document()["Resources"].values()]
    said = text("docs/deploy.md").partition("## What is created")[2]
    assert f"| {len(template.functions)} functions, {kinds.count('AWS::Serverless::LayerVersion')} layer |" in said
    assert f"| {len(template.tables)} DynamoDB tables |" in said
    assert f"| {len(template.secrets)} secrets |" in said
    topics, queues = kinds.count("AWS::SNS::Topic"), kinds.count("AWS::SQS::Queue")
    assert f"| {kinds.count('AWS::CloudWatch::Alarm')} alarms, {topics} topic, {queues} queue |" in said
    assert f"about {len(template.secrets) * 0.4:.2f} USD a month" in said
    assert f"about {len(template.secrets) * 0.4:.2f} USD a month" in text("README.md")


@pytest.mark.parametrize("page", ["README.md", "docs/develop.md"])
def test_the_documented_ready_message_counts_the_samples(page: str) -> None:
    assert f"({len(list(SAMPLE.glob('*.md')))} sample articles and pages, " in text(page)


def test_the_readme_counts_articles_and_pages_of_the_samples() -> None:
    sources = [path.read_text("utf-8") for path in SAMPLE.glob("*.md")]
    pages = sum("\nkind: page\n" in source for source in sources)
    assert f"{len(sources) - pages} articles and {pages} pages" in " ".join(text("README.md").split())


def test_the_architecture_page_lists_every_function() -> None:
    rows = table(text("docs/architecture.md"), "Functions")
    assert set(rows) == {path.parent.name for path in (PROJECT / "functions").glob("*/app.py")}


def test_sam_local_gets_the_names_of_the_tables() -> None:
    given = json.loads(text("events/tables.json"))["Parameters"]
    tables = load(TEMPLATE, {"SiteUrl": "https://blog.example"}).tables
    assert given == {f"{name.removesuffix('Table').upper()}_TABLE": entry.name for name, entry in tables.items()}
    assert "--env-vars events/tables.json" in text("docs/develop.md")


def test_changelog_entries_are_complete_and_listed_once() -> None:
    """When Git merges two wordings of an entry, it may keep both, or parts of them."""
    sections = re.split(r"^#+ .*$", text("CHANGELOG.md"), flags=re.MULTILINE)[2:]
    entries = [
        " ".join(each.split()) for section in sections for each in re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    ]
    assert len(entries) > 50
    assert [entry for entry in entries if not entry.endswith((".", "`"))] == []
    beginnings = [" ".join(entry.split()[:6]) for entry in entries]
    assert sorted({each for each in beginnings if beginnings.count(each) > 1}) == []
