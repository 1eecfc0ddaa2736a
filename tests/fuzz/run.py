"""`make fuzz`: mutated inputs for each target, guided by what code they reach (Atheris, which is libFuzzer for Python).

    python -m tests.fuzz.run SECONDS       all targets at once, each in a process of its own
    python -m tests.fuzz.run NAME FILE     one target with one input, as one that failed before

What reaches new code is kept in var/fuzz/NAME and is the beginning of the next run; what a target cannot take is written to
var/fuzz/NAME-crash-… and the exit code is 1. Put a small input that found something into tests/fuzz/corpus: `make test`
goes through these.
"""

import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path(__file__).parents[2] / "var" / "fuzz"
LONGEST = 4096  # bytes of an input
SLOWEST = 10  # seconds for one input
MEMORY = 1024  # MB


def main(arguments: list[str]) -> int:
    """Run what is asked for."""
    try:
        import atheris
    except ImportError:
        sys.stderr.write("make fuzz needs Atheris, which there is for Linux on x86-64 with Python 3.11 to 3.13.\n")
        return 1
    with atheris.instrument_imports(include=["configs"]):
        from tests.fuzz.targets import TARGETS
    if arguments[0] == "--one":  # this is the process of one target
        name, options = arguments[1], arguments[2:]
        atheris.Setup([name, *options], TARGETS[name])
        atheris.Fuzz()
    elif arguments[0] in TARGETS:
        TARGETS[arguments[0]](Path(arguments[1]).read_bytes())
    else:
        return all_of_them(list(TARGETS), int(arguments[0]))
    return 0


def all_of_them(names: list[str], seconds: int) -> int:
    """Run every target for so long, side by side."""
    running = {}
    for name in names:
        (FOUND / name).mkdir(parents=True, exist_ok=True)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}", f"-rss_limit_mb={MEMORY}"]
        options += [
            f"-artifact_prefix={FOUND}/{name}-",
            "-verbosity=0",
            "-print_final_stats=1",
            str(FOUND / name),
            str(CORPUS / name),
        ]
        log = FOUND / f"{name}.log"
        command = [sys.executable, "-m", "tests.fuzz.run", "--one", name, *options]
        with log.open("w") as output:
            running[name] = subprocess.Popen(command, stdout=output, stderr=output), log
    failed = 0
    for name, (process, log) in running.items():
        code = process.wait()
        printed = log.read_text()
        runs = [line.split()[-1] for line in printed.splitlines() if line.startswith("stat::number_of_executed_units")]
        sys.stdout.write(
            f"{name}: {runs[-1] if runs else 'no'} inputs in {seconds} s, {'nothing found' if code == 0 else 'FAILED'}\n"
        )
        if code:
            failed = 1
            sys.stdout.write(printed[-4000:])
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
