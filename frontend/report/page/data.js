// The data of the page, and how lines of one text are linked to those of others.

async function readData() {
  const packed = Uint8Array.from(atob(document.getElementById("data").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// Puts the lines into the texts, and the texts into a chain.
function prepare(data) {
  for (const program of data.programs) {
    program.texts.forEach((text, number) => {
      text.number = number;
      text.ids = text.lines;
      text.lines = text.ids.map((id) => data.lines[id]);
    });
    program.chain = program.texts.filter((text) => text.chained);
    program.chain.forEach((text, place) => {
      text.place = place;
      text.up = text.lines.map((_, line) => absolute(text.parents[line], line));
    });
  }
  return data;
}

function absolute(parents, line) {
  if (parents === null || parents === undefined) return [];
  return (Array.isArray(parents) ? parents : [parents]).map((distance) => line + distance);
}

// The lines of the next text that come from each line of this one.
function below(program, text) {
  if (!text.down) {
    text.down = text.lines.map(() => []);
    const next = program.chain[text.place + 1];
    if (next) next.up.forEach((lines, line) => lines.forEach((from) => text.down[from] && text.down[from].push(line)));
  }
  return text.down;
}

// The lines of the text at `to` that lines of the text at `from`, further down the chain, come from.
function climbed(program, lines, from, to) {
  for (let place = from; place > to; place--) lines = new Set([...lines].flatMap((one) => program.chain[place].up[one] || []));
  return lines;
}

// The lines of the first text that lines of the graph come from: by the places that ops carry, else as the plan says.
function sources(program, graph, lines) {
  return new Set([...lines].flatMap((one) => (graph.origins[one].length ? graph.origins[one] : [...climbed(program, new Set([one]), graph.place, 0)])));
}

// The parts of lines of the first text that ops of the graph compute: a map from lines to [from, to), in order and apart.
function spansOf(graph, ops) {
  const found = new Map();
  for (const op of ops) for (const [line, from, to] of (graph.spans || [])[op] || []) found.set(line, [...(found.get(line) || []), [from, to]]);
  for (const [line, spans] of found) {
    const apart = [];
    for (const [from, to] of spans.sort((a, b) => a[0] - b[0])) {
      const last = apart[apart.length - 1];
      if (last && from <= last[1]) last[1] = Math.max(last[1], to); else apart.push([from, to]);
    }
    found.set(line, apart);
  }
  return found;
}

// All that a line comes from and all that comes from it: a map from the numbers of texts to sets of lines; what of the first
// text's lines it is, in `spans`.
function linked(program, text, line) {
  const found = new Map([[text.number, new Set([line])]]), graph = program.chain.find((one) => one.origins);
  if (!text.chained) return found;
  const keep = (place, lines) => lines.size && found.set(program.chain[place].number, lines);
  let lines = new Set([line]), ops = null;
  for (let place = text.place; place > 0 && lines.size; place--) {
    if (program.chain[place] === graph) ops = lines;
    lines = climbed(program, lines, place, place - 1);
    keep(place - 1, lines);
  }
  if (ops) { keep(0, sources(program, graph, ops)); found.spans = spansOf(graph, ops); }
  lines = new Set([line]);
  let begin = text.place;
  if (graph && begin === 0) {
    lines = new Set(graph.lines.map((_, one) => one).filter((one) => sources(program, graph, [one]).has(line)));
    begin = graph.place;
    const down = below(program, text)[line] || [];
    for (let place = begin; place > 0; place--) keep(place, new Set([...climbed(program, lines, begin, place), ...(place === 1 ? down : [])]));
  }
  for (let place = begin; place + 1 < program.chain.length && lines.size; place++) {
    const down = below(program, program.chain[place]);
    lines = new Set([...lines].flatMap((one) => down[one] || []));
    keep(place + 1, lines);
  }
  return found;
}

// The text that a text was made from, and whether both can be compared line by line.
function before(program, text) {
  const previous = text.chained ? program.chain[text.place - 1] : program.texts[text.number - 1];
  if (!previous) return { previous: null, comparable: false };
  if (text.comparable === undefined) {
    const old = new Set(previous.ids);
    const same = text.ids.filter((id) => old.has(id)).length;
    text.comparable = text.kind === "pass" && same > 0.3 * Math.min(text.ids.length, previous.ids.length);
  }
  return { previous, comparable: text.comparable };
}

const milliseconds = (seconds) =>
  seconds === null || seconds === undefined ? "" : `${(1e3 * seconds).toPrecision(3).replace(/\.?0+$/, (z) => (z.includes(".") ? "" : z))} ms`;

// A number with a unit and a prefix: 1.2 k, 3.4 G.
function short(value, unit = "") {
  if (!isFinite(value)) return "";
  const prefixes = ["", "k", "M", "G", "T"];
  let k = 0;
  while (Math.abs(value) >= 1000 && k < 4) { value /= 1000; k++; }
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3).replace(/\.?0+$/, (z) => (z.includes(".") ? "" : z));
  return `${text} ${prefixes[k]}${unit}`.trim();
}

function duration(seconds) {
  if (seconds >= 1) return `${short(seconds)} s`;
  if (seconds >= 1e-3) return `${short(seconds * 1e3)} ms`;
  if (seconds >= 1e-6) return `${short(seconds * 1e6)} µs`;
  return `${short(seconds * 1e9)} ns`;
}

// Makes an element: make("p", {class: "note"}, "text", otherElement).
function make(name, attributes = {}, ...parts) {
  const svg = ["svg", "g", "path", "rect", "text", "line", "circle", "title", "tspan"].includes(name);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.startsWith("aria-")) element.setAttribute(key, String(value)); // "" is no truth value there
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...parts.filter((part) => part !== null && part !== undefined && part !== ""));
  return element;
}
