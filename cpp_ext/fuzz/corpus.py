"""The kept corpus is one text file, an input in hex on each line; libFuzzer wants a folder.

python cpp_ext/fuzz/corpus.py unpack FOLDER     corpus.txt -> files
python cpp_ext/fuzz/corpus.py pack FOLDER       files -> corpus.txt
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus.txt")


def unpack(folder: Path) -> None:
    """Write each input to a file that is named by its hash, as libFuzzer does."""
    folder.mkdir(parents=True, exist_ok=True)
    for line in CORPUS.read_text().splitlines():
        data = bytes.fromhex(line)
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def pack(folder: Path) -> None:
    """Write the folder's inputs, shortest first."""
    inputs = {path.read_bytes() for path in folder.iterdir() if path.is_file()} - {b""}
    lines = [data.hex() for data in sorted(inputs, key=lambda data: (len(data), data))]
    CORPUS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack}[sys.argv[1]](Path(sys.argv[2]))
