"""AWS's binary event stream, application/vnd.amazon.eventstream: how InvokeWithResponseStream answers.

A message is a prelude (total length, length of the headers, both big-endian, and their CRC-32), the headers, the
payload, and the CRC-32 of all of it. Source: "Amazon Transcribe: Event stream encoding", the one place it is written.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping

CONTENT_TYPE = "application/vnd.amazon.eventstream"
MAX_PAYLOAD_BYTES = 1024 * 1024  # clients refuse a message of 16 MB; smaller ones arrive sooner

_STRING = 7  # the type of a header's value


def event(event_type: str, payload: bytes, content_type: str) -> bytes:
    """One event of the stream, such as a PayloadChunk."""
    return message({":event-type": event_type, ":content-type": content_type, ":message-type": "event"}, payload)


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message with text headers."""
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(encoded) + len(payload), len(encoded))
    body = prelude + struct.pack(">I", crc32(prelude)) + encoded + payload
    return body + struct.pack(">I", crc32(body))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return bytes([len(key)]) + key + bytes([_STRING]) + struct.pack(">H", len(text)) + text
