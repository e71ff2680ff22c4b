"use strict";
(() => {
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
    const body = JSON.stringify({ texts: [text] }), headers = { "content-type": "application/json" };
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
    fill("spans", answer.spans.map(span => [span.text, span.type, span.confidence]));
    find("spans").hidden = !answer.spans.length;
    fill("tags", answer.tokens.map((word, place) => [word, answer.tags[place], answer.confidence[place]]));
    find("answer").hidden = false;
    say(answer.spans.map(span => `${span.text}: ${span.type}`).join(", ") || `${answer.tokens.length} words have tags`);
  }

  function fill(table, rows) {
    find(table).tBodies[0].replaceChildren(...rows.map(([word, tag, share]) => {
      const row = make("tr", "");
      row.append(Object.assign(make("th", word), { scope: "row" }), make("td", tag), make("td", (100 * share).toFixed(1), "number"));
      return row;
    }));
  }
})();
