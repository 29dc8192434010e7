from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("sharing", "0008_viewing_of_package"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="sharedpackage",
            index=models.Index(
                condition=Q(
                    ("state__in", ["gone", "failed"]), models.Q(("key", ""), _negated=True)
                ),
                fields=["id"],
                name="shared_package_to_clear",
            ),
        ),
    ]
