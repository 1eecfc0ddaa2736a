"""What Drone's parser makes of a text is what counts, in details that are easily overlooked."""

from typing import Any

import pytest

from pipelines.check.examine import examine
from pipelines.language.events import parser
from pipelines.tree.tree import Tree
from tests.pipelines.check.examples import EXEC, EXTENDING, FIRST, GOOD, SERVER, SSH, STEP, found, one


@pytest.mark.parametrize(
    "text", [f"{GOOD}x-a: &a [*a]\n", f"{GOOD}data: {'[' * 101}{']' * 101}\n", f"{GOOD}data: [{','.join(['1'] * 20_001)}]\n"]
)
def test_what_is_too_deep_or_large_to_look_into_is_served_and_no_error(tree, text):
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ["not-checked"]


@pytest.mark.parametrize(
    "text", [f"{GOOD}a: *b\n", f"{GOOD}a: [b?]\n", f"{GOOD}a: {{b: [c, d ? e]}}\n", "kind: pipeline\n\tname: x\n", "kind: \x01\n"]
)
def test_what_drones_parser_cannot_read_is_not_yaml_and_nothing_else_is_said_of_the_file(tree, text):
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ["yaml"]


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (r"""- {name: "it\'s \\\\", image: 'a\/', commands: ["a\'b\'c \\\\'", 'x\', \'] }""", []),
        (r"""- {name: "it\'s", image: y, imagee: z}""", ["unknown-key"]),
        (r"""- {name: "it\'s", image: y}|- {name: "it's", image: y}""", ["duplicate-step"]),
        (r"""- {name: "a\/b", image: y}""", ["yaml"]),
        (r"""- {name: "a\'\/b", image: y}""", ["yaml"]),
        (r"""- {name: "a\\/b", image: y}""", ["substitution"]),  # the runner's parser
        (r"""- {name: "a\.b", image: y}""", ["yaml"]),
        (r"""---|kind: pipeline|name: b|trigger: {event: [push]}|steps:|- {name: "it\'s", image: y}""", []),
    ],
)
def test_escapes_are_those_of_drones_parser(tree, line, ids):
    assert [id_ for _, _, id_ in found(tree(one(f"{GOOD}{line}\n".replace("|", "\n"))))] == ids


@pytest.mark.parametrize(
    ("shared", "places"),
    [
        (STEP + "commands:\n- a\n- \"grep '\\/x' f\"\n", [("_shared/s.yaml", 5, 3, "yaml")]),
        (STEP + "entrypoint: [\n  a, b?]\n", [("_shared/s.yaml", 4, 6, "yaml")]),
        (STEP + 'user: "a\\/b"\n', [("_shared/s.yaml", 3, 1, "yaml")]),
        (STEP + "commands: ['b?', 'a\\/b']\nuser: a?\n", []),
    ],
)
def test_what_only_edrone_reads_is_found_in_a_file_that_is_composed_where_it_is_written(tree, shared, places):
    root = tree({**one(f"{FIRST}---\n{EXTENDING}"), "_shared/s.yaml": shared})
    assert [(finding.path, finding.line, finding.column, finding.id) for finding in examine(Tree(root))] == places


def test_it_is_found_in_each_document_of_a_file_that_is_composed(tree):
    text = f'{FIRST}  user: "a\\/b"\n---\n{EXTENDING}  user: "a\\/b"\n'
    assert found(tree({**one(text), "_shared/s.yaml": STEP})) == [
        ("shop/default.yaml", 8, "yaml"),
        ("shop/default.yaml", 19, "yaml"),
    ]


