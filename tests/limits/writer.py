"""Writes custody events until ended; says each id only after its transaction is committed."""

from __future__ import annotations

import random
import sys

import django


def main() -> None:
    """One writer. Its seed is its argument."""
    django.setup()
    from django.db import transaction

    from evidence.custody.record import Draft, Subject, record, service

    dice = random.Random(int(sys.argv[1]))
    while True:
        with transaction.atomic():
            made = [
                record(
                    Draft("evidence.viewed", Subject(f"R-{dice.randrange(30)}"), service("limits"),
                          private={"name": "PC 1 A"})
                )
                for _ in range(dice.randint(1, 20))
            ]  # fmt: skip
        for identifier in made:
            print(identifier, flush=True)


if __name__ == "__main__":
    main()
