"""Cameras, docks, and who had which camera when."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """The hardware of the force."""

    name = "ingest.devices"
    label = "devices"
    verbose_name = "Cameras and docks"
