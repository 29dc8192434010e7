"""Who supervised whom, from when to when; what is known begins with the accounts as they are."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def begin(apps: Any, editor: Any) -> None:
    """As far as is known, whoever supervises somebody now has since the account was made."""
    people = apps.get_model("people", "User").objects.exclude(supervisor=None)
    rows = apps.get_model("people", "Supervision").objects
    rows.bulk_create(
        rows.model(person_id=person.pk, supervisor_id=person.supervisor_id, since=person.joined)
        for person in people.iterator()
    )


class Migration(migrations.Migration):
    """The history of supervision."""

    dependencies = [("people", "0004_moved_addresses")]
    operations = [
        migrations.CreateModel(
            name="Supervision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervisions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "supervisor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervised",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-since", "-id"],
                "indexes": [
                    models.Index(fields=["person", "until"], name="supervision_of_person"),
                    models.Index(fields=["supervisor", "until"], name="supervision_by_person"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["person"],
                        condition=models.Q(until=None),
                        name="one_supervisor_at_a_time",
                    )
                ],
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
