"""A real directory: Debian's slapd, on ports of this machine alone, with a few people in it."""

from __future__ import annotations

import ipaddress
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROGRAM, LOADER = Path("/usr/sbin/slapd"), Path("/usr/sbin/slapadd")
BASE = "dc=example,dc=org"
PEOPLE = f"ou=people,{BASE}"
SERVICE, SERVICE_PASSWORD = f"cn=service,{BASE}", "let me search"
PASSWORD = "sunshine and rain"
"""Everybody's."""

# As careless as directories may be: it says yes to a name without a password.
_CONF = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
allow bind_anon_dn
TLSCertificateFile {folder}/cert.pem
TLSCertificateKeyFile {folder}/key.pem
database mdb
suffix "{base}"
directory {folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=groups,{base}" by users read by * none
access to * by dn.exact="{service}" read by self read by * auth
"""

_DATA = f"""\
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: {SERVICE}
objectClass: person
objectClass: simpleSecurityObject
cn: service
sn: service
userPassword: {SERVICE_PASSWORD}

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{BASE}
objectClass: organizationalUnit
ou: groups

dn: ou=elsewhere,{PEOPLE}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/{PEOPLE}
"""

_PERSON = f"""
dn: uid={{uid}},{PEOPLE}
objectClass: inetOrgPerson
uid: {{uid}}
cn: {{uid}}
sn: {{uid}}
mail: {{mail}}
userPassword: {PASSWORD}
{{more}}
"""

_GROUP = f"""
dn: cn={{cn}},ou=groups,{BASE}
objectClass: groupOfNames
cn: {{cn}}
member: uid={{uid}},{PEOPLE}
"""


@dataclass(frozen=True)
class Slapd:
    """Where it listens, and the certificate it shows."""

    url: str
    secure_url: str
    certificate: Path


@contextmanager
def running(folder: Path) -> Iterator[Slapd]:
    """Start it, and end it."""
    (folder / "data").mkdir()
    _make_certificate(folder)
    conf, data = folder / "slapd.conf", folder / "data.ldif"
    conf.write_text(_CONF.format(folder=folder, base=BASE, service=SERVICE))
    data.write_text(_DATA + _people())
    subprocess.run([LOADER, "-q", "-f", conf, "-l", data], check=True, capture_output=True)
    plain, secure = _free_ports()
    found = Slapd(f"ldap://127.0.0.1:{plain}", f"ldaps://127.0.0.1:{secure}", folder / "cert.pem")
    both = f"{found.url}/ {found.secure_url}/"
    with subprocess.Popen([PROGRAM, "-d", "0", "-h", both, "-f", conf]) as process:
        try:
            _wait_for(process, plain)
            yield found
        finally:
            process.terminate()


def _people() -> str:
    """Ann's entry says that she is in a group; of Bob only the group says it."""
    more = {"ann": f"memberOf: cn=music-admins,ou=groups,{BASE}", "bob": "", "maria": ""}
    groups = {"music-admins": "ann", "family": "bob"}
    return "".join(
        [
            _PERSON.format(uid=uid, mail=f"{uid}@example.org", more=line)
            for uid, line in more.items()
        ]
        + [_GROUP.format(cn=cn, uid=uid) for cn, uid in groups.items()]
    )


def _free_ports() -> tuple[int, int]:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        return one.getsockname()[1], two.getsockname()[1]


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("slapd does not start")


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "slapd")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
