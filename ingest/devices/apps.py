"""Cameras, docks, and who had which camera when."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """The hardware of the force."""

    name = "ingest.devices"
    label = "devices"
    verbose_name = "Cameras and docks"

    def ready(self) -> None:
        """Tell auditors' rules what the issuing of cameras says of shifts."""
        from evidence.audit import duty
        from ingest.devices import shifts

        duty.register(shifts.on_duty)
