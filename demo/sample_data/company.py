"""The company whose builds the demonstration shows: its services, people and pipelines. All of it is made up."""

from dataclasses import dataclass, replace

FORGE = "https://git.example.com"
PEOPLE = {"ismewen": "Is Mewen", "ann": "Ann Example", "wei": "王伟", "jonas": "Jonas Example", "renovate": "Renovate Bot"}
FEATURES = ("feature/login", "feature/dark-theme", "fix/empty-cart", "fix/timeouts", "renovate/django-5.x")
MESSAGES = (
    "Retry the upload when the registry answers 502",
    "Make the health check say which part is missing",
    "修复购物车为空时的错误",
    "Raise Django to 5.2.4",
    "Split the slow test in two",
    "Add a dark theme <b>without</b> new colours & fonts",
    "Show the delivery date before the address is known",
    "Remove the old price table",
    "Log the reason when a payment is declined",
    "Cache the catalogue for a minute",
    "增加退款接口的超时时间",
    "Say in the mail which item is late",
)


@dataclass(frozen=True)
class Service:
    """A repository, and how its builds go."""

    slug: str
    pushes: float  # on a workday
    breaking: float  # share of pushes after which tests fail until a later push
    flaky: float = 0.0  # share of test runs in which `integration` fails for no reason
    red_for: int = 0  # hours for which the default branch has been red
    red_step: str = "unit"  # that fails since then
    nightly: bool = False
    active: bool = True


SERVICES = (
    Service("ismewen/edrone", 2.0, 0.05, nightly=True),
    Service("shop/cart", 2.0, 0.08, flaky=0.06),
    Service("shop/checkout", 2.5, 0.1, red_for=2),
    Service("shop/storefront", 3.0, 0.1, flaky=0.12, nightly=True),
    Service("shop/catalog", 1.5, 0.04, red_for=4, red_step="docker"),
    Service("shop/payments", 1.0, 0.04),
    Service("shop/search", 1.0, 0.15),
    Service("shop/inventory", 1.0, 0.06),
    Service("shop/accounts", 0.8, 0.06),
    Service("shop/notifications", 0.7, 0.08),
    Service("platform/gateway", 0.8, 0.1, red_for=70),
    Service("platform/billing-api", 0.6, 0.05),
    Service("platform/legacy-export", 0.0, 0.0, active=False),
)


@dataclass(frozen=True)
class SampleStep:
    name: str
    image: str
    seconds: int


@dataclass(frozen=True)
class SampleStage:
    name: str
    steps: tuple[SampleStep, ...]
    depends_on: tuple[str, ...] = ()


CLONE = SampleStep("clone", "drone/git:latest", 5)
TEST = SampleStage("test", (
    CLONE, SampleStep("lint", "python:3.13", 14), SampleStep("unit", "python:3.13", 48), SampleStep("integration", "python:3.13", 61),
))  # fmt: skip
OWN_TEST = SampleStage("test", (CLONE, SampleStep("test", "python:3.13", 75)))
IMAGE = SampleStage("image", (CLONE, SampleStep("docker", "plugins/docker", 52)), ("test",))
RELEASE = replace(IMAGE, name="release")
DEPLOY = SampleStage("deploy", (CLONE, SampleStep("helm", "bitsbeats/drone-helm3", 24)), ("image",))
PROMOTE = SampleStage("promote", (CLONE, SampleStep("helm", "bitsbeats/drone-helm3", 26)))
CHECK = SampleStage("check", (CLONE, SampleStep("probe", "curlimages/curl", 6)))
DEFAULT = SampleStage("default", (CLONE, SampleStep("test", "buildpack-deps:stable", 66)))


def stages_of(slug: str, event: str, branch: str) -> tuple[SampleStage, ...]:
    """Return the pipelines that the sample tree (projects/) gives such a build."""
    if slug.startswith("platform/"):
        return (DEFAULT,)
    if event in {"promote", "rollback"}:
        return (PROMOTE,)
    if event == "custom":
        return (CHECK,)
    test = OWN_TEST if slug == "ismewen/edrone" else TEST
    if event != "push":
        return (test, RELEASE) if event == "tag" else (test,)
    if slug == "ismewen/edrone":
        return {"master": (test, IMAGE, DEPLOY), "develop": (test, IMAGE)}.get(branch, (test,))
    return (test, IMAGE) if branch == "master" else (test,)
