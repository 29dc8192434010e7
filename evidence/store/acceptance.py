"""Everything that evidence relies on in a store, tried on a scratch bucket.

The result is kept in the custody bucket: a store that never passed is not started on.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3
from botocore.exceptions import ClientError
from django.conf import settings

from evidence.store import buckets, s3

VERSION = 1
KEY = f"store-acceptance/v{VERSION}.json"


class StoreFallsShort(RuntimeError):
    """The store was not shown to do what evidence relies on."""


class _Probe:
    """One scratch bucket and the checks on it."""

    def __init__(self) -> None:
        self.s3: Any = s3.client()
        self.bucket = f"{settings.BUCKET_PREFIX}-check-{secrets.token_hex(5)}"
        self.s3.create_bucket(Bucket=self.bucket, ObjectLockEnabledForBucket=True)
        self.data = secrets.token_bytes(70_000)
        self.sum = _sum(self.data)

    def put(self, key: str, **more: Any) -> str:
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=self.data, **more)
        return str(answer.get("VersionId", ""))

    def refused(self, act: Callable[[], Any]) -> None:
        """The store must say no, with an answer of the 400s."""
        try:
            act()
        except ClientError as error:
            if 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                return
            raise
        raise StoreFallsShort("it was accepted")

    def part(self, key: str) -> tuple[str, str]:
        made = self.s3.create_multipart_upload(
            Bucket=self.bucket, Key=key, ChecksumAlgorithm="SHA256"
        )
        return key, made["UploadId"]

    # --- the checks: each raises when the store falls short ---

    def right_sha256_taken(self) -> None:
        """A PUT with its right SHA-256 is taken."""
        self.put("right", ChecksumSHA256=self.sum)

    def wrong_sha256_refused(self) -> None:
        """A PUT with a wrong SHA-256 is refused."""
        self.refused(lambda: self.put("wrong", ChecksumSHA256=_sum(b"other")))

    def wrong_part_refused(self) -> None:
        """A part with a wrong SHA-256 is refused."""
        key, upload = self.part("parts")
        send = lambda total: self.s3.upload_part(  # noqa: E731
            Bucket=self.bucket, Key=key, UploadId=upload, PartNumber=1, Body=self.data,
            ChecksumSHA256=total,
        )  # fmt: skip
        self.refused(lambda: send(_sum(b"other")))
        send(self.sum)
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

    def bound_signature(self) -> None:
        """A signed part URL takes its own bytes and refuses others."""
        key, upload = self.part("bound")
        url = self.s3.generate_presigned_url(
            "upload_part",
            Params={"Bucket": self.bucket, "Key": key, "UploadId": upload, "PartNumber": 1,
                    "ChecksumSHA256": self.sum},
            ExpiresIn=60,
        )  # fmt: skip
        headers = {} if "x-amz-checksum-sha256=" in url else {"x-amz-checksum-sha256": self.sum}
        other = urllib3.request("PUT", url, body=b"x" * 70_000, headers=headers)
        if other.status < 400:
            raise StoreFallsShort("other bytes were taken")
        right = urllib3.request("PUT", url, body=self.data, headers=headers)
        if right.status != 200:
            raise StoreFallsShort(f"the right bytes were refused with {right.status}")
        self.s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=upload)

    def conditional_write(self) -> None:
        """If-None-Match: * refuses a second write under one key."""
        self.put("once", IfNoneMatch="*")
        self.refused(lambda: self.put("once", IfNoneMatch="*"))

    def versions(self) -> None:
        """Two writes under one key are two versions, and the first can still be read."""
        first = self.put("twice")
        self.s3.put_object(Bucket=self.bucket, Key="twice", Body=b"second")
        body = self.s3.get_object(Bucket=self.bucket, Key="twice", VersionId=first)["Body"].read()
        if not first or body != self.data:
            raise StoreFallsShort("the first version is gone")

    def ranges(self) -> None:
        """A range gives just those bytes."""
        self.put("range")
        answer = self.s3.get_object(Bucket=self.bucket, Key="range", Range="bytes=100-199")
        if answer["Body"].read() != self.data[100:200]:
            raise StoreFallsShort("other bytes came")

    def _lock(self, key: str, mode: Any) -> str:
        version = self.put(key)
        until = datetime.now(UTC) + timedelta(hours=1)
        self.s3.put_object_retention(
            Bucket=self.bucket, Key=key, VersionId=version,
            Retention={"Mode": mode, "RetainUntilDate": until},
        )  # fmt: skip
        return version

    def governance_lock(self) -> None:
        """A version locked in GOVERNANCE mode is not deleted, except by bypass."""
        version = self._lock("governance", "GOVERNANCE")
        delete = {"Bucket": self.bucket, "Key": "governance", "VersionId": version}
        self.refused(lambda: self.s3.delete_object(**delete))
        self.s3.delete_object(**delete, BypassGovernanceRetention=True)

    def compliance_lock(self) -> None:
        """A version locked in COMPLIANCE mode is not deleted by anybody, nor shortened."""
        # Short: it can't be taken away again before it ends.
        version = self.put("compliance")
        until = datetime.now(UTC) + timedelta(seconds=20)
        self.s3.put_object_retention(
            Bucket=self.bucket, Key="compliance", VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until},
        )  # fmt: skip
        self.refused(
            lambda: self.s3.delete_object(
                Bucket=self.bucket, Key="compliance", VersionId=version,
                BypassGovernanceRetention=True,
            )
        )  # fmt: skip

    def legal_hold(self) -> None:
        """A version under legal hold is not deleted; without it, it is."""
        version = self.put("held")
        where = {"Bucket": self.bucket, "Key": "held", "VersionId": version}
        self.s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
        self.refused(lambda: self.s3.delete_object(**where))
        self.s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
        self.s3.delete_object(**where)

    def survives(self) -> None:
        """What was written is there (after the store was restarted, where that was done)."""
        if self.s3.get_object(Bucket=self.bucket, Key="right")["Body"].read() != self.data:
            raise StoreFallsShort("other bytes came back")


CHECKS = (
    "right_sha256_taken", "wrong_sha256_refused", "wrong_part_refused", "bound_signature",
    "conditional_write", "versions", "ranges", "governance_lock", "compliance_lock", "legal_hold",
    "survives",
)  # fmt: skip


def _sum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def check(restart: Callable[[], None] | None = None) -> Iterator[tuple[str, str]]:
    """(what was tried, '' or why the store falls short) for each check.

    `restart` restarts the store before the last check, where this program may.
    """
    probe = _Probe()
    for name in CHECKS:
        act = getattr(probe, name)
        says = str(act.__doc__).strip().splitlines()[0]
        try:
            if name == "survives" and restart is not None:
                restart()
            act()
            yield says, ""
        except Exception as error:  # any failure is the finding
            yield says, f"{type(error).__name__}: {error}"


def transitions() -> Iterator[tuple[str, str]]:
    """The same for moving to each colder class that the operator says the store has.

    As far as an hour can show it: the class is taken and listed, and the lifecycle that moves
    what is tagged is taken and given back. No store moves anything within a day.
    """
    if not settings.COLD_CLASSES:
        return
    probe = _Probe()
    for name in settings.COLD_CLASSES:
        says = f"What is tagged is moved to {name}."
        try:
            probe.put(f"cold-{name}", StorageClass=name)
            listed = probe.s3.head_object(Bucket=probe.bucket, Key=f"cold-{name}")
            if listed.get("StorageClass") != name:
                raise StoreFallsShort("an object of that class is not kept as such")
            if buckets.move_tagged(probe.bucket, "bwv-class", [name]) != [name]:
                raise StoreFallsShort("its lifecycle was taken and not kept")
            yield says, ""
        except Exception as error:  # any failure is the finding
            yield says, f"{type(error).__name__}: {error}"


def accept() -> None:
    """Keep that this store passed."""
    body = json.dumps({"version": VERSION, "passed": datetime.now(UTC).isoformat()}).encode()
    try:
        s3.put("custody", KEY, body, hashlib.sha256(body).hexdigest(), "application/json")
    except s3.AlreadyThere:
        return


def require() -> None:
    """Raise StoreFallsShort unless the store passed once, or the operator accepts its faults."""
    if settings.STORE_ACCEPT_FAULTS:
        return
    try:
        s3.head("custody", KEY)
    except s3.StoreError as error:
        raise StoreFallsShort(
            "The object store was not shown to do what evidence relies on. Run: manage.py store "
            "check. To start in spite of what it finds, set BWV_STORE_ACCEPT_FAULTS=1. "
            f"({error})"
        ) from error
