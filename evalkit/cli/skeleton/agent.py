"""The agent under test."""

from pathlib import Path

import evalkit as ek

SPEC = ek.load_spec(Path(__file__).parent / "specs" / "$name" / "1.0.0.md")

# The offline agent executes the spec's tables. To test your own, write a function from the fields that the spec allows
# to a reply, and put it behind the spec's guard; the guard refuses, filters and strips:
#
#   def answer(fields):
#       text = my_model(fields["note_text"])
#       return ek.Reply("ok", output={...}, confidence=0.9, model_id="vendor/model-1")
#
#   agent = ek.guard(SPEC, answer)
#
# An agent behind an address needs no code here: --agent https://host/path.
agent = ek.offline_agent(SPEC)
