from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("exhibits", "0003_redaction_reasons")]

    operations = [
        migrations.AddField(
            model_name="redaction",
            name="sound_us",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