@pytest.mark.parametrize(
    ("more", "ids"),
    [
        ("- {name: z, image: '', commands: [x]}\n", ["step-without-image"]),
        ("- {name: z, image: y, commands: []}\n", []),
        ("---\nkind: cron\nname: n\nspeck: {}\nspec: {shedule: x, deployment: {target: y}}\n", ["unknown-key"] * 2),
        ("---\nkind: secret\nname: n\ndat: x\nget: {pat: x}\nx-a: b\n", ["unknown-key"] * 2),
        ("---\nkind: registry\ndatta: {}\n---\nkind: signature\nhmack: x\n", ["unknown-key", "stale-signature", "unknown-key"]),
        (
            "volumes:\n- {name: a, host: {pth: /x}}\n- {name: b, temp: {medum: x}}\n- {name: c, claim: {nam: x}}\n",
            ["needs-trust", *["unknown-key"] * 3],
        ),
        ("depends_on: x\ndepends_on: []\n", ["wrong-value", "duplicate-key"]),
        ("clone: {depth: 99999999999999999999}\n", ["wrong-value"]),
        ("- {name: z, image: y, when: {branch: [!!null x]}, settings: {a: !!null }}\n", []),
        ("clone: {depth: 0x7fffffffffffffff, skip_verify: !!bool no}\n", []),
        ("concurrency: {limit: .inf}\n", ["wrong-value"]),
        ("- {name: z, image: y, resources: {limits: {cpu: 1e+19}, requests: {cpu: .NaN}}}\n", []),
        ("- {name: z, image: y, resources: {limits: {cpu: many}}}\n", ["wrong-value"]),
        ("services:\n- {name: z, image: y, resources: {limits: {memory: 1.5.5GiB}}}\n", ["wrong-value"]),
        ("node: {<<: [], a: b}\n", []),
        ("<<: 12\n", ["wrong-value"]),
        ("node: {<<: ~}\n", ["wrong-value"]),
        ("node: {<<: [{a: [b]}]}\n", ["wrong-value"]),
        ("x-a: [{<<: }]\n", []),  # Drone looks only at what it knows
        ("x-a: &a [b]\nx-b: [{<<: *a}]\n", []),
        ("x-a: &a [b]\nnode: {<<: *a}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: {{ x }}}}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: [{<<: x}]}}\n", ["wrong-value"]),
        ("- {name: z, image: y, settings: {tag: !!binary aGk=, key: !!null , at: !!timestamp 2026-11-25}}\n", []),
        ("- {name: z, image: 'y?', settings: {url: 'a?b'}, commands: [\n  'c?']}\n", []),
        ("- {name: z, image: y}\r---\n- {name: z}\n", ["text-after-document"]),
        ("workspace: {base: !!int 1, path: !!str 2}\n", []),
        ("clone: {depth: !!str 5, disable: !x true}\n", ["wrong-value"] * 2),
        ("clone: {depth: !!int '5', disable: !!bool 'true'}\n", []),
        ("- {name: z, image: y, privileged: On}\n", ["needs-trust"]),
        ("- {name: z, image: y, privileged: !!bool ON}\n", ["needs-trust"]),
        ("- {name: z, image: y, privileged: OFF}\n", []),
        ("clone: {disable: On}\n", []),
        ("clone: {disable: On}\nservices: [{name: clone, image: y}]\n", []),
        ("clone: {disable: Off}\nservices: [{name: clone, image: y}]\n", ["duplicate-step"]),
        ("\ufeff\n", ["yaml"]),
        ("\ufeffkind: pipeline\n", ["unknown-key"]),  # as where two files were joined
        ("environment: [a]\nenvironment: {a: b}\n", ["runner-value", "duplicate-key"]),
        ("environment: {<<: 2024-01-01}\n", ["runner-value"]),
        ("- {name: z, image: y, environment: {A: '~', B: \"null\"}}\n", ["wrong-value"] * 2),
        ("- {name: z, image: y, settings: {target: '~'}, when: {branch: 'null'}}\n", ["wrong-value"] * 2),
        ("- {name: z, image: y, settings: {target: ['~'], b: !!str null}, when: {branch: ['null']}, user: '~'}\n", []),
    ],
)
def test_details_that_are_easily_overlooked(tree, more, ids):
    assert [id_ for _, _, id_ in found(tree(one(GOOD + more)))] == ids


def test_a_misspelt_from_secret_of_a_variable_is_found(tree):
    step = "  environment: {A: {from_secret: a}, B: {value: b}, C: c, D: ~, E: {from-secret: e}}\n"
    (message,) = (finding.message for finding in examine(Tree(tree(one(GOOD + step)))))
    assert message == (
        'variables (value or from_secret) have no key "from-secret", so it would be ignored; did you mean "from_secret"?'
    )
    server = "server: {host: h, user: u, password: {secret: p, value: x}}\n"
    assert [id_ for _, _, id_ in found(tree(one(f"{SSH}{server}")))] == ["unknown-key"]
    assert found(tree(one(f"{GOOD}  settings: {{A: {{from-secret: a}}}}\n"))) == []


