"""What speaks S3 beyond what django-storages does, for the store in use, object by object.

Multipart uploads, signed URLs, conditional writes, read-back, locks and legal holds.
Buckets are Django storage aliases: originals, renditions, custody, and replica where there is one.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import storages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, PartTypeDef

READ_CHUNK = 4 * 1024 * 1024
REPLICA = "replica"
# A part of what is written while it comes: as much is held in memory, and 10,000 make an object.
STREAM_PART = 32 * 1024 * 1024
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class StoreError(RuntimeError):
    """The store did not do what it was asked. Its sentence is for operators."""


class AlreadyThere(StoreError):
    """A conditional write found an object under its key."""


class PartsRefused(StoreError):
    """The parts don't fit together: they have to be sent again."""


class Missing(StoreError):
    """There is no such object or multipart upload."""


class OtherBytes(RuntimeError):
    """What was to be written has another fingerprint than it should: `sha256` and `size`."""

    def __init__(self, sentence: str, sha256: str, size: int) -> None:
        super().__init__(sentence)
        self.sha256, self.size = sha256, size


@dataclass(frozen=True)
class StoredPart:
    """A part that the store holds: number from 1, size in bytes, ETag, SHA-256 (base64)."""

    number: int
    size: int
    etag: str
    checksum: str = ""

    def named(self) -> CompletedPartTypeDef:
        """The part as a completion names it."""
        named: CompletedPartTypeDef = {"PartNumber": self.number, "ETag": self.etag}
        if self.checksum:
            named["ChecksumSHA256"] = self.checksum
        return named


@dataclass(frozen=True)
class SignedRequest:
    """A request that its holder may make of the store without credentials until it expires."""

    method: str
    url: str
    headers: dict[str, str]


class NotConfigured(StoreError):
    """The settings name no such place. Its sentence says what to set."""


def bucket(alias: str) -> str:
    """The bucket's name behind a storage alias. Raises NotConfigured."""
    if alias not in settings.STORAGES:
        raise NotConfigured(
            f"The settings name no {alias} any more, and rows name objects in it. Set it again "
            "(BWV_REPLICA_BUCKET and what belongs to it)."
        )
    return str(getattr(storages[alias], "bucket_name"))


@lru_cache(maxsize=8)
def _client(endpoint: str, process: int, account: str = "originals", key: str = "") -> S3Client:
    """One client a process: a connection that is shared over a fork gives each side the
    other's answers, which looks like footage that is lost or changed."""
    options: dict[str, Any] = settings.STORAGES[account]["OPTIONS"]  # type: ignore[index, assignment]
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=options["access_key"],
        aws_secret_access_key=options["secret_key"],
        region_name=options["region_name"],
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": options["addressing_style"]},
            retries={"max_attempts": 4, "mode": "standard"},
            connect_timeout=5,
            read_timeout=60,
            # The checksums that we rely on are SHA-256 and asked for one by one.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def client(alias: str = "originals") -> S3Client:
    """The client for this system's own requests of the store behind an alias: the replica lies
    in another store, or at least under another account; all else in one."""
    if alias != REPLICA:
        return _client(settings.S3_ENDPOINT, os.getpid())
    bucket(alias)
    options: dict[str, Any] = settings.STORAGES[REPLICA]["OPTIONS"]  # type: ignore[index, assignment]
    return _client(options["endpoint_url"], os.getpid(), REPLICA, options["access_key"])


def has_replica() -> bool:
    """Whether a second place for originals is configured."""
    return REPLICA in settings.STORAGES


def signer() -> S3Client:
    """The client whose signed URLs docks and browsers can reach. It makes no request."""
    return _client(settings.S3_PUBLIC_URL, os.getpid())


def code_of(error: ClientError) -> str:
    """The store's own word for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def raise_as(error: ClientError | BotoCoreError, what: str) -> None:
    """Raise what the store's error means here; `what` says what was tried."""
    if isinstance(error, ClientError):
        code = code_of(error)
        if code in ("NoSuchKey", "NoSuchUpload", "404", "NotFound", "NoSuchVersion"):
            raise Missing(f"{what}: there is no such object") from error
        if code in (
            "InvalidPart",
            "InvalidPartOrder",
            "InvalidRequest",
            "BadDigest",
            "EntityTooSmall",
        ):
            raise PartsRefused(f"{what}: {error}") from error
        if code in ("PreconditionFailed", "412"):
            raise AlreadyThere(f"{what}: an object is there already") from error
    raise StoreError(f"{what}: {error}") from error


def _b64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()


# --- multipart: from a dock ---------------------------------------------------


