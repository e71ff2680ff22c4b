"use strict";

// --- what the page holds

const element = (id) => document.getElementById(id);
const told = JSON.parse(element("model").textContent);
const numbers = decoded(element("numbers").textContent);
const tokenizer = told.tokenizer;
const placeOf = new Map(tokenizer.vocabulary.map((word, place) => [word, place]));
placeOf.delete(null);

function decoded(base64) {
  const text = atob(base64.trim()), bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  return new Float32Array(bytes.buffer);
}

function array(name) {
  const [start, size] = told.arrays[name];
  return numbers.subarray(start, start + size);
}

// --- from a text to numbers

const steps = tokenizer.steps.map((step) => {
  if (step.normalize) return (text) => text.normalize(step.normalize);
  if (step.case) return (text) => text.toLowerCase();
  const pattern = new RegExp(step.replace, "gu"), by = step.by.replace("\\1", "$1");
  return (text) => text.replace(pattern, by);
});
const token = new RegExp(tokenizer.token, "gu");

function tokensOf(text) {
  return steps.reduce((changed, step) => step(changed), text).match(token) ?? [];
}

// The words that are read, with their rows: [{word, row}], one unknown word where there is none.
function read(tokens) {
  const all = tokens.map((word) => ({ word, row: placeOf.get(word) ?? tokenizer.unknown }));
  const most = tokenizer.max_tokens ?? all.length;
  if (all.length === 0) return [{ word: "", row: tokenizer.unknown }];
  if (all.length <= most) return all;
  const first = { first: most, last: 0, "first+last": most - Math.floor(most / 2) }[tokenizer.keep];
  return [...all.slice(0, first), ...all.slice(all.length - (most - first))];
}

// Where n-grams of the model stand: [{place, start, size}].
function ngramsOf(tokens) {
  const found = [];
  for (let size = tokenizer.shortest; size <= tokenizer.longest; size++)
    for (let start = 0; start + size <= tokens.length; start++) {
      const place = placeOf.get(tokens.slice(start, start + size).join(" "));
      if (place !== undefined) found.push({ place, start, size });
    }
  return found;
}

// --- the equations

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

function softmax(logits) {
  const top = Math.max(...logits), powers = logits.map((x) => Math.exp(x - top));
  const total = powers.reduce((sum, x) => sum + x, 0);
  return powers.map((x) => x / total);
}

// sums += vector times kernel (I, O).
function addProduct(sums, vector, kernel) {
  const width = sums.length;
  for (let i = 0; i < vector.length; i++) {
    const x = vector[i], start = i * width;
    if (x !== 0) for (let o = 0; o < width; o++) sums[o] += x * kernel[start + o];
  }
  return sums;
}

const dense = (vector, name) => addProduct(Float64Array.from(array(`${name}/bias`)), vector, array(`${name}/kernel`));

// One timestep of each cell: (sums with the input, with the state before, state before) > all that it computes.
const CELLS = {
  rnn: (x, h) => ({ state: x.map((sum, i) => Math.tanh(sum + h[i])) }),
  gru(x, h, before) {
    const n = before.state.length, z = [], r = [], candidate = [], state = [];
    for (let i = 0; i < n; i++) {
      z.push(sigmoid(x[i] + h[i]));
      r.push(sigmoid(x[n + i] + h[n + i]));
      candidate.push(Math.tanh(x[2 * n + i] + r[i] * h[2 * n + i]));
      state.push(z[i] * before.state[i] + (1 - z[i]) * candidate[i]);
    }
    return { state, "update gate": z, "reset gate": r };
  },
  lstm(x, h, before) {
    const n = before.state.length, i = [], f = [], o = [], cell = [], state = [];
    for (let u = 0; u < n; u++) {
      i.push(sigmoid(x[u] + h[u]));
      f.push(sigmoid(x[n + u] + h[n + u]));
      o.push(sigmoid(x[3 * n + u] + h[3 * n + u]));
      cell.push(f[u] * before.cell[u] + i[u] * Math.tanh(x[2 * n + u] + h[2 * n + u]));
      state.push(o[u] * Math.tanh(cell[u]));
    }
    return { state, cell, "input gate": i, "forget gate": f, "output gate": o };
  },
};

