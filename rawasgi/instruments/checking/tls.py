"""The TLS extension of a scope in -> which of its rules it breaks out.

[bytes > server] > app > middleware > routing > handler > response > bytes

Spec:         https://asgi.readthedocs.io/en/latest/specs/tls.html#tls-connection-scope
In FastAPI:   none, because it leaves the connection to the server
In Starlette: none, because it leaves the connection to the server
In Flask:     none, because WSGI knows wsgi.url_scheme alone
Left out:     reading certificates: a name agrees with one if what it says stands somewhere in it
"""

import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from rawasgi.instruments.checking.finding import Fault
from rawasgi.instruments.checking.values import FITS, keys_of, quoted, told
from rawasgi.messages.scopes import TLSExtension

RULES = {
    "server_cert": "T2",
    "tls_version": "T3",
    "cipher_suite": "T4",
    "client_cert_chain": "T5",
    "client_cert_name": "T6",
    "client_cert_error": "T7",
}
BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
KEYS = [*keys_of(TLSExtension)]


def tls_faults(tls: dict[str, Any], scheme: object) -> Iterator[Fault]:
    """What is wrong with `scope["extensions"]["tls"]`."""
    if scheme not in ("https", "wss"):
        yield Fault("T1", f"tls on a connection of scheme {quoted(scheme)}", ("https", "wss"))
    for key, is_required, test in KEYS:
        if key not in tls:
            if is_required:
                yield Fault(RULES[key], f"tls without {key}")
        elif test is not None and not test(tls[key]):
            yield Fault(RULES[key], f"tls: {key} is {told(tls[key])}")
    if isinstance(tls.get("server_cert"), str) and not is_pem(tls["server_cert"]):
        yield Fault("T2", "tls: server_cert is no PEM")
    if FITS[int](tls.get("tls_version")) and tls["tls_version"] < 0:
        yield Fault("T3", f"tls: tls_version is {tls['tls_version']}")
    if FITS[int](tls.get("cipher_suite")) and not 0 <= tls["cipher_suite"] <= 0xFFFF:
        yield Fault("T4", f"tls: cipher_suite is {tls['cipher_suite']}", ("0 to 65535",))
    if tls.get("client_cert_error") == "":
        yield Fault("T7", "tls: client_cert_error is empty")
    yield from chain_faults(tls)


def chain_faults(tls: dict[str, Any]) -> Iterator[Fault]:
    """What is wrong with the client's certificates, and with the name that is told for them."""
    chain, name = tls.get("client_cert_chain", ()), tls.get("client_cert_name")
    if isinstance(chain, (bytes, str)) or not isinstance(chain, Iterable):
        yield Fault("T5", f"tls: client_cert_chain is {told(chain)}")
        return
    certificates = [*chain]
    odd = [each for each in certificates if not isinstance(each, str) or not is_pem(each)]
    if odd:
        yield Fault("T5", f"tls: {told(odd[0])} that is no PEM among the client's certificates")
    elif certificates and name is None:
        yield Fault("T6", "tls: a chain of certificates without client_cert_name")
    elif certificates and isinstance(name, str) and not agrees(name, certificates[0]):
        yield Fault("T6", f"tls: client_cert_name is {quoted(name)}, which is not in the certificate")


def is_pem(text: str) -> bool:
    """Whether a text has the form of a certificate in PEM."""
    return text.strip().startswith(BEGIN) and END in text


def agrees(name: str, certificate: str) -> bool:
    """Whether all that a name says, such as `CN=alice,O=Example`, stands in the certificate.

    What is escaped is passed over, and what cannot be decoded is not judged.
    """
    try:
        der = binascii.a2b_base64(certificate.partition(BEGIN)[2].partition(END)[0])
    except binascii.Error:
        return True
    said = [part.partition("=")[2].strip() for part in name.replace("+", ",").split(",")]
    if "\\" in name or '"' in name or "#" in name:
        return True
    return all(text.encode() in der or text.encode("utf-16-be") in der for text in said)
