from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("requests_in", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="uploadrequest",
            name="chosen",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
