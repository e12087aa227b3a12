"""An algorithm in -> keys for it out, made anew for each run; and tokens written by hand, as an attacker would."""

import functools
import hashlib
import hmac
import json
from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SECRET = "a secret of at least sixty-four bytes, since HS512 wants no less!"
SECRETS = ("HS256", "HS384", "HS512")
PAIRS = ("RS256", "PS256", "ES256", "EdDSA")


@functools.cache
def pair(algorithm):
    """A private key and its public half, in PEM."""
    private = {"ES256": curve_key, "EdDSA": ed25519.Ed25519PrivateKey.generate}.get(algorithm, rsa_key)()
    return pem(private), public_pem(private)


def curve_key():
    """A key on the curve of ES256."""
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def rsa_key(bits=2048):
    """An RSA key; they take longest."""
    return rsa.generate_private_key(65537, bits)


def pem(private):
    """A private key as text."""
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(private):
    """Its public half as text."""
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_der(private):
    """Its public half in bytes."""
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def coded(part):
    """JSON, or bytes as they are, in the base64 of tokens."""
    plain = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(plain).decode().rstrip("=")


def forged(header, payload, signature=b""):
    """A token with this signature."""
    return f"{coded(header)}.{coded(payload)}.{coded(signature)}"


def signed(header, payload, secret=SECRET, digest=hashlib.sha256):
    """A token with a signature of HMAC, whatever its header says."""
    key = secret if isinstance(secret, bytes) else secret.encode()
    message = f"{coded(header)}.{coded(payload)}"
    return f"{message}.{coded(hmac.new(key, message.encode(), digest).digest())}"
