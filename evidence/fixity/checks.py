"""System checks of this room."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register()
def files_are_read_again(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A rate of nothing is said."""
    if settings.FIXITY_BYTES_SECOND:
        return []
    return [
        Warning(
            "Stored files are never read again: damage would be noticed when somebody needs one",
            hint="Set BWV_FIXITY_BYTES_SECOND (docs/operating.md says which rate is enough)",
            id="fixity.W001",
        )
    ]


@register()
def replica_is_a_second_place(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The replica is another bucket, and better in another store."""
    if "replica" not in settings.STORAGES:
        return []
    storages: Any = settings.STORAGES
    one, two = storages["originals"]["OPTIONS"], storages["replica"]["OPTIONS"]
    if str(one["endpoint_url"]).rstrip("/") != str(two["endpoint_url"]).rstrip("/"):
        return []
    buckets = {
        options["bucket_name"] for name, storage in storages.items()
        if name != "replica" and (options := storage.get("OPTIONS"))
    }  # fmt: skip
    if two["bucket_name"] in buckets:
        return [
            Error(
                "The replica's bucket is one that the system uses already",
                hint="BWV_REPLICA_BUCKET: another bucket, in another store",
                id="fixity.E001",
            )
        ]
    return [
        Warning(
            "The replica lies in the same store as the originals: what destroys the one takes the "
            "other along",
            hint="Set BWV_REPLICA_ENDPOINT to a store in another place",
            id="fixity.W002",
        )
    ]
