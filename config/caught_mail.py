"""The demonstration's mail on a page: what would have gone out, for who tries the system alone.

Letters may hold one-time codes and links that open a share, so this is mounted only where
BWV_CATCH_MAIL is on (the embedded stack), and answers only on this machine's own names.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render
from django.urls import path
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

MOST = 50
MOST_BYTES = 4 * 2**20
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# What Django's file backend calls its files, and writes after each letter.
FILE = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{1,25}\.log")
END = b"\n" + b"-" * 79 + b"\n"


@dataclass(frozen=True)
class Letter:
    """One letter that was caught."""

    file: str
    number: int
    sender: str
    to: str
    subject: str
    when: datetime | None
    text: str
    attached: list[str]


def letters() -> Iterator[Letter]:
    """What was caught, newest first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    found = [item for item in folder.glob("*.log") if FILE.fullmatch(item.name)]
    for file in sorted(found, key=lambda item: (item.stat().st_mtime, item.name), reverse=True):
        yield from reversed(list(_of(file)))


def letter(file: str, number: int) -> Letter | None:
    """One letter by its file and its place in it."""
    where = Path(settings.EMAIL_FILE_PATH) / file
    if not FILE.fullmatch(file) or not where.is_file():
        return None
    return next((item for item in _of(where) if item.number == number), None)


def _of(file: Path) -> Iterator[Letter]:
    with file.open("rb") as opened:
        whole = opened.read(MOST_BYTES)
    for number, one in enumerate(filter(bytes.strip, whole.split(END)), 1):
        message = email.message_from_bytes(one.lstrip(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        body = message.get_body(("plain",))
        yield Letter(
            file.name, number, str(message["From"] or ""), str(message["To"] or ""),
            str(message["Subject"] or ""), _when(message), body.get_content() if body else "",
            [item.get_filename() or "no name" for item in message.iter_attachments()],
        )  # fmt: skip


def _when(message: EmailMessage) -> datetime | None:
    try:
        return parsedate_to_datetime(str(message["Date"]))
    except ValueError:
        return None


def linked(text: str) -> SafeString:
    """The text with links to this system's own pages that can be followed, and no others."""
    address = re.compile(rf"({re.escape(settings.PUBLIC_URL)}(?:[/?#][^\s<>\"']*)?)(?![\w.:@-])")
    pieces = address.split(text)
    done = [
        format_html('<a class="govuk-link" href="{0}">{0}</a>', piece)
        if place % 2
        else escape(piece)
        for place, piece in enumerate(pieces)
    ]
    return mark_safe("".join(done))


def _here(request: HttpRequest) -> None:
    """Only a browser on this machine, that asked for this machine. Raises Http404."""
    name, _ = split_domain_port(request.get_host())
    if name not in LOOPBACK or request.META.get("REMOTE_ADDR") not in ("127.0.0.1", "::1"):
        raise Http404


@require_safe
def caught(request: HttpRequest) -> HttpResponse:
    """The newest letters."""
    _here(request)
    return render(request, "mail/caught.html", {"letters": list(islice(letters(), MOST))})


@require_safe
def one(request: HttpRequest, file: str, number: int) -> HttpResponse:
    """One letter, as plain text."""
    _here(request)
    found = letter(file, number) if number < 10**9 else None
    if found is None:
        raise Http404
    return render(request, "mail/letter.html", {"letter": found, "text": linked(found.text)})


urlpatterns = [
    path("", caught, name="caught-mail"),
    path("<str:file>/<int:number>/", one, name="caught-letter"),
]
