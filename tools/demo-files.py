#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real files for the demo, made on the spot: a picture, a document, an archive of a given size in MiB."""

import os
import struct
import sys
import tarfile
import zlib
from io import BytesIO

MEMBER = 16 << 20


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=640, height=480):
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # no filter
        for x in range(width):
            rows += bytes(((x * 255) // width, (y * 255) // height, (x * y // 512) & 255))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


def pdf(lines):
    text = "BT /F1 14 Tf 72 770 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text.encode()),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def archive(path, mebibytes):
    with tarfile.open(path, "w") as tar:
        left = mebibytes << 20
        number = 0
        while left > 0:
            info = tarfile.TarInfo(f"backup/part-{number:03d}.bin")
            info.size = min(left, MEMBER)
            tar.addfile(info, BytesIO(os.urandom(info.size)))
            left -= info.size
            number += 1


def main():
    folder, mebibytes = sys.argv[1], int(sys.argv[2])
    with open(os.path.join(folder, "picture.png"), "wb") as f:
        f.write(png())
    with open(os.path.join(folder, "last will.pdf"), "wb") as f:
        f.write(pdf(["Last will and testament", "The keys to this file were lost, and found again."]))
    archive(os.path.join(folder, "backup.tar"), mebibytes)


if __name__ == "__main__":
    main()