// All timesteps of one layer and direction over one piece, in the order of the words.
function layerOver(vectors, layer, backward) {
  const kernel = array(`${layer}/kernel`), recurrent = array(`${layer}/recurrent_kernel`), bias = array(`${layer}/bias`);
  const columns = recurrent.length / told.units, ofInput = bias.subarray(0, columns);
  const ofState = bias.length > columns ? bias.subarray(columns) : new Float32Array(columns);
  const found = new Array(vectors.length), nothing = new Array(told.units).fill(0);
  let before = { state: nothing, cell: nothing };
  for (let step = 0; step < vectors.length; step++) {
    const place = backward ? vectors.length - 1 - step : step;
    const x = addProduct(Float64Array.from(ofInput), vectors[place], kernel);
    const h = addProduct(Float64Array.from(ofState), before.state, recurrent);
    found[place] = before = CELLS[told.cell](x, h, before);
  }
  return found;
}

// Of each layer and direction all that was computed at each word, and where the pieces begin and end.
function recurrentRun(vectors) {
  const size = told.piece_tokens || vectors.length, pieces = [];
  for (let start = 0; start < vectors.length; start += size) pieces.push([start, Math.min(start + size, vectors.length)]);
  const layers = [];
  for (let number = 0, input = vectors; number < told.layers; number++) {
    const directions = told.directions.map((direction) =>
      pieces.flatMap(([start, end]) => layerOver(input.slice(start, end), `recurrent_${number}${direction}`, direction !== "")));
    layers.push(directions);
    input = input.map((_, t) => directions.flatMap((direction) => Array.from(direction[t].state)));
  }
  return { layers, pieces };
}

const largest = (vectors) => vectors.reduce((most, vector) => most.map((x, i) => Math.max(x, vector[i])));

// What the head reads of the first `end` words.
function encodedUpTo({ layers, pieces }, end) {
  const begun = pieces.filter(([start]) => start < end);
  return told.head.flatMap((part) => layers.at(-1).flatMap((direction, number) => {
    const states = direction.slice(0, end).map((one) => one.state);
    if (part === "last")
      return Array.from(largest(begun.map(([start, stop]) => states[told.directions[number] ? start : Math.min(stop, end) - 1])));
    return part === "max" ? Array.from(largest(states)) : Array.from(meanOf(states));
  }));
}

function meanOf(vectors) {
  const sums = new Float64Array(vectors[0].length);
  for (const vector of vectors) for (let i = 0; i < sums.length; i++) sums[i] += vector[i];
  return sums.map((sum) => sum / vectors.length);
}

function vectorsOf(words) {
  const table = array("table"), width = told.dimension;
  return words.map(({ row }) => table.subarray(row * width, (row + 1) * width));
}

const standardised = (vector) => vector.map((x, i) => (x - array("mean")[i]) / array("deviation")[i]);

function averagedAnswer(average) {
  let hidden = told.arrays.mean ? standardised(average) : average;
  for (let number = 0; number < told.layers; number++) hidden = dense(hidden, `hidden_${number}`).map((x) => Math.max(x, 0));
  return softmax(Array.from(dense(hidden, "output")));
}

const recurrentAnswer = (run, end) => softmax(Array.from(dense(encodedUpTo(run, end), "output")));

// --- each kind of model: tokens > {answer, ...what is shown}

const MOST_WORK = 4e8; // multiplications for the answers after each word: a second or two

function recurrent(tokens) {
  const words = read(tokens), vectors = vectorsOf(words), run = recurrentRun(vectors);
  const shown = { words, run, answer: recurrentAnswer(run, words.length) };
  shown.after = () => {
    const oneWay = told.directions.length === 1, perStep = told.weights;
    let work = 0;
    return words.map((_, t) => {
      if (oneWay || t === words.length - 1) return recurrentAnswer(run, t + 1);
      work += perStep * (t + 1);
      return work > MOST_WORK ? null : recurrentAnswer(recurrentRun(vectors.slice(0, t + 1)), t + 1);
    });
  };
  return shown;
}

