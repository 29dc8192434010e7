"""Share links for people outside."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """What leaves the house, to whom and until when."""

    name = "evidence.sharing"
    label = "sharing"
    verbose_name = "Sharing"

    def ready(self) -> None:
        """Tell the recording's page of shares."""
        from evidence.recordings import links
        from evidence.sharing.links import shares

        links.register(shares)
