"""`manage.py sample list`, `sample verify PLAN`, `sample export PLAN`."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evidence.custody import sequencer
from evidence.sampling import proof
from evidence.sampling.models import Plan

SAID = {True: "yes", False: "NO ", None: "-  "}


class Command(BaseCommand):
    """Samples: which there are, whether one is what was committed, one as a file."""

    help = "List samples, verify one against the custody log, export one for redraw.py."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and with which plan."""
        parser.add_argument("what", choices=("list", "verify", "export"))
        parser.add_argument("plan", nargs="?", default="", help="like SP-7K3M-9QXD")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it."""
        if options["what"] == "list":
            for row in Plan.objects.order_by("committed_at"):
                self.stdout.write(f"{row.reference} {row.start} {row.end} {row.state()}")
            return
        plan = Plan.objects.filter(reference=options["plan"].upper()).first()
        if plan is None:
            raise CommandError("There is no plan with that reference; `sample list` shows them.")
        if options["what"] == "verify":
            self.verify(plan)
        elif plan.drawn_at is None:
            raise CommandError(f"It can be drawn from {plan.draws_on:%-d %b %Y}.")
        else:
            self.stdout.write(json.dumps(proof.document(plan), indent=1, ensure_ascii=False))

    def verify(self, plan: Plan) -> None:
        """Each step with its value; an error when one does not hold."""
        sequencer.run()
        found = proof.steps(plan)
        for step in found:
            self.stdout.write(f"{SAID[step.good]}  {step.words}  {step.value}".rstrip())
        if any(step.good is False for step in found):
            raise CommandError("The sample is not the one that was committed.")
