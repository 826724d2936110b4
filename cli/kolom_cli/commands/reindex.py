"""`kolom reindex`: index all articles again."""

import json
from threading import Event
from typing import Annotated
from uuid import uuid4

import typer

from kolom.models import search as model
from kolom_cli.connection import connect
from kolom_cli.terminal import console
from kolom_cli.terminal.options import AsJson, Yes
from kolom_cli.terminal.plurals import count

_STALLED = (
    "{left} of {all} articles are not indexed yet, and no article was indexed in the last minute. "
    "Look at the logs of the function IndexArticles, then run `kolom reindex` again."
)
_MARK_OTHERS = "Run `kolom reindex` again to mark the others."


def reindex(
    ctx: typer.Context,
    rebuild: Annotated[
        bool,
        typer.Option(
            "--rebuild", help="Empty the index first; until all articles are indexed, a search is incomplete."
        ),
    ] = False,
    yes: Yes = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all articles are indexed.")] = True,
    as_json: AsJson = False,
) -> None:
    """Index all articles again; --rebuild empties the index first.

    Use it after an upgrade that changes tokenization, after an outage of more than a day, or after the Articles table
    was replaced (`kolom import-resources`). Search and publishing keep working. The command marks all articles, and the
    function IndexArticles indexes the marked ones. If the command is interrupted before it has marked all of them,
    those already marked are indexed anyway; run it again to mark the others. After --rebuild, words that no article
    contains any more are no longer suggested.
    """
    # Imported here for two reasons: no other command needs the stemmers, and the functions' logger reads the
    # environment when it is imported.
    from kolom.search.reindexing import article_ids, request_reindex_all, wait_until_indexed
    from kolom.search.settings_editor import announce

    if rebuild and not yes:
        typer.confirm("Empty the search index and fill it again?", abort=True)
    connect(ctx.obj)
    announce()
    with console.interruptible() as stopped:
        removed = _clear(stopped, hidden=as_json) if rebuild else 0
        ids = [] if stopped.is_set() else list(article_ids())
        with console.progress("Marking", hidden=as_json) as bar:
            bar.update(bar.task_ids[0], total=len(ids))
            marked = request_reindex_all(ids, uuid4().hex, lambda number: bar.advance(bar.task_ids[0], number), stopped)
        is_incomplete = stopped.is_set()
        left = list(marked)
        if wait:
            with console.progress("Indexing", hidden=as_json) as bar:
                bar.update(bar.task_ids[0], total=len(marked))
                left = wait_until_indexed(marked, lambda number: bar.advance(bar.task_ids[0], number), stopped)
    if as_json:
        counts = {"articles": len(ids), "marked": len(marked), "indexed": len(marked) - len(left), "removed": removed}
        typer.echo(json.dumps(counts))
    elif stopped.is_set():
        advice = _MARK_OTHERS if is_incomplete else "This continues in the background."
        console.err().print(
            f"Marked {count(len(marked), 'article')}; {count(len(left), 'of them is', 'of them are')} not indexed yet. "
            f"{advice}"
        )
    elif not wait:
        typer.echo(f"Marked {count(len(marked), 'article')}. They are indexed in the background.")
    elif not left:
        typer.echo(f"Indexed {count(len(marked), 'article')}.")
    if stopped.is_set():
        raise typer.Exit(console.INTERRUPTED)
    if wait and left:
        console.fail(_STALLED.format(left=len(left), all=len(marked)))


def _clear(stopped: Event, *, hidden: bool) -> int:
    removed = 0
    with console.progress("Emptying", hidden=hidden) as bar:
        for number in model.clear():
            removed += number
            bar.advance(bar.task_ids[0], number)
            if stopped.is_set():
                break
    return removed
