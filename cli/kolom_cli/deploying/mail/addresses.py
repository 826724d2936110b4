"""The addresses of a stack's mail: the sender, the owner, and the identities that may cover them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import idna
from email_validator import EmailNotValidError, validate_email

from kolom.errors import KolomError
from kolom_cli.deploying.domain_name import suffixes

_COUNTRIES: Final = {
    "gmx": "at biz ch co.uk com de es eu fr info net org us",
    "hotmail": (
        "be ca ch co.il co.in co.jp co.nz co.th co.uk co.za com com.ar com.au com.br com.hk com.mx com.tr com.tw "
        "de dk es fi fr gr it nl no se"
    ),
    "live": (
        "at be ca ch cl cn co.in co.kr co.uk co.za com com.ar com.au com.mx com.my com.ph com.pt com.sg de dk fi "
        "fr hk ie in it jp nl no ru se"
    ),
    "outlook": (
        "at be cl co.id co.il co.nz co.th com com.ar com.au com.br com.gr com.tr com.vn cz de dk es fr hu ie in "
        "it jp kr lv my ph pt sa sg sk"
    ),
    "yahoo": (
        "be ca cn co.id co.in co.jp co.kr co.nz co.th co.uk co.za com com.ar com.au com.br com.cn com.co com.hk "
        "com.mx com.my com.ph com.sg com.tr com.tw com.ua com.vn cz de dk es fi fr gr hu ie in it nl no pl pt ro "
        "se"
    ),
    "yandex": "by com com.tr kz ru ua",
}
_OTHERS: Final = (
    "126.com 139.com 163.com aliyun.com aol.com arcor.de att.net bellsouth.net bk.ru bluewin.ch bol.com.br "
    "btinternet.com centrum.cz charter.net comcast.net cox.net daum.net duck.com earthlink.net fastmail.com "
    "fastmail.fm foxmail.com free.fr freenet.de gmail.com googlemail.com hanmail.net hey.com hush.com "
    "hushmail.com icloud.com inbox.com inbox.lv inbox.ru interia.pl kolabnow.com kpnmail.nl laposte.net "
    "libero.it list.ru mac.com mail.com mail.de mail.ru mailbox.org mailfence.com mailo.com me.com msn.com "
    "naver.com neuf.fr o2.pl onet.pl optonline.net orange.fr pm.me posteo.de posteo.net proton.me "
    "protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com rogers.com runbox.com "
    "sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.cn sina.com sky.com sohu.com startmail.com "
    "sympatico.ca t-online.de talktalk.net tele2.nl telenet.be terra.com.br tiscali.it tuta.com tuta.io "
    "tutamail.com tutanota.com tutanota.de ukr.net uol.com.br verizon.net virgilio.it virginmedia.com "
    "wanadoo.fr web.de wp.pl xs4all.nl ya.ru yeah.net ymail.com ziggo.nl zoho.com zoho.eu zohomail.com "
    "zohomail.eu"
)
_PROVIDERS: Final = frozenset(_OTHERS.split()) | {
    f"{name}.{country}" for name, countries in _COUNTRIES.items() for country in countries.split()
}
"""Domains in which anyone can get an address. SES verifies a domain only for those who can change its DNS records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The addresses for mail; ``identity`` is the parameter ``MailIdentity``. What is not set is empty."""

    owner: str
    sender: str
    identity: str

    @property
    def domain(self) -> str:
        """The domain of the sender."""
        return domain_of(self.sender)

    @property
    def permitted(self) -> tuple[str, ...]:
        """The identities that the function that sends mail may use (template.yaml)."""
        return tuple(each for each in (self.identity, self.sender, self.domain) if each)

    def to_parameters(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return these addresses as parameters of the stack: those for which ``given`` has a value."""
        values = {"OwnerEmail": self.owner, "MailFrom": self.sender, "MailIdentity": self.identity}
        return {name: value for name, value in values.items() if given.get(name)}

    @property
    def parents(self) -> tuple[str, ...]:
        """The parent domains. An identity of one of them also covers the sender, but only as ``MailIdentity``."""
        return suffixes(self.domain)[1:]


def read_addresses(parameters: Mapping[str, str]) -> Addresses:
    """Return the addresses of these parameters, as SES has them: with a domain in lower-case ASCII.

    A ``MailIdentity`` that is not one of the sender is left out: another sender had it.

    :raises KolomError: one of them cannot send or receive mail
    """
    owner = normalize("OwnerEmail", parameters.get("OwnerEmail", ""))
    sender = normalize("MailFrom", parameters.get("MailFrom", ""))
    address = sender or owner
    identity = _normalize_identity(parameters.get("MailIdentity", ""))
    is_other = bool(address) and not covers(identity, address)
    return Addresses(owner=owner, sender=address, identity="" if is_other else identity)


def _normalize_identity(name: str) -> str:
    try:
        if "@" in name:
            return normalize("MailIdentity", name)
        return idna.encode(name.lower(), uts46=True).decode().rstrip(".") if name else ""
    except (KolomError, UnicodeError):
        return name


def normalize(parameter: str, address: str) -> str:
    """Return the address with its domain in lower-case ASCII; empty if it is.

    :raises KolomError: SES cannot use it
    """
    if not address:
        return ""
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        raise KolomError(f"{parameter}: {address!r} is not an email address: {error}") from error
    if found.ascii_email is None:
        raise KolomError(f"{parameter}: SES needs an address with only ASCII characters before the @, not {address!r}")
    return found.ascii_email


def domain_of(address: str) -> str:
    """Return the domain of an address, or of an identity that is a domain."""
    return address.rpartition("@")[2]


def covers(identity: str, address: str) -> bool:
    """Return whether an identity in SES is one of the address: itself, its domain, or a parent domain."""
    return identity in {address, domain_of(address)} or domain_of(address).endswith(f".{identity}")


def is_of_provider(address: str) -> bool:
    """Return whether the address is at a provider in whose domain anyone can have one."""
    return domain_of(address) in _PROVIDERS
