"""What somebody outside looks at: each look is an event before anything is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, Subquery, Value, When
from django.utils import timezone

from evidence.exhibits.actions import ENDINGS, file_name
from evidence.recordings.models import Original, Rendition
from evidence.sharing import proving, standing
from evidence.sharing.models import Item, Proof, Share, Viewing
from evidence.sharing.proving import ShareClosed
from evidence.sharing.standing import Standing
from evidence.sharing.telling import tell

SITTING = timedelta(hours=12)
# A player that asks again within so long goes on with its sitting: a network that broke.
RENEWED = timedelta(hours=1)
# The rendition kinds that a player asks for, by their letter in an address.
PAPER = "p"
LETTERS = {"v": "proxy", "l": "small", "s": "sound", "b": "storyboard"}


@dataclass(frozen=True)
class Bytes:
    """An object of the store that may be sent now, under our content type."""

    alias: str
    key: str
    version_id: str
    size: int
    sha256: str
    content_type: str
    name: str = ""


def seen(share: Share, proof: Proof) -> None:
    """Note that it was used just now; at most every half minute."""
    now = timezone.now()
    if now - proof.seen_at > timedelta(seconds=30) or share.last_seen is None:
        Proof.objects.filter(pk=proof.pk).update(seen_at=now)
        Share.objects.filter(pk=share.pk).update(last_seen=now)


def view(*, reference: str, browser: str, address: str) -> tuple[Share, list[Standing]]:
    """The share's list, after writing that it was opened. Raises ShareClosed."""
    with transaction.atomic():
        share, proof = proving.opened(reference, browser)
        tell("share.opened", share, share.actor(address), private={"address": address})
        seen(share, proof)
    return share, standing.of(share)


def view_item(*, reference: str, browser: str, number: int, address: str) -> tuple[Share, Standing]:
    """One thing, after writing that its page was opened. Raises ShareClosed where there is none."""
    with transaction.atomic():
        share, proof = proving.opened(reference, browser)
        found = standing.one(share, number)
        if found is None:
            raise ShareClosed
        if found.there:
            tell("share.viewed", share, share.actor(address), items=[found.item],
                 private={"address": address})  # fmt: skip
        seen(share, proof)
    return share, found


def there(*, reference: str, browser: str, number: int) -> Standing:
    """One thing that is there, without an event: for what its page asks later. Raises
    ShareClosed."""
    share, _ = proving.opened(reference, browser)
    found = standing.one(share, number)
    if found is None or not found.there:
        raise ShareClosed
    return found


def begin(
    *, reference: str, browser: str, number: int, kind: str, address: str, file: int = 0,
    again: bool = False,
) -> Viewing:  # fmt: skip
    """A sitting with one thing: to play it, or to take a file of it away; after its event.

    With `again` the player's own sitting of just now where there is one: no second event.
    Raises ShareClosed, also for a file where the share is for viewing alone.
    """
    with transaction.atomic():
        share, proof = proving.opened(reference, browser)
        found = standing.one(share, number)
        if found is None or not found.there:
            raise ShareClosed
        seen(share, proof)
        if again and kind == Viewing.Kind.PLAY:
            row = _of_just_now(share, found.item, browser)
            if row is not None:
                return row
        viewing = Viewing(
            share=share, item=found.item, browser=browser, kind=kind, file=file,
            last=timezone.now(),
        )  # fmt: skip
        data = {"viewing": str(viewing.pk)}
        if kind == Viewing.Kind.FILE:
            if not share.downloads:
                raise ShareClosed
            data |= _file_data(found.item, file)
            event = "share.downloaded"
        else:
            data["kind"] = _played(found.item)
            event = "share.played"
        viewing.save()
        tell(event, share, share.actor(address), items=[found.item], data=data,
             private={"address": address})  # fmt: skip
    return viewing


def _of_just_now(share: Share, item: Item, browser: str) -> Viewing | None:
    now = timezone.now()
    rows = Viewing.objects.filter(
        share=share, item=item, browser=browser, kind=Viewing.Kind.PLAY,
        began__gt=now - SITTING + RENEWED, last__gt=now - RENEWED,
    )  # fmt: skip
    return rows.order_by("-began").first()


def _played(item: Item) -> str:
    if item.paper:
        return "paper"
    return "clip" if item.exhibit is not None and item.exhibit.clip is not None else "proxy"


def _file_data(item: Item, file: int) -> dict[str, str]:
    if item.paper:
        return {"kind": "paper", "sha256": item.sha256}
    if item.exhibit is not None and item.exhibit.clip is not None:
        return {"kind": "clip", "sha256": item.exhibit.clip.sha256}
    original = _original(item, file)
    return {"kind": "original", "original": original.reference, "sha256": original.sha256}


def _original(item: Item, file: int) -> Original:
    assert item.recording is not None
    rows = item.recording.originals.order_by("recorded_at", "file_name")
    found = rows[file : file + 1].first() if 0 <= file < 1000 else None
    if found is None:
        raise ShareClosed
    return found


def still_open(viewing: Viewing) -> bool:
    """Whether bytes of a sitting may go on leaving: asked by every stream, every second.

    Two queries, three for the whole of a recording. Bytes that leave are use: now and then it is
    noted that there was some.
    """
    if timezone.now() - viewing.began > SITTING:
        return False
    found = _asked_for(viewing)
    if found is None:
        return False
    share, proof, item = found
    if share.state() != "live" or not proving.fresh(proof):
        return False
    if viewing.kind != Viewing.Kind.PLAY and not share.downloads:
        return False
    if item is not None and not standing.judge(share, [item])[0].there:
        return False
    seen(share, proof)
    return True


