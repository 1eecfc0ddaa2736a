"""Which files serve a repository is what `candidates` says of each of its branches."""

from pipelines.build_request import BuildRequest
from pipelines.lookup.candidates import homes
from pipelines.lookup.serving_files import ServingFiles


def test_a_branchs_file_in_the_nearer_folder_is_in_the_way():
    stems = {
        "@acme/shop/main",
        "@acme/shop/release/default",
        "shop/main",
        "shop/release/1",
        "shop/next",
        "shop/default",
        "default",
    }
    served = ServingFiles(stems).of(homes(BuildRequest("acme", "shop", "push", "", "")))
    assert sorted(served) == ["@acme/shop/main", "@acme/shop/release/default", "shop/default", "shop/next"]
