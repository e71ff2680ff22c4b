"use strict";
(() => {
  const MOST_SHARES = 10, MOST_WORDS = 8, STRONG = 0.5, WEAK = 0.05; // of the strongest word's weight
  const find = id => document.getElementById(id);
  const make = (name, text, kind = "") => Object.assign(document.createElement(name), { textContent: text, className: kind });

  find("ask").addEventListener("submit", async event => {
    event.preventDefault();
    const button = event.submitter ?? document.querySelector("button");
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    say("");
    try {
      show(await ask(find("text").value));
    } catch (error) {
      find("answer").hidden = true;
      say(error.message, true);
    } finally {
      button.ariaDisabled = "false";
    }
  });

  async function ask(text) {
    const body = JSON.stringify({ texts: [text], top: MOST_SHARES, explain: true });
    const headers = { "content-type": "application/json" };
    const response = await fetch("/predict", { method: "POST", headers, body })
      .catch(() => { throw new Error("The service does not answer. Is it still running?"); });
    const said = await response.json();
    if (!response.ok) throw new Error(`${said.where}: ${said.what}; ${said.fix}`);
    return said.answers[0];
  }

  function say(text, bad = false) {
    find("said").className = bad ? "bad" : "unseen"; // what is said of an answer is seen below
    find("said").textContent = text;
  }

  function show(answer) {
    find("label").textContent = answer.label;
    find("new").hidden = !answer.unlike_training;
    find("new").textContent = `Unlike the documents it learned from: ${answer.unlike_training}. Take the answer with care.`;
    const shares = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]); // JavaScript sorts numbers first
    fill("shares", shares.map(([label, share]) => {
      const bar = make("span", "", "bar"), cell = make("td", "");
      bar.style.setProperty("--share", share);
      cell.append(bar);
      return [heading(label), cell, make("td", (100 * share).toFixed(1), "number")];
    }));
    const why = answer.explanation;
    find("why").hidden = !why.words;
    find("why-not").hidden = !!why.words;
    find("why-not").textContent = why.why_not ?? "";
    if (why.words) showWords(why.text, why.words.filter(word => word.weight !== null));
    find("answer").hidden = false;
    say(`${answer.label}, ${Math.round(100 * answer.confidence)} of 100`);
  }

  function showWords(text, words) {
    const largest = Math.max(...words.map(word => Math.abs(word.weight)), 0);
    const characters = Array.from(text), shown = find("words");
    shown.replaceChildren();
    let end = 0;
    for (const word of words.filter(word => word.start !== null)) {
      const share = Math.abs(word.weight) / (largest || 1);
      shown.append(characters.slice(end, word.start).join(""));
      const own = characters.slice(word.start, word.end).join("");
      shown.append(share < WEAK ? own : make("mark", own, `${side(word)}${share >= STRONG ? " strong" : ""}`));
      end = word.end;
    }
    shown.append(characters.slice(end).join(""));
    const strongest = words.filter(word => Math.abs(word.weight) >= WEAK * largest && largest > 0).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    fill("strongest", strongest.slice(0, MOST_WORDS).map(word => [
      heading(word.word), make("td", side(word)), make("td", word.weight.toFixed(2), "number"),
    ]));
    find("strongest").hidden = !strongest.length;
  }

  const side = word => word.weight > 0 ? "for" : "against";
  const heading = text => Object.assign(make("th", text), { scope: "row" });

  function fill(table, rows) {
    find(table).tBodies[0].replaceChildren(...rows.map(cells => {
      const row = make("tr", "");
      row.append(...cells);
      return row;
    }));
  }
})();
