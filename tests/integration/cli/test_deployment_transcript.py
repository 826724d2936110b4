"""The transcript of a deployment is what the commands print now."""

from tests.integration.cli.deployment_transcript import PAGE, render
from tests.paths import PROJECT


def test_the_transcript_is_up_to_date() -> None:
    """After a change of the commands or the template: `make transcript`."""
    assert render() == (PROJECT / PAGE).read_text("utf-8")
