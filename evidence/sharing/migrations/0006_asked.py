"""A form that is sent twice makes one share; a domain can be closed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Two columns."""

    dependencies = [("sharing", "0005_shared_package")]
    operations = [
        migrations.AddField(
            model_name="share",
            name="asked",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="active",
            field=models.BooleanField(
                default=True,
                help_text="Taken away, nothing new goes there; revoke what still stands",
                verbose_name="may be shared with",
            ),
        ),
    ]
