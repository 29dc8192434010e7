"""How one shared thing is shown to somebody who does not know the case."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evidence.custody.paper import eights
from evidence.exhibits import views as exhibits
from evidence.exhibits.models import Exhibit
from evidence.exhibits.papers import Kind
from evidence.recordings import player_data
from evidence.recordings.markers import stamp
from evidence.recordings.models import Recording
from evidence.sharing.models import Item, Share
from evidence.sharing.standing import Standing


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
class Card:
    """One thing: what it is called, what it is, where it comes from, its files."""

    item: Item
    there: bool
    # Why not, for the person outside.
    words: str
    name: str
    title: str
    label: str
    origin: str = ""
    length_ms: int = 0
    playable: bool = False
    files: list[File] = field(default_factory=list)


def card(share: Share, standing: Standing) -> Card:
    """What the list and the page of one thing say of it."""
    item = standing.item
    if item.paper:
        kind = Kind(item.paper)
        files = [File(0, item.size, item.sha256)] if standing.there else []
        return Card(item, standing.there, standing.outside, kind.heading, item.title, "PAPER",
                    files=files)  # fmt: skip
    assert item.recording is not None
    exhibit = item.exhibit
    name = exhibit.mark if exhibit else item.recording.reference
    title = item.title or (exhibit.description if exhibit else "")
    if not standing.there:
        return Card(item, False, standing.outside, name, title, "")
    if exhibit is not None and exhibit.clip is not None:
        return _clip(item, exhibit, name, title)
    originals = list(item.recording.originals.order_by("recorded_at", "file_name"))
    return Card(
        item, True, "", name, title, "ORIGINAL", "As the camera recorded it, unchanged.",
        item.recording.duration_ms or 0, any(one.media == "ready" for one in originals),
        [File(n, one.size, one.sha256) for n, one in enumerate(originals)],
    )  # fmt: skip


def _clip(item: Item, exhibit: Exhibit, name: str, title: str) -> Card:
    clip = exhibit.clip
    assert clip is not None
    origin = (
        f"Made from {exhibit.recording.reference}, {stamp(clip.from_ms)} to {stamp(clip.to_ms)}, "
        f"on {clip.made_at:%-d %b %Y}. The original stays as it is."
    )
    return Card(
        item, True, "", name, title, "CLIP", origin, clip.to_ms - clip.from_ms, True,
        [File(0, clip.size, clip.sha256)],
    )  # fmt: skip


def player_of(share: Share, item: Item) -> dict[str, Any]:
    """What the player's template needs of a thing that is there."""
    assert item.recording is not None
    recording: Recording = item.recording
    exhibit = item.exhibit
    if exhibit is not None and exhibit.clip is not None:
        player = exhibits.player_of_clip(exhibit, exhibit.clip)
    else:
        player = player_data.player(recording, track=False)
    return {"recording": recording, "player": player}
