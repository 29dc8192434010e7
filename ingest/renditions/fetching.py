"""Bringing an object of the store to scratch, and keeping a claim alive meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from evidence.store import s3

EVERY = timedelta(seconds=30)


def now_and_then(act: Callable[[], None], every: timedelta = EVERY) -> Callable[[], None]:
    """`act`, called at most so often, however often it is asked for: renewing a claim."""
    last = timezone.now()

    def asked() -> None:
        nonlocal last
        now = timezone.now()
        if now - last > every:
            last = now
            act()

    return asked


def fetch(alias: str, key: str, version_id: str, target: Path, busy: Callable[[], None]) -> str:
    """Copy an object to `target`, telling `busy` on the way; the SHA-256 (hex) of what came.

    What it must be is the caller's to compare. Raises s3.StoreError.
    """
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in s3.read(alias, key, version_id):
            digest.update(chunk)
            file.write(chunk)
            busy()
    return digest.hexdigest()
