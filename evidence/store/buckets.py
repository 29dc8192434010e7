"""Buckets as a whole: making them, lifecycle and the tags that it goes by, unfinished uploads,
which pages may send. Single objects are `s3`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from evidence.store import s3


@dataclass(frozen=True)
class Multipart:
    """An upload in parts that was begun and neither finished nor given up."""

    key: str
    upload_id: str
    begun: datetime | None


def multiparts(alias: str) -> Iterator[Multipart]:
    """Every unfinished upload of a bucket, as far as the store lists them. Raises StoreError."""
    more: dict[str, Any] = {}
    while True:
        try:
            answer = s3.client(alias).list_multipart_uploads(Bucket=s3.bucket(alias), **more)
        except (ClientError, BotoCoreError) as error:
            s3.raise_as(error, "listing unfinished uploads")
        for item in answer.get("Uploads", []):
            yield Multipart(item["Key"], item["UploadId"], item.get("Initiated"))
        after = (answer.get("NextKeyMarker", ""), answer.get("NextUploadIdMarker", ""))
        # A store that says that there is more and not from where would be asked for ever.
        if not answer.get("IsTruncated") or after == ("", ""):
            return
        more = {"KeyMarker": after[0], "UploadIdMarker": after[1]}


def tag(alias: str, key: str, version_id: str, tags: dict[str, str]) -> None:
    """Give a version these tags, in place of those that it has. Raises Missing, StoreError."""
    wanted: Any = [{"Key": name, "Value": value} for name, value in tags.items()]
    try:
        s3.client().put_object_tagging(
            Bucket=s3.bucket(alias), Key=key, VersionId=version_id, Tagging={"TagSet": wanted}
        )
    except (ClientError, BotoCoreError) as error:
        s3.raise_as(error, f"tagging {key}")


def tags(alias: str, key: str, version_id: str) -> dict[str, str]:
    """The tags of a version. Raises Missing, StoreError."""
    try:
        answer = s3.client().get_object_tagging(
            Bucket=s3.bucket(alias), Key=key, VersionId=version_id
        )
    except (ClientError, BotoCoreError) as error:
        s3.raise_as(error, f"reading the tags of {key}")
    return {item["Key"]: item["Value"] for item in answer["TagSet"]}


def move_tagged(name: str, tag_key: str, classes: Sequence[str]) -> list[str]:
    """Make a bucket's store move what is tagged `tag_key`=CLASS to that class, by its own
    lifecycle rules, and only that; the classes of which it says afterwards that it will.

    Other lifecycle rules of the bucket stand. Raises StoreError.
    """
    ours = f"{tag_key}-"
    try:
        held: Any = s3.client().get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    except ClientError as error:
        if s3.code_of(error) != "NoSuchLifecycleConfiguration":
            s3.raise_as(error, f"reading the lifecycle of {name}")
        held = []
    rules = [rule for rule in held if not str(rule.get("ID", "")).startswith(ours)]
    rules += [
        {
            "ID": ours + one, "Status": "Enabled",
            "Filter": {"Tag": {"Key": tag_key, "Value": one}},
            "Transitions": [{"Days": 1, "StorageClass": one}],
        }
        for one in classes
    ]  # fmt: skip
    try:
        if rules:
            s3.client().put_bucket_lifecycle_configuration(
                Bucket=name, LifecycleConfiguration={"Rules": rules}
            )
        elif held:
            s3.client().delete_bucket_lifecycle(Bucket=name)
        if not classes:
            return []
        said: Any = s3.client().get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    except (ClientError, BotoCoreError) as error:
        s3.raise_as(error, f"setting the lifecycle of {name}")
    return [
        one for one in classes
        if any(
            rule.get("Filter", {}).get("Tag") == {"Key": tag_key, "Value": one}
            and any(move.get("StorageClass") == one for move in rule.get("Transitions", []))
            for rule in said
        )
    ]  # fmt: skip


def let_browsers_send(alias: str, origin: str) -> None:
    """Let pages of this origin, and of no other, PUT signed parts into a bucket (CORS)."""
    rule: Any = {
        "AllowedOrigins": [origin],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["x-amz-checksum-sha256", "content-type"],
        "MaxAgeSeconds": 600,
    }
    try:
        s3.client(alias).put_bucket_cors(
            Bucket=s3.bucket(alias), CORSConfiguration={"CORSRules": [rule]}
        )
    except (ClientError, BotoCoreError) as error:
        s3.raise_as(error, f"letting {origin} send to the bucket {s3.bucket(alias)}")


def ensure_buckets() -> list[str]:
    """Make the buckets where they are missing; the names of those made.

    originals, custody, and replica where there is one: versioned with Object Lock (custody in
    COMPLIANCE mode by what is written into it); renditions: plain.
    """
    made = []
    wanted = [("originals", True), ("renditions", False), ("custody", True)]
    for alias, locked in wanted + [(s3.REPLICA, True)] * s3.has_replica():
        name = s3.bucket(alias)
        try:
            s3.client(alias).head_bucket(Bucket=name)
            continue
        except ClientError as error:
            if s3.code_of(error) not in ("404", "NoSuchBucket"):
                s3.raise_as(error, f"looking for the bucket {name}")
        try:
            s3.client(alias).create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        except (ClientError, BotoCoreError) as error:
            s3.raise_as(error, f"making the bucket {name}")
        made.append(name)
    return made
