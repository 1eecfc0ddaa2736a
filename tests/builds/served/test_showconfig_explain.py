from io import StringIO

import yaml
from django.core.management import call_command

from tests.conftest import SAMPLE


def test_it_says_where_each_step_came_from():
    out = StringIO()
    call_command("showconfig", "ismewen/edrone", "master", "--explain", stdout=out)
    text = out.getvalue()
    assert "# projects/_shared/docker.yaml:2\n- name: docker\n" in text
    assert "    # projects/edrone/master.yaml:27\n    - latest\n" in text
    assert list(yaml.safe_load_all(text)) == list(yaml.safe_load_all((SAMPLE / "edrone" / "master.yaml").read_text()))
