"""Write `tests/fixtures/stored/`: what this version stores, signs and returns. Its README says when to run which part.

pytest tests/integration/compatibility/record_stored_data.py -k everything
pytest tests/integration/compatibility/record_stored_data.py -k answers
pytest tests/integration/compatibility/record_stored_data.py -k command_keys
"""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha

from tests.integration.compatibility.conftest import (
    FIXTURES,
    Data,
    Stack,
    command_keys,
    comparable,
    dump,
    load,
    read,
    write,
)
from tests.integration.conftest import Configure
from tests.integration.handlers import Response

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FOR_EVER = datetime(2100, 1, 1, tzinfo=UTC)
ARTICLE = "tempe-dari-dapur"
COMMENTS = f"/api/articles/{ARTICLE}/comments"

PATHS = (
    *("/api/articles", "/api/articles?limit=2", "/api/articles?label=kuliner&limit=1", "/api/articles?year=2026"),
    *("/api/articles?year=2025&month=12", "/api/articles/morning-at-the-market", "/api/articles/memotret-hujan"),
    *(f"/api/articles/{ARTICLE}", "/api/articles/old-way", "/api/articles/long-way", "/api/articles/quiet"),
    *("/api/articles/not-ready", "/api/articles/nanti", "/api/articles/gone", "/api/articles/about"),
    *("/api/articles/post-91", "/api/labels", "/api/archive", "/api/paths?path=/2024/05/market.html"),
    *(
        "/api/paths?path=/hello_World/",
        "/api/paths?path=/nowhere",
        "/api/search?q=market",
        "/api/search?q=pasar%20tempe",
    ),
    *(
        "/api/search?q=market&limit=1",
        "/api/search?q=market&sort=newest&limit=1",
        "/api/search?q=%22morning%20train%22",
    ),
    *("/api/search?q=markte", "/api/search?q=market&label=travel&language=en", "/api/search?q=pasar&from=2026-02-05"),
    *("/api/search/suggest?q=mar", "/api/search/suggest?q=tem", "/api/articles/morning-at-the-market/related"),
    *("/api/articles/old-way/related", COMMENTS, f"{COMMENTS}?limit=3", f"{COMMENTS}?order=newest&limit=3"),
    *("/api/articles/quiet/comments", "/api/articles/gone/comments", "/api/articles/old-way/comments"),
    *(f"/api/comments/counts?slug={ARTICLE}&slug=quiet&slug=old-way", "/api/comments/recent?limit=5"),
    *("/feeds/atom.xml", "/feeds/rss.xml", "/feeds/feed.json", "/feeds/atom.xml?label=travel", "/feeds/comments.xml"),
    *(f"/feeds/comments/{ARTICLE}", "/sitemap.xml", "/sitemaps/pages.xml", "/sitemaps/2026-02.xml", "/robots.txt"),
    *("/", "/labels/", "/archive/", "/contact/", "/search/?q=market", "/label/travel/", "/2026/", "/2025/12/"),
    *(
        "/2024/05/market.html",
        "/morning-at-the-market/",
        f"/{ARTICLE}/",
        "/old-way/",
        "/gone/",
        "/not-ready/",
        "/about/",
    ),
    "/hello_World/",
)
CONTINUED = ("/api/articles", "/api/search", COMMENTS)


def publish(stack: Stack, directory: Path) -> None:
    """Publish articles in every state."""
    content = FIXTURES / "content"
    for path in content.iterdir():
        shutil.copy(path, directory)
    file = directory / "renamed.md"
    text = file.read_text("utf-8")
    file.write_text(text.replace("slug: long-way", "slug: old-way"), "utf-8")
    stack.run("publish", directory)
    file.write_text(file.read_text("utf-8").replace("slug: old-way", "slug: long-way"), "utf-8")
    stack.run("publish", directory, "--rename")
    stack.run("delete", "gone", "--yes")
    stack.run("import", "wordpress", FIXTURES / "wordpress.xml")
    stack.run("deploy-assets")
    stack.index()


def submitted(answer: Response) -> str:
    assert answer.status == 201, answer.body
    return str(answer.json["comment"]["id"])


