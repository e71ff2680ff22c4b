// Sorting and filtering of tables and the choice of colours. Without it the page shows the same, in the order it has.
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
    document.getElementById("answer").prepend(group);
    const first = remembered();
    showColours(["light", "dark"].includes(first) ? first : "auto", group);
  };

  // --- tables

  const fewestSorted = 3, mostUnfiltered = 12; // rows
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

  // --- printing opens what is shut, for browsers whose style sheets cannot

  const addPrinting = () => {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll("details:not([open])")];
      for (const one of opened) one.open = true;
    });
    addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
  };

  addColours();
  addPrinting();
  for (const table of document.querySelectorAll(".scroll > table:has(caption)")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length >= fewestSorted && table.tHead.rows[0].cells.length >= 3) addSorting(table, rows);
    if (rows.length > mostUnfiltered) addFilter(table, rows);
  }
})();
