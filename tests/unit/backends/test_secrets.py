"""References to secrets, and whose certificates are trusted."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.backends.secrets import SecretNotFound, SecretRef, read_secret
from bot.backends.tls import default_ssl_context, is_private_channel, ssl_context
from bot.errors import ConfigError

ADAPTER = TypeAdapter(SecretRef)


@pytest.mark.parametrize("text", ["env:NAME", "file:/run/secrets/a:b"])
def test_a_reference_is_taken(text: str):
    assert ADAPTER.validate_python(text) == text


@pytest.mark.parametrize("text", ["hunter2", "env:", "file:", "vault:x", ":x"])
def test_anything_else_is_refused(text: str):
    with pytest.raises(ValidationError, match="must be a reference"):
        ADAPTER.validate_python(text)


def test_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_TEST", "hunter2")
    assert read_secret("env:SECRET_TEST").get_secret_value() == "hunter2"
    for value in ("", None):
        monkeypatch.delenv("SECRET_TEST")
        if value is not None:
            monkeypatch.setenv("SECRET_TEST", value)
        with pytest.raises(SecretNotFound) as missing:
            read_secret("env:SECRET_TEST")
        assert str(missing.value) == "The environment variable SECRET_TEST is not set; env:SECRET_TEST refers to it."


def test_a_secret_of_a_file_is_stripped(tmp_path: Path):
    (tmp_path / "s").write_text(" hunter2\n")
    assert read_secret(f"file:{tmp_path}/s").get_secret_value() == "hunter2"
    with pytest.raises(SecretNotFound, match=rf"The file {tmp_path}/none cannot be read \(No such file or directory\)"):
        read_secret(f"file:{tmp_path}/none")


def test_a_certificate_file_that_cannot_be_used_is_a_fault_of_the_configuration(tmp_path: Path):
    assert ssl_context("a.b", None) is default_ssl_context()
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "absent.pem"):
        with pytest.raises(ConfigError, match=rf"a\.b\.ca_file: {path} cannot be used"):
            ssl_context("a.b", path)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://a", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1", True),
        ("http://[::1]:2", True),
        ("http://a", False),
        ("ftp://localhost", False),
        ("a", False),
    ],
)
def test_where_credentials_may_travel(url: str, private: bool):
    assert is_private_channel(url) is private
