"""Compose a mail from its Outbox item and the current state of the comment, message or subscription it is about."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import formataddr
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from email_validator import EmailNotValidError, validate_email

from kolom import urls
from kolom.articles import repository as articles
from kolom.articles.types import Article
from kolom.comments import moderation_links, reply_subscriptions
from kolom.comments import repository as comments
from kolom.comments.types import Comment
from kolom.config import settings
from kolom.contact import repository as messages
from kolom.errors import KolomError, NotFound, UnknownSchema
from kolom.i18n.locale import Locale, find_locale, site_locale
from kolom.mail import digests
from kolom.mail.renderer import header_text, render
from kolom.models.comments import SubscriptionRecord
from kolom.models.errors import StorageError
from kolom.models.outbox import OutboxRecord
from kolom.rendering import visitor_text
from kolom.rendering.text import plain_text, shorten
from kolom.security import signing

_MAX_SENDER_NAME: Final = 60
_MAX_DIGEST_CHARACTERS: Final = 500
"""The maximum length of a comment in a digest. The page behind each link shows it in full."""

_MAX_ENCODED_NAME_BYTES: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """A mail for SES. ``sender`` is a complete ``From``; ``to`` and ``reply_to`` are bare addresses.

    ``headers`` are additional headers with ASCII values. ``omitted`` has the moderation mails whose comments a digest
    could not show: their ids, each with the kind of error.
    """

    sender: str
    to: str
    subject: str
    text: str
    html: str
    reply_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    omitted: Mapping[str, str] = field(default_factory=dict)

    def to_request(self, configuration_set: str) -> dict[str, Any]:
        """Return the parameters of SES's SendEmail. The configuration set may be empty."""
        request: dict[str, Any] = {
            "FromEmailAddress": self.sender,
            "Destination": {"ToAddresses": [self.to]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": self.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": self.text, "Charset": "UTF-8"},
                        "Html": {"Data": self.html, "Charset": "UTF-8"},
                    },
                    "Headers": [{"Name": name, "Value": value} for name, value in self.headers.items()],
                }
            },
        }
        if self.reply_to is not None:
            request["ReplyToAddresses"] = [self.reply_to]
        if configuration_set:
            request["ConfigurationSetName"] = configuration_set
        return request


class MailObsolete(KolomError):
    """What the mail is about no longer exists, or no longer concerns its recipient."""


def compose(record: OutboxRecord, *, now: datetime) -> OutgoingMail:
    """Return the mail of that Outbox item. Up to three GetItem; three for each comment of a digest.

    :raises MailObsolete: the mail is no longer necessary
    """
    return _COMPOSERS[record.kind](record, now)


def _contact(record: OutboxRecord, now: datetime) -> OutgoingMail:
    try:
        message = messages.get(record.item_id, now=now)
    except NotFound:
        raise MailObsolete("the message was deleted") from None
    if message.status == "spam":
        raise MailObsolete("the message is spam")
    locale = site_locale()
    writer = message.name or message.email
    subject = message.subject or locale.translate("mail.contact.untitled", name=writer)
    return _mail(
        "contact",
        locale,
        to=_owner(),
        subject=_subject(locale, "mail.contact.subject", subject=subject),
        reply_to=_ascii_address(message.email),
        message=message,
        writer=writer,
        date=locale.date_and_time(message.created_at),
        can_reply=_ascii_address(message.email) is not None,
    )


def _moderation(record: OutboxRecord, now: datetime) -> OutgoingMail:
    locale = site_locale()
    shown = _moderation_values(record, locale, now)
    comment: Comment = shown["comment"]
    return _mail(
        "moderation",
        locale,
        to=_owner(),
        subject=_subject(locale, f"mail.moderation.{comment.status}.subject", title=shown["title"]),
        comment_html=visitor_text.render(comment.content).html,
        days=moderation_links.LINK_DAYS,
        **shown,
    )


def _digest(record: OutboxRecord, now: datetime) -> OutgoingMail:
    """Return one mail about the comments of several moderation mails, with shortened texts."""
    locale = site_locale()
    entries: list[Mapping[str, Any]] = []
    omitted: dict[str, str] = {}
    for member in digests.load_members(record):
        try:
            shown = _moderation_values(member, locale, now)
            text = plain_text(visitor_text.render(shown["comment"].content).html)
            entries.append({**shown, "text": shorten(text, _MAX_DIGEST_CHARACTERS)})
        except MailObsolete:
            continue
        except (BotoCoreError, ClientError, StorageError, UnknownSchema):
            raise  # the whole digest is retried
        except Exception as error:  # noqa: BLE001 - one comment that cannot be shown must not block the others
            omitted[member.id] = type(error).__name__
    more = int(record.more or 0) + len(omitted)
    if not entries and not more:
        raise MailObsolete("all its comments were moderated")
    mail = _mail(
        "digest",
        locale,
        to=_owner(),
        subject=_subject(locale, "mail.digest.subject", n=locale.number(len(entries) + more)),
        entries=entries,
        more=more,
        limit=digests.MAX_SINGLE,
        days=moderation_links.LINK_DAYS,
    )
    return replace(mail, omitted=omitted)


def _moderation_values(record: OutboxRecord, locale: Locale, now: datetime) -> dict[str, Any]:
    """Return the template values for the comment of a moderation mail, also in a digest. Two GetItem.

    :raises MailObsolete: the comment was deleted, moderated or edited
    """
    comment = _comment(record, now)
    if comment.status not in {"pending", "approved"}:
        raise MailObsolete(f"the comment is {comment.status}")
    if comment.decided_by != "rules":
        raise MailObsolete("the comment was moderated")
    if comment.revision > _revision(record):
        raise MailObsolete("superseded by the mail about the edited comment")
    article = _article(record)
    secret = signing.load_keys()
    actions = moderation_links.ACTIONS if comment.status == "pending" else moderation_links.ACTIONS[1:]
    return {
        "comment": comment,
        "title": article.title,
        "language": article.language,
        "url": urls.article_url(article),
        "date": locale.date_and_time(comment.created_at),
        "links": [
            (action, urls.moderation_url(moderation_links.create(comment, action, secret, now=now)))
            for action in actions
        ],
    }


