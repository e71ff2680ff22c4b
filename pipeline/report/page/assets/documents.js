"use strict";
// The documents to browse: search, filters, and word contributions of two models side by side. Every text of the
// corpus goes into the page by textContent. Without this script the lists of the report stand in its place.
(() => {
  const STEP = 20; // documents that are listed at once
  const LEVELS = [20, 45, 75]; // percent of a text's largest contribution: weak, middling, strong
  const NAMED = 5; // words that are named on each side

  const box = document.querySelector(".browser");
  const source = document.querySelector(".browser-data");
  if (!box || !source) return;
  const data = JSON.parse(source.textContent);
  const { labels, models, documents } = data;
  const deciding = models.flatMap((model, place) => (model.decides ? [place] : []));
  const field = (name) => box.querySelector(`#browser-${name}`);
  const form = box.querySelector("form");
  const list = box.querySelector(".browser-list");
  const more = box.querySelector(".browser-more");
  const status = box.querySelector(".browser-count");

  const make = (tag, classes, ...content) => {
    const element = document.createElement(tag);
    if (classes) element.className = classes;
    element.append(...content); // strings become text nodes
    return element;
  };
  const own = (text) => make("bdi", "", text);
  const signed = (number, digits = 2) => (number < 0 ? "−" : "+") + Math.abs(number).toFixed(digits);
  const isRight = (entry, model) => entry.p[model] === entry.y;

  // --- filters

  const every = (entry, places, wanted) => places.every((place) => isRight(entry, place) === wanted);
  const ofKind = (kind) => deciding.filter((place) => models[place].kind === kind);
  const pair = () => [Number(field("left").value), Number(field("other").value)];
  const tests = {
    any: () => true,
    none: (entry) => every(entry, deciding, false),
    all: (entry) => every(entry, deciding, true),
    apart: (entry) => new Set(deciding.map((place) => entry.p[place])).size > 1,
    networks: (entry) => every(entry, ofKind("network"), true) && every(entry, ofKind("baseline"), false),
    baselines: (entry) => every(entry, ofKind("baseline"), true) && every(entry, ofKind("network"), false),
    first: (entry) => isRight(entry, pair()[0]) && !isRight(entry, pair()[1]),
    second: (entry) => !isRight(entry, pair()[0]) && isRight(entry, pair()[1]),
    right: (entry, place) => isRight(entry, place),
    wrong: (entry, place) => !isRight(entry, place),
    only: (entry, place) =>
      isRight(entry, place) && every(entry, deciding.filter((other) => other !== place), false),
  };

  const option = (value, text) => {
    const element = make("option", "", text);
    element.value = value;
    return element;
  };
  const group = (title, options) => {
    const element = make("optgroup", "", ...options);
    element.label = title;
    return element;
  };

  function fillFields() {
    const said = [["any", "anybody or nobody"]];
    if (deciding.length) said.push(["none", "every model is wrong"], ["all", "every model is right"]);
    if (deciding.length > 1) said.push(["apart", "the models disagree"]);
    if (ofKind("network").length && ofKind("baseline").length) {
      said.push(["networks", "all networks right, all baselines wrong"]);
      said.push(["baselines", "all baselines right, all networks wrong"]);
    }
    if (models.length > 1) {
      said.push(["first", "the first coloured model, not the second"]);
      said.push(["second", "the second coloured model, not the first"]);
    }
    const each = (value, title) =>
      group(title, models.map((model, place) => option(`${value}:${place}`, `${title}: ${model.name}`)));
    field("right").append(...said.map(([value, text]) => option(value, text)), each("right", "Right"));
    field("right").append(each("wrong", "Wrong"));
    if (deciding.length > 2) {
      const alone = deciding.map((place) => option(`only:${place}`, `Only right: ${models[place].name}`));
      field("right").append(group("Only right", alone));
    }
    const classes = [...new Set(documents.map((entry) => entry.y))].sort((a, b) => a - b);
    field("class").append(option("", "every class"), ...classes.map((place) => option(place, labels[place])));
    const reasons = data.why.flatMap((text, place) =>
      documents.some((entry) => entry.w.includes(place)) ? [option(place, text)] : []);
    field("why").append(option("", "for any reason"), ...reasons);
    for (const [side, place] of [["left", data.pair[0]], ["other", data.pair[1]]]) {
      field(side).append(...models.map((model, number) => option(number, model.name)));
      field(side).options[place].defaultSelected = true;
    }
  }

  function found() {
    const words = field("search").value.trim().toLowerCase();
    const [name, place] = field("right").value.split(":");
    const wanted = field("class").value;
    const reason = field("why").value;
    return documents.filter((entry) =>
      tests[name](entry, Number(place)) &&
      (wanted === "" || entry.y === Number(wanted)) &&
      (reason === "" || entry.w.includes(Number(reason))) &&
      (words === "" || entry.t.toLowerCase().includes(words)));
  }

  // --- one document

  const percent = (value) => (value === null || value === undefined ? "" : ` ${value} %`);

  function verdict(entry, model) {
    const right = isRight(entry, model);
    const mark = make("span", right ? "right" : "wrong", right ? "✓ right" : "✗ wrong");
    return [mark, " ", own(labels[entry.p[model]]), percent(entry.q[model])];
  }

  function head(entry) {
    const summary = make("summary", "");
    summary.append(make("span", "number", `Document ${entry.n}`), " ", own(labels[entry.y]));
    for (const model of new Set(pair())) {
      summary.append(make("span", "said", own(models[model].name), ": ", ...verdict(entry, model)));
    }
    summary.append(make("span", "start", own(entry.t.slice(0, 140) + (entry.t.length > 140 ? "…" : ""))));
    return summary;
  }

  // Contributions by word, in numbers; null where the model does not read a word or it was left out of the page.
  function numbers(written, unit, nWords) {
    const values = new Array(nWords).fill(null);
    const unread = new Set();
    if (!written) return { values, unread };
    written.split(",").forEach((part, place) => {
      const [at, level] = part.includes(":") ? part.split(":").map(Number) : [place, part];
      if (level === "") unread.add(at);
      else values[at] = { level: Number(level), value: Number(level) * unit };
    });
    return { values, unread };
  }

  function shade(level) {
    const size = Math.abs(level);
    const strength = LEVELS.filter((least) => size >= least).length;
    return strength ? (level > 0 ? "for" : "against") + strength : "";
  }

  function words(entry) {
    const cuts = entry.s ? entry.s.split(" ").map(Number) : [];
    const parts = [];
    let here = 0;
    for (let place = 0; place < cuts.length; place += 2) {
      const start = here + cuts[place];
      parts.push({ before: entry.t.slice(here, start), word: entry.t.slice(start, start + cuts[place + 1]) });
      here = start + cuts[place + 1];
    }
    return parts;
  }

  // The words of the largest contributions of one sign; one that stands there several times is named once.
  function named(parts, values, sign) {
    const largest = new Map();
    values.forEach((found, place) => {
      if (!found || found.level * sign < LEVELS[0]) return;
      const key = parts[place].word.toLowerCase();
      const other = largest.get(key);
      if (!other || found.level * sign > other.found.level * sign) largest.set(key, { word: parts[place].word, found });
    });
    const first = [...largest.values()].sort((a, b) => sign * (b.found.level - a.found.level)).slice(0, NAMED);
    if (!first.length) return ["none of note"];
    return first.flatMap(({ word, found }, place) => [place ? ", " : "", own(word), ` ${signed(found.value)}`]);
  }

  function pane(entry, model) {
    const title = make("h3", "", own(models[model].name));
    const answer = make("p", "answered", ...verdict(entry, model));
    const parts = words(entry);
    const text = make("p", "text");
    text.dir = "auto";
    const one = entry.c[model];
    if (!one) {
      text.append(entry.t);
      return make("div", "pane", title, answer, text, make("p", "sums", whyNone(model)));
    }
    const [predicted, sure, score, base, unit, written] = one;
    const { values, unread } = numbers(written, unit, parts.length);
    parts.forEach((part, place) => {
      const found = values[place];
      const classes = found ? shade(found.level) : unread.has(place) ? "unread" : "";
      if (part.before) text.append(part.before);
      const word = classes || found ? make("span", classes, part.word) : part.word;
      if (found) word.title = `${part.word} ${signed(found.value)}`;
      text.append(word);
    });
    const shown = values.reduce((sum, found) => sum + (found ? found.value : 0), 0);
    const side = (title, sign) => make("p", "side", make("strong", "", title), " ", ...named(parts, values, sign));
    const sums = make("p", "sums", base === null
      ? `Score ${signed(score)}; what single words take away does not add up to it.`
      : `Score ${signed(score)} = ${signed(base)} without words, ${signed(shown)} by the words shown,` +
        ` ${signed(score - base - shown)} by the rest.`);
    const said = predicted === entry.p[model] ? "" : ", which answers otherwise than the average over seeds";
    const seed = make("p", "answered", "Words of the first seed's fit: ", own(labels[predicted]), ` ${sure} %${said}.`);
    const asked = models[model].seeds > 1 || said ? [seed] : [];
    return make("div", "pane", title, answer, ...asked, text, side("For:", 1), side("Against:", -1), sums);
  }

  function whyNone(model) {
    const { method, whyNot } = models[model];
    if (method) return "No word contributions were computed for this document.";
    return whyNot ? `No word contributions: ${whyNot}.` : "No word contributions were computed.";
  }

  function answers(entry) {
    const table = make("table", "", make("caption", "", "All answers"));
    const top = make("tr", "");
    for (const title of ["Model", "Answer"]) {
      const cell = make("th", "", title);
      cell.scope = "col";
      top.append(cell);
    }
    const rows = models.map((model, place) => {
      const name = make("th", "", own(model.name), model.decides ? "" : ` (${model.kind === "control" ? "control" : "did not train"})`);
      name.scope = "row";
      return make("tr", "", name, make("td", "", ...verdict(entry, place)));
    });
    table.append(make("thead", "", top), make("tbody", "", ...rows));
    const scroll = make("div", "scroll", table);
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `All answers to document ${entry.n}`);
    return scroll;
  }

  function body(entry) {
    const reasons = entry.w.map((place) => data.why[place]).join("; ");
    const facts = make("p", "facts-line", "True class: ", own(labels[entry.y]), `. Chosen as: ${reasons}.`);
    const [left, other] = pair();
    const panes = make("div", "panes", ...[...new Set([left, other])].map((model) => pane(entry, model)));
    return make("div", "open", facts, panes, answers(entry));
  }

  function fill(details, entry) {
    if (!details.querySelector(".open")) details.append(body(entry));
  }

  function item(entry) {
    const details = make("details", "", head(entry));
    details.addEventListener("toggle", () => { if (details.open) fill(details, entry); });
    const element = make("li", "", details);
    element.entry = entry;
    return element;
  }

  // --- the list

  let matching = [];
  let shownCount = 0;

  function add() {
    const next = matching.slice(shownCount, shownCount + STEP);
    list.append(...next.map(item));
    shownCount += next.length;
    const left = matching.length - shownCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(STEP, left)} more`;
    const total = `${matching.length} of ${documents.length} documents`;
    status.textContent = left > 0 ? `${total} match; the first ${shownCount} are listed.` : `${total} match.`;
    return next.length;
  }

  function refresh() {
    matching = found();
    shownCount = 0;
    list.replaceChildren();
    add();
  }

  // Another pair: what is open stays open.
  function recolour() {
    if (["first", "second"].includes(field("right").value)) return refresh();
    for (const element of list.children) {
      const details = element.firstChild;
      const wasOpen = details.open;
      details.replaceChildren(head(element.entry), ...(wasOpen ? [body(element.entry)] : []));
    }
  }

  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.tagName !== "SUMMARY") return;
    const heads = [...list.querySelectorAll("summary")];
    const next = heads[heads.indexOf(event.target) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  fillFields();
  let waiting = 0;
  field("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 150);
  });
  for (const name of ["right", "class", "why"]) field(name).addEventListener("change", refresh);
  for (const name of ["left", "other"]) field(name).addEventListener("change", recolour);
  // On paper what is listed is open; a "toggle" would come when the page is drawn already.
  addEventListener("beforeprint", () => {
    for (const element of list.children) fill(element.firstChild, element.entry);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(refresh));
  list.addEventListener("keydown", move);
  more.addEventListener("click", () => {
    const before = shownCount;
    add();
    list.children[before].querySelector("summary").focus();
  });
  refresh();
  box.hidden = false;
  document.querySelector(".browser-plain").hidden = true;
})();
