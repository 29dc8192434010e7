"""Asking the signer: a process of its own, or (in tests and small trials) in this one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import urllib3
from django.conf import settings
from django.db import connection, transaction

from evidence.custody.log.keyring import signing_keys
from evidence.custody.models import Alarm
from evidence.custody.signer.rounds import Refused, SqlReader, sign
from evidence.custody.signer.state import State, StateMissing

_pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=600), retries=False)


class LogBroken(RuntimeError):
    """The log does not extend what was signed before. Nothing more is signed."""


class SignerAway(RuntimeError):
    """The signer does not answer, or can't work now. Nothing is lost: it is asked again."""


class NothingToSign(RuntimeError):
    """The log is empty."""


def ask() -> str:
    """The signed checkpoint of the log as the signer sees it now.

    Raises LogBroken (after an alarm was kept), SignerAway, or NothingToSign.
    """
    if not settings.SIGNER_URL:
        return _here()
    headers = {"Authorization": f"Bearer {settings.SIGNER_TOKEN}"}
    try:
        answer = _pool.request("POST", f"{settings.SIGNER_URL}/sign", headers=headers)
    except urllib3.exceptions.HTTPError as error:
        raise SignerAway(f"The signer at {settings.SIGNER_URL} does not answer: {error}") from error
    text = answer.data.decode("utf-8", "replace")
    if answer.status == 409:
        raise _broken(text.strip())
    if answer.status == 422:
        raise NothingToSign(text.strip())
    if answer.status != 200:
        raise SignerAway(f"The signer answers {answer.status}: {text.strip()[:300]}")
    return text


def _broken(sentence: str) -> LogBroken:
    # Outside the caller's transaction there is none to undo it; inside one that fails, the
    # signer's own state still has the alarm.
    alarm("signer", sentence)
    return LogBroken(sentence)


def alarm(source: str, sentence: str) -> None:
    """Keep an alarm, once for the same finding in a row."""
    last = Alarm.objects.filter(source=source).order_by("-created").first()
    if last is None or last.sentence != sentence:
        with transaction.atomic():
            Alarm(source=source, sentence=sentence).save()


def reader() -> SqlReader:
    """The signer's view of the log through this process's connection."""

    def execute(text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(text, list(values))
            return list(cursor.fetchall())

    return SqlReader(execute)


def open_state() -> State:
    """The state file of the signer in this process, made where it is missing."""
    path = Path(settings.SIGNER_STATE)
    try:
        return State(path)
    except StateMissing:
        return State.create(path)


def _here() -> str:
    state = open_state()
    try:
        keys = signing_keys(Path(settings.KEYS_DIR), settings.CUSTODY_ORIGIN)
        return sign(reader(), state, settings.CUSTODY_ORIGIN, keys)
    except Refused as error:
        raise _broken(str(error)) from error
    except ValueError as error:
        raise NothingToSign(str(error)) from error
    finally:
        state.close()
