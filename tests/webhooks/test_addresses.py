"""What a subscriber may make us connect to: the public internet, and what the operator lists."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.addresses import INSIDE, METADATA, NEVER, complaint_about_url, may_be_reached, networks

PRIVATE = networks("10.0.0.0/8 192.168.0.0/16 127.0.0.0/8 100.64.0.0/10 169.254.0.0/16 ::1/128 fc00::/7")
EVERYTHING = networks("0.0.0.0/0 ::/0")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "100.64.0.1",
            "0.0.0.0",
            "0.1.2.3",
        ),
        *("169.254.169.254", "169.254.1.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16", "100.100.100.200"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "fec0::1", "100::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2001:0:7f00:1::"),
    ],
)
def test_inside_is_not_reached(address: str) -> None:
    assert not may_be_reached(ip_address(address), ())


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]
)
def test_public_internet_is_reached(address: str) -> None:
    assert may_be_reached(ip_address(address), ())


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fd12::1", "::ffff:10.1.2.3", "100.64.0.9"])
def test_network_that_is_listed_is_reached(address: str) -> None:
    assert may_be_reached(ip_address(address), PRIVATE)


@given(st.ip_addresses(v=4))
def test_every_wrapping_is_judged_by_what_is_in_it(address: IPv4Address) -> None:
    number = int(address)
    wrapped = [0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number]

    assert {may_be_reached(IPv6Address(one), ()) for one in wrapped} == {may_be_reached(address, ())}


@given(st.one_of(*(st.ip_addresses(network=str(network)) for network in NEVER)))
def test_what_is_never_reached_is_not_even_where_everything_is_listed(address: IPv4Address | IPv6Address) -> None:
    assert not may_be_reached(address, EVERYTHING)


@given(st.one_of(*(st.ip_addresses(network=str(network)) for network in INSIDE)))
def test_nothing_inside_is_public(address: IPv4Address | IPv6Address) -> None:
    assert not may_be_reached(address, ())


@pytest.mark.parametrize("address", sorted(METADATA, key=str), ids=str)
def test_what_clouds_tell_about_a_machine_is_never_reached(address: IPv4Address | IPv6Address) -> None:
    assert not may_be_reached(address, EVERYTHING)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://crm.example/hooks?x=1", None),
        ("https://crm.example:8443", None),
        ("https://1.1.1.1/hooks", None),
        ("https://[2606:4700::1111]/hooks", None),
        ("http://crm.example/hooks", "not_https"),
        ("ftp://crm.example/", "not_https"),
        ("//crm.example/", "not_https"),
        ("https://", "unreadable"),
        ("https:///hooks", "unreadable"),
        ("https://crm.example:0/", "unreadable"),
        ("https://crm.example:99999/", "unreadable"),
        ("https://crm example/", "unreadable"),
        ("https://crm.example\\@10.0.0.1/", "unreadable"),
        ("https://crm_1.example/", "unreadable"),
        ("https://bücher.example/", "unreadable"),
        ("https://-crm.example/", "unreadable"),
        ("https://0177.0.0.1/", "unreadable"),
        ("https://2130706433/", "unreadable"),
        ("https://0x7f.1/", "unreadable"),
        ("https://[::1/", "unreadable"),
        ("https://user:pass@crm.example/", "with_credentials"),  # pragma: allowlist secret
        ("https://@crm.example/", "with_credentials"),
        ("https://crm.example/#x", "with_fragment"),
        ("https://127.0.0.1/", "address_not_allowed"),
        ("https://[::ffff:10.0.0.1]/", "address_not_allowed"),
        ("https://169.254.169.254/latest/meta-data", "address_not_allowed"),
        ("https://crm.example/" + "x" * 2000, "unreadable"),
    ],
)
def test_address_of_a_receiver(url: str, code: str | None) -> None:
    assert complaint_about_url(url, encrypted_only=True, allowed=()) == code


def test_development_may_do_without_encryption() -> None:
    assert complaint_about_url("http://127.0.0.1:80/", encrypted_only=False, allowed=PRIVATE) is None


@given(st.text())
def test_any_text_is_judged(url: str) -> None:
    assert complaint_about_url(url, encrypted_only=True, allowed=()) in {
        *(None, "unreadable", "not_https", "with_credentials", "with_fragment", "address_not_allowed"),
    }
