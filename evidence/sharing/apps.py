"""Share links for people outside."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """What leaves the house, to whom and until when."""

    name = "evidence.sharing"
    label = "sharing"
    verbose_name = "Sharing"