function averaged(tokens) {
  const words = read(tokens), vectors = vectorsOf(words);
  const after = () => {
    const sums = new Float64Array(told.dimension);
    return vectors.map((vector, t) => averagedAnswer(sums.map((sum, i) => (sums[i] = sum + vector[i])).map((sum) => sum / (t + 1))));
  };
  return { words, after, answer: averagedAnswer(meanOf(vectors)) };
}

// Logits of the problems > shares of all labels.
function shares(logits) {
  let sums = logits;
  if (told.classes.length === 2 && logits.length === 1) sums = [-logits[0] / 2, logits[0] / 2];
  if (told.one_versus_rest) sums = sums.map((x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))));
  const answer = new Array(told.labels.length).fill(0);
  softmax(sums).forEach((share, place) => { answer[told.classes[place]] = share; });
  return answer;
}

// {answer, words, byWord: [[of each problem], ..]}: what each word adds to each logit.
function linear(words, byWord) {
  const intercepts = Array.from(array("intercepts"));
  const logits = intercepts.map((x, problem) => byWord.reduce((sum, one) => sum + one[problem], x));
  return { words, byWord, intercepts, answer: shares(logits) };
}

function valuesOf(counts) {
  const there = [...counts.keys()];
  if (told.weigh === "there") return new Map(there.map((place) => [place, 1]));
  if (told.weigh === "share") return new Map(there.map((place) => [place, counts.get(place) / array("scale")[place]]));
  const weigh = (count) => (told.weigh === "tfidf of logarithms" ? 1 + Math.log(count) : count);
  const weighed = new Map(there.map((place) => [place, weigh(counts.get(place)) * array("idf")[place]]));
  const length = Math.sqrt([...weighed.values()].reduce((sum, x) => sum + x * x, 0));
  return new Map([...weighed].map(([place, x]) => [place, x / length]));
}

function ofNgrams(tokens) {
  const found = ngramsOf(tokens), counts = new Map(), kernel = array("coefficients");
  const problems = array("intercepts").length, byWord = tokens.map(() => new Array(problems).fill(0));
  for (const { place } of found) counts.set(place, (counts.get(place) ?? 0) + 1);
  const values = valuesOf(counts), known = new Set();
  for (const { place, start, size } of found)
    for (let at = start; at < start + size; at++) {
      known.add(at);
      for (let p = 0; p < problems; p++)
        byWord[at][p] += (kernel[place * problems + p] * values.get(place)) / counts.get(place) / size;
    }
  return linear(tokens.map((word, at) => ({ word, row: known.has(at) ? 0 : null })), byWord);
}

function ofAverages(tokens) {
  const words = read(tokens), kernel = array("coefficients"), problems = array("intercepts").length;
  const byWord = vectorsOf(words).map((vector) => {
    const sums = addProduct(new Float64Array(problems), standardised(Float64Array.from(vector)), kernel);
    return Array.from(sums, (sum) => sum / words.length);
  });
  return linear(words, byWord);
}

const KINDS = { recurrent, averaged, ngrams: ofNgrams, average: ofAverages };
const ask = (text) => KINDS[told.kind](tokensOf(text));

// --- what is shown

const COLOURS = ["var(--first)", "var(--second)", "var(--third)"];
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
const isUnknown = ({ row }) => row === null || row === tokenizer.unknown && tokenizer.reads === "rows";

function made(name, properties = {}, ...children) {
  const one = Object.assign(document.createElement(name), properties);
  one.append(...children);
  return one;
}

function cut(text, most = 60) {
  const signs = Array.from(text);
  return signs.length > most ? `${signs.slice(0, most).join("")}…` : text;
}

function bar(parts) {
  const whole = made("div", { className: "bar" });
  for (const [share, colour] of parts) {
    const part = made("span");
    part.style.width = `${100 * share}%`;
    part.style.background = colour;
    whole.append(part);
  }
  whole.setAttribute("aria-hidden", "true");
  return whole;
}

const colourOf = (label) => COLOURS[label] ?? "var(--other)";
const topOf = (answer) => answer.indexOf(Math.max(...answer));

