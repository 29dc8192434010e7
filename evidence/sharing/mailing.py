"""Mails of shares: no evidence in them, and no secret that alone opens the door."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from evidence.sharing.models import Share

log = structlog.get_logger(__name__)


def link(share: Share, token: str) -> None:
    """Send the link after the commit, and note that it was sent. A mail that could not be sent
    stays unsent: the secret is kept nowhere, so whoever shared sends a new link."""
    address = f"{settings.PUBLIC_URL}/shared/open#{token}"

    def send() -> None:
        if _send(share, "link", f"Evidence from {settings.FORCE_NAME}", [share.email],
                 {"link": address}):  # fmt: skip
            Share.objects.filter(pk=share.pk).update(sent_at=timezone.now())

    transaction.on_commit(send, robust=True)


def outside(share: Share, name: str, subject: str, **context: Any) -> None:
    """A mail to the person outside, after the commit."""
    transaction.on_commit(lambda: _send(share, name, subject, [share.email], context), robust=True)


def owner(share: Share, name: str, subject: str, **context: Any) -> None:
    """A mail to whoever answers for the share, after the commit."""
    if share.owner.is_active and share.owner.email:
        to = [share.owner.email]
        transaction.on_commit(lambda: _send(share, name, subject, to, context), robust=True)


def now(share: Share, name: str, subject: str, to: str, **context: Any) -> bool:
    """A mail at once, outside a transaction; whether the mail server took it."""
    return _send(share, name, subject, [to], context)


def _send(share: Share, name: str, subject: str, to: list[str], context: dict[str, Any]) -> bool:
    known = {"share": share, "by": share.owner, "force": settings.FORCE_NAME,
             "url": settings.PUBLIC_URL}  # fmt: skip
    body = render_to_string(f"sharing/mail_{name}.txt", known | context)
    try:
        send_mail(subject, body, None, to)
    except (OSError, ValueError) as error:
        # The mail server is away or refuses (SMTPException is an OSError), or an address can't
        # stand in a header.
        log.warning("a mail could not be sent", share=share.reference, mail=name,
                    error=type(error).__name__)  # fmt: skip
        return False
    return True
