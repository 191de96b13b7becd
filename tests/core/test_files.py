"""Uploads by content hash: kept once, found again, never by a name of the sender's making."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from trainer.core import files
from trainer.core.errors import Missing


def test_what_is_kept_is_found_again_and_lies_there_once(tmp_path):
    folder = files.uploads_folder(tmp_path)
    digests = {files.keep(folder, b"content") for _time in range(2)}
    assert digests == {hashlib.sha256(b"content").hexdigest()}
    assert files.path_of(folder, digests.pop()).read_bytes() == b"content"
    assert len(list(folder.iterdir())) == 1
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("digest", ["", "../keys/audit", "a" * 63, "A" * 64, "0" * 64, "a" * 64 + "\n"])
def test_anything_but_a_known_hash_is_missing(tmp_path, digest):
    with pytest.raises(Missing, match="upload_gone"):
        files.path_of(files.uploads_folder(tmp_path), digest)


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    folder = files.uploads_folder(tmp_path)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.keep(folder, b"content")
    assert list(folder.iterdir()) == []


def test_old_uploads_are_dropped_and_used_ones_stay(tmp_path):
    folder = files.uploads_folder(tmp_path)
    old, used = (files.path_of(folder, files.keep(folder, content)) for content in (b"old", b"used"))
    for path in (old, used):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    files.keep(folder, b"used")
    assert files.drop_older(folder, 3600) == 1
    assert (old.exists(), used.exists()) == (False, True)
