"""The scripts of our pages: two of them, inline, known by digest. They load nothing and send nothing.

A page carries a policy that lets the browser run the scripts with these digests and nothing else, so that no text on a
page can ever act. Without them a page shows the same, and a case browser its first rows: only sorting, filtering and
the rest of those rows are gone.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

TABLES: Final = """\
"use strict";
(() => {
  const SORTED = 6, FILTERED = 20, FOLDED = 30, UNFOLDED = 20;
  const figure = (text) => {
    const found = text.replace(/\\u2212/g, "-").replace(/,/g, "").match(/^[<>]?\\s*([+-]?\\d+(?:\\.\\d+)?)/);
    return found ? parseFloat(found[1]) : NaN;
  };
  const cell = (row, column) => row.cells[column] ? row.cells[column].textContent.trim() : "";
  const sort = (table, column, down) => {
    const body = table.tBodies[0], rows = [...body.rows];
    const keyed = rows.map((row) => [cell(row, column), figure(cell(row, column)), row]);
    const numeric = table.tHead.rows[0].cells[column].classList.contains("num");
    const sign = down ? -1 : 1;
    keyed.sort(([a, x], [b, y]) => {
      if (!numeric) return sign * a.localeCompare(b);
      if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
      return sign * (x - y);
    });
    body.append(...keyed.map((entry) => entry[2]));
    fold(table);
  };
  const fold = (table) => {
    const rows = [...table.tBodies[0].rows];
    rows.forEach((row, place) => row.classList.toggle("folded", rows.length >= FOLDED && place >= UNFOLDED));
  };
  const addFold = (table) => {
    const box = document.createElement("p"), button = document.createElement("button");
    box.className = "note";
    button.type = "button";
    button.className = "more";
    button.textContent = `Show all ${table.tBodies[0].rows.length} rows`;
    box.append(button);
    button.addEventListener("click", () => {
      table.classList.add("unfolded");
      box.remove();
    });
    (table.closest(".scroll") || table).after(box);
    fold(table);
  };
  const addSorting = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, column, down);
      });
    });
  };
  const addFilter = (table) => {
    const body = table.tBodies[0], box = document.createElement("p"), label = document.createElement("label");
    const input = document.createElement("input"), shown = document.createElement("span");
    box.className = "filter";
    input.type = "search";
    input.autocomplete = "off";
    label.append("Filter ", input);
    shown.setAttribute("role", "status");
    box.append(label, " ", shown);
    const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
      let left = 0;
      for (const [row, text] of texts) {
        row.hidden = !words.every((word) => text.includes(word));
        left += row.hidden ? 0 : 1;
      }
      table.classList.toggle("filtered", words.length > 0);
      shown.textContent = words.length ? `${left} of ${texts.size} rows` : "";
    });
    const scroller = table.closest(".scroll");
    (scroller || table).before(box);
  };
  for (const table of document.querySelectorAll("main table")) {
    if (!table.tHead || table.tBodies.length !== 1) continue;
    const size = table.tBodies[0].rows.length;
    if (size >= SORTED) addSorting(table);
    if (size >= FILTERED) addFilter(table);
    if (size >= FOLDED) addFold(table);
  }
})();
"""
"""Headings of a table of 6 rows or more sort it, by mouse or keyboard; from 20 rows on a field filters it. From 30 on
those after the 20th are folded away until asked for, on a screen only: paper has them all."""


CASES: Final = """\
"use strict";
(() => {
  const STEP = 100;
  const data = JSON.parse(document.getElementById("rows").textContent);
  const table = document.getElementById("cases"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const input = document.getElementById("words"), state = document.getElementById("state");
  const tag = document.getElementById("tag"), status = document.getElementById("shown");
  const more = document.getElementById("more");
  const names = (group) => data.groups[group];
  const rows = data.id.map((id, at) => ({
    at, id: data.prefix + id, state: data.states[data.state[at]], before: data.before ? data.before[at] : "",
    value: data.value[at], short: names(data.short[at]), tags: names(data.tags[at]), text: "",
  }));
  const texts = { Case: (row) => row.id, State: (row) => row.state, "Short in": (row) => row.short.join(" "),
    Tags: (row) => row.tags.join(" ") };
  const figures = { Baseline: (row) => row.before, Value: (row) => row.value };
  const shown = (value) => value === null ? "n/a" : `${value.toFixed(1)} %`;
  const cell = (kind, text, name) => {
    const made = document.createElement(kind);
    made.textContent = text;
    if (name) made.className = name;
    return made;
  };
  let kept = rows, drawn = 0;
  const draw = () => {
    const part = document.createDocumentFragment();
    for (const row of kept.slice(drawn, drawn + STEP)) {
      const line = document.createElement("tr"), head = cell("th", row.id);
      head.scope = "row";
      const left = row.short.length - 2;
      head.className = "keep";
      line.append(head, cell("td", row.state, "keep"));
      if (data.before) line.append(cell("td", shown(row.before), "num"));
      line.append(cell("td", shown(row.value), "num"));
      line.append(cell("td", row.short.slice(0, 2).join(" ") + (left > 0 ? ` +${left}` : "")));
      line.append(cell("td", row.tags.join(" ")));
      part.append(line);
    }
    drawn = Math.min(drawn + STEP, kept.length);
    body.append(part);
    const [here, found, all] = [drawn, kept.length, rows.length].map((number) => number.toLocaleString("en-US"));
    status.textContent = `${here} of ${found} shown` + (found === all ? "" : `, ${all} in all`);
    more.hidden = drawn === kept.length;
  };
  const redraw = () => {
    body.replaceChildren();
    drawn = 0;
    draw();
  };
  const filter = () => {
    const words = input.value.toLowerCase().split(/\\s+/).filter(Boolean);
    kept = rows.filter((row) => {
      if (state.value && row.state !== state.value) return false;
      if (tag.value && !row.tags.includes(tag.value)) return false;
      if (!words.length) return true;
      row.text ||= Object.values(texts).map((read) => read(row)).join(" ").toLowerCase();
      return words.every((word) => row.text.includes(word));
    });
    redraw();
  };
  heads.forEach((head) => {
    const name = head.textContent, button = cell("button", name, "sort");
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const read = figures[name] || texts[name];
      rows.sort((one, two) => {
        const a = read(one), b = read(two);
        if (a === b) return one.at - two.at;
        if (a === null || b === null) return a === null ? 1 : -1;
        return sign * (a < b ? -1 : 1);
      });
      filter();
    });
  });
  for (const field of [input, state, tag]) field.addEventListener("input", filter);
  more.addEventListener("click", draw);
  document.getElementById("filter").hidden = false;
  redraw();
})();
"""
"""Draws the rows of a case browser a hundred at a time from the data in its page; sorts and filters all of them."""


def script_digest(script: str) -> str:
    """What a content security policy calls a script by: ``sha256-<base64>``."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def data_island(values: object) -> str:
    """Values as JSON that can stand inside a ``<script type="application/json">``: nothing in it ends the element."""
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def policy(script: str) -> str:
    """The content security policy of a page that may run one script and load nothing."""
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src '{script_digest(script)}'"
