"""The object store as a Django app, for its checks and its command."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Everything that speaks S3."""

    name = "evidence.store"
    label = "store"
