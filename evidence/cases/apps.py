"""Cases and the footage that belongs to them."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What footage is for."""

    name = "evidence.cases"
    label = "cases"
    verbose_name = "Cases"

    def ready(self) -> None:
        """Tell the recording's page of cases."""
        from evidence.cases.links import cases
        from evidence.recordings import links

        links.register(cases)
