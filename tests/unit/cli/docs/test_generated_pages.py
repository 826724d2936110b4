"""The generated documentation pages match the code, the template and the OpenAPI document."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import typer
from openapi_schema_validator import OAS31Validator
from openapi_schema_validator.shortcuts import validate

from kolom_cli.docs import command_line, decisions, http_api, template_parameters
from kolom_cli.docs.markdown import code
from kolom_cli.main import app
from kolom_cli.sam.loader import read_document

PROJECT = decisions.DIRECTORY.parents[1]


@cache
def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(http_api.OPENAPI.read_text("utf-8"))
    return parsed


@cache
def api_page() -> str:
    return http_api.render_reference()


@cache
def cli_page() -> str:
    return command_line.render_reference()


def operations() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Return each operation's method and path, the operation, and its section of the page."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            (before, after) = api_page().split(f"```text\n{name}\n```\n")
            assert before.endswith(f"### {operation['summary']}\n\n"), name
            yield name, operation, re.split(r"^##", after, maxsplit=1, flags=re.MULTILINE)[0]


class TestHttpApi:
    def test_operations_list_all_parameters_and_bodies(self) -> None:
        for name, operation, text in operations():
            listed = re.findall(r"^- `([^`]+)`: in the (\w+), ", text, re.MULTILINE)
            assert listed == [(each["name"], each["in"]) for each in operation.get("parameters", ())], name
            assert ("**Body**: [" in text) == ("requestBody" in operation), name

    def test_operations_list_all_statuses_with_their_descriptions(self) -> None:
        for name, operation, text in operations():
            rows = dict(re.findall(r"^\| `(\d+)` \| [^|]*\| (.+) \|$", text, re.MULTILINE))
            assert rows.keys() == operation["responses"].keys(), name
            for status, response in operation["responses"].items():
                assert response["description"] in rows[status], name
                assert all(f"`{header}`: " in rows[status] for header in response.get("headers", ())), name

    def test_operations_have_an_example_command_with_a_real_request(self) -> None:
        for name, operation, text in operations():
            (command,) = re.findall(r"```sh\n(curl .+?)\n```", text, re.DOTALL)
            words = shlex.split(command)
            path = re.sub(r"{\w+}", "[^/?]+", name.split()[1])
            assert re.fullmatch(rf"{http_api.SITE}{path}(\?\S+)?", words[1]), name
            assert ("--json" in words) == ("requestBody" in operation), name

    def test_example_commands_contain_no_token(self) -> None:
        assert api_page().count("Bearer EDIT_TOKEN") == 2
        assert not re.search(r"Bearer (?!EDIT_TOKEN|…)", api_page())

    def test_the_body_of_an_example_command_is_that_of_the_event(self) -> None:
        event = http_api.requests()["POST /api/contact"]
        words = shlex.split(http_api.curl(event))
        assert json.loads(words[words.index("--json") + 1]) == json.loads(event["body"])

    def test_example_responses_are_valid(self) -> None:
        shown = 0
        for _, operation, text in operations():
            for example in re.findall(r"```json\n(.+?)\n```", text, re.DOTALL):
                (success,) = (each for status, each in operation["responses"].items() if status.startswith("2"))
                (content,) = success["content"].values()
                schema = {**content["schema"], "components": document()["components"]}
                validate(json.loads(example), schema, cls=OAS31Validator)
                shown += 1
        assert shown == 17

    def test_links_to_schemas_have_targets(self) -> None:
        linked = set(re.findall(r"\]\(#([^)]+)\)", api_page()))
        assert linked <= set(re.findall(r"^\((.+)\)=$", api_page(), re.MULTILINE))
        assert "schema-problem" in linked

    def test_schemas_list_all_fields(self) -> None:
        for name, schema in document()["components"]["schemas"].items():
            part = api_page().partition(f"\n### {name}\n")[2].partition("\n(schema-")[0]
            assert re.findall(r"^- `(\w+)`: ", part, re.MULTILINE) == list(schema.get("properties", ())), name
            required = re.findall(r"^- `(\w+)`: .*, required\.", part, re.MULTILINE)
            assert sorted(required) == sorted(schema.get("required", ())), name

    @pytest.mark.parametrize(
        ("schema", "text"),
        [
            ({"type": "integer", "minimum": 1.0, "maximum": 100.0}, "integer, 1 to 100"),
            ({"type": "string", "minLength": 1}, "string, at least 1 character"),
            ({"type": "string", "format": "email", "maxLength": 254}, "string (email), at most 254 characters"),
            ({"type": "string", "pattern": "^a|`b`$"}, "string, matches ``^a|`b`$``"),
            ({"type": "string", "pattern": "x" * 61}, "string, matches its pattern in the OpenAPI document"),
            ({"type": "string", "pattern": "[\ue000-\uf8ff]"}, "string, matches its pattern in the OpenAPI document"),
            ({"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}, "string or null, at most 9 characters"),
            (
                {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]},
                "string (date) or string (date-time)",
            ),
            (
                {"type": "array", "items": {"$ref": "#/components/schemas/CardView"}},
                "array of [CardView](#schema-cardview)",
            ),
            ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
            ({"enum": ["oldest", "newest"]}, '`"oldest"` or `"newest"`'),
            ({"const": "received"}, '`"received"`'),
        ],
    )
    def test_a_type_is_shown_with_its_limits(self, schema: dict[str, Any], text: str) -> None:
        assert http_api.type_of(schema) == text

    def test_a_schema_without_a_type_has_no_example(self) -> None:
        with pytest.raises(ValueError, match="no example for the type"):
            http_api.example({"not": {}}, {})


class TestCommandLine:
    def test_every_command_has_a_section(self) -> None:
        def names(command: Any, prefix: str) -> Iterator[str]:
            for name in getattr(command, "list_commands", lambda _: ())(context):
                yield f"{prefix} {name}"
                yield from names(command.get_command(context, name), f"{prefix} {name}")

        command = typer.main.get_command(app)
        context = typer.Context(command)
        expected = list(names(command, "kolom"))
        assert re.findall(r"^##+ `(.+)`$", cli_page(), re.MULTILINE) == expected
        assert {"kolom publish", "kolom import blogger", "kolom serve"} <= set(expected)

    def test_options_belong_to_their_command(self) -> None:
        section = cli_page().partition("## `kolom serve`\n")[2].partition("\n## ")[0]
        assert re.search(r"^\* `--port PORT`: .*\[default: 8080;", section, re.MULTILINE)

    def test_examples_are_code_blocks(self) -> None:
        assert "**Examples**:\n\n```console\n$ kolom serve\n$ kolom serve --port 9000 --empty\n```\n" in cli_page()

    def test_summaries_are_complete_sentences(self) -> None:
        assert "* `publish`: Publish Markdown and HTML files with their images.\n" in cli_page()
        assert not re.search(r"^\* .*\.\.\.$", cli_page(), re.MULTILINE)

    def test_no_path_of_the_local_machine_is_shown(self) -> None:
        assert str(PROJECT) not in cli_page()


class TestTemplateParameters:
    def test_every_parameter_is_listed_with_its_default(self) -> None:
        expected = {}
        for name, entry in read_document(template_parameters.TEMPLATE)["Parameters"].items():
            default = entry.get("Default")
            expected[name] = {None: "required", "": "empty by default"}.get(default, f"default `{default}`")
        listed = dict(re.findall(r"^- `(\w+)` \((.+?)\): ", template_parameters.render_reference(), re.MULTILINE))
        assert listed == expected

    def test_a_parameter_has_its_description_and_constraints(self) -> None:
        page = template_parameters.render_reference()
        assert "Which comments wait for approval" in page
        assert "One of `none`, `first`, `all`." in page
        assert "It must be like https://blog.example.com." in page


class TestDecisions:
    def test_the_index_lists_the_current_records(self) -> None:
        """Run `make decisions` if this fails."""
        assert (decisions.DIRECTORY / "README.md").read_text("utf-8") == decisions.render_index()

    def test_every_record_is_in_the_index_under_its_number(self) -> None:
        linked = re.findall(r"^\| (\d+) \| \[.+\]\((.+)\) \| .+ \| .* \|$", decisions.render_index(), re.MULTILINE)
        assert [name for _, name in linked] == sorted(
            path.name for path in decisions.DIRECTORY.glob("*.md") if path.name != "README.md"
        )
        assert [int(number) for number, _ in linked] == [int(name[:4]) for _, name in linked]
        assert len({number for number, _ in linked}) == len(linked)

    def test_a_record_has_its_date_of_acceptance(self) -> None:
        text = "# 7. One `|` two\n\n2026-11-23 · a two-way door\n\n**Context.** It was superseded by [9](0009-x.md).\n"
        expected = decisions.Record("0007-a.md", 7, "One `|` two", "accepted", "2026-11-23")
        assert decisions.read_record("0007-a.md", text) == expected

    def test_a_record_may_have_no_date(self) -> None:
        record = decisions.read_record("0007-a.md", "# 7. Title\n\n**Context.** Superseded by [9](0009-x.md).\n")
        assert (record.status, record.date) == ("accepted", "")

    def test_a_superseded_record_names_its_successor(self) -> None:
        text = "# 7. Title\n\n2026-11-23 · a two-way door · superseded by [9](0009-x.md)\n\n**Context.** …\n"
        assert decisions.read_record("0007-a.md", text).status == "superseded by [9](0009-x.md)"

    @pytest.mark.parametrize("heading", ["# Title", "# 8. Another number", "## 7. Title", ""])
    def test_a_record_requires_its_number_and_title(self, heading: str) -> None:
        with pytest.raises(ValueError, match=r"must begin with `# N\. Title`"):
            decisions.read_record("0007-a.md", f"{heading}\n\n2026-11-23\n")


@pytest.mark.parametrize(("text", "span"), [("a", "`a`"), ("`a", "`` `a ``"), ("a``b", "```a``b```")])
def test_a_code_span_may_contain_backticks(text: str, span: str) -> None:
    assert code(text) == span
