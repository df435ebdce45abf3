// What a screen reader, a keyboard and weak eyes need of a page; each rule gives the places that break it.
(() => {
  const faults = [];
  const say = (rule, element) => faults.push(`${rule}: ${(element.outerHTML || "").slice(0, 140)}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (e) => e.getClientRects().length > 0;

  if (!document.documentElement.lang) say("html-has-lang", document.documentElement);
  if (!document.title.trim()) say("document-title", document.head);
  if (/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]").content)) say("zoom", document.head);
  for (const name of ["header", "main"]) if (all(name).length !== 1) say(`one-${name}`, document.body);
  if (all("h1").length !== 1) say("one-h1", document.body);

  const levels = all("h1,h2,h3,h4,h5,h6").filter(seen).map((e) => [Number(e.tagName[1]), e]);
  levels.forEach(([level, e], i) => { if (i && level > levels[i - 1][0] + 1) say("heading-order", e); });
  levels.forEach(([, e]) => { if (!e.textContent.trim()) say("empty-heading", e); });

  const ids = all("[id]").map((e) => e.id);
  ids.forEach((id, i) => { if (ids.indexOf(id) !== i) say(`duplicate-id ${id}`, document.body); });
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const e of all(`[${attribute}]`)) for (const id of e.getAttribute(attribute).split(/\s+/)) if (!ids.includes(id)) say(attribute, e);
  }
  for (const e of all("a[href^='#']")) if (!ids.includes(e.getAttribute("href").slice(1))) say("link-target", e);
  for (const e of all("svg")) if (e.getAttribute("role") !== "img" || !e.getAttribute("aria-label")) say("svg-img-alt", e);
  for (const e of all("img")) if (!e.hasAttribute("alt")) say("image-alt", e);
  for (const e of all("a[href],button,summary")) if (!(e.textContent.trim() || e.getAttribute("aria-label"))) say("name", e);
  for (const e of all("input,select,textarea")) if (!(e.labels && e.labels.length) && !e.getAttribute("aria-label")) say("label", e);
  for (const e of all("[role=region],nav,section")) if (!e.getAttribute("aria-label") && !e.getAttribute("aria-labelledby")) say("landmark-name", e);
  for (const e of all("[tabindex]")) if (e.tabIndex > 0) say("tabindex", e);
  for (const e of all("table")) {
    if (!e.caption || !e.caption.textContent.trim()) say("table-caption", e);
    if (!e.tHead) say("table-head", e);
    if ([...e.querySelectorAll("th")].some((th) => !["col", "row"].includes(th.scope))) say("th-scope", e);
  }
  for (const e of all("ul,ol")) if ([...e.children].some((c) => c.tagName !== "LI")) say("list", e);
  for (const e of all("dl")) if ([...e.children].some((c) => !["DT", "DD"].includes(c.tagName))) say("definition-list", e);
  for (const e of all("*")) {
    if (e.scrollWidth > e.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(e).overflowX) && e.tabIndex < 0) say("scrollable-region-focusable", e);
  }

  const parse = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, under) => { const a = top.length > 3 ? top[3] : 1; return [0, 1, 2].map((i) => top[i] * a + under[i] * (1 - a)); };
  const ground = (e) => {
    if (!e) return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
    const own = parse(getComputedStyle(e).backgroundColor);
    return own.length === 4 && own[3] === 0 ? ground(e.parentElement) : own.length === 4 ? over(own, ground(e.parentElement)) : own;
  };
  const worst = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const done = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || done.has(e) || ["SCRIPT", "STYLE", "TITLE"].includes(e.tagName) || !seen(e)) continue;
    done.add(e);
    const style = getComputedStyle(e);
    const back = ground(e);
    let ink = parse(e.closest("svg") ? style.fill : style.color);
    if (ink.length < 3) continue;
    ink = over([...ink.slice(0, 3), (ink.length > 3 ? ink[3] : 1) * Number(style.opacity)], back);
    const [a, b] = [luminance(ink), luminance(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) worst[`${style.color} ${ratio.toFixed(2)}`] = e;
  }
  for (const [what, e] of Object.entries(worst)) say(`color-contrast ${what}`, e);
  return faults;
})()
