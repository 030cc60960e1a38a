"""The shape of docker-compose.yml: who is given what. It was never started here; its shape is what we can hold."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FACES = {"public", "business", "agency", "office"}
PORTAL = FACES | {"worker", "beat", "release"}
RINGS = {"box_ring", "digest_ring", "tag_key"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def test_every_part_of_the_portal_is_a_service(services: dict[str, Any]) -> None:
    assert set(services) == PORTAL | {"postgres", "redis"}
    assert {services[face]["environment"]["PORTAL_FACE"] for face in FACES} == FACES


@pytest.mark.parametrize("name", sorted((PORTAL - {"release"}) | {"postgres", "redis"}))
def test_every_service_that_stays_has_a_health_check(name: str, services: dict[str, Any]) -> None:
    assert services[name]["healthcheck"]["test"]


def test_strangers_are_served_as_the_reader_without_broker_and_keys(services: dict[str, Any]) -> None:
    public = services["public"]

    assert set(public["secrets"]) == {"reader_url", "public_secret_key"}
    assert {name for name in public["environment"] if name.startswith(("DATABASE", "REDIS"))} == {
        "DATABASE_PUBLIC_URL_FILE"
    }
    assert not any("RING" in name or "TAG" in name for name in public["environment"])
    assert "queue" not in public["networks"]
    assert "volumes" not in public


def test_only_the_release_job_logs_in_as_the_owner_and_it_serves_nothing(services: dict[str, Any]) -> None:
    holders = {name for name, service in services.items() if "owner_url" in service["secrets"]}
    release = services["release"]

    assert holders == {"release"}
    assert "ports" not in release
    assert release["restart"] == "no"
    for name in FACES | {"worker", "beat"}:
        assert services[name]["depends_on"]["release"] == {"condition": "service_completed_successfully"}


def test_no_service_but_the_database_has_a_password_of_a_role(services: dict[str, Any]) -> None:
    passwords = {"postgres_password", "owner_password", "app_password", "reader_password"}

    assert {name for name, service in services.items() if passwords & set(service["secrets"])} == {"postgres"}


def test_each_face_signs_with_a_key_of_its_own(services: dict[str, Any]) -> None:
    keys = [services[face]["environment"]["PORTAL_SECRET_KEY_FILE"] for face in sorted(FACES)]

    assert len(set(keys)) == len(FACES)


def test_every_file_that_a_service_names_is_a_secret_it_is_given(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        values = [str(value) for value in service.get("environment", {}).values()]
        named = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}

        assert named <= set(service["secrets"]), name
        assert set(service["secrets"]) <= set(compose["secrets"]), name


@pytest.mark.parametrize("name", sorted(PORTAL))
def test_portal_containers_cannot_change_themselves_or_gain_rights(name: str, services: dict[str, Any]) -> None:
    assert services[name]["read_only"] is True
    assert services[name]["cap_drop"] == ["ALL"]
    assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_nothing_is_open_to_the_network_but_the_faces_on_this_machine(services: dict[str, Any]) -> None:
    for name, service in services.items():
        ports = service.get("ports", [])

        assert bool(ports) is (name in FACES), name
        assert all(port.startswith("127.0.0.1:") for port in ports), name


def test_database_and_broker_stand_in_networks_without_a_way_out(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["networks"] == ["data"]
    assert compose["services"]["redis"]["networks"] == ["queue"]
    assert compose["networks"]["data"]["internal"]
    assert compose["networks"]["queue"]["internal"]


def test_the_database_is_made_with_the_locale_that_finds_chinese_names(services: dict[str, Any]) -> None:
    assert "--locale=C.UTF-8" in services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"]


def test_every_secret_is_drawn_once(compose: dict[str, Any], tmp_path: Path) -> None:
    script = tmp_path / "draw_secrets.sh"
    script.write_bytes((ROOT / "docker" / "draw_secrets.sh").read_bytes())
    env = {"PATH": os.environ["PATH"]}

    subprocess.run(["bash", str(script)], env=env, check=True, capture_output=True)
    first = {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run(["bash", str(script)], env=env, check=True, capture_output=True)

    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == first
    assert set(first) == set(compose["secrets"])
    assert all(re.fullmatch(rb"1:[A-Za-z0-9+/]{43}=\n", first[ring]) for ring in RINGS)
    assert first["app_password"] in first["app_url"]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_the_image_leaves_keys_and_data_outside() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()

    assert {"var", ".git", ".venv", "docker/secrets"} <= set(ignored)
