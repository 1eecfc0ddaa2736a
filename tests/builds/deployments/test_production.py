import pytest

from builds.drone_db.production import is_production


@pytest.mark.parametrize("target", ["production", "Production", "prod", "eu-prod", "PROD_2", "live", "live/eu", "shop.prd"])
def test_these_are_production(target):
    assert is_production(target)


@pytest.mark.parametrize(
    "target", ["", "staging", "pre-production", "non-prod", "delivery", "products", "preprod", "\u202e", "x" * 10_000]
)
def test_these_are_not(target):
    assert not is_production(target)