def discuss(stack: Stack) -> Data:
    """Post comments in every state; return the ids, links and tokens that the tests use."""

    def post(text: str, *actions: str, **fields: Any) -> str:
        stack.clock.advance(minutes=1)
        comment_id = submitted(stack.comment(ARTICLE, text, **fields))
        for action in actions:
            stack.run("comments", action, comment_id)
        return comment_id

    def link(mail_id: str) -> str:
        found = re.search(r"https://blog\.example(/api/\w+/[\w.-]+)", stack.mail(mail_id)["text"])
        assert found is not None
        return found[1]

    def unsubscribing(mail_id: str) -> str:
        header = str(stack.mail(mail_id)["headers"]["List-Unsubscribe"])
        return header.strip("<>").removeprefix("https://blog.example")

    def waiting(prefix: str) -> list[str]:
        found = stack.run("mail", "list", "--status", "waiting", "--json").json
        return sorted(each["id"] for each in found if each["id"].startswith(prefix))

    person = {"email": "budi@example.com", "notify_replies": True}
    first = post("First, with *emphasis*.", "approve", name="Budi", website="https://budi.example/", **person)
    (question,) = waiting("confirm#")
    stack.send(question)
    assert stack.request("POST", link(question)).status == 200
    post("I was here.", "approve", email="rina@example.com", notify_replies=True)
    (left,) = waiting("confirm#")
    assert stack.request("POST", unsubscribing(left)).status == 200
    stack.send(left)  # The mail is dropped, because the reader has unsubscribed.
    middle = post("To be deleted, with replies.", "approve", parent_id=first)
    post("A reply that stays.", "approve", parent_id=middle)
    stack.run("comments", "delete", middle)
    post("Deleted.", "approve", "delete")
    post("Spam.", "spam")
    erased = stack.comment(ARTICLE, "Erased by its author.", email="budi@example.com")
    authorization = f"Bearer {erased.json['edit_token']}"
    path = f"{COMMENTS}/{submitted(erased)}"
    assert stack.request("DELETE", path, authorization=authorization).status == 204
    banned = post("Who wrote this is banned.", address="192.0.2.66")
    stack.run("comments", "ban", banned)
    stack.clock.advance(minutes=1)
    stack.run("comments", "reply", first, "Thanks, **Budi**.")
    approved_by_link = post("Approved by a link.")
    used = link(f"moderation#{approved_by_link}")
    assert stack.request("POST", used, {}).status == 200
    # These come last: the tests use their links, and the edit token before it expires.
    reply = post("A reply to Budi.", "approve", parent_id=first, email="siti@example.com", notify_replies=True)
    (confirm,) = waiting("confirm#")
    assert waiting("reply#")
    pending = post("Waits for approval.", email="tono@example.com", notify_replies=True)
    shown = stack.run("comments", "show", pending, "--links", "--json").json
    stack.clock.advance(minutes=1)
    edited = stack.comment(ARTICLE, "Befor.", address="10.99.0.1", email="budi@example.com")
    edit = {"path": f"{COMMENTS}/{submitted(edited)}", "token": edited.json["edit_token"]}
    authorization = f"Bearer {edit['token']}"
    assert stack.request("PATCH", edit["path"], {"content": "Before."}, authorization=authorization).status == 200
    stack.run("comments", "approve", edited.json["comment"]["id"])
    return {
        "moderation_used": used,
        "moderation": {action: url.removeprefix("https://blog.example") for action, url in shown["links"].items()},
        "pending": pending,
        "confirm": link(confirm),
        "unsubscribe": unsubscribing(confirm),
        "edit": edit,
        "reply": reply,
    }


def write_to_the_owner(stack: Stack) -> None:
    """Submit messages in every state."""
    for number, status in enumerate(("new", "read", "spam")):
        stack.clock.advance(minutes=1)
        fields = {
            "name": f"Writer {number}",
            "email": f"w{number}@example.com",
            "message": f"Number {number}\nof three.",
        }
        message = stack.request("POST", "/api/contact", fields, address=f"10.0.{number}.1").json["id"]
        if status == "read":
            stack.send(f"contact#{message}")
            stack.run("messages", "show", message)
        if status == "spam":
            stack.run("messages", "spam", message)


