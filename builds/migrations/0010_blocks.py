from typing import Any

from django.db import migrations, models


def forget(apps: Any, _: Any) -> None:
    """Forget what was summed up in another form; the pages sum it up anew."""
    for name in ("SummedDay", "BuildSummary", "OpenDay"):
        apps.get_model("builds", name).objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('builds', '0009_people'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
        migrations.RemoveConstraint(model_name='buildsummary', name='one_summary_a_day_and_repository'),
        migrations.RemoveField(model_name='buildsummary', name='is_month'),
        migrations.RemoveField(model_name='buildsummary', name='in_month'),
        migrations.AddConstraint(
            model_name='buildsummary',
            constraint=models.UniqueConstraint(fields=('day', 'repo_id'), name='one_summary_a_day_and_repository'),
        ),
        migrations.CreateModel(
            name='BuildBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.IntegerField()),
                ('days', models.IntegerField()),
                ('counts', models.TextField()),
                ('builds', models.BinaryField()),
                ('names', models.TextField()),
                ('steps', models.TextField()),
                ('filtered_steps', models.TextField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'days'), name='one_block_of_these_days')],
            },
        ),
    ]
