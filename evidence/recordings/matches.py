"""Why a recording was found: the words that matched, in their place, marked and escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from evidence.people.models import User
from evidence.recordings import keeping
from evidence.recordings.models import Original, Recording
from evidence.recordings.search import Query, Term

MOST_REASONS = 4
MOST_FILES = 200
AROUND = 60
# Private characters stand for the marks until the text is escaped.
START, STOP = "\ue000", "\ue001"
OPTIONS = (
    f'StartSel="{START}", StopSel="{STOP}", MaxFragments=2, MaxWords=18, MinWords=6, ShortWord=0, '
    'FragmentDelimiter=" … "'
)
_HEADLINES = """
SELECT r.id, c.name, i.name, r.note, m.said,
    ts_headline('english', coalesce(c.name, ''), q, %(options)s),
    ts_headline('english', coalesce(i.name, ''), q, %(options)s),
    ts_headline('english', translate(left(r.note, 5000), %(signs)s, ''), q, %(options)s),
    ts_headline('english', translate(coalesce(left(m.said, 5000), ''), %(signs)s, ''), q,
        %(options)s)
FROM recordings_recording r
CROSS JOIN (SELECT %(marks)s::tsquery AS q) asked
LEFT JOIN recordings_category c ON c.id = r.category_id
LEFT JOIN recordings_incidenttype i ON i.id = r.incident_id
LEFT JOIN LATERAL (
    SELECT string_agg(text, ' · ' ORDER BY at_ms, id) AS said FROM recordings_marker
    WHERE recording_id = r.id AND removed_at IS NULL AND (NOT office
        OR %(office)s AND NOT r.id = ANY(%(unsaid)s))
) m ON true
WHERE r.id = ANY(%(ids)s)
"""
PROSE = ("Category", "Incident type", "Note", "Marker")


@dataclass(frozen=True)
class Reason:
    """Where it matched, and the text there with the matching words marked."""

    label: str
    text: SafeString


def reasons(query: Query, items: Sequence[Recording], reader: User) -> dict[int, list[Reason]]:
    """Why each of these was found, for one page's rows. Two queries."""
    if query.empty or not items:
        return {}
    pattern = _pattern(query.terms)
    files: dict[int, list[Original]] = {}
    rows = Original.objects.filter(recording__in=items).only("recording", "file_name", "dock")
    for row in rows.order_by("recording_id", "id"):
        files.setdefault(row.recording_id, []).append(row)
    prose = _prose(query, items, reader, pattern)
    return {
        item.pk: [
            *_identifiers(item, files.get(item.pk, [])[:MOST_FILES], pattern), *prose[item.pk]
        ][:MOST_REASONS]
        for item in items
    }  # fmt: skip


def _pattern(terms: Sequence[Term]) -> re.Pattern[str]:
    """The terms as they stand in an identifier, whatever separates their parts."""
    letter = r"[^\W_]"
    wanted = [
        r"[\W_]+".join(map(re.escape, term.words.split()))
        + (rf"{letter}*" if term.prefix else rf"(?!{letter})")
        for term in terms
    ]
    return re.compile(rf"(?<!{letter})(?:{'|'.join(wanted)})", re.IGNORECASE)


def _identifiers(
    item: Recording, files: Sequence[Original], pattern: re.Pattern[str]
) -> Iterator[Reason]:
    officer = item.officer
    texts = [
        ("Reference", item.reference),
        ("Crime reference", item.crime_reference),
        ("Camera", item.camera),
        ("Officer", f"{officer.short} ({officer.name})" if officer else ""),
        ("Unit", str(officer.unit) if officer and officer.unit else ""),
        *(("File", file.file_name) for file in files),
        *(("Dock", name) for name in dict.fromkeys(file.dock for file in files)),
    ]
    for label, text in texts:
        if pattern.search(text):
            yield Reason(label, marked(pattern.sub(_sign, _plain(text[:300]))))


def _prose(
    query: Query, items: Sequence[Recording], reader: User, pattern: re.Pattern[str]
) -> dict[int, list[Reason]]:
    values: dict[str, Any] = {
        "options": OPTIONS, "signs": START + STOP, "marks": query.marks,
        "office": reader.may("hold.view"), "unsaid": _unsaid(items, reader),
        "ids": [item.pk for item in items],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_HEADLINES, values)
        rows = cursor.fetchall()
    found: dict[int, list[Reason]] = {}
    for pk, *said in rows:
        texts = zip(PROSE, said[:4], said[4:], strict=True)
        shown = [
            (label, head if START in head else _around(text or "", pattern))
            for label, text, head in texts
        ]
        found[pk] = [Reason(label, marked(text)) for label, text in shown if text]
    return found


def _unsaid(items: Sequence[Recording], reader: User) -> list[int]:
    """Those of which the reader is not told what the office marked."""
    if not reader.may("hold.view"):
        return []
    shown = Recording.objects.filter(pk__in=[item.pk for item in items])
    return list(shown.filter(keeping.unsaid(reader)).values_list("pk", flat=True))


def _around(text: str, pattern: re.Pattern[str]) -> str:
    """An identifier within prose, with what stands around it."""
    plain = _plain(text[:5000])
    first = pattern.search(plain)
    if first is None:
        return ""
    start, end = max(0, first.start() - AROUND), first.end() + AROUND
    return pattern.sub(_sign, plain[start:end])


def _plain(text: str) -> str:
    return text.replace(START, "").replace(STOP, "")


def _sign(found: re.Match[str]) -> str:
    return f"{START}{found[0]}{STOP}"


def marked(text: str) -> SafeString:
    """The text escaped, its marks as <mark>."""
    return mark_safe(str(escape(text)).replace(START, "<mark>").replace(STOP, "</mark>"))
