"""A whole store at an address: its buckets with every version, lock, hold, type and tag.

For moving everything from one store to another; `s3` knows only the store that is in use.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from evidence.store import acceptance
from evidence.store.s3 import Missing, StoreError, raise_as

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALIASES = ("originals", "renditions", "custody")
LOCKED = ("originals", "custody")
PART = 32 * 1024 * 1024
CHUNK = 4 * 1024 * 1024


@dataclass(frozen=True)
class Item:
    """One version as a store lists it."""

    key: str
    version_id: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Facts:
    """What a store knows of a version beside its bytes."""

    size: int
    version_id: str
    content_type: str = "application/octet-stream"
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    until: datetime | None = None
    hold: bool = False


@dataclass(frozen=True)
class Stored:
    """What was written."""

    version_id: str
    sha256: str
    size: int


class Store:
    """One endpoint and one prefix of buckets. Its client may be used by several threads."""

    def __init__(self, endpoint: str, prefix: str, access: str, secret: str, region: str) -> None:
        self.endpoint, self.prefix = endpoint.rstrip("/"), prefix
        self.s3: S3Client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            region_name=region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"max_attempts": 4, "mode": "standard"},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=32,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def bucket(self, alias: str) -> str:
        """The bucket's name."""
        return f"{self.prefix}-{alias}"

    def _where(self, alias: str, key: str, version_id: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {"Bucket": self.bucket(alias), "Key": key}
        # A bucket that was never versioned lists its objects as "null".
        return found | ({"VersionId": version_id} if version_id not in ("", "null") else {})

    def unfit(self) -> str:
        """Why this store can't take evidence, in a sentence; empty when it was tried and can."""
        try:
            for alias in LOCKED:
                self.s3.get_object_lock_configuration(Bucket=self.bucket(alias))
            self.s3.head_bucket(Bucket=self.bucket("renditions"))
            self.s3.head_object(Bucket=self.bucket("custody"), Key=acceptance.KEY)
        except (ClientError, BotoCoreError) as error:
            return (
                f"{self.endpoint} was not tried yet ({error}). Run there: "
                f"AWS_S3_ENDPOINT_URL={self.endpoint} BWV_BUCKET_PREFIX={self.prefix} "
                "manage.py store check"
            )
        return ""

    def items(self, alias: str, prefix: str = "") -> Iterator[Item]:
        """Every version, in the order of keys; delete markers have no bytes and are left out.

        Raises StoreError.
        """
        pages = self.s3.get_paginator("list_object_versions")
        try:
            for page in pages.paginate(Bucket=self.bucket(alias), Prefix=prefix):
                for item in page.get("Versions", []):
                    if alias == "custody" and item["Key"] == acceptance.KEY:
                        continue  # what was tried there says nothing of another store
                    yield Item(
                        item["Key"], str(item.get("VersionId", "null")), item["Size"],
                        item["LastModified"].astimezone(UTC),
                    )  # fmt: skip
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"listing {self.bucket(alias)}")

    def facts(self, alias: str, key: str, version_id: str, *, tags: bool = False) -> Facts:
        """Size, type, locks, with `tags` those too. Raises Missing or StoreError."""
        where = self._where(alias, key, version_id)
        try:
            said: Any = self.s3.head_object(**where)
            found: dict[str, str] = {}
            if tags:
                answer = self.s3.get_object_tagging(**where)
                found = {item["Key"]: item["Value"] for item in answer.get("TagSet", [])}
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"looking at {key}")
        until = said.get("ObjectLockRetainUntilDate")
        return Facts(
            said["ContentLength"], str(said.get("VersionId", "null")),
            said.get("ContentType", "application/octet-stream"), dict(said.get("Metadata", {})),
            found, str(said.get("ObjectLockMode", "")), until.astimezone(UTC) if until else None,
            said.get("ObjectLockLegalHoldStatus") == "ON",
        )  # fmt: skip

    def read(self, alias: str, key: str, version_id: str) -> Iterator[bytes]:
        """The bytes of a version. Raises Missing or StoreError."""
        body = None
        try:
            body = self.s3.get_object(**self._where(alias, key, version_id))["Body"]
            yield from body.iter_chunks(CHUNK)
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"reading {key}")
        finally:
            if body is not None:
                body.close()

    def digest(self, alias: str, key: str, version_id: str) -> tuple[str, int]:
        """SHA-256 (hex) and size of what lies there. Raises Missing or StoreError."""
        found, size = hashlib.sha256(), 0
        for data in self.read(alias, key, version_id):
            found.update(data)
            size += len(data)
        return found.hexdigest(), size

    def write(self, alias: str, key: str, pieces: Iterator[bytes], facts: Facts) -> Stored:
        """Write a new version, every part with its SHA-256, hashed as a whole on its way."""
        whole, size = hashlib.sha256(), 0
        parts = _parts(pieces)
        first = next(parts)
        more = next(parts, None)
        extra: dict[str, Any] = {"ContentType": facts.content_type, "Metadata": facts.metadata}
        where = self._where(alias, key)
        try:
            if more is None:
                whole.update(first)
                answer: Any = self.s3.put_object(
                    **where, **extra, Body=first, ChecksumSHA256=_sum(first)
                )
                version, size = answer.get("VersionId"), len(first)
            else:
                version, size = self._in_parts(where, extra, first, more, parts, whole)
            if facts.tags:
                tags = [{"Key": name, "Value": value} for name, value in facts.tags.items()]
                self.s3.put_object_tagging(
                    **self._where(alias, key, str(version or "")),
                    Tagging={"TagSet": tags},  # type: ignore[typeddict-item]
                )
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"writing {key}")
        return Stored(str(version or "null"), whole.hexdigest(), size)

    def _in_parts(
        self, where: dict[str, Any], extra: dict[str, Any], first: bytes, second: bytes,
        rest: Iterator[bytes], whole: Any,
    ) -> tuple[Any, int]:  # fmt: skip
        begun = self.s3.create_multipart_upload(**where, **extra, ChecksumAlgorithm="SHA256")
        upload, named, size = begun["UploadId"], [], 0
        try:
            for number, data in enumerate(_chained(first, second, rest), 1):
                whole.update(data)
                size += len(data)
                answer = self.s3.upload_part(
                    **where, UploadId=upload, PartNumber=number, Body=data,
                    ChecksumSHA256=_sum(data),
                )  # fmt: skip
                named.append(
                    {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": _sum(data)}
                )
            done = self.s3.complete_multipart_upload(
                **where, UploadId=upload, MultipartUpload={"Parts": named},  # type: ignore[typeddict-item]
            )  # fmt: skip
        except BaseException:
            self.s3.abort_multipart_upload(**where, UploadId=upload)
            raise
        return done.get("VersionId") or self.s3.head_object(**where).get("VersionId"), size

    def forget_unfinished(self, alias: str, key: str) -> None:
        """Abort what was begun to be written under a key and never finished."""
        try:
            answer = self.s3.list_multipart_uploads(Bucket=self.bucket(alias), Prefix=key)
            for item in answer.get("Uploads", []):
                if item["Key"] == key:
                    self.s3.abort_multipart_upload(
                        Bucket=self.bucket(alias), Key=key, UploadId=item["UploadId"]
                    )
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"aborting uploads of {key}")

    def protect(self, alias: str, key: str, version_id: str, wanted: Facts) -> None:
        """Give a version the lock and the hold that another has; never less than it has."""
        where = self._where(alias, key, version_id)
        now = self.facts(alias, key, version_id)
        try:
            running = wanted.mode and wanted.until and wanted.until > datetime.now(UTC)
            less = not now.until or (wanted.until and now.until < wanted.until)
            if running and (less or now.mode != wanted.mode):
                retention: Any = {"Mode": wanted.mode, "RetainUntilDate": wanted.until}
                self.s3.put_object_retention(**where, Retention=retention)
            if wanted.hold != now.hold:
                status: Any = "ON" if wanted.hold else "OFF"
                self.s3.put_object_legal_hold(**where, LegalHold={"Status": status})
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"locking {key}")

    def destroy(self, alias: str, key: str, version_id: str) -> None:
        """Destroy one version, over a GOVERNANCE lock; nothing when it is gone.

        COMPLIANCE and legal holds make the store refuse (StoreError).
        """
        where = self._where(alias, key, version_id)
        if "VersionId" in where:
            where["BypassGovernanceRetention"] = True
        try:
            self.s3.delete_object(**where)
        except (ClientError, BotoCoreError) as error:
            try:
                raise_as(error, f"destroying {key}")
            except Missing:
                return

    def has(self, alias: str, key: str, version_id: str) -> bool:
        """Whether a version is there."""
        try:
            self.facts(alias, key, version_id)
        except Missing:
            return False
        return True