function showAnswer(answer) {
  const order = answer.map((_, label) => label).sort((a, b) => answer[b] - answer[a]);
  element("said").replaceChildren(made("strong", {}, told.labels[order[0]]), `, ${percent(answer[order[0]])} sure`);
  element("answers").tBodies[0].replaceChildren(...order.slice(0, 20).map((label) => made("tr", {},
    made("th", { scope: "row" }, told.labels[label]),
    made("td", {}, bar([[answer[label], colourOf(label)]])),
    made("td", {}, percent(answer[label])))));
}

function wordCell(word) {
  const cell = made("th", { scope: "row", dir: "auto" });
  cell.append(made("span", { className: isUnknown(word) ? "unknown" : "" }, cut(word.word) || "(no word)"));
  if (isUnknown(word)) cell.append(made("span", { className: "unseen" }, " (not known)"));
  return cell;
}

function header(...titles) {
  const widths = titles.map(([, width]) => width);
  element("by-word").tHead.replaceChildren(made("tr", {}, ...titles.map(([title], place) => {
    const cell = made("th", { scope: "col" }, title);
    cell.style.width = widths[place];
    return cell;
  })));
}

// The linear models: what each word adds to the score of a label.
function showWords({ words, byWord, intercepts, answer }) {
  const asked = element("chosen").value, label = asked === "" ? topOf(answer) : Number(asked);
  const place = told.classes.indexOf(label), n = told.classes.length;
  const contrast = told.classes.map((_, other) => (other === place ? 1 : n > 1 ? -1 / (n - 1) : 0)).slice(-intercepts.length);
  const score = (of) => of.reduce((sum, x, problem) => sum + x * (place < 0 ? 0 : contrast[problem]), 0);
  const adds = byWord.map(score), most = Math.max(...adds.map(Math.abs), 1e-12);
  element("marked").replaceChildren(...words.slice(0, 2000).flatMap((word, at) => {
    const mark = made("span", {}, word.word);
    if (Math.abs(adds[at]) > most / 20) mark.className = adds[at] > 0 ? "pro" : "con";
    if (isUnknown(word)) mark.className = "unknown";
    return [mark, " "];
  }));
  const sums = new Map();
  words.forEach((word, at) => { if (!isUnknown(word)) sums.set(word.word, (sums.get(word.word) ?? 0) + adds[at]); });
  const order = [...sums].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])), top = Math.max(...order.map(([, x]) => Math.abs(x)), 1e-12);
  header(["Word", "34%"], ["Against | for", "41%"], ["Adds", "25%"]);
  element("by-word").tBodies[0].replaceChildren(...order.slice(0, 50).map(([word, x]) => {
    const part = made("span", { className: x < 0 ? "against" : "for" }), halves = [made("span", { className: "half" }), made("span", { className: "half" })];
    part.style.width = `${(100 * Math.abs(x)) / top}%`;
    halves[x < 0 ? 0 : 1].append(part);
    const both = made("div", { className: "both" }, ...halves);
    both.setAttribute("aria-hidden", "true");
    return made("tr", {}, wordCell({ word, row: 0 }), made("td", {}, both), made("td", { className: "number" }, (x < 0 ? "−" : "+") + Math.abs(x).toFixed(3)));
  }));
  const total = score(intercepts) + adds.reduce((sum, x) => sum + x, 0);
  element("explained").textContent = `Score of ${told.labels[label]}: ${total.toFixed(2)}, of which ${score(intercepts).toFixed(2)} without any word; above 0 speaks for it. ` +
    `A line below a word: it speaks for the label; a dashed one: against; dots: not known.${order.length > 50 ? ` The 50 heaviest of ${order.length} words.` : ""}`;
}

function strip(values, scale) {
  const canvas = made("canvas", { width: values.length, height: 1 }), context = canvas.getContext("2d");
  values.forEach((value, place) => {
    const strength = Math.min(1, Math.abs(value) / scale);
    context.fillStyle = `rgba(${value < 0 ? "0, 114, 178" : "213, 94, 0"}, ${strength})`;
    context.fillRect(place, 0, 1, 1);
  });
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}

