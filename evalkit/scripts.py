"""The scripts of our pages: two of them, inline, known by digest. They load nothing and send nothing.

A page carries a policy that lets the browser run the scripts with these digests and nothing else, so that no text on a
page can ever act. Without them a page shows the same: only sorting, filtering and browsing are gone.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

TABLES: Final = """\
"use strict";
(() => {
  const SORTED = 6, FILTERED = 20;
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
  }
})();
"""
"""Headings of a table of 6 rows or more sort it, by mouse or keyboard; from 20 rows on a field filters it."""


def script_digest(script: str) -> str:
    """What a content security policy calls a script by: ``sha256-<base64>``."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def policy(script: str) -> str:
    """The content security policy of a page that may run one script and load nothing."""
    return f"default-src 'none'; style-src 'unsafe-inline'; script-src '{script_digest(script)}'"
