"""What `make audit` says of what it could not look up."""

import importlib.util
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.server import ROOT


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    specification = importlib.util.spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "audit", module)  # dataclasses look it up
    specification.loader.exec_module(module)
    monkeypatch.delenv("STRICT", raising=False)
    monkeypatch.setattr(module, "CODE", ("manage.py",))
    return module


def printed(*dependencies: Any) -> tuple[str, str]:
    return json.dumps({"dependencies": dependencies, "fixes": []}), ""


FINE = {"name": "django", "version": "5.2.1", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": [], "description": "x"}]}
UNKNOWN = {"name": "granian", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("answer", "strict", "code", "line"),
    [
        (printed(FINE), "1", 0, "0 known vulnerabilities in the 1 packages that were looked up."),
        (printed(FINE, BAD), "", 1, "VULNERABLE: old 1.0: PYSEC-1; mended in: 1.1"),
        (
            printed(FINE, UNKNOWN),
            "",
            0,
            "NOT LOOKED UP, since the service (pypi.org) had no answer about them: 1 packages: granian.",
        ),
        (printed(FINE, UNKNOWN), "1", 1, "NOT LOOKED UP"),
        (
            ("", "WARNING x\nConnectionError: no route"),
            "",
            0,
            "NOT LOOKED UP: the service of known vulnerabilities could not be asked: ConnectionError: no route",
        ),
        (("", ""), "1", 1, "NOT LOOKED UP"),
    ],
)
def test_nothing_passes_in_silence(audit: Any, monkeypatch: Any, capsys: Any, answer: Any, strict: str, code: int, line: str):
    monkeypatch.setattr(audit, "pip_audit", lambda _: answer)
    monkeypatch.setenv("STRICT", strict)
    assert audit.main() == code
    assert line in capsys.readouterr().out


def test_a_dangerous_call_is_found(audit: Any, monkeypatch: Any, tmp_path: Any, capfd: Any):
    (tmp_path / "bad.py").write_text("import yaml\nyaml.load(input(), Loader=yaml.Loader)\n")
    monkeypatch.setattr(audit, "CODE", (str(tmp_path),))
    monkeypatch.setattr(audit, "pip_audit", lambda _: printed(FINE))
    assert audit.main() == 1
    assert "B506" in capfd.readouterr().out


def test_ci_runs_it():
    assert "make audit" in (ROOT / ".ci" / "run").read_text()
    assert "audit.py" in (ROOT / "Makefile").read_text()