// The networks: the answer after each word, and what a layer held at it.
function showSteps(shown) {
  const { words, run } = shown, after = shown.after();
  const [layer, direction, what] = run ? element("chosen").value.split("|") : [];
  const held = run ? run.layers[layer][direction].map((one) => Array.from(one[what])) : null;
  const gate = what?.endsWith("gate");
  const scale = gate || what === "state" ? 1 : Math.max(1, ...(held ?? []).map((values) => Math.max(...values.map(Math.abs))));
  const titles = [["Word", held ? "27%" : "34%"], ["Answer after it", held ? "31%" : "66%"]];
  header(...titles, ...(held ? [[gate ? "The gate, one column a unit; open on average" : "One column a unit; mean size", "42%"]] : []));
  element("by-word").tBodies[0].replaceChildren(...words.map((word, t) => {
    const cells = [wordCell(word), made("td", { className: "small" })];
    if (after[t]) {
      const top = topOf(after[t]);
      cells[1].append(`${told.labels[top]} ${percent(after[t][top])}`, bar(after[t].map((share, label) => [share, colourOf(label)])));
    } else cells[1].append("not computed");
    if (held) {
      const mean = held[t].reduce((sum, x) => sum + Math.abs(x), 0) / held[t].length;
      cells.push(made("td", { className: "small" }, strip(held[t], scale), gate ? percent(mean) : mean.toFixed(2)));
    }
    return made("tr", {}, ...cells);
  }));
  const skipped = after.filter((one) => one === null).length;
  element("explained").textContent = "What the model would answer if the text ended there. Dots below a word: not known." +
    (held ? gate ? " Orange: the gate is open." : ` Orange: above 0, blue: below; full colour: ${scale.toFixed(1)}.` : "") +
    (skipped ? ` It reads both ways, which takes a reading of all before: left out for ${skipped} words.` : "");
}

function showAll() {
  const tokens = tokensOf(element("text").value), shown = KINDS[told.kind](tokens);
  showAnswer(shown.answer);
  const unknown = tokens.length ? shown.words.filter(isUnknown).length : 0, left = tokens.length - shown.words.length;
  element("counted").textContent = `${tokens.length} tokens${unknown ? `, ${unknown} not known` : ""}` +
    (left > 0 ? `; ${left} are not read (${tokenizer.keep} ${tokenizer.max_tokens} are)` : "") + ".";
  element("words").hidden = tokens.length === 0;
  if (tokens.length) (shown.byWord ? showWords : showSteps)(shown);
}

function options() {
  if (told.kind === "ngrams" || told.kind === "average")
    return [["", "the answer"], ...told.classes.map((label) => [String(label), told.labels[label]])];
  if (told.kind === "averaged") return [];
  const found = [];
  for (let layer = 0; layer < told.layers; layer++)
    told.directions.forEach((direction, number) => {
      const where = (told.layers > 1 ? `, layer ${layer + 1}` : "") + (told.directions.length > 1 ? (direction ? ", backward" : ", forward") : "");
      for (const part of told.parts) found.push([`${layer}|${number}|${part}`, part + where]);
    });
  return found;
}

function begin() {
  const isLinear = ["ngrams", "average"].includes(told.kind), choices = options();
  element("words-title").textContent = isLinear ? "Words that speak for and against" : "Word by word";
  document.querySelector("label[for=chosen]").textContent = isLinear ? "For and against" : "In each row";
  element("choice").hidden = choices.length < 2;
  element("marked").hidden = !isLinear;
  element("chosen").append(...choices.map(([value, name]) => made("option", { value }, name)));
  let waiting = 0;
  element("text").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(showAll, 150); });
  element("chosen").addEventListener("change", showAll);
  showAll();
}

// A copy of the page in which texts are asked answers them alone: so its answers are compared with the model's.
if (element("asked")) {
  const answers = JSON.parse(element("asked").textContent).texts.map((text) => ask(text).answer);
  document.body.append(made("pre", { id: "answered" }, JSON.stringify(answers)));
} else begin();
