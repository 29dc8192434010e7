"""Guessing at shares: random links against the look-up, random codes against the check."""

from __future__ import annotations

import base64
import hashlib
import random
import secrets
from datetime import timedelta

from django.utils import timezone

from evidence.people.models import User
from evidence.sharing import proving
from evidence.sharing.models import Share


def token(dice: random.Random) -> str:
    """What looks like a link's secret."""
    return base64.urlsafe_b64encode(dice.randbytes(32)).rstrip(b"=").decode()


def tokens(seed: int, count: int) -> int:
    """So many random secrets against the function that finds a share by one: how many opened."""
    dice, opened = random.Random(seed), 0
    for _ in range(count):
        try:
            proving.by_token(token(dice))
        except proving.ShareClosed:
            continue
        opened += 1
    return opened


def codes(seed: int, count: int, share: Share) -> int:
    """So many random codes against one live share for which a code was sent, from a browser that
    has the link and not the mailbox: how many opened it. After the fifth nothing is compared any
    more, so that the right code is refused as well."""
    dice, opened = random.Random(seed), 0
    browser = hashlib.sha256(f"{seed}".encode()).hexdigest()
    proving.send_code(share=share, browser=browser)
    for _ in range(count):
        said = f"{dice.randrange(10**6):06d}"
        try:
            opened += (
                proving.prove(share=share, browser=browser, said=said, address="192.0.2.1") < 0
            )
        except proving.ShareClosed:
            continue
    return opened


def campaign(seed: int, count: int = 10**6) -> str:
    """All of it against a system's database; raises where anything opened."""
    owner, _ = User.objects.get_or_create(
        username="limits-shares", defaults={"name": "Nobody", "status": "left"}
    )
    share = Share.objects.create(
        recipient="Nobody", organisation="Nobody", email="nobody@cps.example", purpose="Campaign",
        until=timezone.now() + timedelta(days=1), token_hash=secrets.token_hex(32), made_by=owner,
        owner=owner,
    )  # fmt: skip
    links, guessed = tokens(seed, count), codes(seed, count // 10, share)
    share.refresh_from_db()
    state = share.state()
    Share.objects.filter(pk=share.pk).update(revoked_at=timezone.now())
    if links or guessed or state != "locked":
        raise AssertionError(f"{links} links and {guessed} codes opened something; it is {state}")
    return f"{count:,} links and {count // 10:,} codes: 0 opened"
