#!/usr/bin/env python3
"""Verify an exported audit chain. Standard library only: no database, no portal, nothing to trust but this file.

    manage.py verify_audit --chain UUID --export chain.jsonl       (at the portal)
    python3 verify_log.py chain.jsonl                              (anywhere)
    python3 verify_log.py chain.jsonl --extends 12:5f0c…           (did the chain of that day only grow?)

Each line of the file is one event. Its hash is the SHA-256 of "ev1" and fourteen fields, each with its length in bytes
before it, in UTF-8; `prev` is the hash of the event before. Reason and values (`body`) are tied to the event by
`commitment` = SHA-256(salt ‖ body). A body that the law had erased is gone; an event "audit.body_erased" of the same chain
names it. The last line printed is the head; keep it, and nobody can cut or rewrite the chain unseen by you.
"""

import argparse
import hashlib
import json
import sys

FIELDS = (
    "chain", "seq", "prev", "id", "at", "xact", "db_user", "name", "actor", "agency", "ref", "before", "after", "commitment",
)  # fmt: skip


def hash_of(event):
    text = "ev1" + "".join(f"{len(event[field].encode())}:{event[field]}" for field in FIELDS)
    return hashlib.sha256(text.encode()).hexdigest()


def breaks(events, extends=None):
    """Every break of the chain, as a sentence."""
    erased = {event["ref"] for event in events if event["name"] == "audit.body_erased"}
    prev = "00"
    for n, event in enumerate(events, 1):
        if event["chain"] != events[0]["chain"]:
            yield f"event {n}: belongs to another chain"
        if event["seq"] != str(n):
            yield f"event {n}: carries the number {event['seq']}; events are missing or out of order"
        if event["prev"] != prev:
            yield f"event {n}: does not follow from the event before it"
        if event["hash"] != hash_of(event):
            yield f"event {n}: was changed after it was written"
        if "body" in event:
            if hashlib.sha256(bytes.fromhex(event["salt"]) + event["body"].encode()).hexdigest() != event["commitment"]:
                yield f"event {n}: its reason or values were changed"
        elif event["commitment"] and f"event:{event['id']}" not in erased:
            yield f"event {n}: its reason or values are missing and no erasure names it"
        prev = event["hash"]
    if not events:
        yield "the file holds no event"
    if extends:
        seq, _, digest = extends.partition(":")
        if not seq.isdigit() or int(seq) > len(events):
            yield f"the chain had {seq} events; the file holds {len(events)}"
        elif int(seq) and events[int(seq) - 1]["hash"] != digest:
            yield f"event {seq}: is not the one that was the head"


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def main():
    parser = argparse.ArgumentParser(description="Verify an exported audit chain.")
    parser.add_argument("file")
    parser.add_argument("--extends", metavar="SEQ:HASH", help="a head printed on an earlier day")
    asked = parser.parse_args()
    try:
        events = read(asked.file)
        found = list(breaks(events, asked.extends))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        sys.exit(f"{asked.file} is no exported chain: {type(error).__name__}")
    if found:
        sys.exit("\n".join(found))
    erased = sum(1 for event in events if event["commitment"] and "body" not in event)
    sys.stdout.write(f"chain {events[0]['chain']}: {len(events)} events, {erased} bodies erased, whole\n")
    sys.stdout.write(f"head {events[-1]['seq']}:{events[-1]['hash']}\n")


if __name__ == "__main__":
    main()
