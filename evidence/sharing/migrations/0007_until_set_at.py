from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sharing", "0006_asked")]

    operations = [
        migrations.AddField(
            model_name="share",
            name="until_set_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