def _asked_for(viewing: Viewing) -> tuple[Share, Proof, Item | None] | None:
    """Share, proof and thing of a sitting as they are now, in one query; None where one is gone."""
    proofs = Proof.objects.filter(share=viewing.share_id, browser=viewing.browser)
    if viewing.item_id is None:
        proof = proofs.select_related("share__owner", "share__case").first()
        return (proof.share, proof, None) if proof else None
    item: Any = (
        Item.objects.filter(pk=viewing.item_id, removed_at=None)
        .select_related("share__owner", "share__case", "recording", "exhibit__clip__redaction")
        .annotate(
            proof=Subquery(proofs.values("pk")[:1]),
            proved_at=Subquery(proofs.values("proved_at")[:1]),
            seen_at=Subquery(proofs.values("seen_at")[:1]),
            linked=standing.linked(),
        )
        .first()
    )
    if item is None or item.proof is None:
        return None
    proof = Proof(pk=item.proof, share=item.share, browser=viewing.browser,
                  proved_at=item.proved_at, seen_at=item.seen_at)  # fmt: skip
    return item.share, proof, item


def sitting(*, reference: str, browser: str, number: int, viewing: UUID) -> Viewing:
    """A sitting of this browser that goes on. Raises ShareClosed."""
    row = (
        Viewing.objects.filter(
            pk=viewing, share__reference=reference, browser=browser, item__number=number
        )
        .select_related("share", "item__recording", "item__exhibit__clip")
        .first()
    )
    if row is None or not still_open(row):
        raise ShareClosed
    return row


def letters_of(item: Item | None) -> list[dict[str, str]]:
    """For each playable file, by what a player calls it: the letter under which it may ask, or
    nothing. Two queries."""
    if item is not None and item.exhibit is not None and item.exhibit.clip is not None:
        return [{"proxy": "v", "board": "", "sound": "", "small": ""}]
    if item is None or item.recording is None:
        return []
    kinds: dict[int, set[str]] = {}
    rows = Rendition.objects.filter(original__recording=item.recording)
    for original, kind in rows.values_list("original_id", "kind"):
        kinds.setdefault(original, set()).add(kind)
    order = item.recording.originals.order_by("recorded_at", "file_name").values_list("pk")
    named = {"proxy": "v", "board": "b", "sound": "s", "small": "l"}
    return [
        {name: letter if LETTERS[letter] in kinds[pk] else "" for name, letter in named.items()}
        for (pk,) in order
        if "proxy" in kinds.get(pk, ())
    ]


def to_play(viewing: Viewing, letter: str, file: int) -> Bytes:
    """What a player asks for within a sitting: one rendition of one file. Raises ShareClosed."""
    item = viewing.item
    if item is not None and item.paper and viewing.kind == Viewing.Kind.PLAY and letter == PAPER:
        return Bytes("renditions", item.key, "", item.size, item.sha256, "application/pdf")
    if item is None or viewing.kind != Viewing.Kind.PLAY or letter not in LETTERS:
        raise ShareClosed
    if item.exhibit is not None and item.exhibit.clip is not None:
        # Of a clip there is the clip; nothing of what it was cut from.
        clip = item.exhibit.clip
        if letter != "v" or file != 0:
            raise ShareClosed
        return Bytes("renditions", clip.key, "", clip.size, clip.sha256, clip.content_type)
    if item.recording is None:
        raise ShareClosed
    playable = item.recording.originals.filter(renditions__kind="proxy")
    rows = playable.order_by("recorded_at", "file_name")
    original = rows[file : file + 1].first() if 0 <= file < 1000 else None
    row = Rendition.objects.filter(original=original, kind=LETTERS[letter]).first()
    if original is None or row is None:
        raise ShareClosed
    return Bytes("renditions", row.key, "", row.size, row.sha256, row.content_type)


def to_take(viewing: Viewing) -> Bytes:
    """The file that a sitting takes away, under a name of ours. Raises ShareClosed."""
    item = viewing.item
    if item is None or viewing.kind != Viewing.Kind.FILE:
        raise ShareClosed
    if item.paper:
        name = file_name(item.paper, item.sha256, "pdf")
        return Bytes("renditions", item.key, "", item.size, item.sha256, "application/pdf", name)
    octets = "application/octet-stream"
    if item.exhibit is not None and item.exhibit.clip is not None:
        clip = item.exhibit.clip
        name = file_name(item.exhibit.mark, clip.sha256, "mp4")
        return Bytes("renditions", clip.key, "", clip.size, clip.sha256, octets, name)
    one = _original(item, viewing.file)
    called = item.exhibit.mark if item.exhibit else one.reference
    ending = one.container if one.container in ENDINGS else "bin"
    name = file_name(called, one.sha256, ending)
    return Bytes("originals", one.key, one.version_id, one.size, one.sha256, octets, name)


def sent(viewing: Viewing, count: int, *, size: int, last: bool) -> None:
    """Add to what left within a sitting; once an answer, when it is over.

    `size`: of the whole file; `last`: its last byte was in it. The file is whole when at least
    its size has left.
    """
    now = timezone.now()
    changes = {"sent": F("sent") + count, "last": now}
    if last and viewing.kind != Viewing.Kind.PLAY:
        changes["whole_at"] = Case(
            When(whole_at=None, sent__gte=size - count, then=Value(now)),
            default=F("whole_at"), output_field=DateTimeField(),
        )  # fmt: skip
    Viewing.objects.filter(pk=viewing.pk).update(**changes)