def test_a_step_with_an_empty_list_of_commands_does_nothing(tree):
    assert "idle-step" in {id_ for _, _, id_ in found(tree(one(EXEC.replace("[make]", "[]"))))}


@pytest.mark.parametrize(
    ("keys", "step", "ids"),
    [
        ("environment: [A=b]", "", ["runner-value"]),
        ("environment: {A: ~, B: 1, C: true}", "", []),
        ("clone: {retries: x, trace: 1}", "", ["runner-value"] * 2),
        ("clone: {retries: 3, trace: true}", "", []),
        ("", "shm_size: x, mem_limit: {a: b}, memswap_limit: 1gb", ["runner-value"] * 2),
        ("services: [{name: s, image: y, shm_size: 12 bits}]", "", ["runner-value"]),
        ("type: kubernetes\nenvironment: {A: {from_secret: b}}", "", ["runner-value"]),
        ("type: nomad\nenvironment: {A: {from_secret: b}}", "", []),
        ("clone: {disable: true}", "depends_on: [clone]", ["unknown-step"]),
        ("type: kubernetes\nservices: [{name: x, image: y}]", "", ["duplicate-step"]),
        ("type: kubernetes\nservices: [{name: clone, image: y}]", "", ["duplicate-step"]),
        ("type: kubernetes\nclone: {disable: true}\nservices: [{name: clone, image: y}]", "", []),
        ("volumes: [{name: workspace, temp: {}}]", "", ["refused-volume"]),
        ("", "devices: [~]", ["needs-trust", "runner-crash"]),
        ("services: [{name: s, image: y, devices: [ ~ ]}]", "environment: {A: ~}", ["needs-trust", "runner-crash"]),
        ("type: kubernetes", "devices: [~], environment: {A: ~}", ["unknown-key"]),
        ("volumes: [{name: _status, temp: {}}]", "", []),
        ("type: kubernetes\nvolumes: [{name: _status, temp: {}}]", "", ["refused-volume"]),
        ("type: kubernetes\nvolumes: [{name: _addons, temp: {}}]", "", ["refused-volume"]),
        ("type: kubernetes", "volumes: [{name: _addons, path: /x}]", ["unknown-volume"]),
        ("type: kubernetes\nvolumes: [{name: v, secret: {default_mode: 0644}}]", "", []),
        ("type: kubernetes\nvolumes: [{name: v, secret: {default_mode: 4294967296}}]", "", ["runner-value"]),
        ("type: kubernetes\nvolumes: [{name: v, config_map: {default_mode: 2147483648}}]", "", ["runner-value"]),
        ("type: kubernetes\ntolerations: [{tolerationseconds: x}]", "", ["runner-value"]),
        ("type: kubernetes\ntolerations: [{tolerationseconds: 5, toleration_seconds: x}]", "", []),
        ("type: kubernetes", "resources: {limits: {cpu: 1e+19}}", ["runner-value"]),
        ("volumes: [{name: v, temp: {}}]", "volumes: [{name: v, path: /run//drone}]", ["refused-volume"]),
        ("volumes: [{name: v, temp: {}}]", "volumes: [{name: v, path: //run/drone}]", ["refused-volume"]),
        ("", "volumes: [{name: _workspace, path: /x}]", ["refused-volume"]),
        (
            "volumes: [{name: v, host: {path: /dev/x}}]",
            "devices: [{name: v, path: /x}], volumes: [{path: /y}]",
            ["needs-trust", "unknown-volume"],
        ),
    ],
)
def test_what_only_the_runner_reads_is_checked_as_it_reads_it(tree, keys, step, ids):
    text = f"{keys}\n{GOOD}- {{name: z, image: y, {step}}}\n"
    assert [id_ for _, _, id_ in found(tree(one(text)))] == ids


@pytest.mark.parametrize(
    ("limit", "ids"),
    [
        ("cpu: 1", ["runner-value"]),
        ("cpu: 0xF", ["runner-value"]),
        ("cpu: -1", ["runner-value"]),
        ("cpu: 0.5", []),
        ("cpu: 1e-3", []),
        ("cpu: 0x0", []),
        ("memory: -1", ["runner-value"]),
        ("memory: '536870912'", ["runner-value"]),
        ("memory: 0.5GiB", ["runner-value"]),
        ("memory: 9223372036854775808", ["runner-value"]),
        ("memory: 0.5", []),
        ("memory: 0.9b", []),
        ("memory: '0'", []),
    ],
)
def test_a_limit_of_a_whole_kubernetes_pipeline_is_one_where_go_stores_more_or_less_than_nothing(tree, limit, ids):
    assert [id_ for _, _, id_ in found(tree(one(f"type: kubernetes\n{GOOD}resources: {{limits: {{{limit}}}}}\n")))] == ids


