"""Makes a share whose package is several gigabytes, and the package; says what was made.

`python -m tests.limits.packing --gigabytes 3 --seed 1`, in the environment of a running system.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import resource
import sys
from datetime import timedelta
from typing import Any

import django

PART = 32 << 20


def main() -> None:
    """One line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gigabytes", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    django.setup()
    dice = random.Random(options.seed)
    sizes = [int(options.gigabytes * (1 << 30)) + dice.randrange(PART)]
    sizes += [dice.choice([0, 1, 5_000, 3_000_000]) for _ in range(20)]
    print(json.dumps(_made(sizes)), file=sys.stdout, flush=True)


def _made(sizes: list[int]) -> dict[str, Any]:
    from django.utils import timezone

    from evidence.sharing import packaging
    from evidence.sharing.models import Item, Share, SharedPackage
    from tests import factories

    by = factories.Person(username="limits", roles=["professional_standards"])
    share = Share.objects.create(
        recipient="Jo Marlow", organisation="CPS", email="j.marlow@cps.example", purpose="Charging",
        until=timezone.now() + timedelta(days=30), made_by=by, owner=by, token_hash=_sha256(sizes),
        downloads=True,
    )  # fmt: skip
    for number, size in enumerate(sizes, 1):
        Item.objects.create(share=share, number=number, recording=_recording(number, size))
    # Here and not in a worker, so that its memory can be seen.
    print_ = packaging.fingerprint(packaging.composition_of(share, packaging.NONE))
    row = SharedPackage.objects.create(share=share, fingerprint=print_)
    before = _peak()
    packaging.prepare(row.pk)
    row.refresh_from_db()
    assert row.state == "ready", row.reason
    return {"package": row.pk, "size": row.size, "sha256": row.sha256, "own": row.key_size,
            "grown": _peak() - before}  # fmt: skip


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _sha256(what: object) -> str:
    return hashlib.sha256(str(what).encode()).hexdigest()


def _recording(number: int, size: int) -> Any:
    """A recording of so many zeros, in the store and in the log."""
    from django.db import transaction

    from evidence.custody.record import Draft, Subject, record, service
    from evidence.recordings.models import Original
    from tests import factories

    made = factories.recording(None, camera=f"BWC-PACK{number}")
    key = f"limits/{made.reference}"
    version, digest = _zeros(key, size)
    Original.objects.filter(recording=made).update(
        key=key, version_id=version, size=size, sha256=digest
    )
    with transaction.atomic():
        record(Draft("evidence.received", Subject(made.reference, digest, size), service("limits"),
                     private={"file": "A.MP4"}))  # fmt: skip
    return made


def _zeros(key: str, size: int) -> tuple[str, str]:
    """So many zeros under a key: version and SHA-256. No more than a part is ever held."""
    from evidence.store import s3

    digest, part, parts = hashlib.sha256(), bytes(PART), []
    if size < PART:
        digest.update(part[:size])
        sha256 = digest.hexdigest()
        return s3.put("originals", key, part[:size], sha256, "video/mp4"), sha256
    upload = s3.start_multipart("originals", key, "video/mp4")
    for number, at in enumerate(range(0, size, PART), 1):
        body = part[: size - at]
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        answer = s3.client().upload_part(
            Bucket=s3.bucket("originals"), Key=key, UploadId=upload, PartNumber=number, Body=body,
            ChecksumSHA256=checksum,
        )  # fmt: skip
        parts.append(s3.StoredPart(number, len(body), answer["ETag"], checksum))
        digest.update(body)
    return s3.finish_multipart("originals", key, upload, parts), digest.hexdigest()


if __name__ == "__main__":
    main()
