"use strict";
// The documents to browse: a list with search and filters, beside it one document with every model's answer and the
// words of two. Every text of the corpus goes into the page by textContent. Without this script the first document of
// each kind stands in its place.
(() => {
  const STEP = 20; // documents that are listed at once
  const START = 90; // characters of a text in the list
  const LEVELS = [20, 45, 75]; // percent of a text's largest contribution: weak, middling, strong
  const NAMED = 5; // words that are named on each side

  const box = document.querySelector(".browser");
  const source = document.querySelector(".browser-data");
  if (!box || !source) return;
  const data = JSON.parse(source.textContent);
  const { labels, models, documents } = data;
  const deciding = models.flatMap((model, place) => (model.decides ? [place] : []));
  const fields = new Map(["search", "right", "class", "left", "other"].map((name) =>
    [name, box.querySelector(`#browser-${name}`)]));
  const field = (name) => fields.get(name);
  const form = box.querySelector(".browser-ask");
  const kinds = box.querySelector(".browser-kinds");
  const page = box.querySelector(".browser-doc");
  const pairForm = box.querySelector(".browser-pair");
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
    const chips = [["", "All", documents.length], ...data.why.map((text, place) =>
      [String(place), text, documents.filter((entry) => entry.w.includes(place)).length])];
    for (const [value, text, number] of chips.filter(([, , number]) => number)) {
      const chip = make("button", "", `${text[0].toUpperCase()}${text.slice(1)} ${number}`);
      chip.type = "button";
      chip.value = value;
      chip.setAttribute("aria-pressed", String(value === ""));
      kinds.append(chip);
    }
    for (const [side, place] of [["left", data.pair[0]], ["other", data.pair[1]]]) {
      field(side).append(...models.map((model, number) => option(number, model.name)));
      field(side).options[place].defaultSelected = true;
    }
  }

  function found() {
    const words = field("search").value.trim().toLowerCase();
    const [name, place] = field("right").value.split(":");
    const wanted = field("class").value;
    const reason = kinds.querySelector("[aria-pressed=true]").value;
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
    const title = make("p", "pane-title", "What ", own(models[model].name), " goes by");
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
    const each = models.map((model, place) => {
      const control = model.decides ? "" : model.kind === "control" ? " (control)" : " (did not train)";
      return make("li", isRight(entry, place) ? "is-right" : "is-wrong", own(model.name), control, " ",
        isRight(entry, place) ? "✓" : "✗", " ", make("b", "", own(labels[entry.p[place]])),
        make("span", "", entry.q[place] === null || entry.q[place] === undefined ? "" : `${entry.q[place]} % sure`));
    });
    return make("ul", "answers", ...each);
  }

  const reasons = (entry) => entry.w.map((place) => data.why[place]).join("; ");

  function show(entry) {
    current = entry;
    for (const button of list.querySelectorAll("button")) {
      if (button.entry === entry) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    if (!entry) {
      page.replaceChildren(make("p", "facts-line", "No document matches."));
      return;
    }
    const facts = make("p", "facts-line", make("span", "number", `Document ${entry.n}`), " true class: ",
      make("b", "", own(labels[entry.y])), ` ${reasons(entry)}`);
    const panes = make("div", "panes", ...[...new Set(pair())].map((model) => pane(entry, model)));
    page.replaceChildren(make("p", "doc-title", own(start(entry))), facts, answers(entry), pairForm, panes);
  }

  const start = (entry) => entry.t.slice(0, START) + (entry.t.length > START ? "…" : "");

  function item(entry) {
    const button = make("button", "", make("strong", "", own(start(entry))),
      make("small", "", make("span", "number", `Document ${entry.n}`), " · ", own(labels[entry.y]), " · ", reasons(entry)));
    button.type = "button";
    button.entry = entry;
    return make("li", "", button);
  }

  // --- the list

  let matching = [];
  let shownCount = 0;
  let current = null;

  function add() {
    const next = matching.slice(shownCount, shownCount + STEP);
    list.append(...next.map(item));
    shownCount += next.length;
    const left = matching.length - shownCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(STEP, left)} more`;
    const total = `${matching.length} of ${documents.length} documents`;
    status.textContent = left > 0 ? `${total} match; the first ${shownCount} are listed.` : `${total} match.`;
  }

  function refresh() {
    matching = found();
    shownCount = 0;
    list.replaceChildren();
    add();
    show(matching.includes(current) ? current : matching[0] || null);
  }

  function recolour() {
    if (["first", "second"].includes(field("right").value)) refresh();
    else show(current);
  }

  // One stop of the keyboard for all of the list; arrows go through it, and the document follows.
  function move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    const buttons = [...list.querySelectorAll("button")];
    const here = buttons.indexOf(event.target);
    if (!step || here < 0) return;
    event.preventDefault();
    const next = buttons[Math.min(Math.max(here + step, 0), buttons.length - 1)];
    next.focus();
    show(next.entry);
  }

  function choose(button) {
    show(button.entry);
    // where the document stands below the list, it comes into sight
    if (page.getBoundingClientRect().top > innerHeight - 80) page.scrollIntoView({ block: "start" });
  }

  fillFields();
  let waiting = 0;
  field("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 150);
  });
  kinds.addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (!chip) return;
    for (const other of kinds.children) other.setAttribute("aria-pressed", String(other === chip));
    refresh();
  });
  for (const name of ["right", "class"]) field(name).addEventListener("change", refresh);
  for (const name of ["left", "other"]) field(name).addEventListener("change", recolour);
  for (const one of [form, pairForm]) one.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => kinds.children[0].click()));
  list.addEventListener("keydown", move);
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) choose(button);
  });
  more.addEventListener("click", () => {
    const before = shownCount;
    add();
    list.children[before].querySelector("button").focus();
  });
  refresh();
  box.hidden = false;
  document.querySelector(".browser-plain").classList.add("put-away");
})();
