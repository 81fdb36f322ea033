"""A JSON Schema validator that knows nothing of us judges the shipped files, and the same files with one mistake each.

Arguments: the folder of the schemas, the folder of the files.
"""

import copy
import json
import pathlib
import sys
import tomllib

from jsonschema import Draft202012Validator

SCHEMAS, FILES = map(pathlib.Path, sys.argv[1:])

# Another carrier, as the reader takes it.
PBX = {
    "id": "pbx",
    "kind": "asterisk",
    "url": "http://127.0.0.1:8088",
    "app": "leadbridge",
    "user": "leadbridge",
    "password": {"env": "A"},
    "endpoint": "PJSIP/{number}@trunk",
    "endpoints": {"+32470000001": "PJSIP/an"},
    "voice": ["espeak-ng", "-v", "{language}", "--stdout"],
    "calls_per_s": 5,
}

# Where, and what stands there instead; None takes the key away.
MISTAKES = {
    "leadbridge": [
        (("server", "api_token"), "hunter2"),
        (("server", "api_token"), {"env": "A", "file": "b"}),
        (("server", "api_token"), {"value": "x"}),
        (("server", "public_url"), None),
        (("server", "public_url"), "bridge.example.be"),
        (("server", "flood_per_s"), -1),
        (("server", "body_max_kb"), "256"),
        (("server", "lisen"), "127.0.0.1:8080"),
        (("carrier", 0, "kind"), "twillio"),
        (("carrier", 0, "id"), "Main"),
        (("carrier", 0, "token"), []),
        (("carrier",), []),
        (("carrier", 0), PBX | {"password": "hunter2"}),
        (("carrier", 0), PBX | {"url": "ws://127.0.0.1:8088"}),
        (("carrier", 0), PBX | {"endpoint": "PJSIP/trunk"}),
        (("carrier", 0), PBX | {"endpoints": {"0470000001": "PJSIP/an"}}),
        (("carrier", 0), PBX | {"endpoints": {"+32470000001": "an"}}),
        (("carrier", 0), PBX | {"voice": "espeak-ng"}),
        (("carrier", 0), PBX | {"voice": {"es": ["espeak-ng"]}}),
        (("carrier", 0), PBX | {"account": "AC00000000000000000000000000000000"}),
        (("notice", "email", "from"), "nobody"),
        (("notice", "email", "smtp"), "https://mail.example.be"),
        (("notice", "text"), "yes"),
        (("guard", "countries"), ["Belgium"]),
    ],
    "rotation": [
        (("group", "language"), "es"),
        (("group", "country"), None),
        (("group", "target_percent"), 101),
        (("group", "target_percent"), 12.5),
        (("rooftop", 0, "target_percent"), 13),
        (("rep", 0, "phone"), 32470000001),
        (("rep", 0, "away"), ["24 december"]),
        (("rep", 0, "languages"), []),
        (("rooftop", 0, "strategy"), "fastest"),
        (("rooftop", 0, "owner"), []),
        (("rooftop", 0, "after_hours"), "duty"),
        (("rooftop", 0, "ring_s"), 121),
        (("rooftop", 0, "rounds_min"), [0, "2"]),
        (("rooftop", 0, "ring"), 20),
        (("rooftop", 0, "hours"), None),
    ],
    "sources": [
        (("source", 0, "id"), "lead-line"),
        (("source", 0, "format"), "xml"),
        (("source", 0, "auth", "scheme"), "hmac"),
        (("source", 0, "auth", "header"), None),
        (("source", 0, "auth", "secret"), "hunter2"),
        (("source", 0, "auth", "user"), "portal"),
        (("source", 0, "rooftop"), None),
        (("source",), []),
    ],
}


def with_mistake(document, path, value):
    """The document with another value, or none, at this path."""
    document = copy.deepcopy(document)
    part = document
    for step in path[:-1]:
        part = part[step]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return document


for name, mistakes in MISTAKES.items():
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for file in [FILES / f"{name}.toml", FILES / "demo" / f"{name}.toml"]:
        if file.exists():
            for error in validator.iter_errors(tomllib.loads(file.read_text())):
                raise SystemExit(f"{file}: {error.json_path}: {error.message}")
    document = tomllib.loads((FILES / f"{name}.toml").read_text())
    if name == "leadbridge":
        for voice in [PBX["voice"], {"fr": ["espeak-ng", "-v", "fr-be", "--stdout"]}]:
            validator.validate(with_mistake(document, ("carrier", 0), PBX | {"voice": voice}))
    for path, value in mistakes:
        if validator.is_valid(with_mistake(document, path, value)):
            raise SystemExit(f"{name}: {path} = {value!r} was taken")
