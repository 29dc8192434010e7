"""Cases and the footage that belongs to them."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """What footage is for."""

    name = "evidence.cases"
    label = "cases"
    verbose_name = "Cases"

    def ready(self) -> None:
        """Tell the recording's page of cases; open a case's footage to its team."""
        from evidence.cases import checks  # noqa: F401
        from evidence.cases.access import opened
        from evidence.cases.keeping import keeps, kept_by_cases, periods_of
        from evidence.cases.links import cases
        from evidence.recordings import access, keeping, links
        from evidence.retention import registry

        links.register(cases)
        access.register_opener(opened)
        keeping.register(kept_by_cases)
        registry.register_keeper(keeps)
        registry.register_periods(periods_of)
