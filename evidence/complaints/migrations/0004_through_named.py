"""The officers of a complaint are found through the rows that name them."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Their rows were carried over by the migration before."""

    dependencies = [
        ("complaints", "0003_carry_named"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.RemoveField(model_name="complaint", name="officers"),
        migrations.AddField(
            model_name="complaint",
            name="officers",
            field=models.ManyToManyField(
                related_name="+", through="complaints.Named",
                through_fields=("complaint", "officer"), to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]  # fmt: skip
