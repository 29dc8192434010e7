"""How somebody outside shows that they are the person a share was made for.

The link alone opens nothing. A code goes to the share's address when it is asked for, works
once, for ten minutes, in the browser that asked; or they say a passphrase that they were told
by another way. Five wrong ones lock the link.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from evidence.people import links
from evidence.sharing import mailing
from evidence.sharing.models import Code, Proof, Share
from evidence.sharing.telling import tell


class ShareClosed(PermissionError):
    """Unknown, ended, revoked or locked: a stranger is told the same of each."""


def _code_digest(share: Share, browser: str, code: str) -> str:
    return links.code_digest(str(share.pk), browser, code)


def by_token(token: str) -> Share:
    """The share of a link, whatever its state. Raises ShareClosed."""
    share = _shares().filter(token_hash=links.digest(token)).first()
    if share is None:
        raise ShareClosed
    return share


def live(reference: str) -> Share:
    """A live share by its reference. Raises ShareClosed."""
    share = _shares().filter(reference=reference).first()
    if share is None or share.state() != "live":
        raise ShareClosed
    return share


def _shares() -> QuerySet[Share]:
    return Share.objects.select_related("case", "owner", "basis")


def opened(reference: str, browser: str) -> tuple[Share, Proof]:
    """A live share that this browser has proved itself for, not too long ago.

    `browser`: the digest of its secret. Raises ShareClosed. One query, whatever the cause: what
    is unknown takes no other time than what has ended.
    """
    proof = _proof(reference, browser)
    if proof is None or proof.share.state() != "live" or not fresh(proof):
        raise ShareClosed
    return proof.share, proof


def fresh(proof: Proof) -> bool:
    """Whether a proof is neither too old nor unused for too long."""
    now = timezone.now()
    oldest = now - timedelta(seconds=settings.SHARE_PROOF_SECONDS)
    return proof.proved_at > oldest and proof.seen_at > now - timedelta(
        seconds=settings.SHARE_IDLE_SECONDS
    )


def remembered(reference: str, browser: str) -> Share | None:
    """The share, whatever became of it, where this browser once proved itself for it."""
    proof = _proof(reference, browser)
    return proof.share if proof else None


def _proof(reference: str, browser: str) -> Proof | None:
    rows = Proof.objects.select_related("share__case", "share__owner", "share__basis")
    return rows.filter(share__reference=reference, browser=browser).first()


def known(share: Share, browser: str) -> bool:
    """Whether this browser has proved itself for the share, however long ago."""
    return Proof.objects.filter(share=share, browser=browser).exists()


def send_code(*, share: Share, browser: str) -> bool:
    """E-mail a six-digit code for this browser; False when too many were asked for.

    Raises ShareClosed.
    """
    now = timezone.now()
    code = links.new_code()
    with transaction.atomic():
        row = _locked(share)
        if row.state(now) != "live" or row.how != Share.How.CODE:
            raise ShareClosed
        if row.codes.filter(created__gt=now - timedelta(hours=1)).count() >= links.CODES_AN_HOUR:
            return False
        row.codes.filter(used_at=None).update(used_at=now)  # the newest code only
        Code.objects.create(
            share=row, browser=browser, digest=_code_digest(row, browser, code),
            expires=now + links.CODE_LIFE,
        )  # fmt: skip
        mailing.outside(row, "code", f"Your code from {settings.FORCE_NAME}", code=code)
    return True


def prove(*, share: Share, browser: str, said: str, address: str) -> int:
    """Check a code or passphrase: tries left after a wrong one, -1 when it was right.

    The fifth wrong one locks the link and tells whoever answers for the share. Raises ShareClosed.
    """
    with transaction.atomic():
        row = _locked(share)
        now = timezone.now()
        if row.state(now) != "live":
            raise ShareClosed
        if _right(row, browser, said, now):
            row.wrong_codes, row.last_seen = 0, now
            row.opened_at = row.opened_at or now
            row.save(update_fields=["wrong_codes", "last_seen", "opened_at"])
            Proof.objects.update_or_create(
                share=row, browser=browser, defaults={"proved_at": now, "seen_at": now}
            )
            tell("share.proved", row, row.actor(address), private={"address": address})
            return -1
        row.wrong_codes += 1
        if row.wrong_codes >= links.WRONG_CODES:
            row.locked_at = now
            mailing.owner(row, "locked", f"Share {row.reference} is locked")
        row.save(update_fields=["wrong_codes", "locked_at"])
        what = "code" if row.how == Share.How.CODE else "passphrase"
        tell(
            "share.refused", row, row.actor(address), data={"tries": row.wrong_codes},
            private={"address": address, "why": f"a wrong {what}"}, outcome="denied",
        )  # fmt: skip
        return max(links.WRONG_CODES - row.wrong_codes, 0)


def _right(row: Share, browser: str, said: str, now: datetime) -> bool:
    if row.how == Share.How.PASSPHRASE:
        typed = "".join(char for char in said.lower() if char.isalpha())[:100]
        phrase = "-".join(typed[n : n + 4] for n in range(0, len(typed), 4))
        return bool(row.passphrase) and check_password(phrase, row.passphrase)
    wanted = _code_digest(row, browser, said.strip().replace(" ", "")[:20])
    used = 0
    for code in row.codes.filter(browser=browser, used_at=None, expires__gt=now):
        if hmac.compare_digest(code.digest, wanted):
            used = row.codes.filter(pk=code.pk, used_at=None).update(used_at=now)
    return bool(used)


def _locked(share: Share) -> Share:
    rows = Share.objects.select_related("case", "owner", "basis")
    return rows.select_for_update(of=("self",)).get(pk=share.pk)
