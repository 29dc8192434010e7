"""One tag each for times, lengths, sizes, states, so that they read alike everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evidence.people.models import User
from evidence.recordings import keeping, markers, rules
from evidence.recordings.models import Category, Recording

register = template.Library()

MEDIA_TAGS = {
    Recording.Media.WAITING: ("blue", "Stored. Plays soon"),
    Recording.Media.RENDERING: ("blue", "Viewing copy is being made"),
    Recording.Media.READY: ("plain", "Ready to play"),
    Recording.Media.UNPLAYABLE: ("red", "Kept, but can't be shown here"),
    Recording.Media.NOT_MEDIA: ("grey", "Kept; not footage"),
}


@register.filter
def clock(moment: datetime | None) -> str:
    """22:14:07 GMT or BST, always named."""
    if moment is None:
        return "not known"
    try:
        local = timezone.localtime(moment)
    except OverflowError:
        return "not known"
    return f"{local:%H:%M:%S} {local.tzname()}"


@register.filter
def minute(moment: datetime) -> str:
    """21:50: where the seconds don't matter and the zone stands beside."""
    return f"{timezone.localtime(moment):%H:%M}"


@register.filter
def clock_minute(moment: datetime) -> str:
    """22:34 GMT."""
    return f"{timezone.localtime(moment):%H:%M %Z}"


@register.filter
def day(moment: datetime | None) -> str:
    """22 Nov 2026."""
    try:
        return f"{timezone.localtime(moment):%-d %b %Y}" if moment else "not known"
    except OverflowError:
        return "not known"


@register.filter
def length(milliseconds: int) -> str:
    """12 min 8 s."""
    seconds = round((milliseconds or 0) / 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join([*parts, f"{seconds} s"] if not hours else parts)


@register.filter
def stamp(milliseconds: int) -> str:
    """00:02:16.480: a place in a film."""
    return markers.stamp(milliseconds)


@register.filter
def seconds(milliseconds: int) -> str:
    """136.480: the same, as an address says it."""
    return f"{milliseconds / 1000:.3f}"


@register.filter
def many(things: Sized) -> int:
    """How many there are: Django's own `length` is a length of time here."""
    return len(things)


@register.filter
def size(count: int) -> str:
    """1.8 GB."""
    value = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


@register.filter
def within(span: timedelta | None) -> str:
    """The doubt of a time: "within 2 s", or that it was not checked."""
    return "clock not checked" if span is None else f"within {span.total_seconds():.0f} s"


@register.filter
def short_hash(value: str) -> str:
    """9f2c41aa…07be"""
    return f"{value[:8]}…{value[-4:]}"


@register.simple_tag
def tag(colour: str, words: str) -> SafeString:
    """A state in words; colour never speaks alone."""
    if colour == "plain":
        return format_html('<span class="state">{}</span>', words)
    return format_html('<span class="tag tag-{}">{}</span>', colour, words)


@register.simple_tag
def media_tag(recording: Recording) -> SafeString:
    """The state of the viewing copy."""
    colour, words = MEDIA_TAGS[Recording.Media(recording.media)]
    return tag(colour, words)


@register.simple_tag
def kept(recording: Recording, reader: User) -> str:
    """What goes when: the one sentence of a row."""
    return keeping.words(recording, reader)


def _book(context: Context) -> rules.Rulebook:
    """The rules, read once a page."""
    request = context.get("request")
    found: rules.Rulebook | None = getattr(request, "rulebook", None)
    if found is None:
        found = rules.book()
        if request is not None:
            request.rulebook = found
    return found


@register.simple_tag(takes_context=True)
def category_keeps(context: Context, category: Category, recording: Recording | None = None) -> str:
    """What choosing a category would mean."""
    return keeping.of_category(category, recording, _book(context))


@register.simple_tag(takes_context=True)
def takes_reference(context: Context, category: Category) -> bool:
    """Whether a crime reference is asked for with it: not where footage is kept no longer."""
    try:
        rule = _book(context).newest(category.pk)
        least = rules.at_least_days(_book(context).newest(None))
    except LookupError:
        return True
    return rule.by_case or rules.at_least_days(rule) > least


@register.simple_tag(takes_context=True)
def wants_reference(context: Context, recording: Recording) -> bool:
    """Whether a crime reference is missing: its category goes by its case, or nobody said what."""
    if recording.crime_reference:
        return False
    try:
        return recording.category is None or _book(context).newest(recording.category_id).by_case
    except LookupError:
        return True


@register.filter
def exact(count: int) -> str:
    """1,288,490,188 bytes."""
    return f"{count:,} bytes"


@register.filter
def number(count: int) -> str:
    """2,014."""
    return f"{count:,}"


@register.filter
def get(values: Mapping[str, Any] | None, name: str) -> Any:
    """One value of a mapping; empty where it is not there."""
    return values.get(name, "") if values else ""
