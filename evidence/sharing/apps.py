"""Share links for people outside."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """What leaves the house, to whom and until when."""

    name = "evidence.sharing"
    label = "sharing"
    verbose_name = "Sharing"

    def ready(self) -> None:
        """Tell the pages of a recording and of a case of shares, and the disclosure schedule."""
        from evidence.cases import sections
        from evidence.exhibits import papers
        from evidence.recordings import links
        from evidence.retention import registry
        from evidence.sharing import disclosed, leaving, on_case
        from evidence.sharing.links import shares

        links.register(shares)
        sections.register(on_case.shares)
        papers.register_disclosed(disclosed.of_case)
        registry.register_along(leaving.along)