def start_multipart(alias: str, key: str, content_type: str) -> str:
    """Begin a multipart upload whose parts carry SHA-256 checksums; its id."""
    try:
        answer = client(alias).create_multipart_upload(
            Bucket=bucket(alias), Key=key, ContentType=content_type, ChecksumAlgorithm="SHA256"
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, "starting an upload")
    return str(answer["UploadId"])


def sign_part(
    alias: str, key: str, upload_id: str, number: int, sha256: str, size: int | None = None
) -> SignedRequest:
    """A signed PUT for one part; its SHA-256 (hex) is part of the signature, and its size if given.

    A local computation: no request is made. The store refuses other bytes.
    """
    checksum = _b64(sha256)
    params: dict[str, Any] = {
        "Bucket": bucket(alias),
        "Key": key,
        "UploadId": upload_id,
        "PartNumber": number,
        "ChecksumSHA256": checksum,
    }
    if size is not None:
        params["ContentLength"] = size
    url = signer().generate_presigned_url(
        "upload_part", Params=params, ExpiresIn=settings.PART_URL_SECONDS
    )
    headers = {"x-amz-checksum-sha256": checksum} if "x-amz-checksum-sha256=" not in url else {}
    return SignedRequest("PUT", url, headers)


def stored_parts(alias: str, key: str, upload_id: str) -> list[StoredPart]:
    """The parts that the store holds, in order of number. Raises Missing when it forgot them.

    A part that was sent twice is listed twice by some stores (SeaweedFS 4): the newest counts.
    """
    found: dict[int, PartTypeDef] = {}
    marker = 0
    while True:
        try:
            answer = client(alias).list_parts(
                Bucket=bucket(alias), Key=key, UploadId=upload_id, PartNumberMarker=marker
            )
        except (ClientError, BotoCoreError) as error:
            raise_as(error, "listing parts")
        for part in answer.get("Parts", []):
            known = found.get(part["PartNumber"])
            if known is None or known["LastModified"] <= part["LastModified"]:
                found[part["PartNumber"]] = part
        if not answer.get("IsTruncated"):
            break
        marker = int(answer["NextPartNumberMarker"])
    return [
        StoredPart(number, part["Size"], part["ETag"], part.get("ChecksumSHA256", ""))
        for number, part in sorted(found.items())
    ]


def finish_multipart(
    alias: str, key: str, upload_id: str, parts: list[StoredPart], *, once: bool = True
) -> str:
    """Put the parts together; the new object's version id.

    Conditional: raises AlreadyThere when the key is taken (without `once` another version is
    added), Missing when the upload is gone.
    """
    extra: dict[str, Any] = {"IfNoneMatch": "*"} if once else {}
    try:
        answer = client(alias).complete_multipart_upload(
            Bucket=bucket(alias),
            Key=key,
            UploadId=upload_id,
            **extra,
            MultipartUpload={"Parts": [part.named() for part in parts]},
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, "completing an upload")
    return str(answer.get("VersionId", "")) or head(alias, key).version_id


def abort_multipart(alias: str, key: str, upload_id: str) -> None:
    """Forget a multipart upload and its parts. Nothing happens when there is none."""
    try:
        client(alias).abort_multipart_upload(Bucket=bucket(alias), Key=key, UploadId=upload_id)
    except (ClientError, BotoCoreError) as error:
        try:
            raise_as(error, "aborting an upload")
        except Missing:
            return


# --- objects ------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """What the store says of an object without sending it."""

    size: int
    version_id: str


def head(alias: str, key: str, version_id: str = "") -> Head:
    """Size and version of an object. Raises Missing."""
    extra: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    try:
        answer = client(alias).head_object(Bucket=bucket(alias), Key=key, **extra)
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"looking at {key}")
    return Head(answer["ContentLength"], str(answer.get("VersionId", "null")))


def put(
    alias: str, key: str, body: bytes | IO[bytes], sha256: str, content_type: str, *,
    once: bool = True,
) -> str:  # fmt: skip
    """Write an object once, its SHA-256 (hex) checked by the store; its version id.

    Raises AlreadyThere when the key is taken; without `once` another version is added.
    """
    extra: dict[str, Any] = {"IfNoneMatch": "*"} if once else {}
    try:
        answer = client(alias).put_object(
            Bucket=bucket(alias),
            Key=key,
            Body=body,
            ContentType=content_type,
            ChecksumSHA256=_b64(sha256),
            **extra,
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"writing {key}")
    return str(answer.get("VersionId", "null"))


def put_locked(
    alias: str, key: str, body: bytes, until: datetime, content_type: str, *, once: bool = True
) -> None:
    """Write an object that nobody may delete before `until` (Object Lock, COMPLIANCE mode).

    Only for what holds no personal data: nothing can lift this lock. With `once` raises
    AlreadyThere when the key is taken; without, another version is added.
    """
    extra: dict[str, Any] = {"IfNoneMatch": "*"} if once else {}
    try:
        client(alias).put_object(
            Bucket=bucket(alias),
            Key=key,
            Body=body,
            ContentType=content_type,
            ChecksumSHA256=_b64(hashlib.sha256(body).hexdigest()),
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until,
            **extra,
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"writing {key}")


