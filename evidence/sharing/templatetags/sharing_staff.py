"""What the pages of shares ask of what is being made."""

from __future__ import annotations

from collections.abc import Iterable

from django import template

from evidence.sharing.choosing import Choice
from evidence.sharing.make_form import Form

register = template.Library()


@register.simple_tag
def titled(form: Form, choice: Choice) -> str:
    """What a thing is called: as typed, else as it is offered."""
    return form.title(choice)


@register.simple_tag
def chosen(form: Form, choice: Choice) -> list[int]:
    """The markers of a thing that were chosen."""
    return form.marks.get(choice.key, [])


@register.simple_tag
def cannot(choices: Iterable[Choice]) -> list[Choice]:
    """Those that can't be shared."""
    return [one for one in choices if one.why]
