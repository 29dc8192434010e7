"""What a case is worked with: its result, its days in court, its team."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import evidence.cases.formats


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0001_initial"),
        ("recordings", "0008_officer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("case_officer", "Case officer"),
                            ("disclosure_officer", "Disclosure officer"),
                            ("investigator", "Investigator"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["part", "added_at"],
            },
        ),
        migrations.CreateModel(
            name="CourtDate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("date", models.DateField()),
                ("court", models.CharField(blank=True, max_length=80)),
                ("what", models.CharField(blank=True, max_length=120, verbose_name="what for")),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["date", "id"],
            },
        ),
        migrations.AddField(
            model_name="case",
            name="appeal",
            field=models.BooleanField(
                default=False, verbose_name="appeal or CCRC application pending"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="appeal_ended_on",
            field=models.DateField(blank=True, null=True, verbose_name="appeal decided on"),
        ),
        migrations.AddField(
            model_name="case",
            name="changed_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="changed_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="crime_reference",
            field=models.CharField(
                blank=True, max_length=40, validators=[evidence.cases.formats.check_crime_reference]
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="custodial",
            field=models.BooleanField(
                default=False, verbose_name="custodial sentence or hospital order"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="holds_released_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="investigation_ended_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="keep_until",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="opened_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="released_on",
            field=models.DateField(blank=True, null=True, verbose_name="released from custody on"),
        ),
        migrations.AddField(
            model_name="case",
            name="result",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "No result yet"),
                    ("no_action", "No further action"),
                    ("discontinued", "Discontinued, or no evidence offered"),
                    ("acquitted", "Acquitted"),
                    ("convicted", "Convicted"),
                    ("other", "Other disposal, like a caution"),
                ],
                default="",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="result_on",
            field=models.DateField(blank=True, null=True, verbose_name="date of the result"),
        ),
        migrations.AddField(
            model_name="caselink",
            name="unlinked_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="caselink",
            name="hold_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="case",
            name="urn",
            field=models.CharField(
                max_length=40,
                unique=True,
                validators=[evidence.cases.formats.check_urn],
                verbose_name="URN",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                condition=models.Q(("holds_released_at", None), ("keep_until__isnull", False)),
                fields=["keep_until"],
                name="case_period_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="caselink",
            index=models.Index(
                condition=models.Q(("hold_until__isnull", False)),
                fields=["hold_until"],
                name="link_grace",
            ),
        ),
        migrations.AddField(
            model_name="casemember",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="casemember",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="members", to="cases.case"
            ),
        ),
        migrations.AddField(
            model_name="casemember",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="case_parts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="casemember",
            name="removed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="courtdate",
            name="added_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="courtdate",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="court_dates",
                to="cases.case",
            ),
        ),
        migrations.AddField(
            model_name="courtdate",
            name="removed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="slug",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.F("urn"),
                    models.Value("[^0-9A-Za-z]+"),
                    models.Value("-"),
                    models.Value("g"),
                    function="regexp_replace",
                ),
                output_field=models.CharField(max_length=40),
                unique=True,
            ),
        ),
        migrations.AddIndex(
            model_name="casemember",
            index=models.Index(
                condition=models.Q(("removed_at", None)), fields=["person"], name="part_of_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="casemember",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)),
                fields=("case", "person", "part"),
                name="one_part_once",
            ),
        ),
        migrations.AddIndex(
            model_name="courtdate",
            index=models.Index(
                condition=models.Q(("removed_at", None)),
                fields=["case", "date"],
                name="court_date_of_case",
            ),
        ),
    ]