@pytest.mark.parametrize("document", ["kind: secret\nname: s\ndata: x\n", "kind: registry\ndata: {a: b}\n"])
@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        *(("depends_on: x", True), ("node: x", True), ("platform: linux", True), ("concurrency: 1", True)),
        *(("depends_on: [x]", False), ("node: {a: b}", False), ("platform: {os: x}", False), ("clone: x", False)),
    ],
)
def test_runners_read_some_keys_in_each_document_beside_a_pipeline(tree, document, line, is_found):
    ids = {id_ for _, _, id_ in found(tree(one(f"{GOOD}---\n{document}{line}\n")))}
    assert ids == {"unknown-key", *(["runner-value"] * is_found)}
    assert "runner-value" not in {id_ for _, _, id_ in found(tree(one(f"{document}{line}\n")))}


@pytest.mark.parametrize("kind", ["docker", "kubernetes", "exec", "ssh", "digitalocean", "macstadium"])
def test_all_runners_but_dockers_read_the_key_deps(tree, kind):
    text = f"{GOOD}  commands: [make]\n".replace("steps:", f"type: {kind}\nsteps:")
    assert ("runner-value" in {id_ for _, _, id_ in found(tree(one(f"{text}deps: a\n")))}) == (kind != "docker")
    assert "runner-value" not in {id_ for _, _, id_ in found(tree(one(f"{text}deps: [a]\n")))}


@pytest.mark.parametrize("kind", ["exec", "ssh", "digitalocean", "macstadium"])
def test_the_other_runners_read_whether_the_clone_is_traced_and_not_how_often_it_is_tried(tree, kind):
    text = EXEC.replace("exec", kind)
    for clone, is_found in (("trace: maybe", True), ("trace: yes, retries: many", False)):
        assert ("runner-value" in {id_ for _, _, id_ in found(tree(one(f"{text}clone: {{{clone}}}\n")))}) == is_found


def test_an_ssh_pipeline_needs_a_way_to_log_in(tree):
    assert [id_ for _, _, id_ in found(tree(one(f"{SSH}server: {{host: h, user: u}}\n")))] == ["no-server"]
    assert found(tree(one(f"{SSH}server: {{host: h, user: u, ssh_key: {{from_secret: k}}}}\n"))) == []


@pytest.mark.parametrize("yes", ["On", "ON", "!!bool true", "y"])
def test_a_step_that_is_detached_is_found_however_true_is_written(tree, yes):
    assert [id_ for _, _, id_ in found(tree(one(f"{SSH}  detach: {yes}\n{SERVER}")))] == ["detached-step"]


def test_text_behind_an_end_is_found_in_files_that_are_composed_and_in_parts(tree):
    root = tree({**one(f"{EXTENDING}...\n---\n{FIRST}"), "_shared/s.yaml": f"{STEP}...\n---\n{STEP}"})
    assert found(root) == [("_shared/s.yaml", 3, "end-marker"), ("shop/default.yaml", 10, "end-marker")]


def test_each_of_many_documents_is_read_once(tree, monkeypatch):
    lengths = list[int]()

    def noted(text: str) -> Any:
        lengths.append(len(text))
        return parser(text)

    monkeypatch.setattr("pipelines.language.reader.parser", noted)
    text = f"{FIRST}---\n" * 50 + f"{GOOD}  imagee: z\n"
    assert ("shop/default.yaml", 408, "unknown-key") in found(tree(one(text)))
    assert sum(lengths) <= len(text)


def test_each_document_may_begin_with_a_byte_order_mark_as_files_put_together_do(tree):
    assert found(tree(one(f"\ufeff{FIRST}---\r\n\ufeff{GOOD}".encode()))) == []
    assert [id_ for _, _, id_ in found(tree(one(f"{FIRST}---\n\ufeff{GOOD}platform: {{os: plan9}}\n")))] == ["unsupported-os"]
