"""TLS is verified, whatever is asked for."""

import ipaddress
import ssl
from pathlib import Path

import pytest
from cryptography import x509

from clients.asiabill import ChargeRequest, NotSent, Transport
from tests.certificate import self_signed
from tests.unit.asiabill.far_side import FarSide, answering, quiet

pytestmark = pytest.mark.anyio

CHARGE = ChargeRequest(
    "A-1", "1.00", "USD", "cus_1", "pm_1", "https://r.example", "https://c.example", "203.0.113.7"
)


@pytest.fixture(autouse=True)
def _real_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a service has, of which other tests load none."""
    monkeypatch.delenv("SSL_CERT_FILE")


def _server(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


THIS_HOST = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


# Reads have two ways, of which one is httpx's; each verifies for itself.
both_ways = pytest.mark.parametrize("lean", [True, False], ids=["lean", "httpx"])


@both_ways
async def test_a_trusted_certificate_for_this_host_is_taken(tmp_path: Path, lean: bool) -> None:
    """So that the refusals below have one cause each."""
    file = self_signed(tmp_path, THIS_HOST)
    trusting = ssl.create_default_context(cafile=str(file))
    async with (
        FarSide(answering([])).listening(_server(file)) as far,
        Transport(verify=trusting, lean=lean) as transport,
    ):
        assert await far.account(transport, scheme="https").payment_methods("cus_1") == []
    assert len(far.seen) == 1


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """No byte of a charge is sent over such a connection."""
    file = self_signed(tmp_path, THIS_HOST)
    async with FarSide(answering([])).listening(_server(file)) as far, Transport() as transport:
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await far.account(transport, scheme="https").confirm_charge(CHARGE, quiet)
    assert far.seen == []


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    file = self_signed(tmp_path, x509.DNSName("safepay.asiabill.example"))
    trusting = ssl.create_default_context(cafile=str(file))
    async with (
        FarSide(answering([])).listening(_server(file)) as far,
        Transport(verify=trusting) as transport,
    ):
        with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
            await far.account(transport, scheme="https").confirm_charge(CHARGE, quiet)
    assert far.seen == []


async def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    file = self_signed(tmp_path, THIS_HOST, days_left=-1)
    trusting = ssl.create_default_context(cafile=str(file))
    async with (
        FarSide(answering([])).listening(_server(file)) as far,
        Transport(verify=trusting) as transport,
    ):
        with pytest.raises(NotSent, match="certificate has expired"):
            await far.account(transport, scheme="https").confirm_charge(CHARGE, quiet)
    assert far.seen == []


@both_ways
@pytest.mark.parametrize(
    ("name", "days_left", "trusted", "why"),
    [
        (THIS_HOST, 1, False, "self-signed certificate"),
        (x509.DNSName("safepay.asiabill.example"), 1, True, "not valid for '127.0.0.1'"),
        (THIS_HOST, -1, True, "certificate has expired"),
    ],
    ids=["nobody vouches", "another host", "expired"],
)
async def test_no_read_is_sent_to_who_cannot_prove_who_it_is(
    tmp_path: Path, lean: bool, name: x509.GeneralName, days_left: int, trusted: bool, why: str
) -> None:
    """Neither is the signature shown, nor are cards taken from whoever answers."""
    file = self_signed(tmp_path, name, days_left=days_left)
    trust = ssl.create_default_context(cafile=str(file)) if trusted else True
    async with (
        FarSide(answering([])).listening(_server(file)) as far,
        Transport(verify=trust, lean=lean) as transport,
    ):
        with pytest.raises(NotSent, match=why):
            await far.account(transport, scheme="https").payment_methods("cus_1")
    assert far.seen == []


def test_verification_cannot_be_switched_off() -> None:
    """Neither by a flag nor by a context that looks at no certificate or no host name."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(ValueError, match="TLS"):
        Transport(verify=blind)
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="TLS"):
        Transport(verify=blind)
    with pytest.raises(ValueError, match="TLS"):
        Transport(verify=False)
