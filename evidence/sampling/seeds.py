"""Seeds at rest: encrypted until they are revealed, as second factors are.

With a key made of SECRET_KEY, which the database does not hold: whoever reads the database, or a
copy of it, can't see which footage will be chosen.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from evidence.sampling.draw import SEED_BYTES


def make() -> bytes:
    """A new seed."""
    return secrets.token_bytes(SEED_BYTES)


def seal(seed: bytes) -> str:
    """A seed as the database keeps it."""
    return _vault().encrypt(seed).decode("ascii")


def unseal(text: str) -> bytes:
    """Raises ValueError when no key of ours opens it."""
    try:
        return _vault().decrypt(text.encode("ascii"))
    except InvalidToken as error:
        raise ValueError(
            "The seed can't be opened: SECRET_KEY has changed since the plan was committed. Put "
            "the old key into SECRET_KEY_FALLBACKS."
        ) from error


def _vault() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    salt = b"bwv sample seeds\0"
    digests = [hashlib.sha256(salt + str(key).encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
