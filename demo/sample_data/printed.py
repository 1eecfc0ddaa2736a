"""What the steps of the demonstration print."""

from random import Random

from demo.sample_data.month import PlannedBuild

GREEN, RED, CYAN, BOLD, END = "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[1m", "\x1b[0m"
SUITES = (
    "test_addresses",
    "test_baskets",
    "test_currency",
    "test_health",
    "test_orders",
    "test_prices",
    "test_refunds",
    "test_views",
)


def log_of(step: str, build: PlannedBuild, failed: bool, chance: Random) -> list[str]:  # noqa: PLR0911 - a step each
    """Return the lines that a step printed."""
    slug, commit = build.service.slug, build.after[:7]
    match step:
        case "clone":
            return [
                "Initialized empty Git repository in /drone/src/.git/",
                f"+ git fetch origin +refs/heads/{build.branch}:",
                f"From https://git.example.com/{slug}",
                f" * branch            {build.branch} -> FETCH_HEAD",
                f"+ git checkout {build.after} -b {build.branch}",
                f"HEAD is now at {commit} {build.message}",
            ]
        case "lint":
            return [
                "+ make lint",
                "ruff check .",
                f"{GREEN}All checks passed!{END}",
                "ruff format --check .",
                "112 files already formatted",
            ]
        case "docker":
            layers = [f"{CYAN}[{layer}/9]{END} {words}" for layer, words in enumerate((
                "FROM python:3.13-slim", "WORKDIR /app", "COPY requirements.txt .", "RUN pip install --requirement requirements.txt",
                "COPY . .", "RUN python manage.py collectstatic", "USER 1000", "EXPOSE 8000", "exporting image",
            ), 1)]  # fmt: skip
            image = f"registry.example.com/{slug}:{build.after}"
            lines = [f"+ docker build --tag {image} .", *layers, f"+ docker push {image}"]
            if failed:
                return [
                    *lines,
                    f"{RED}Error: received unexpected HTTP status: 502 Bad Gateway{END}",
                    'level=fatal msg="exit status 1"',
                ]
            return [*lines, f"{commit}: digest: sha256:{build.after}4c1d size: 2204"]
        case "helm":
            upgrade = [f"+ helm upgrade --install {slug.split('/')[1]} ./chart --namespace {build.target or 'default'} --wait"]
            if failed:
                return [
                    *upgrade,
                    f"{RED}Error: UPGRADE FAILED: context deadline exceeded{END}",
                    "2 of 3 pods are not ready: readiness probe answers 503",
                ]
            return [
                *upgrade,
                "Release has been upgraded. Happy Helming!",
                "STATUS: deployed",
                "REVISION: 41",
                "3 of 3 pods are ready",
            ]
        case "probe":
            return ["+ curl --version", "curl 8.11.0", "+ curl --fail https://edrone.staging.example.com/readyz", "ok"]
    return tests(step, failed, chance)


def tests(step: str, failed: bool, chance: Random) -> list[str]:
    command = "integration" if step == "integration" else "test"
    lines = [
        f"+ make {command}",
        "============================= test session starts ==============================",
        "collected 214 items",
        "",
    ]
    broken = chance.choice(SUITES) if failed else ""
    for suite in SUITES:
        dots = "." * chance.randrange(14, 36)
        lines.append(f"tests/{suite}.py {GREEN}{dots}{END}{f'{RED}F{END}' if suite == broken else ''}")
    if not failed:
        return [*lines, "", f"{BOLD}{GREEN}214 passed{END} in {chance.randrange(28, 60)}.3s"]
    reason = (
        "requests.exceptions.ReadTimeout: payments:8080" if step == "integration" else "AssertionError: expected 200, got 502"
    )
    return [
        *lines, "", "=================================== FAILURES ===================================",
        f"tests/{broken}.py:41: in test_it_answers", "    response = client.get(address)",
        f"{RED}E       {reason}{END}", "=========================== short test summary info ============================",
        f"FAILED tests/{broken}.py::test_it_answers - {reason}", f"{BOLD}{RED}1 failed{END}, 213 passed in {chance.randrange(28, 60)}.9s",
        "make: *** [Makefile:12: test] Error 1",
    ]  # fmt: skip
