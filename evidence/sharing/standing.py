"""What of a share may be shown now: asked anew at every look, never kept.

Something that was restricted, marked "do not disclose", withdrawn, unlinked from the share's case
or disposed of after it was shared is not there any more. The person outside reads whom to ask;
why stands on the force's page alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Exists, OuterRef, prefetch_related_objects

from evidence.cases.models import CaseLink
from evidence.exhibits import checking, disclosure
from evidence.exhibits.models import Clip, Decision, Exhibit
from evidence.recordings import damage
from evidence.sharing.models import Item, Share


@dataclass(frozen=True)
class Standing:
    """One thing of a share. `why` is for the force; `outside` for the person it was shared with.
    `coming`: it is being made, and nothing was taken from them."""

    item: Item
    there: bool
    why: str = ""
    outside: str = ""
    coming: bool = False


def linked() -> Exists:
    """Whether a thing's footage is linked to its share's case, to be asked along with the thing
    under the name `linked`; `judge` asks by itself where it was not."""
    of_case = CaseLink.objects.filter(
        case=OuterRef("share__case"), recording=OuterRef("recording"), unlinked_at=None
    )
    return Exists(of_case)


def of(share: Share) -> list[Standing]:
    """Everything that was not taken out again, in order. Three queries."""
    rows = list(
        Item.objects.filter(share=share, removed_at=None)
        .select_related(
            "recording__officer",
            "exhibit__clip__original",
            "exhibit__clip__redaction",
            "exhibit__producer",
        )
        .annotate(linked=linked())
        .prefetch_related("recording__originals")
        .order_by("number")
    )
    return judge(share, rows)


def judge(share: Share, items: Sequence[Item]) -> list[Standing]:
    """How each stands; one query, for the decisions about disclosing them. Two more at most: for
    the files of what is whole, and for the links to the case, where they were not asked along."""
    for item in items:
        if item.exhibit is not None and item.recording is not None:
            item.exhibit.recording = item.recording  # the same: not asked for again
    whole = [one.recording for one in items if one.recording and is_whole(one)]
    prefetch_related_objects(whole, "originals")
    _ask_links(share, [one for one in items if not hasattr(one, "linked")])
    stops = disclosure.stops({item.recording_id for item in items if item.recording_id})
    return [_one(share, item, stops) for item in items]


def is_whole(item: Item) -> bool:
    """Whether it is all of a recording: by itself, or as an exhibit without a clip."""
    return item.recording_id is not None and (item.exhibit is None or item.exhibit.clip_id is None)


def _ask_links(share: Share, items: Sequence[Item]) -> None:
    wanted = {item.recording_id for item in items if item.recording_id}
    known: set[int] = set()
    if wanted and share.case_id is not None:
        rows = CaseLink.objects.filter(case=share.case_id, recording__in=wanted, unlinked_at=None)
        known = set(rows.values_list("recording_id", flat=True))
    for item in items:
        setattr(item, "linked", item.recording_id in known)


def one(share: Share, number: int) -> Standing | None:
    """One thing by its number, None where there is none. Three queries."""
    rows = list(
        Item.objects.filter(share=share, removed_at=None, number=number)
        .select_related(
            "recording__officer",
            "exhibit__clip__original",
            "exhibit__clip__redaction",
            "exhibit__producer",
        )
        .annotate(linked=linked())
    )
    return judge(share, rows)[0] if rows else None


def _one(share: Share, item: Item, stops: Iterable[Decision]) -> Standing:
    why = _why(share, item, stops)
    if why:
        asked = f"No longer available. Ask {share.owner.short}, {settings.FORCE_NAME}."
        return Standing(item, False, why, asked)
    if item.exhibit is not None:
        ready, why = checking.ready_to_share(item.exhibit)
        if not ready:
            coming = _being_made(item.exhibit)
            return Standing(item, False, why, _not_ready(share, item.exhibit), coming)
    return Standing(item, True)


def _being_made(exhibit: Exhibit) -> bool:
    clip = exhibit.clip
    return clip is not None and clip.state in (Clip.State.WAITING, Clip.State.MAKING)


def _not_ready(share: Share, exhibit: Exhibit) -> str:
    if _being_made(exhibit):
        return "This is still being made. Come back in a few minutes."
    return f"This is not ready. Ask {share.owner.short}, {settings.FORCE_NAME}."


def _why(share: Share, item: Item, stops: Iterable[Decision]) -> str:
    if item.exhibit is not None and item.exhibit.withdrawn_at is not None:
        return f"{item.exhibit.mark} was withdrawn."
    if item.recording is None:
        return ""
    if item.recording.restricted not in ("", item.restriction):
        return "It was put under restriction after it was shared."
    if share.case_id is not None and not getattr(item, "linked", False):
        return "It was unlinked from the case after it was shared."
    gone = item.exhibit is None and not item.recording.originals.all()
    if gone or item.recording.disposed_at is not None:
        return "Its footage is not kept any more: it was disposed of."
    if _damaged(item):
        return damage.SENTENCE
    return stopped(share.case_id, item, stops)


def _damaged(item: Item) -> bool:
    """Whether the store no longer holds what was shared: of a clip its own file counts."""
    if item.exhibit is not None and item.exhibit.clip is not None:
        return item.exhibit.clip.damaged_at is not None
    files = item.recording.originals.all() if item.recording else ()
    return any(file.damaged_at is not None for file in files)


def stopped(case: int | None, item: Item, stops: Iterable[Decision]) -> str:
    """Why decisions about disclosing forbid it, in a sentence; empty where none does.

    Who gets all of a recording, be it as an exhibit, gets every part of it: what is said of a
    clip of it counts as well.
    """
    whole = is_whole(item)
    for row in stops:
        if row.recording_id != item.recording_id:
            continue
        if not whole and row.exhibit_id not in (None, item.exhibit_id):
            continue
        if row.case_id == case:
            return disclosure.in_a_sentence(row)
        # Another case's business: no name, no day.
        return "Marked do not disclose in another case. Ask a disclosure officer."
    return ""
