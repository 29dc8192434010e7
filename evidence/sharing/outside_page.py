"""How one shared thing is shown to somebody who does not know the case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects

from evidence.custody.paper import eights
from evidence.exhibits import views as exhibits
from evidence.exhibits.models import Clip, Exhibit
from evidence.exhibits.papers import Kind
from evidence.recordings import player_data
from evidence.recordings.markers import stamp
from evidence.recordings.models import Original
from evidence.sharing.models import Item, Message, Share, SharedPackage
from evidence.sharing.standing import Standing

# What a tool that made a clip did, for somebody who has never heard of it.
HOW = (
    "Cut from the original frame by frame and stored as a film of its own. Its pictures are "
    "compressed anew; nothing was added to them."
)


@dataclass(frozen=True)
class File:
    """A file that can be taken away, by its fingerprint."""

    number: int
    size: int
    sha256: str

    @property
    def eights(self) -> str:
        """The whole fingerprint, in eights."""
        return eights(self.sha256)


@dataclass(frozen=True)
class Parent:
    """What a clip was made from."""

    # AB/1, or that it has no name here.
    name: str
    # Its number in this share; 0 where it is not in it.
    number: int
    range: str
    sha256: str
    tool: str
    how: str = HOW

    @property
    def eights(self) -> str:
        """The original's fingerprint, in eights."""
        return eights(self.sha256)


@dataclass(frozen=True)
class Card:
    """One thing: what it is called, what it is, where it comes from, its files."""

    item: Item
    there: bool
    # Why not, for the person outside.
    words: str
    name: str
    title: str
    # ORIGINAL, CLIP, REDACTED COPY or PAPER: what tells them apart.
    label: str
    origin: str = ""
    length_ms: int = 0
    playable: bool = False
    files: list[File] = field(default_factory=list)
    parent: Parent | None = None

    @property
    def size(self) -> int:
        """Of all its files."""
        return sum(file.size for file in self.files)

    @property
    def stage_label(self) -> str:
        """What stands on the picture."""
        if self.label == "CLIP" and self.parent is not None and self.parent.name:
            return f"CLIP of {self.parent.name}"
        return f"VIEWING COPY of {self.name}" if self.label == "ORIGINAL" else self.label


def cards(share: Share, standings: Sequence[Standing]) -> list[Card]:
    """What the list and the page of one thing say of each. Constant queries."""
    rows = [one.item for one in standings]
    whole = [one.recording for one in rows if one.recording and not _clip(one)]
    prefetch_related_objects(whole, "originals")
    names = _names(share, rows)
    return [_card(one, names) for one in standings]


def card(share: Share, standing: Standing) -> Card:
    """What the page of one thing says of it."""
    return cards(share, [standing])[0]


def _clip(item: Item) -> Clip | None:
    return item.exhibit.clip if item.exhibit is not None else None


def _names(share: Share, rows: Iterable[Item]) -> dict[int, tuple[str, int]]:
    """What the whole of a recording is called here, and its number in the share, 0 for none: the
    exhibit that is all of it. Two queries; none where nothing was cut."""
    cut = {item.recording_id for item in rows if _clip(item)}
    if not cut or share.case_id is None:
        return {}
    found: dict[int, tuple[str, int]] = {}
    exhibits_ = Exhibit.objects.filter(
        case=share.case_id, recording__in=cut, clip=None, withdrawn_at=None
    )
    for recording, mark in exhibits_.order_by("-pk").values_list("recording_id", "mark"):
        found[recording] = (mark, 0)
    shared = Item.objects.filter(
        share=share, removed_at=None, recording__in=cut, exhibit__clip=None,
        exhibit__withdrawn_at=None,
    )  # fmt: skip
    for recording, mark, reference, number in shared.values_list(
        "recording_id", "exhibit__mark", "recording__reference", "number"
    ):
        found[recording] = (mark or reference, number)
    return found


def _card(standing: Standing, names: dict[int, tuple[str, int]]) -> Card:
    item = standing.item
    if item.paper:
        kind = Kind(item.paper)
        files = [File(0, item.size, item.sha256)] if standing.there else []
        return Card(item, standing.there, standing.outside, item.title or kind.heading, "", "PAPER",
                    "As it was when it was shared.", files=files)  # fmt: skip
    assert item.recording is not None
    exhibit, clip = item.exhibit, _clip(item)
    name = exhibit.mark if exhibit else item.recording.reference
    title = item.title or (exhibit.description if exhibit else "")
    if not standing.there:
        # What it shows is not described any more: perhaps that is why it was taken from them.
        title = title if standing.coming else ""
        return Card(item, False, standing.outside, name, title, "")
    if exhibit is not None and clip is not None:
        return _of_clip(item, exhibit, clip, title, names)
    originals = in_order(item.recording.originals.all())
    count = f" It is {len(originals)} files." if len(originals) > 1 else ""
    return Card(
        item, True, "", name, title, "ORIGINAL",
        f"As the camera recorded it, unchanged.{count}", item.recording.duration_ms or 0,
        any(one.media == "ready" for one in originals),
        [File(n, one.size, one.sha256) for n, one in enumerate(originals)],
    )  # fmt: skip


