"""What is true of every share from now on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Somebody answers for each; each has a length; recordings are things of it."""

    dependencies = [("sharing", "0003_data")]
    operations = [
        migrations.AlterField(
            model_name="share",
            name="owner",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shares_owned",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveField(model_name="share", name="recordings"),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("starts"))), name="share_has_length"
            ),
        ),
    ]
