"""Reads one message of vcf-agent from a file and prints one JSON object per allele: made from docs/PROTOCOL.md alone.

    VCF_AGENT_WIRE_SECRET=… python3 reader.py FILE

Needs the packages blake3, msgpack and zstandard. A column that is null in a row is left out of its object.
"""

import hmac
import json
import math
import os
import struct
import sys

import blake3
import msgpack
import zstandard

CONTEXT = "vcf-agent 2026-11-26 wire messages: "
BODY_BYTES_MAX = 64 << 20
SEGMENT = 3
NULL = 0xFFFFFFFF
# Columns of numbers: how their values are written.
NUMBERS = {
    "position": "q",
    "quality": "f",
    "ordinal": "q",
    "alt_index": "i",
    "line": "q",
    "clinvar_stars": "i",
    "population_frequency": "d",
    "allele_pos": "q",
}


def derive(secret: str, purpose: str) -> bytes:
    return blake3.blake3(secret.encode(), derive_key_context=CONTEXT + purpose).digest()


def open_message(message: bytes, secret: str) -> tuple[dict, dict]:
    """Header and body of a message whose MAC holds."""
    if message[:4] != b"VCFA":
        sys.exit("not a message of vcf-agent")
    if len(message) < 20:
        sys.exit("truncated")
    version, header_bytes, body_bytes = struct.unpack_from("<HHI", message, 4)
    if version != 1:
        sys.exit(f"version {version} is not known")
    end = 20 + header_bytes + body_bytes
    if len(message) < end + 32:
        sys.exit("truncated")
    signed, mac = message[:-32], message[-32:]
    key_id = message[12:20]
    expected = blake3.blake3(signed, key=derive(secret, "MAC key")).digest()
    if key_id != derive(secret, "key id")[:8] or not hmac.compare_digest(mac, expected):
        sys.exit("forged, or signed with another key")
    header = msgpack.unpackb(message[20 : 20 + header_bytes])
    body = message[20 + header_bytes : end]
    if header["codec"] == "zstd":
        if header["body_bytes"] > BODY_BYTES_MAX:
            sys.exit("the body is too large")
        body = zstandard.ZstdDecompressor().decompress(body, max_output_size=header["body_bytes"])
    if len(body) != header["body_bytes"]:
        sys.exit("the body has another length than the header says")
    return header, msgpack.unpackb(body)


def values(packed: bytes, kind: str) -> list:
    return list(struct.unpack(f"<{len(packed) // struct.calcsize(kind)}{kind}", packed))


def bits(packed: bytes, rows: int) -> list[bool]:
    return [packed[row // 8] >> (row % 8) & 1 == 1 for row in range(rows)]


def column(name: str, packed, rows: int) -> list:
    """One value per row, None where it is null."""
    if isinstance(packed, bytes):
        return values(packed, NUMBERS[name])
    if "words" in packed:
        words = packed["words"]
        return [None if nth == NULL else words[nth] for nth in values(packed["ids"], "I")]
    valid = bits(packed["valid"], rows)
    if "values" in packed:
        found = values(packed["values"], NUMBERS[name])
        found = [value if not isinstance(value, float) or math.isfinite(value) else str(value) for value in found]
    else:
        ends, text = values(packed["offsets"], "I"), packed["bytes"]
        found = [text[ends[row] : ends[row + 1]].decode() for row in range(rows)]
    return [value if is_there else None for value, is_there in zip(found, valid)]


def alleles(body: dict):
    """One object per row."""
    more = body["metadata"]
    rows = len(body["position"]) // 8
    names = ["chromosome", "position", "ref_allele", "alt_allele", "quality"]
    columns = {name: column(name, body[name], rows) for name in names if name in body}
    # What is not a column is about the segment.
    of_segment = {"segment", "first_ordinal", "offset", "line_offsets", "dead", "counts"}
    flat = {name: value for name, value in more.items() if name not in of_segment}
    for group in ["annotations", "identities"]:
        flat.update(flat.pop(group, {}))
    metadata = {name: column(name, value, rows) for name, value in flat.items()}
    for row in range(rows):
        allele = {name: body[name] for name in ["correlation_id", "file_id", "timestamp"]}
        allele.update({name: found[row] for name, found in columns.items() if found[row] is not None})
        allele["metadata"] = {name: found[row] for name, found in metadata.items() if found[row] is not None}
        yield allele


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        header, body = open_message(file.read(), os.environ["VCF_AGENT_WIRE_SECRET"])
    if header["kind"] != SEGMENT:
        sys.exit(f"a message of kind {header['kind']} has no alleles")
    for allele in alleles(body):
        print(json.dumps(allele))


if __name__ == "__main__":
    main()
