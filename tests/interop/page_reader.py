"""Reads a repository as the page medsave-repository(5) describes it, and as nothing else does.

It shares no code with medsave, so that what the page forgets or gets wrong shows here.

usage: page_reader.py config|list|restore|cuts REPOSITORY PASSWORD [TARGET]
       page_reader.py example PAGE PASSWORD   (the example at the end of the page)
"""

import base64
import datetime
import functools
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

MODE_BITS = {1 << 23: stat.S_ISUID, 1 << 22: stat.S_ISGID, 1 << 20: stat.S_ISVTX}
ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# --- ENCRYPTION ---


def open_sealed(key, sealed):
    e, k, r = key[:32], key[32:48], key[48:64]
    if len(sealed) < 32:
        raise ValueError("sealed data is too short")
    nonce, content, tag = sealed[:16], sealed[16:-16], sealed[-16:]
    s = Cipher(algorithms.AES(k), modes.ECB()).encryptor().update(nonce)
    if not any(nonce) or Poly1305.generate_tag(r + s, content) != tag:
        raise ValueError("sealed data does not fit its authenticator")
    return Cipher(algorithms.AES(e), modes.CTR(nonce)).decryptor().update(content)


def decompress(frames):
    run = subprocess.run(["zstd", "-dqc", "--memory=128MB"], input=frames, capture_output=True, check=True)
    return run.stdout


# --- KEYS ---


def open_key(text, password):
    """The master key E || k || r of a key file; None if the password is wrong."""
    key = json.loads(text)
    assert key["kdf"] == "scrypt"
    user_key = hashlib.scrypt(
        password.encode(),
        salt=base64.b64decode(key["salt"]),
        n=key["N"],
        r=key["r"],
        p=key["p"],
        dklen=64,
        maxmem=1 << 30,
    )
    try:
        master = json.loads(open_sealed(user_key, base64.b64decode(key["data"])))
    except ValueError:
        return None
    parts = master["encrypt"], master["mac"]["k"], master["mac"]["r"]
    return b"".join(base64.b64decode(part) for part in parts)


# --- PACKS ---


def pack_entries(master, pack):
    """(type, id, offset, length, content length or None) of each blob, from the pack's header."""
    length = int.from_bytes(pack[-4:], "little")
    header = open_sealed(master, pack[-4 - length : -4])
    offset = at = 0
    while at < len(header):
        kind, stored = header[at], int.from_bytes(header[at + 1 : at + 5], "little")
        at += 5
        size = None
        if kind in (2, 3):
            size = int.from_bytes(header[at : at + 4], "little")
            at += 4
        yield "tree" if kind in (1, 3) else "data", header[at : at + 32].hex(), offset, stored, size
        at += 32
        offset += stored
    assert offset == len(pack) - 4 - length, "the header does not begin where the last blob ends"


def open_blob(master, sealed, size, blob_id):
    content = open_sealed(master, sealed)
    if size is not None:
        content = decompress(content)
        assert len(content) == size
    assert sha256(content) == blob_id, "blob has another hash"
    return content


# --- TREES ---


def unquote(name):
    out = bytearray()
    at = 0
    while at < len(name):
        if name[at] != "\\":
            out += name[at].encode()
            at += 1
            continue
        kind = name[at + 1]
        if kind in ESCAPES:
            out.append(ESCAPES[kind])
            at += 2
        elif kind == "x":
            out.append(int(name[at + 2 : at + 4], 16))
            at += 4
        elif kind in "uU":
            digits = 4 if kind == "u" else 8
            out += chr(int(name[at + 2 : at + 2 + digits], 16)).encode()
            at += 2 + digits
        else:
            out.append(int(name[at + 1 : at + 4], 8))
            at += 4
    assert out not in (b"", b".", b"..") and not set(out) & {0, 0x2F}, "a name to be refused"
    return bytes(out)


def nanoseconds(text):
    """An instant as nanoseconds since 1970."""
    date, fraction, zone = re.fullmatch(r"([^.Z+]*T[\d:]+)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups()
    instant = datetime.datetime.fromisoformat(date + ("+00:00" if zone == "Z" else zone))
    return int(instant.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))


def permissions(mode):
    return (mode & 0o777) | sum(unix for bit, unix in MODE_BITS.items() if mode & bit)


class Repository:
    def __init__(self, folder, password):
        self.folder = Path(folder)
        keys = (open_key(self.load("keys", name), password) for name in self.names("keys"))
        self.master = next((key for key in keys if key), None)
        if not self.master:
            sys.exit("wrong password")
        self.config = json.loads(open_sealed(self.master, (self.folder / "config").read_bytes()))
        assert self.config["version"] in (1, 2)
        self.snapshots = {name: self.load_json("snapshots", name) for name in self.names("snapshots")}
        self.places = {}
        for name in self.names("index"):
            for pack in self.load_json("index", name)["packs"]:
                for blob in pack["blobs"]:
                    place = pack["id"], blob["offset"], blob["length"], blob.get("uncompressed_length")
                    self.places[blob["type"], blob["id"]] = place

    def names(self, folder):
        names = (entry.name for entry in (self.folder / folder).iterdir())
        return sorted(name for name in names if re.fullmatch("[0-9a-f]{64}", name))

    @functools.lru_cache(maxsize=8)
    def load(self, folder, name):
        content = (self.folder / folder / name).read_bytes()
        assert sha256(content) == name, f"{folder}/{name} has another hash"
        return content

    def load_json(self, folder, name):
        plain = open_sealed(self.master, self.load(folder, name))
        if plain[:1] in (b"{", b"["):
            return json.loads(plain)
        assert plain[0] == 2 and self.config["version"] == 2
        return json.loads(decompress(plain[1:]))

    def load_blob(self, kind, blob_id):
        pack, offset, length, size = self.places[kind, blob_id]
        content = self.load(f"data/{pack[:2]}", pack)
        # What the index says of the blob is what the header of its pack says.
        assert (kind, blob_id, offset, length, size) in pack_entries(self.master, content)
        return open_blob(self.master, content[offset : offset + length], size, blob_id)

    def latest(self):
        return max(self.snapshots.values(), key=lambda snapshot: nanoseconds(snapshot["time"]))

    def walk(self, tree, path=b""):
        nodes = json.loads(self.load_blob("tree", tree))["nodes"]
        names = [unquote(node["name"]) for node in nodes]
        assert names == sorted(set(names)), "nodes are not sorted by the bytes of their names"
        for name, node in zip(names, nodes):
            below = path + b"/" + name
            yield below, node
            if node["type"] == "dir":
                yield from self.walk(node["subtree"], below)