def in_order(originals: Iterable[Original]) -> list[Original]:
    """A recording's files as they are numbered; what the database orders so, nothing known last."""
    return sorted(
        originals,
        key=lambda one: (
            one.recorded_at is None, one.recorded_at.timestamp() if one.recorded_at else 0,
            one.file_name,
        ),
    )  # fmt: skip


def _of_clip(
    item: Item, exhibit: Exhibit, clip: Clip, title: str, names: dict[int, tuple[str, int]]
) -> Card:
    length = int(clip.facts.get("seconds", 0) * 1000) or clip.to_ms - clip.from_ms
    files = [File(0, clip.size, clip.sha256)]
    if getattr(exhibit, "is_redacted", False):
        # Neither the recording nor the range: what was covered must not be asked for by name.
        origin = "Made from an original, with parts covered or silenced. The original is kept."
        return Card(item, True, "", exhibit.mark, title, "REDACTED COPY", origin, length, True,
                    files)  # fmt: skip
    called, number = names.get(clip.recording_id, ("", 0))
    span = f"{stamp(clip.from_ms)} to {stamp(clip.to_ms)}"
    parent = Parent(called, number, span, clip.parent_sha256, clip.tool_version or clip.tool)
    origin = (
        f"Cut from {called or 'an original that is not in this list'}, {span}"
        f"{f', on {clip.made_at:%-d %b %Y}' if clip.made_at else ''}. The original is unchanged."
    )
    return Card(item, True, "", exhibit.mark, title, "CLIP", origin, length, True, files, parent)


def package_part(share: Share, package: SharedPackage | None) -> dict[str, Any]:
    """What the list says of the one package of everything."""
    failed = package is not None and package.state == SharedPackage.State.FAILED
    problem = f"It could not be made. Try again, or ask {share.owner.short}." if failed else ""
    return {
        "share": share, "package": None if failed else package, "package_problem": problem,
        "package_eights": eights(package.sha256) if package and package.sha256 else "",
    }  # fmt: skip


def page(share: Share, standing: Standing) -> dict[str, Any]:
    """What the page of one thing shows: its facts, what was marked in it, and its player."""
    shown = card(share, standing)
    context = {"share": share, "card": shown} | marks(share, standing.item)
    if not shown.there or standing.item.paper:
        return context
    if shown.playable:
        context |= _player(shown)
    return context


def _player(shown: Card) -> dict[str, Any]:
    item = shown.item
    assert item.recording is not None
    exhibit, clip = item.exhibit, _clip(item)
    if exhibit is not None and clip is not None:
        player = exhibits.player_of_clip(exhibit, clip)
    else:
        player = player_data.player(item.recording, track=False) | {"reference": shown.name}
    return {
        # Times only: what a page says of a clip does not name what it was cut from.
        "recording": item.recording, "player": player, "stage_label": shown.stage_label,
        "no_layers": clip is not None,
    }  # fmt: skip


def marks(share: Share, item: Item) -> dict[str, Any]:
    """The places that the maker of the share chose, and what was written about this thing."""
    chosen = []
    if item.recording is not None:
        clip = _clip(item)
        start, end = (clip.from_ms, clip.to_ms) if clip else (0, None)
        for one in item.markers.filter(removed_at=None).select_related("made_by").order_by("at_ms"):
            if one.at_ms >= start and (end is None or one.at_ms <= end):
                chosen.append(_place(one.at_ms - start, one.text, one.made_by.short))
    messages = list(share.messages.filter(item=item).select_related("by").order_by("created", "pk"))
    own = [_place(one.at_ms, one.text, _who(share, one)) for one in messages
           if one.at_ms is not None]  # fmt: skip
    return {
        "chosen": chosen, "messages_": messages, "marker_data": [*chosen, *own],
    }  # fmt: skip


def _place(at_ms: int, text: str, who: str) -> dict[str, Any]:
    return {"at": at_ms / 1000, "stamp": stamp(at_ms), "text": text, "by": who}


def _who(share: Share, message: Message) -> str:
    return message.by.short if message.by else share.recipient