def _confirm(record: OutboxRecord, now: datetime) -> OutgoingMail:
    subscription = _subscription(record, "asked", now)
    article = _public_article(record)
    locale = _locale_of(article)
    return _to_subscriber(
        "confirm",
        locale,
        subscription,
        record,
        now,
        # This mail has no text from visitors: otherwise anyone could use it to send messages to any address.
        subject=_subject(locale, "mail.confirm.subject", title=article.title),
        title=article.title,
        language=article.language,
        url=urls.article_url(article),
        confirm_url=_subscription_url("confirm", record, now),
        days=reply_subscriptions.CONFIRM_DAYS,
    )


def _reply(record: OutboxRecord, now: datetime) -> OutgoingMail:
    subscription = _subscription(record, "confirmed", now)
    comment = _comment(record, now)
    if comment.status != "approved":
        raise MailObsolete(f"the comment is {comment.status}")
    article = _public_article(record)
    locale = _locale_of(article)
    return _to_subscriber(
        "reply",
        locale,
        subscription,
        record,
        now,
        subject=_subject(locale, "mail.reply.subject", name=comment.name, title=article.title),
        comment=comment,
        comment_html=visitor_text.render(comment.content).html,
        name=f"{comment.name} ({locale.translate('comments.owner')})" if comment.is_owner else comment.name,
        title=article.title,
        language=article.language,
        url=urls.comment_url(article, comment.id),
    )


_COMPOSERS: Final[Mapping[str, Callable[[OutboxRecord, datetime], OutgoingMail]]] = {
    "contact": _contact,
    "moderation": _moderation,
    "digest": _digest,
    "confirm": _confirm,
    "reply": _reply,
}


def _mail(
    template: str,
    locale: Locale,
    *,
    to: str,
    subject: str,
    reply_to: str | None = None,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> OutgoingMail:
    plain, html = render(template, locale, subject=subject, **values)
    return OutgoingMail(
        sender=sender_header(),
        to=to,
        subject=subject,
        text=plain,
        html=html,
        reply_to=reply_to,
        # Prevents automatic replies, such as out-of-office messages (RFC 3834, 5).
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    )


def _to_subscriber(
    template: str,
    locale: Locale,
    subscription: SubscriptionRecord,
    record: OutboxRecord,
    now: datetime,
    *,
    subject: str,
    **values: Any,
) -> OutgoingMail:
    """Return a mail with an unsubscribe link, for one click in a mail program (RFC 8058) or on a page."""
    unsubscribe_url = _subscription_url("leave", record, now)
    address = _ascii_address(str(subscription.email))
    if address is None:
        raise MailObsolete("SES does not support the recipient's address")
    return _mail(
        template,
        locale,
        to=address,
        subject=subject,
        headers={"List-Unsubscribe": f"<{unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        unsubscribe_url=unsubscribe_url,
        **values,
    )


def _subject(locale: Locale, key: str, **values: str) -> str:
    return header_text(locale.translate(key, site=settings().site_title, **values))


def sender_header() -> str:
    """Return the ``From``: the site's title, cut to fit into one encoded word (RFC 2047, 2), and the address."""
    name = header_text(settings().site_title, _MAX_SENDER_NAME)
    while not name.isascii() and len(name.encode()) > _MAX_ENCODED_NAME_BYTES:
        name = name[:-1]
    return formataddr((name, settings().need("sender")))


def _owner() -> str:
    if not settings().owner_email:
        raise MailObsolete("no owner email address is configured")
    return settings().owner_email


def _ascii_address(email: str) -> str | None:
    """Return a visitor's address for a header; None if its local part is not ASCII, which SES does not support."""
    try:
        return validate_email(email, check_deliverability=False).ascii_email
    except EmailNotValidError:
        return None


def _comment(record: OutboxRecord, now: datetime) -> Comment:
    comment = comments.get(int(record.article_id or 0), record.item_id, now=now)
    if comment is None:
        raise MailObsolete("the comment was deleted")
    return comment


def _article(record: OutboxRecord) -> Article:
    article = articles.get(int(record.article_id or 0))
    if article is None:
        raise MailObsolete("the article no longer exists")
    return article


def _public_article(record: OutboxRecord) -> Article:
    article = _article(record)
    if article.status != "published":
        raise MailObsolete(f"the article is {article.status}")
    return article


def _revision(record: OutboxRecord) -> int:
    """Return the revision of the comment that the mail is about. From the second on, it is part of the mail's id."""
    _, _, revision = record.id.removeprefix("moderation#").partition("#")
    return int(revision or 1)


def _subscription(record: OutboxRecord, state: str, now: datetime) -> SubscriptionRecord:
    found = reply_subscriptions.load(int(record.article_id or 0), str(record.person), now=now)
    if found is None or found.email is None or found.state != state:
        raise MailObsolete(f"the subscription is {found.state if found else 'gone'}")
    return found


def _subscription_url(action: reply_subscriptions.Action, record: OutboxRecord, now: datetime) -> str:
    token = reply_subscriptions.create_token(
        action, int(record.article_id or 0), str(record.person), signing.load_keys(), now=now
    )
    return urls.subscription_url(token)


def _locale_of(article: Article) -> Locale:
    return find_locale(article.language) or site_locale()