def restore(repository, target):
    folders = []
    links = {}
    for path, node in repository.walk(repository.latest()["tree"]):
        place = os.fsencode(target) + path
        if node["type"] == "dir":
            os.makedirs(place)
            folders.append((place, node))
            continue
        identity = node.get("device_id"), node.get("inode")
        if node.get("links", 0) > 1 and links.setdefault(identity, place) != place:
            os.link(links[identity], place, follow_symlinks=False)
            continue
        if node["type"] == "symlink":
            raw = node.get("linktarget_raw")
            os.symlink(base64.b64decode(raw) if raw else node["linktarget"].encode(), place)
        elif node["type"] == "fifo":
            os.mkfifo(place)
        elif node["type"] in ("dev", "chardev"):
            kind = stat.S_IFBLK if node["type"] == "dev" else stat.S_IFCHR
            os.mknod(place, kind, node["device"])
        elif node["type"] == "file":
            content = b"".join(repository.load_blob("data", blob) for blob in node["content"])
            assert len(content) == node.get("size", 0)
            Path(os.fsdecode(place)).write_bytes(content)
        else:
            continue
        finish(place, node)
    for place, node in reversed(folders):
        finish(place, node)


def finish(place, node):
    link = node["type"] == "symlink"
    if os.geteuid() == 0:
        os.chown(place, node["uid"], node["gid"], follow_symlinks=False)
    for attribute in node.get("extended_attributes", []):
        value = base64.b64decode(attribute["value"])
        os.setxattr(place, attribute["name"].encode(), value, follow_symlinks=False)
    if not link:
        os.chmod(place, permissions(node.get("mode", 0)))
    times = nanoseconds(node["atime"]), nanoseconds(node["mtime"])
    os.utime(place, ns=times, follow_symlinks=False)


# --- CHUNKS ---


def remainder(value, polynomial):
    while value.bit_length() >= polynomial.bit_length():
        value ^= polynomial << (value.bit_length() - polynomial.bit_length())
    return value


def cuts(data, polynomial):
    """Lengths of the pieces of a file, by the rule as it stands in the page."""
    minimum, maximum, window = 524288, 8388608, 64
    leaving = [remainder(byte << 8 * window, polynomial) for byte in range(256)]
    start = 0
    while start < len(data):
        end = start + minimum
        if end >= len(data):
            yield len(data) - start
            return
        fingerprint = remainder(int.from_bytes(data[end - window : end], "big"), polynomial)
        while fingerprint & 0xFFFFF and end - start < maximum and end < len(data):
            shifted = (fingerprint << 8 | data[end]) ^ leaving[data[end - window]]
            fingerprint = remainder(shifted, polynomial)
            end += 1
        yield end - start
        start = end


def check_cuts(repository):
    polynomial = int(repository.config["chunker_polynomial"], 16)
    pieces = 0
    for path, node in repository.walk(repository.latest()["tree"]):
        if node["type"] != "file":
            continue
        blobs = [repository.load_blob("data", blob) for blob in node["content"]]
        assert list(cuts(b"".join(blobs), polynomial)) == [len(blob) for blob in blobs], path
        pieces += len(blobs)
    print(pieces)


# --- EXAMPLE ---


def check_example(page, password):
    example = Path(page).read_text().split("\n.SH EX")[1]
    example = example.replace("\\:", "")  # where a line may be broken
    blocks = re.findall(r"\n\.EX\n(.*?)\n\.EE", example, re.S)
    key, plain, pack, header = (re.sub(r"\s", "", block.replace("\\-", "-")) for block in blocks)
    master = open_key(key, password)
    assert master, "the password does not fit"
    parts = json.loads(plain)
    assert base64.b64decode(parts["encrypt"]) == master[:32]
    pack = bytes.fromhex(pack)
    ids = set(re.findall("[0-9a-f]{64}", example))
    assert {sha256(key.encode()), sha256(pack)} <= ids
    entries = list(pack_entries(master, pack))
    assert entries == [("data", header[10:], 0, 38, None)], entries
    assert open_blob(master, pack[:38], None, header[10:]) == b"hello\n"


def main(command, place, password, *more):
    if command == "example":
        check_example(place, password)
        return
    repository = Repository(place, password)
    if command == "config":
        print(json.dumps(repository.config))
    elif command == "list":
        for path, _ in repository.walk(repository.latest()["tree"]):
            sys.stdout.buffer.write(path + b"\0")
    elif command == "restore":
        restore(repository, *more)
    elif command == "cuts":
        check_cuts(repository)


main(*sys.argv[1:])