def keys(alias: str, prefix: str) -> Iterator[str]:
    """The keys that begin so, in order. Raises StoreError."""
    pages = (
        client(alias).get_paginator("list_objects_v2").paginate(Bucket=bucket(alias), Prefix=prefix)
    )
    try:
        for page in pages:
            for item in page.get("Contents", []):
                yield item["Key"]
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"listing {prefix}")


def read_all(alias: str, key: str) -> bytes:
    """A small object's bytes. Raises Missing or StoreError."""
    return b"".join(read(alias, key))


def put_file(alias: str, key: str, path: Path, sha256: str, content_type: str) -> str:
    """Write a file once, streamed in parts when it is large; its version id."""
    with path.open("rb") as file:
        if path.stat().st_size <= 64 * 1024 * 1024:
            return put(alias, key, file, sha256, content_type)
        upload_id = start_multipart(alias, key, content_type)
        parts = []
        number = 0
        while chunk := file.read(32 * 1024 * 1024):
            number += 1
            checksum = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
            try:
                answer = client(alias).upload_part(
                    Bucket=bucket(alias),
                    Key=key,
                    UploadId=upload_id,
                    PartNumber=number,
                    Body=chunk,
                    ChecksumSHA256=checksum,
                )
            except (ClientError, BotoCoreError) as error:
                abort_multipart(alias, key, upload_id)
                raise_as(error, f"writing {key}")
            parts.append(StoredPart(number, len(chunk), answer["ETag"], checksum))
    return finish_multipart(alias, key, upload_id, parts)


def put_stream(
    alias: str, key: str, pieces: Iterable[bytes], sha256: str, size: int, content_type: str, *,
    once: bool = True,
) -> str:  # fmt: skip
    """Write an object from pieces as they come, never held whole; its version id.

    Its SHA-256 is reckoned on the way and compared before the object comes to be: of other bytes
    nothing is left. With `once` raises AlreadyThere when the key is taken; without, another
    version is added. Raises OtherBytes.
    """
    room = max(STREAM_PART, -(-size // 9_000))
    found, held = hashlib.sha256(), bytearray()
    parts: list[StoredPart] = []
    upload_id = ""

    def send() -> None:
        nonlocal upload_id
        upload_id = upload_id or start_multipart(alias, key, content_type)
        checksum = base64.b64encode(hashlib.sha256(held).digest()).decode()
        number = len(parts) + 1
        try:
            answer = client(alias).upload_part(
                Bucket=bucket(alias), Key=key, UploadId=upload_id, PartNumber=number,
                Body=bytes(held), ChecksumSHA256=checksum,
            )  # fmt: skip
        except (ClientError, BotoCoreError) as error:
            raise_as(error, f"writing {key}")
        parts.append(StoredPart(number, len(held), answer["ETag"], checksum))
        held.clear()

    try:
        for piece in pieces:
            found.update(piece)
            held += piece
            if len(held) >= room:
                send()
        total = sum(part.size for part in parts) + len(held)
        if (found.hexdigest(), total) != (sha256, size):
            raise OtherBytes(f"writing {key}: the bytes that came are {found.hexdigest()}, "
                             f"{total} bytes", found.hexdigest(), total)  # fmt: skip
        if not upload_id:
            return put(alias, key, bytes(held), sha256, content_type, once=once)
        if held:
            send()
        return finish_multipart(alias, key, upload_id, parts, once=once)
    except BaseException:
        if upload_id:
            with suppress(StoreError):
                abort_multipart(alias, key, upload_id)
        raise


def read(
    alias: str, key: str, version_id: str = "", start: int = 0, end: int | None = None,
    chunk: int = READ_CHUNK,
) -> Iterator[bytes]:  # fmt: skip
    """The object's bytes in chunks, one version of it, to before `end`. One request.

    Raises Missing or StoreError. Who stops reading early gives the connection back by `close`.
    """
    extra: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    if end is not None and end <= start:
        return
    if start or end is not None:
        extra["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    body = None
    try:
        answer = client(alias).get_object(Bucket=bucket(alias), Key=key, **extra)
        body = answer["Body"]
        yield from body.iter_chunks(chunk)
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"reading {key}")
    finally:
        if body is not None:
            body.close()


def delete_version(alias: str, key: str, version_id: str) -> None:
    """Destroy one version; locks and legal holds make the store refuse (StoreError)."""
    try:
        client(alias).delete_object(Bucket=bucket(alias), Key=key, VersionId=version_id)
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"deleting {key}")


@dataclass(frozen=True)
class Version:
    """One version of an object as the store lists it; a delete marker has no bytes."""

    key: str
    version_id: str
    size: int
    latest: bool
    marker: bool
    etag: str = ""
    storage_class: str = ""
    modified: datetime | None = None


def versions(alias: str, prefix: str = "") -> Iterator[Version]:
    """Every version and delete marker of the keys that begin so, in the order of the keys.

    Of one key the markers come after the versions. Raises StoreError.
    """
    pages = client(alias).get_paginator("list_object_versions")
    try:
        for page in pages.paginate(Bucket=bucket(alias), Prefix=prefix):
            rows = [
                Version(
                    item["Key"], str(item.get("VersionId", "null")), item["Size"],
                    item.get("IsLatest", True), False, item.get("ETag", "").strip('"'),
                    str(item.get("StorageClass", "")), item.get("LastModified"),
                )
                for item in page.get("Versions", [])
            ]  # fmt: skip
            rows += [
                Version(item["Key"], str(item.get("VersionId", "null")), 0,
                        item.get("IsLatest", True), True)
                for item in page.get("DeleteMarkers", [])
            ]  # fmt: skip
            yield from sorted(rows, key=lambda row: (row.key.encode(), row.marker))
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"listing {prefix}")


