"""The facts beside the player: what it is, times, files, links, why it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from evidence.people.models import User
from evidence.recordings import acts, keeping, links, pages, technical, worklist
from evidence.recordings.access import visible_to
from evidence.recordings.models import Category, IncidentType, Original, Recording, Rendition

# The moving copies say what they are in the words that stand on them; the rest by their kind.
LABELS = {Rendition.Kind.PROXY: "VIEWING COPY"}


def label(row: Rendition) -> str:
    """What a rendition is called, wherever it is shown."""
    kind = Rendition.Kind(row.kind)
    return LABELS.get(kind, str(kind.label).upper())


# What the viewing copy's state means, where it does not play.
STATES = {
    Original.Media.WAITING: "Viewing copy to come",
    Original.Media.RUNNING: "Viewing copy is being made",
    Original.Media.FAILED: "Can't be shown here",
    Original.Media.NOT_MEDIA: "Not footage",
}
PACKAGES = 20


@dataclass(frozen=True)
class Made:
    """A rendition as the page names it."""

    label: str
    row: Rendition
    arguments: str


@dataclass(frozen=True)
class File:
    """One original, what can be said of it, and what was made from it."""

    original: Original
    proof: pages.Proof
    technical: list[str]
    state: str
    made: list[Made]


def files(recording: Recording) -> list[File]:
    """Every file in order; as many queries for one as for fifty."""
    originals = list(recording.originals.order_by("recorded_at", "file_name"))
    proofs = pages.proofs_of(originals)
    made: dict[int, list[Made]] = {}
    rows = Rendition.objects.filter(original__in=originals)
    order = list(Rendition.Kind.values)
    for row in sorted(rows, key=lambda row: order.index(row.kind)):
        arguments = " ".join(str(part) for part in row.arguments)
        found = Made(label(row), row, arguments)
        made.setdefault(row.original_id, []).append(found)
    return [
        File(
            original, proof,
            technical.in_words(original.probe),
            STATES.get(Original.Media(original.media), ""),
            made.get(original.pk, []),
        )
        for original, proof in zip(originals, proofs, strict=True)
    ]  # fmt: skip


def context(recording: Recording, reader: User) -> dict[str, Any]:
    """What the page shows beside the player, for this reader; constant queries."""
    found = files(recording)
    sentence, ladder = keeping.why(recording, reader)
    may_say = _may(reader, recording, "recording.categorise")
    play = sum(not file.state for file in found)
    return {
        "files": found,
        "partial": play and play < len(found) and f"{play} of {len(found)} files play here.",
        "docked": min((file.original.docked_at for file in found), default=None),
        "sealed": max((file.original.sealed_at for file in found), default=None),
        "docks": ", ".join(
            dict.fromkeys(file.original.dock for file in found if file.original.dock)
        ),
        "holder": links.camera_was_with(recording),
        "links": links.of(reader, recording) + _packages(recording, reader),
        "why": sentence,
        "ladder": ladder,
        "group_url": _group_url(recording, reader),
        "may_say": may_say,
        "may_download": _may(reader, recording, "recording.download"),
        "restrict_url": _restrict_url(recording, reader),
        "acts": acts.of(reader, recording),
        "categories": Category.objects.filter(active=True) if may_say else [],
        "incidents": IncidentType.objects.filter(active=True) if may_say else [],
        "undo": worklist.undos([recording], reader).get(recording.pk),
    }


def _may(reader: User, recording: Recording, permission: str) -> bool:
    return visible_to(reader, permission).filter(pk=recording.pk).exists()


def _restrict_url(recording: Recording, reader: User) -> str:
    if not (reader.is_staff and _may(reader, recording, "recording.restrict")):
        return ""
    return reverse("admin:recordings_recording_restrict_it", args=[recording.pk])


def _group_url(recording: Recording, reader: User) -> str:
    if not reader.may("retention.rules"):
        return ""
    return reverse("recording-group", args=[recording.reference])


def _packages(recording: Recording, reader: User) -> list[links.Link]:
    if not reader.may("package.make"):
        return []
    return [
        links.Link("Package", row.reference, reverse("admin:recordings_package_change",
                   args=[row.pk]), row.purpose)
        for row in recording.packages.all()[:PACKAGES]
    ]  # fmt: skip
