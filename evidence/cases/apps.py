"""Cases and the footage that belongs to them."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What footage is for."""

    name = "evidence.cases"
    label = "cases"
    verbose_name = "Cases"
