"""Twilio's own library judges the documents that the daemon answers.

Each file of the folder given is read and written anew with the library's TwiML builder, which knows the verbs, their
attributes and what may stand in what. Both must be the same document.
"""

import inspect
import sys
from pathlib import Path
from xml.etree import ElementTree

from twilio.twiml.voice_response import VoiceResponse

# The builder's name for an attribute whose own name Python keeps for itself.
KEPT = {"from": "from_"}
# The builder's argument for the text of a verb.
TEXTS = {"Say": "message", "Redirect": "url", "Number": "phone_number", "Dial": "number", "Play": "url", "Conference": "name"}


def snake(name):
    return KEPT.get(name, "".join("_" + letter.lower() if letter.isupper() else letter for letter in name))


def arguments(element, method, where):
    known = inspect.signature(method).parameters
    given = {snake(name): value for name, value in element.attrib.items()}
    unknown = set(given) - set(known) - {"self"}
    assert not unknown, f"{where}: <{element.tag}> has no {unknown}"
    text = (element.text or "").strip()
    if text:
        assert element.tag in TEXTS, f"{where}: <{element.tag}> has no text"
        given[TEXTS[element.tag]] = element.text
    return given


def build(parent, element, where):
    method = getattr(parent, snake(element.tag[0].lower() + element.tag[1:]), None)
    assert method is not None, f"{where}: <{element.tag}> may not stand in <{parent.name}>"
    built = method(**arguments(element, method, where))
    for child in element:
        build(built, child, where)


def judge(path):
    text = path.read_text(encoding="utf-8")
    document = ElementTree.fromstring(text)
    assert document.tag == "Response" and not document.attrib and len(document), f"{path.name}: {text}"
    response = VoiceResponse()
    for element in document:
        build(response, element, path.name)
    ours, theirs = (ElementTree.canonicalize(xml, strip_text=True) for xml in (text, str(response)))
    assert ours == theirs, f"{path.name}:\n{ours}\n{theirs}"
    return [element.tag for element in document.iter()]


documents = {path.stem: judge(path) for path in sorted(Path(sys.argv[1]).glob("*.xml"))}
assert "Gather" in documents["whisper"] and "Dial" in documents["customer"] and "Redirect" in documents["hold"], documents
assert "Conference" in documents["room"] and "Conference" in documents["joined"] and "Number" in documents["reception"], documents
assert documents["taken"][-1] == documents["dealt-with"][-1] == "Hangup", documents
