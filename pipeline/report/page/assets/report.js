// Sorting and filtering of tables, the choice of colours, the place in the contents, copying. Without it the page shows
// the same, in the order it has.
"use strict";
(() => {
  const root = document.documentElement;

  // --- colours: auto, light or dark; kept only where the browser lets this page keep something

  const kept = "embedseq-colours";
  const remembered = () => { try { return localStorage.getItem(kept); } catch { return null; } };
  const remember = (name) => { try { localStorage.setItem(kept, name); } catch { /* until the page is closed */ } };

  const showColours = (name, group) => {
    if (name === "auto") delete root.dataset.theme; else root.dataset.theme = name;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.colours === name));
  };

  const addColours = () => {
    const group = element("div", { className: "theme" });
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Colours");
    for (const name of ["auto", "light", "dark"]) {
      const button = element("button", { type: "button", textContent: name });
      button.dataset.colours = name;
      button.addEventListener("click", () => { showColours(name, group); remember(name); });
      group.append(button);
    }
    document.querySelector("nav.side").append(group);
    const first = remembered();
    showColours(["light", "dark"].includes(first) ? first : "auto", group);
  };

  // --- tables

  const fewestSorted = 4, mostUnfiltered = 12; // rows
  const compareText = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

  // The first number of a cell: "77.5 to 95.0 %" counts as 77.5, "–" as none.
  const number = (cell) => {
    const found = cell.textContent.replaceAll("−", "-").replaceAll(",", "").match(/[-+]?\d+(\.\d+)?/);
    if (!found) return null;
    return Number(found[0]) - (cell.textContent.includes("<") ? 1e-9 : 0);
  };

  const compareBy = (place, numeric, direction) => {
    const read = numeric ? number : (cell) => cell.textContent.trim();
    return (one, other) => {
      const a = read(one.cells[place]), b = read(other.cells[place]);
      if (a === null || b === null) return (a === null) - (b === null); // what is absent stays last
      return direction * (numeric ? a - b : compareText(a, b));
    };
  };

  // A click sorts, the next one turns the order round, a third gives back the order that the report has.
  const sortBy = (table, heading, rows) => {
    const numeric = heading.classList.contains("n");
    const order = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
    const next = order[order.indexOf(heading.getAttribute("aria-sort")) + 1];
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    if (next) heading.setAttribute("aria-sort", next);
    const sorted = [...rows];
    if (next) sorted.sort(compareBy(heading.cellIndex, numeric, next === "ascending" ? 1 : -1));
    table.tBodies[0].append(...sorted);
  };

  const addSorting = (table, rows) => {
    for (const heading of table.tHead.rows[0].cells) {
      const button = element("button", { type: "button" });
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sortBy(table, heading, rows));
      heading.append(button);
    }
  };

  const addFilter = (table, rows) => {
    const tools = element("div", { className: "tools" }), label = element("label", { textContent: "Rows with" });
    const input = element("input", { type: "search" }), shown = element("span");
    shown.setAttribute("role", "status");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      let left = 0;
      for (const row of rows) {
        const out = !row.textContent.toLowerCase().includes(wanted);
        row.classList.toggle("out", out);
        left += !out;
      }
      shown.textContent = wanted ? `${left} of ${rows.length} rows` : "";
    });
    label.append(input);
    tools.append(label, shown);
    (table.closest(".scroll") ?? table).before(tools);
  };

  const element = (name, properties = {}) => Object.assign(document.createElement(name), properties);

  // --- the place in the contents: the last part, and the last section in it, that begins above the middle of the window

  const links = [...document.querySelectorAll("nav.side .contents a")];
  const places = links.map((link) => document.getElementById(link.hash.slice(1)));

  const markPlace = () => {
    const middle = innerHeight * .4;
    let here = 0;
    if (scrollY > 40) {
      places.forEach((place, number) => { if (place.getBoundingClientRect().top <= middle) here = number; });
    }
    const part = links[here].closest(".contents > li");
    for (const item of part.parentElement.children) item.classList.toggle("here", item === part);
    for (const link of links) {
      const marked = link === links[here] || link === part.firstElementChild;
      if (marked) link.setAttribute("aria-current", link === links[here] ? "location" : "true");
      else link.removeAttribute("aria-current");
    }
    const strip = part.parentElement;
    if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft = part.offsetLeft - strip.offsetLeft - 12;
  };

  const followPlace = () => {
    document.documentElement.classList.add("scripted");
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; markPlace(); });
    }, { passive: true });
    markPlace();
  };

  // --- copying a command, or the answer

  const addCopying = (after, label, text) => {
    const button = element("button", { type: "button", className: "copy", textContent: label });
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(text()); } catch { return; } // not allowed here: it can be marked by hand
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    });
    after(button);
  };

  const addAllCopying = () => {
    for (const lines of document.querySelectorAll("pre.copied")) {
      const box = element("div", { className: "command" });
      lines.replaceWith(box);
      box.append(lines);
      addCopying((button) => box.append(button), "Copy", () => lines.textContent);
    }
    const said = document.querySelectorAll("h1, .lead");
    const line = document.querySelector(".eyebrow");
    if (line) {
      addCopying((button) => line.append(button), "Copy the answer as text",
        () => [...said].map((one) => one.textContent).join("\n"));
    }
  };

  addColours();
  followPlace();
  addAllCopying();
  for (const table of document.querySelectorAll(".scroll > table:has(caption):not(.pictured)")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length >= fewestSorted && table.tHead.rows[0].cells.length >= 3) addSorting(table, rows);
    if (rows.length > mostUnfiltered) addFilter(table, rows);
  }
})();
