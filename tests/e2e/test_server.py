"""`manage.py serve` as a process: its metrics, its log, its readiness, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
import requests

from configs.metrics import OUTCOMES
from edrone_site.granian_server import SECONDS_TO_START
from tests.e2e.running import SETTINGS, Server, SlowRequest, answers, ask, manage, serving
from tests.server import ROOT, free_port, wait_until


def scrape(port: int) -> str:
    try:
        return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    except requests.ConnectionError:
        return ""


def replaced(server: Server, dead: int) -> bool:
    return dead not in server.workers() and len(server.workers()) == 2


def threads(worker: int) -> int:
    return len(os.listdir(f"/proc/{worker}/task"))


def test_all_workers_are_counted_whoever_is_asked(tmp_path: Path):
    with serving(tmp_path / "state", EDRONE_WORKERS="3") as server:
        for number in range(30):
            assert ask(server.url, branch="master" if number % 2 else "other").ok
        assert requests.post(f"{server.url}/edrone", b"{}", timeout=60).status_code == 401
        for _ in range(6):
            page = server.get("/metrics").text
            assert 'outcome="served"} 15.0' in page
            assert 'outcome="default"} 15.0' in page
            assert 'outcome="unsigned"} 1.0' in page
            assert "edrone_config_seconds_count 31.0" in page
            assert [name for name in OUTCOMES if f'edrone_config_requests_total{{outcome="{name}"}}' not in page] == []


def test_a_restart_begins_at_zero_and_leaves_no_old_files(tmp_path: Path):
    port = str(free_port())
    for workers in ("4", "1"):
        with serving(tmp_path / "state", PORT=port, EDRONE_WORKERS=workers) as server:
            assert ask(server.url).ok
            assert 'outcome="served"} 1.0' in server.get("/metrics").text
    assert len(list((tmp_path / f"state/metrics/127.0.0.1-{port}").glob("*.db"))) == 2


def test_metrics_on_a_port_of_their_own_are_on_no_other(tmp_path: Path):
    port = free_port()
    with serving(tmp_path / "state", EDRONE_METRICS_PORT=str(port)) as server:
        assert ask(server.url).ok
        wait_until(lambda: 'outcome="served"} 1.0' in scrape(port), "the metrics are served")
        assert server.get("/metrics").status_code == 404
        for worker in server.workers():  # one of them serves the port
            os.kill(worker, signal.SIGKILL)
            wait_until(partial(replaced, server, worker), "it is replaced")
        wait_until(lambda: 'outcome="served"} 1.0' in scrape(port), "another worker serves the metrics")


def test_idle_connections_to_the_port_of_the_metrics_hold_few_threads(tmp_path: Path):
    port = free_port()
    with serving(tmp_path / "state", EDRONE_METRICS_PORT=str(port)) as server, ExitStack() as idle:
        wait_until(lambda: scrape(port), "the metrics are served")
        for _ in range(300):
            idle.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
        assert "edrone_ready" in scrape(port)
        wait_until(lambda: max(map(threads, server.workers())) < 100, "the oldest connections are ended")


def test_metrics_can_be_switched_off(tmp_path: Path):
    with serving(tmp_path / "state", EDRONE_METRICS="false") as server:
        assert ask(server.url).ok
        assert server.get("/metrics").status_code == 404
    assert not (tmp_path / "state/metrics").exists()


def test_the_log_is_json_line_by_line(tmp_path: Path):
    with serving(tmp_path / "state", EDRONE_LOG_FORMAT="json") as server:
        assert ask(server.url).ok
        requests.post(f"{server.url}/edrone", b"{}", headers={"X-Request-Id": "from-a-proxy"}, timeout=60)
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    served, refused = [line for line in lines if "outcome" in line]
    assert served | {"ms": 0, "timestamp": "", "request_id": ""} == {
        "level": "INFO", "logger": "edrone.config", "outcome": "served", "repo": "ismewen/edrone", "event": "push",
        "ref": "refs/heads/master", "target": "master", "build": 0, "file": "edrone/master.yaml",
        "ms": 0, "timestamp": "", "request_id": "", "message": "",
    }  # fmt: skip
    assert 0 < served["ms"] < 10_000
    assert refused["request_id"] == "from-a-proxy"
    assert refused["outcome"] == "unsigned"


def test_it_is_not_ready_before_the_first_sync(tmp_path: Path):
    link = tmp_path / "tree/current"
    assert manage("migrate", EDRONE_STATE=str(tmp_path / "state")).returncode == 0
    with serving(tmp_path / "state", EDRONE_PROJECTS=f"{link}/projects") as server:
        for path in ("/readyz", "/readyz?exclude=database"):
            assert server.get(path).status_code == 503
        assert server.get("/healthz").ok
        assert 'edrone_ready{part="tree"} 0.0' in server.get("/metrics").text
        commit = "4f1c" * 10
        projects = tmp_path / f"tree/.worktrees/{commit}/projects"
        projects.mkdir(parents=True)
        projects.joinpath("default.yaml").write_text("kind: pipeline\n")
        link.symlink_to(f".worktrees/{commit}")
        assert server.get("/readyz").ok
        assert ask(server.url).json() == {"Data": "kind: pipeline\n"}
        assert f'edrone_tree_info{{revision="{commit}"}} 1.0' in server.get("/metrics").text


def test_sigterm_lets_running_requests_finish_and_takes_no_new_ones(tmp_path: Path):
    with serving(tmp_path / "state") as server:
        time.sleep(SECONDS_TO_START)  # younger workers are told to end more than once, and then drop what they do
        running = [SlowRequest(server.port) for _ in range(5)]
        wait_until(lambda: server.get("/healthz").ok, "the requests before this one have arrived")
        server.process.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(2)
        assert [request.finish()[:12] for request in running] == [b"HTTP/1.1 200"] * 5
        assert server.process.wait(30) == 0


def test_a_worker_that_is_killed_again_and_again_comes_back_and_the_others_go_on(tmp_path: Path):
    with serving(tmp_path / "state") as server:
        untouched, killed = server.workers()
        for _ in range(4):  # each but the first within its start
            os.kill(killed, signal.SIGKILL)
            wait_until(partial(replaced, server, killed), "it is replaced")
            [killed] = [worker for worker in server.workers() if worker != untouched]
            assert server.process.poll() is None
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: len(server.workers()) == 2 and answers(server.url), "all are replaced")
        assert ask(server.url).ok
        assert "the next one is started in" in server.log.read_text()
        assert server.stop() == 0


def test_workers_end_where_the_main_process_is_killed(tmp_path: Path):
    with serving(tmp_path / "state") as server:
        server.process.kill()
        server.process.wait(60)
        wait_until(lambda: not answers(server.url), "nobody holds the port")
    with serving(tmp_path / "state", PORT=str(server.port)) as again:
        assert ask(again.url).ok


IN_A_TERMINAL = """
import os, pty, signal, sys
screen, terminal = pty.openpty()
os.set_inheritable(screen, True)
os.dup2(terminal, 0)
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
os.execv(sys.executable, [sys.executable, "manage.py", "serve"])
"""


def test_closing_the_terminal_in_which_it_runs_ends_the_server(tmp_path: Path):
    with serving(tmp_path / "state", command=[sys.executable, "-c", IN_A_TERMINAL, "SIG_DFL"]) as server:
        server.process.send_signal(signal.SIGHUP)
        assert server.process.wait(60) == 0


def test_with_nohup_the_server_goes_on_when_its_terminal_is_closed(tmp_path: Path):
    with serving(tmp_path / "state", command=[sys.executable, "-c", IN_A_TERMINAL, "SIG_IGN"]) as server:
        before = set(server.workers())
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(set(server.workers()) - before) == len(before), "the workers are replaced")
        assert ask(server.url).ok


def test_workers_that_cannot_start_end_the_server_with_a_sentence(tmp_path: Path):
    (tmp_path / "broken.py").write_text("raise ImportError('this worker has no library')")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from edrone_site.management.commands import serve
class Broken(serve.RespawningServer):
    def __init__(self, target, **options):
        super().__init__("broken:application", **options)
serve.RespawningServer = Broken
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "serve"])
"""
    environment = SETTINGS | {"EDRONE_STATE": str(tmp_path / "state"), "PORT": str(free_port())}
    environment |= {"DJANGO_SETTINGS_MODULE": "edrone_site.settings"}
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("its worker processes end as soon as they begin; the lines above say why.")
    assert "this worker has no library" in done.stderr
    assert 1 <= done.stderr.count("A worker ended while it started") <= 2 * 3, "it starts workers again and again"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"EDRONE_METRICS_PORT": "taken"}, "Set EDRONE_METRICS_PORT."),
        ({"EDRONE_METRICS_PORT": "8999", "PORT": "8999"}, "leave it unset to have /metrics there, or name another port."),
        ({"EDRONE_METRICS_PORT": "70000"}, "EDRONE_METRICS_PORT cannot be used: set it to a whole number from 1 to 65535."),
        ({"EDRONE_METRICS": "perhaps"}, "EDRONE_METRICS cannot be used: set it to true or false."),
        ({"EDRONE_LOG_FORMAT": "xml"}, "EDRONE_LOG_FORMAT cannot be used: set it to text or json."),
        ({"EDRONE_STATE": "/proc/edrone"}, "Set EDRONE_STATE to a folder that can be written, or EDRONE_METRICS=false."),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line(settings: dict[str, str], sentence: str, tmp_path: Path):
    with serving(tmp_path / "other") as other:
        taken = {name: str(other.port) if value == "taken" else value for name, value in settings.items()}
        environment = SETTINGS | {"EDRONE_STATE": str(tmp_path / "state"), "PORT": str(free_port())} | taken
        line = [sys.executable, "manage.py", "serve"]
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode != 0
    assert done.stderr.strip().endswith(sentence)
    assert len(done.stderr.strip().splitlines()) == 1
