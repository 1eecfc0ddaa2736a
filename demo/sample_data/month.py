"""What happened at the company in a month: who pushed what, what failed and was repaired, what was deployed where."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from demo.sample_data.company import FEATURES, MESSAGES, PEOPLE, SERVICES, Service

DAYS = 30
DAY, HOUR, MINUTE = 86_400, 3_600, 60  # seconds
SATURDAY = 5
WORK = (8 * HOUR, 19 * HOUR)  # of a day, UTC
REPAIRED = 0.6  # share of pushes to a red branch that repair it
REFUSED = 0.04  # share of images that the registry does not take at the first try


@dataclass(eq=False)
class PlannedBuild:
    service: Service
    created: int  # Unix seconds
    event: str
    branch: str
    login: str
    after: str  # the commit
    message: str
    status: str = "success"
    failing: str = ""  # the step that fails; where no pipeline has it, the last one of the first pipeline
    parent: "PlannedBuild | None" = None
    target: str = ""  # of a promotion or rollback
    number: int = field(default=0)


def month(now: int) -> list[PlannedBuild]:
    """Return the builds of all services, oldest first and numbered; the same at each call of one day."""
    builds: list[PlannedBuild] = []
    for index, service in enumerate(SERVICES):
        if not service.active:
            continue
        own = sorted(History(service, now, Random(index)).builds(), key=lambda build: build.created)
        for number, build in enumerate(own, 1):
            build.number = number
        builds += own
    return sorted(builds, key=lambda build: build.created)


class History:
    """The month of one service."""

    def __init__(self, service: Service, now: int, chance: Random) -> None:
        self.service, self.now, self.chance = service, now, chance
        self.broken = False  # the tests of master fail since a push
        self.pushed: PlannedBuild | None = None  # to master, last
        self.live: list[PlannedBuild] = []  # what was deployed to production, in order

    def builds(self) -> Iterator[PlannedBuild]:
        last = self.now - self.service.red_for * HOUR
        midnight = self.now - self.now % DAY
        for day in range(midnight - DAYS * DAY, self.now, DAY):
            if self.service.nightly and day + 2 * HOUR < last:
                yield self.nightly(day + 2 * HOUR)
            weekend = (day // DAY + 3) % 7 >= SATURDAY  # the first day of Unix time was a Thursday
            pushes = self.chance.gauss(self.service.pushes * (0.15 if weekend else 1.0), 0.9)
            moments = sorted(day + self.chance.randrange(*WORK) for _ in range(round(pushes)))
            for moment in moments:
                if moment < last - 20 * MINUTE:
                    yield from self.push(moment)
        if self.service.red_for:
            failing, message = self.service.red_step, "Raise Django to 5.2.4"
            yield self.planned(last, "push", "master", "renovate", status="failure", failing=failing, message=message)
        if self.service.slug == "ismewen/edrone":
            yield from self.of_every_kind()

    def nightly(self, moment: int) -> PlannedBuild:
        build = self.planned(moment, "cron", "master", "renovate")
        if self.pushed:
            build.after, build.message = self.pushed.after, self.pushed.message
        return build

    def push(self, moment: int) -> Iterator[PlannedBuild]:
        login = self.chance.choice(list(PEOPLE))
        if self.chance.random() < 0.4:
            branch = self.chance.choice(FEATURES)
            status = "failure" if self.chance.random() < self.service.breaking * 2 else "success"
            pushed = self.planned(moment, "push", branch, login, status=status, failing="unit")
            yield pushed
            request = self.planned(moment + 20, "pull_request", branch, login, status=status, failing="unit")
            request.after, request.message = pushed.after, pushed.message
            yield request
            return
        self.broken = self.chance.random() > REPAIRED if self.broken else self.chance.random() < self.service.breaking
        failing = "unit" if self.broken else self.mishap()
        pushed = self.planned(moment, "push", "master", login, status="failure" if failing else "success", failing=failing)
        self.pushed = pushed
        yield pushed
        if self.broken:
            return
        if failing:
            pushed = self.again(pushed, moment + 6 * MINUTE)
            yield pushed
        yield from self.deployments(pushed, login)

    def mishap(self) -> str:
        """Return the step that fails though the commit is right; mostly there is none."""
        if self.chance.random() < self.service.flaky:
            return "integration"
        makes_images = not self.service.slug.startswith("platform/")
        return "docker" if makes_images and self.chance.random() < REFUSED else ""

    def again(self, build: PlannedBuild, moment: int) -> PlannedBuild:
        """Restart a build: the same commit, green now."""
        restarted = self.planned(moment, build.event, build.branch, build.login)
        restarted.after, restarted.message, restarted.parent = build.after, build.message, build
        return restarted

    def deployments(self, pushed: PlannedBuild, login: str) -> Iterator[PlannedBuild]:
        """Promote some green builds to staging, some of these to production, and roll back what fails there."""
        if self.service.slug.startswith("platform/") or self.chance.random() > 0.5:
            return
        yield self.promotion(pushed, "staging", pushed.created + 9 * MINUTE, login)
        if self.chance.random() > 0.45:
            return
        failed = bool(self.live) and self.chance.random() < 0.12
        promotion = self.promotion(pushed, "production", pushed.created + 14 * MINUTE, login, "failure" if failed else "success")
        yield promotion
        if failed:
            yield self.promotion(self.live[-1], "production", promotion.created + 4 * MINUTE, login, event="rollback")
        else:
            self.live.append(pushed)

    def promotion(
        self, parent: PlannedBuild, target: str, moment: int, login: str, status: str = "success", event: str = "promote"
    ) -> PlannedBuild:
        build = self.planned(moment, event, parent.branch, login, status=status, failing="helm")
        build.after, build.message, build.parent, build.target = parent.after, parent.message, parent, target
        return build

    def of_every_kind(self) -> Iterator[PlannedBuild]:
        """Give the first service what is seldom: a tag, an operation, and builds that ended in other ways."""
        ago = self.now - 12 * HOUR
        yield self.planned(ago, "tag", "master", "ismewen", message="Release 0.2.0")
        yield self.planned(ago + HOUR, "custom", "develop", "ann", message="Check staging")
        yield self.planned(ago + 2 * HOUR, "push", "develop", "wei", status="killed")
        yield self.planned(ago + 3 * HOUR, "push", "feature/login", "jonas", status="error")
        yield self.planned(ago + 4 * HOUR, "pull_request", "fix/timeouts", "jonas", status="declined")
        yield self.planned(ago + 5 * HOUR, "push", "develop", "wei", status="skipped")
        yield self.planned(ago + 6 * HOUR, "push", "develop", "ann")
        yield self.planned(self.now - 10 * MINUTE, "pull_request", "feature/login", "jonas", status="blocked")

    def planned(
        self, created: int, event: str, branch: str, login: str, status: str = "success", failing: str = "", message: str = ""
    ) -> PlannedBuild:
        after, chosen = f"{self.chance.getrandbits(160):040x}", self.chance.choice(MESSAGES)
        return PlannedBuild(self.service, created, event, branch, login, after, message or chosen, status, failing)