def solved(stack: Stack) -> str:
    """Return a proof of work that never expires."""
    now = stack.clock.now
    stack.clock.set(FOR_EVER)
    challenge = altcha.Challenge.from_dict(stack.get("/api/form-token").json["challenge"])
    stack.clock.set(now)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def test_record_everything(empty: Stack, configure: Configure) -> None:
    """Replace all files."""
    stack = empty
    stack.clock.set(NOW)
    published = FIXTURES / "published"
    shutil.rmtree(published, ignore_errors=True)
    published.mkdir()
    publish(stack, published)
    tokens = discuss(stack)
    write_to_the_owner(stack)
    stack.bounce("bounced@example.com")
    configure(proof_of_work="altcha")
    tokens["proof"], tokens["proof_used"] = solved(stack), solved(stack)
    submitted(stack.comment(ARTICLE, "With a proof.", altcha=tokens["proof_used"]))
    configure(proof_of_work="none")
    tokens["form_token"] = stack.get("/api/form-token").json["token"]
    preview = stack.run("preview", "not-ready").stdout.strip()
    tokens["preview"] = preview.removeprefix("https://blog.example")
    # The submissions below are within one minute, in which the tests start.
    stack.clock.set(stack.clock.now.replace(second=0) + timedelta(minutes=2))
    sent = [
        ("POST", COMMENTS, {"name": "Ani", "content": "With a key."}, "198.51.100.1", {"idempotency_key": "k-1"}),
        ("POST", COMMENTS, {"name": "Ani", "content": "Without."}, "198.51.100.2", {}),
        (
            "POST",
            "/api/contact",
            {"email": "a@example.com", "message": "Key."},
            "198.51.100.3",
            {"idempotency_key": "k"},
        ),
        *(("POST", COMMENTS, {"name": "Eager", "content": f"{n}!"}, "198.51.100.4", {}) for n in range(3)),
    ]
    submissions = []
    for method, path, fields, address, headers in sent:
        answer = stack.request(method, path, fields, address=address, **headers)
        assert answer.status == 201, answer.body
        again = stack.request(method, path, fields, address=address, **headers)
        entry = {"method": method, "path": path, "fields": fields, "address": address, "headers": headers}
        submissions.append({**entry, "answer": again.json})
    stack.clock.advance(seconds=10)
    waiting = stack.run("mail", "list", "--status", "waiting", "--json").json
    tokens["mail"] = {each["kind"]: each["id"] for each in waiting if "subject" in stack.mail(each["id"])}
    tokens["now"] = stack.clock.now.isoformat()
    shutil.rmtree(FIXTURES / "archive", ignore_errors=True)
    stack.files(FIXTURES / "archive")
    write("tables.json", dump())
    write("tokens.json", tokens)
    write("submissions.json", {"submissions": submissions})
    write("answers.json", answers(stack, with_next_pages(stack, PATHS)))


def with_next_pages(stack: Stack, paths: tuple[str, ...]) -> list[str]:
    """Return the paths, and the next page of each list."""
    found = []
    for path in paths:
        found.append(path)
        while path.startswith(CONTINUED) and (cursor := cursor_of(stack.get(path))):
            path = re.sub(r"&cursor=.*", "", path) + ("&" if "?" in path else "?") + f"cursor={cursor}"
            found.append(path)
    return found


def cursor_of(answer: Response) -> str | None:
    return answer.json.get("next_cursor") if answer.status == 200 else None


def answers(stack: Stack, paths: list[str]) -> Data:
    """Return the response to each path."""
    return {path: comparable(stack.get(path)) for path in paths}


def test_record_answers(empty: Stack) -> None:
    """Record only the responses again: for the same tables, paths and cursors."""
    empty.clock.set(datetime.fromisoformat(read("tokens.json")["now"]))
    load(read("tables.json"))
    write("answers.json", answers(empty, list(read("answers.json"))))


def test_record_command_keys(empty: Stack, tmp_path: Path) -> None:
    """Record only the keys again that the commands print, for the same tables."""
    empty.clock.set(datetime.fromisoformat(read("tokens.json")["now"]))
    load(read("tables.json"))
    write("command_keys.json", command_keys(empty, tmp_path))
