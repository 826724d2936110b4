"""Commands say why they do not read items of another version."""

import pytest

from kolom.articles import publishing
from tests.factories import NOW, content
from tests.integration.aws import client
from tests.integration.cli.conftest import Kolom
from tests.integration.handlers import stored


@pytest.mark.parametrize(
    "arguments", [("articles", "list"), ("export", "archive"), ("delete", "hello", "--yes")], ids=" ".join
)
def test_a_command_refuses_items_of_a_later_version(
    kolom: Kolom, arguments: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("export"))
    publishing.publish(content("hello"), now=NOW)
    for item in stored("articles"):
        client("dynamodb").put_item(TableName="kolom-articles", Item=item | {"schema": {"N": "2"}})
    before = stored("articles")
    ran = kolom(*arguments)
    assert ran.exit_code == 1
    assert ran.stderr.endswith(
        "kolom: another version of Kolom stored an item with the schema number 2; this version reads 1 to 1: use the "
        "version that is deployed, or deploy the latest one\n"
    )
    assert stored("articles") == before
