"""`manage.py permissions`: the table, for a lawyer."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from evidence.people.table import EXCLUSIONS, PASSKEY_ROLES, ROLES, TABLE


class Command(BaseCommand):
    """Print who may do what."""

    help = "Print the table of role by permission."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print as a Markdown table."""
        self.stdout.write("| permission | " + " | ".join(ROLES) + " |")
        self.stdout.write("|---" * (len(ROLES) + 1) + "|")
        for permission, row in TABLE.items():
            cells = [row[role].name.lower() if role in row else "" for role in ROLES]
            self.stdout.write(f"| {permission} | " + " | ".join(cells) + " |")
        self.stdout.write("\n| role | not together with | why |\n|---|---|---|")
        for one, others, why in EXCLUSIONS:
            self.stdout.write(f"| {one} | {', '.join(others)} | {why} |")
        self.stdout.write(f"\nA passkey is needed by: {', '.join(PASSKEY_ROLES)}.")