def here() -> Store:
    """The store that this system works on, by its settings."""
    options: Any = settings.STORAGES["originals"]["OPTIONS"]  # type: ignore[index]
    return Store(
        settings.S3_ENDPOINT, settings.BUCKET_PREFIX, options["access_key"],
        options["secret_key"], settings.S3_REGION,
    )  # fmt: skip


def other(endpoint: str, prefix: str) -> Store:
    """The other store of a move: before it is switched the new one, after that the old one.

    Raises StoreError when its credentials are not set.
    """
    if not (settings.MOVE_ACCESS_KEY and settings.MOVE_SECRET_KEY):
        raise StoreError(
            f"Set BWV_MOVE_ACCESS_KEY_ID and BWV_MOVE_SECRET_ACCESS_KEY: the credentials of "
            f"{endpoint}."
        )
    return Store(
        endpoint, prefix, settings.MOVE_ACCESS_KEY, settings.MOVE_SECRET_KEY, settings.MOVE_REGION
    )


def _sum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _parts(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of 32 MiB; at least one, which may be empty."""
    waiting = bytearray()
    none = True
    for data in pieces:
        waiting += data
        while len(waiting) >= PART:
            none = False
            yield bytes(waiting[:PART])
            del waiting[:PART]
    if waiting or none:
        yield bytes(waiting)


def _chained(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
