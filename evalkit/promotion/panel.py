"""The review panel of a notebook: one candidate at a time, with buttons where there is a browser to press them.

`Panel` shows itself as static HTML, the same bytes for the same candidate, so a stored notebook can be compared.
`Panel.widget` is the live one (ipywidgets); a button does what the method of its name does.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from evalkit.cards import Grid, card
from evalkit.cases.portrait import portray
from evalkit.errors import PromotionError
from evalkit.promotion.decisions import Decision, Outcome, Verdict
from evalkit.promotion.review import Desk, Laid
from evalkit.promotion.terminal import lines_of, read_answer
from evalkit.visible import visible


class Panel:
    """What waits at a desk for one person, in order."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._waiting = list(desk.waiting())
        self._decided = 0
        self.said = ""
        """What became of the last word: its standing, or why it was not recorded."""

    @property
    def laid(self) -> Laid | None:
        """The candidate that is shown; None where nothing waits."""
        return self._waiting[0] if self._waiting else None

    def accept(self) -> Outcome:
        """The agent's answer is right."""
        return self._say("accept", "")

    def correct(self, answer: dict[str, Any] | str, reason: str) -> Outcome:
        """Another answer is right: an output, or ``refuse CODE``."""
        gold, refusal = (answer, None) if isinstance(answer, dict) else read_answer(answer)
        return self._say("correct", reason, gold=gold, refusal=refusal)

    def reject(self, reason: str) -> Outcome:
        """This is no gold case."""
        return self._say("reject", reason)

    def skip(self) -> None:
        """Leave it for later."""
        self._waiting = [*self._waiting[1:], *self._waiting[:1]]

    def __repr__(self) -> str:
        return f"Panel({self.desk.person}, {len(self._waiting)} waiting, {self._decided} decided)"

    def __str__(self) -> str:
        return "\n".join(lines_of(self.laid)) if self.laid is not None else "nothing waits"

    def _repr_html_(self) -> str:
        head = f"Review by {self.desk.person}"
        if self.laid is None:
            return card(head, lead=f"Nothing waits. {self._decided} decided.")
        one = self.laid.candidate
        sure = "-" if one.confidence is None else f"{one.confidence:.2f}"
        answer = f"refuse {one.case.refusal}" if one.case.refusal else "none" if one.status == "error" else "below"
        taken = ", ".join(f"{count} {category}" for category, count in one.replaced.items()) or "nothing"
        rows = [
            ("ran", one.spec), ("status", one.status), ("confidence", sure), ("answer", answer),
            ("why it is here", "; ".join(one.why) or "picked by hand"), ("taken out", taken),
            ("people who must agree", one.reviewers),
        ]  # fmt: skip
        top = card(head, lead=f"{len(self._waiting)} waiting, {self._decided} decided", grids=[Grid(["", ""], rows)])
        texts = [name for name, value in one.case.input.items() if isinstance(value, str)]
        longest = max(texts, key=lambda name: len(one.case.input[name]), default=None)
        return top + (portray(one.case, longest)._repr_html_() if longest is not None else "")

    def widget(self) -> Any:
        """The live panel: an ipywidgets box."""
        import ipywidgets

        view, said = ipywidgets.HTML(), ipywidgets.HTML()
        reason = ipywidgets.Text(placeholder="reason, without the person", layout={"width": "40em"})
        answer = ipywidgets.Textarea(placeholder="the right answer as JSON, or: refuse CODE", layout={"width": "60em"})
        names = {"accept": "success", "correct": "warning", "reject": "danger", "skip": ""}
        buttons = [ipywidgets.Button(description=name, button_style=style) for name, style in names.items()]

        def show() -> None:
            view.value, said.value = self._repr_html_(), escape(visible(self.said))
            case = self.laid.candidate.case if self.laid is not None else None
            reason.value = ""
            answer.value = (
                f"refuse {case.refusal}" if case and case.refusal else json.dumps(dict(case.gold) if case else {})
            )
            for button in buttons:
                button.disabled = case is None

        def press(button: Any) -> None:
            try:
                self._press(button.description, reason.value, answer.value)
            except PromotionError as error:
                self.said = f"not recorded: {error}"
                said.value = escape(visible(self.said))
                return
            show()

        for button in buttons:
            button.on_click(press)
        show()
        return ipywidgets.VBox([view, reason, answer, ipywidgets.HBox(buttons), said])

    def _press(self, name: str, reason: str, answer: str) -> None:
        if name == "skip":
            self.skip()
        elif name == "correct":
            self.correct(answer, reason)
        elif name == "reject":
            self.reject(reason)
        else:
            self.accept()

    def _say(self, verdict: Verdict, reason: str, *, gold: Any = None, refusal: str | None = None) -> Outcome:
        if self.laid is None:
            raise PromotionError("nothing waits", where="review")
        decision = Decision(
            self.laid.candidate.digest, self.desk.person, verdict, reason.strip(), gold=gold, refusal=refusal,
            adjudicates=self.laid.outcome.standing == "disputed",
        )  # fmt: skip
        outcome = self.desk.decide(self.laid, decision)
        self._waiting.pop(0)
        self._decided += 1
        self.said = f"recorded: {outcome.standing}"
        return outcome
