"""Cameras, docks, and who had which camera when."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """The hardware of the force."""

    name = "ingest.devices"
    label = "devices"
    verbose_name = "Cameras and docks"

    def ready(self) -> None:
        """Tell auditors' rules of shifts, and the recording's page who had the camera."""
        from evidence.audit import duty
        from evidence.recordings import links
        from ingest.devices import holders, shifts

        duty.register(shifts.on_duty)
        links.register_holder(holders.had)
