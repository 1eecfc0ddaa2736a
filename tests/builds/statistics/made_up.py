"""Builds of some weeks, made up at random: every status and event, several builds of a commit, flaky steps, odd times."""

import random
from collections.abc import Iterator

from builds.drone_db.vocabulary import Event, Status

DAY = 86_400
REPOS = (1, 2, 3)
BRANCHES = ("main", "master", "develop", "release/1.x")
ENDED = ("success", "failure", "error", "killed", "declined", "skipped")
STEPS = {"test": ("clone", "unit", "e2e"), "image": ("clone", "docker")}
MAY_WAIT = 1_800  # seconds by which a build may be written after one that was made later


def moment_of(chance: random.Random, now: int, days: int) -> int:
    """Return when a build is written: one in ten in the first or the last second of a day."""
    moment = now - chance.randrange(days * DAY)
    return moment - moment % DAY - chance.choice((0, 1)) if chance.random() < 0.1 else moment


def statements(seed: int, now: int, days: int, builds: int) -> Iterator[str]:
    """Yield SQL that replaces all builds, stages and steps."""
    chance = random.Random(seed)
    yield from ("DELETE FROM steps", "DELETE FROM stages", "DELETE FROM builds", "DELETE FROM repos")
    for repo, branch in zip(REPOS, ("master", "main", "master"), strict=True):
        name = f"repo{repo}"
        yield (
            "INSERT INTO repos (repo_id, repo_uid, repo_namespace, repo_name, repo_slug, repo_branch, repo_active) "
            f"VALUES ({repo}, 'uid{repo}', 'shop', '{name}', 'shop/{name}', '{branch}', '1')"
        )
    numbers, commits = dict.fromkeys((*REPOS, 4), 0), [f"{chance.getrandbits(160):040x}" for _ in range(builds // 3)] + [""]
    moments = sorted(moment_of(chance, now, days) for _ in range(builds))
    stage_id = step_id = 0
    for build_id, moment in enumerate(moments, 1000):
        repo = chance.choice((*REPOS, 4))  # the fourth has been deleted
        numbers[repo] += chance.choice((1, 1, 2))
        status = chance.choice(Status.values) if chance.random() < 0.2 else chance.choice(("success", "success", "failure"))
        if moment < now - 3 * DAY and status not in ENDED and chance.random() < 0.8:
            status = "success"
        created = moment - chance.choice((0, 0, chance.randrange(MAY_WAIT)))
        started = 0 if status in {"pending", "declined"} else created + chance.choice((0, 3, 40, 900, -5))
        finished = max(started, created) + chance.choice((1, 60, 61, 300, 5_000, -9)) if status in ENDED else 0
        event, branch = chance.choice((*Event.values, "push", "push", "push", "promote")), chance.choice(BRANCHES)
        ref = f"refs/pull/{numbers[repo]}/head" if event == "pull_request" else f"refs/heads/{branch}"
        target = chance.choice(("staging", "production")) if event in {"promote", "rollback"} else ""
        commit = commits[int(len(commits) * max(moment - now + days * DAY, 0) / (days * DAY + 1))]
        yield (
            "INSERT INTO builds (build_id, build_repo_id, build_number, build_status, build_event, build_ref, build_after, "
            "build_deploy, build_created, build_started, build_finished) VALUES "
            f"({build_id}, {repo}, {numbers[repo]}, '{status}', '{event}', '{ref}', '{commit}', '{target}', {created}, {started}, {finished})"
        )
        for number, (stage, steps) in enumerate(STEPS.items(), 1):
            if not started:
                continue
            stage_id += 1
            yield (
                "INSERT INTO stages (stage_id, stage_repo_id, stage_build_id, stage_number, stage_name, stage_status) "
                f"VALUES ({stage_id}, {repo}, {build_id}, {number}, '{stage}', '{status}')"
            )
            for position, step in enumerate(steps, 1):
                step_id += 1
                ended = chance.choice(("success", "success", "failure", "skipped", "killed", "error", status))
                begun = 0 if ended == "skipped" else started + position
                yield (
                    "INSERT INTO steps (step_id, step_stage_id, step_number, step_name, step_status, step_started, step_stopped) "
                    f"VALUES ({step_id}, {stage_id}, {position}, '{step}', '{ended}', {begun}, "
                    f"{begun + chance.randrange(-2, 200)})"
                )