def destroy(alias: str, key: str, version_id: str = "") -> dict[str, str]:
    """Destroy one version for good, over a GOVERNANCE lock; what the store answered.

    Only disposal and what follows a whole copy may call it. A legal hold or a COMPLIANCE lock
    makes the store refuse (StoreError). What is gone already is Missing for some stores and an
    answer of others: whoever calls looks afterwards.
    """
    extra: dict[str, Any] = {"VersionId": version_id} if version_id else {}
    if version_id:
        extra["BypassGovernanceRetention"] = True
    try:
        answer = client(alias).delete_object(Bucket=bucket(alias), Key=key, **extra)
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"destroying {key}")
    said = answer["ResponseMetadata"]
    return {
        "status": str(said.get("HTTPStatusCode", "")),
        "request": str(said.get("RequestId", ""))[:100],
        "version": str(answer.get("VersionId", ""))[:100],
    }


def delete(alias: str, key: str) -> None:
    """Delete what lies under a key, where the bucket is not versioned. Nothing when it is gone."""
    try:
        client(alias).delete_object(Bucket=bucket(alias), Key=key)
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"deleting {key}")


def lock_until(alias: str, key: str, version_id: str, until: datetime) -> None:
    """Forbid deletion of a version until a time (Object Lock, GOVERNANCE mode)."""
    try:
        client(alias).put_object_retention(
            Bucket=bucket(alias),
            Key=key,
            VersionId=version_id,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"locking {key}")


def legal_hold(alias: str, key: str, version_id: str, on: bool) -> None:
    """Set or end the store's legal hold on a version."""
    try:
        client(alias).put_object_legal_hold(
            Bucket=bucket(alias),
            Key=key,
            VersionId=version_id,
            LegalHold={"Status": "ON" if on else "OFF"},
        )
    except (ClientError, BotoCoreError) as error:
        raise_as(error, f"holding {key}")


@dataclass(frozen=True)
class Lock:
    """What keeps a version in the store."""

    hold: bool
    mode: str = ""
    until: datetime | None = None


def lock_of(alias: str, key: str, version_id: str) -> Lock:
    """The legal hold and the retention of a version, as far as the store says."""
    named: Any = {"Bucket": bucket(alias), "Key": key, "VersionId": version_id}
    hold, mode, until = False, "", None
    try:
        said = client(alias).get_object_legal_hold(**named)
        hold = said.get("LegalHold", {}).get("Status") == "ON"
    except (ClientError, BotoCoreError):
        pass
    try:
        kept = client(alias).get_object_retention(**named).get("Retention", {})
        mode, until = str(kept.get("Mode", "")), kept.get("RetainUntilDate")
    except (ClientError, BotoCoreError):
        pass
    return Lock(hold, mode, until)


def sign_get(
    alias: str, key: str, *, version_id: str = "", seconds: int, name: str = "", content_type: str
) -> str:
    """A short-lived URL for reading one object, under our content type.

    With `name` it is served as an attachment of that name. A signed URL is a bearer
    token: make it after the permission check and the custody event, never log it.
    """
    params: dict[str, Any] = {
        "Bucket": bucket(alias),
        "Key": key,
        "ResponseContentType": content_type,
        "ResponseCacheControl": "private, no-store",
    }
    if version_id:
        params["VersionId"] = version_id
    if name:
        params["ResponseContentDisposition"] = f'attachment; filename="{name}"'
    return str(signer().generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))
