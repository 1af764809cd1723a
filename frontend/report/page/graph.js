// Texts as graphs: ops and the values between them, functions and their calls, blocks and their jumps.

const NAMES = /%[\w.$-]+/g;

function graphOf(text, inside, withInputs) {
  if (text.language === "mlir") return inside === null ? programGraph(text, withInputs) : regionGraph(text, inside);
  if (text.language === "llvm") return inside === null ? callGraph(text, /^define .*?@("[^"]+"|[\w.$-]+)\(/, /^}/) : blockGraph(text, inside);
  return null;
}

const depth = (line) => line.length - line.trimStart().length;
const opName = (line) => (/^\s*(?:%[^=]*= )?"?([a-z_]+\.[\w.]+)/.exec(line) || [])[1] || "";
const strings = (line) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1]);
const results = (line) => { const at = line.indexOf(" = "), head = at < 0 ? "" : line.slice(0, at); return /^\s*%/.test(head) ? head.match(NAMES) || [] : []; };

// The ops of a text from a line to a line that stand at one depth, each with the lines of its regions.
function opsAt(text, from, to, level) {
  const ops = [];
  for (let k = from; k < to; k++) {
    const line = text.lines[k];
    if (depth(line) !== level || !opName(line)) continue;
    let end = k + 1;
    if (/[{]\s*$/.test(line)) while (end < to && !(depth(text.lines[end]) === level && text.lines[end].trim().startsWith("}"))) end++;
    ops.push({ line: k, end: Math.min(end + 1, to), name: opName(line), results: results(line) });
  }
  return ops;
}

function used(text, op) {
  const own = new Set(), found = new Set();
  for (let k = op.line; k < op.end; k++) {
    const line = text.lines[k], head = results(line);
    head.forEach((name) => own.add(name));
    const names = (head.length ? line.slice(line.indexOf(" = ")) : line).match(NAMES) || [];
    if (/^\s*\^/.test(line)) names.forEach((name) => own.add(name)); else names.forEach((name) => found.add(name));
  }
  return [...found].filter((name) => !own.has(name));
}

const INPUTS = new Set(["snn.param", "snn.state", "snn.event_space", "snn.clock", "snn.sink"]);

function programGraph(text, withInputs) {
  const loop = text.lines.findIndex((line) => opName(line) === "snn.loop");
  if (loop < 0) return callGraph(text, /^\s+func\.func (?:private )?@([\w.$-]+)/, /^  }/);
  const level = depth(text.lines[loop]), end = opsAt(text, loop, text.lines.length, level)[0].end;
  const arguments_ = text.lines[loop + 1].match(NAMES) || [];
  const carried = (/snn\.loop \(([^)]*)\)/.exec(text.lines[loop]) || ["", ""])[1].match(NAMES) || [];
  const alias = new Map(arguments_.map((name, k) => [name, carried[k]]));
  const outer = opsAt(text, 0, loop, level).filter((op) => withInputs || !(INPUTS.has(op.name) || op.name === "arith.constant" || op.name === "snn.dt"));
  const body = opsAt(text, loop + 1, end - 1, level + 2).filter((op) => op.name !== "snn.yield");
  const nodes = [...outer, ...body].map((op, id) => node(text, op, id, op.line > loop));
  return { nodes, edges: edges(text, nodes, (name) => alias.get(name) || name), what: "Ops of a step and the values between them" };
}

const KINDS = new Set(["snn.map", "snn.reset", "snn.scatter"]);

function node(text, op, id, inLoop) {
  const line = text.lines[op.line], quoted = strings(line.split(" : ")[0]), hint = op.results[0] || "";
  const made = { id, line: op.line, end: op.end, op, kind: op.name.split(".")[0], strong: op.end - op.line > 2, inLoop };
  if (!op.name.startsWith("snn.") || op.name === "snn.gather") { // a scalar: what is computed
    const what = line.slice(line.indexOf(" = ") + 3).replace(/ : .*$/, "");
    return { ...made, title: op.name === "arith.constant" ? what.replace("arith.constant ", "") : /^%\d+$/.test(hint) ? `${op.name.split(".")[1]}  ${hint}` : hint.slice(1), sub: what };
  }
  const label = quoted[KINDS.has(op.name) ? 1 : 0] || hint.slice(1) || op.name;
  return { ...made, title: label, sub: op.name + (KINDS.has(op.name) ? ` ${quoted[0]}` : "") };
}

function edges(text, nodes, meaning = (name) => name) {
  const makers = new Map(), found = [];
  nodes.forEach((one) => one.op.results.forEach((name) => makers.set(name, one.id)));
  for (const one of nodes) {
    const from = new Map();
    for (const name of used(text, one.op)) {
      const maker = makers.get(name) ?? makers.get(meaning(name));
      if (maker !== undefined && maker !== one.id) push(from, maker, name);
    }
    from.forEach((names, maker) => found.push({ from: maker, to: one.id, names }));
  }
  return found;
}

function regionGraph(text, inside) {
  const first = text.lines[inside.line + 1] || "", level = depth(text.lines[inside.line]) + 2;
  const ops = opsAt(text, inside.line + 1, inside.end - 1, level);
  const given = /^\s*\^/.test(first) ? first.match(NAMES) || [] : [];
  const inputs = given.map((name, k) => ({ line: inside.line + 1, end: inside.line + 2, name: "argument", results: [name], argument: true, k }));
  const nodes = [...inputs, ...ops].map((op, id) => op.argument
    ? { id, line: op.line, end: op.end, op: { ...op, end: op.line }, title: op.results[0].slice(1), sub: "element", kind: "argument" }
    : node(text, op, id, true));
  const all = edges(text, nodes), usedIds = new Set(all.flatMap((edge) => [edge.from, edge.to]));
  const kept = nodes.filter((one) => one.kind !== "argument" || usedIds.has(one.id));
  return { nodes: kept, edges: all, what: `What ${inside.title} computes` };
}

function callGraph(text, begins, ends) {
  const nodes = [];
  text.lines.forEach((line, number) => {
    const match = begins.exec(line);
    if (match) nodes.push({ id: nodes.length, line: number, end: number + 1, open: true, name: match[1], title: match[1].replace(/"/g, ""), kind: "func" });
    else if (ends.test(line) && nodes.length && nodes[nodes.length - 1].open) Object.assign(nodes[nodes.length - 1], { end: number + 1, open: false });
  });
  const ids = new Map(nodes.map((one) => [one.name, one.id])), found = [];
  for (const one of nodes) {
    one.sub = `${one.end - one.line} lines`;
    one.strong = text.language === "llvm";
    const called = new Set();
    for (let k = one.line + 1; k < one.end; k++)
      for (const match of text.lines[k].matchAll(/call[^@]*@("[^"]+"|[\w.$-]+)\(/g)) if (ids.has(match[1])) called.add(ids.get(match[1]));
    called.forEach((id) => id !== one.id && found.push({ from: one.id, to: id, names: ["calls"] }));
  }
  return { nodes, edges: found, what: "Functions and their calls" };
}

function blockGraph(text, inside) {
  const nodes = [{ id: 0, line: inside.line, end: 0, title: "entry", name: "entry", kind: "block" }];
  for (let k = inside.line + 1; k < inside.end; k++) {
    const match = /^([\w.$-]+):/.exec(text.lines[k]);
    if (match && match[1] !== "entry") { nodes[nodes.length - 1].end = k; nodes.push({ id: nodes.length, line: k, end: 0, title: match[1], name: match[1], kind: "block" }); }
  }
  nodes[nodes.length - 1].end = inside.end;
  const ids = new Map(nodes.map((one) => [one.name, one.id])), found = [];
  for (const one of nodes) {
    one.sub = `${one.end - one.line - 1} instructions`;
    for (let k = one.line; k < one.end; k++)
      for (const match of text.lines[k].matchAll(/label %([\w.$-]+)/g)) if (ids.has(match[1])) found.push({ from: one.id, to: ids.get(match[1]), names: [] });
  }
  return { nodes, edges: found, what: `Blocks of ${inside.title} and their jumps` };
}

// ---- where nodes stand: in layers, each below all that it needs

const WIDE = 190, HIGH = 44, ACROSS = 22, DOWN = 46;

function layout(graph) {
  const place = new Map(graph.nodes.map((one, k) => [one.id, k])), nodes = graph.nodes;
  const forward = graph.edges.filter((edge) => place.get(edge.from) < place.get(edge.to));
  const into = nodes.map(() => []), out = nodes.map(() => []);
  forward.forEach((edge) => { into[place.get(edge.to)].push(place.get(edge.from)); out[place.get(edge.from)].push(place.get(edge.to)); });
  const layer = nodes.map(() => 0);
  nodes.forEach((_, k) => into[k].forEach((from) => (layer[k] = Math.max(layer[k], layer[from] + 1))));
  for (let k = nodes.length - 1; k >= 0; k--) // what others need stands close to them
    if (!into[k].length && out[k].length) layer[k] = Math.max(0, Math.min(...out[k].map((to) => layer[to])) - 1);
  const layers = [];
  nodes.forEach((_, k) => { while (layers.length <= layer[k]) layers.push([]); layers[layer[k]].push(k); });
  const rows = layers.flatMap((row) => { const parts = []; for (let k = 0; k < row.length; k += 12) parts.push(row.slice(k, k + 12)); return parts; });
  const at = nodes.map(() => 0);
  const spread = (row) => row.forEach((k, i) => (at[k] = i - (row.length - 1) / 2));
  rows.forEach(spread);
  for (let turn = 0; turn < 6; turn++) {
    const near = turn % 2 ? out : into;
    for (const row of turn % 2 ? [...rows].reverse() : rows) {
      const middleOf = new Map(row.map((k) => [k, near[k].length ? near[k].reduce((sum, other) => sum + at[other], 0) / near[k].length : at[k]]));
      row.sort((a, b) => middleOf.get(a) - middleOf.get(b) || a - b);
      spread(row);
    }
  }
  rows.forEach((row, y) => row.forEach((k) => { nodes[k].x = at[k] * (WIDE + ACROSS); nodes[k].y = y * (HIGH + DOWN); }));
  return graph;
}

// Draws a graph that can be moved and enlarged. `choose` is called with a node, `enter` with one that has an inside.
class Picture {
  constructor(graph, { choose, enter }) {
    layout(graph);
    Object.assign(this, { graph, choose, enter });
    this.byId = new Map(graph.nodes.map((one) => [one.id, one]));
    this.scene = make("g");
    this.element = make("svg", { class: "graph", role: "group", "aria-label": graph.what, tabindex: 0 }, this.scene);
    this.lines = graph.edges.map((edge) => this.edge(edge));
    this.boxes = new Map(graph.nodes.map((one) => [one.id, this.box(one)]));
    this.scene.append(...this.lines, ...this.boxes.values());
    this.element.addEventListener("wheel", (event) => { event.preventDefault(); this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, event); }, { passive: false });
    this.element.addEventListener("pointerdown", (event) => this.drag(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.moved || this.fit()).observe(this.element);
  }

  box(one) {
    const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
    const group = make("g", { class: `node ${one.kind}${one.strong ? " strong" : ""}`, tabindex: 0, role: "button", transform: `translate(${one.x - WIDE / 2},${one.y})`, "aria-label": `${one.title}, ${one.sub}` },
      make("title", {}, `${one.title}\n${one.sub}`),
      make("rect", { width: WIDE, height: HIGH, rx: 6 }),
      make("text", { x: 10, y: 18, class: "name" }, short(one.title, 23)),
      make("text", { x: 10, y: 34, class: "sub" }, short(one.sub, 27)));
    group.addEventListener("click", () => this.pick(one));
    group.addEventListener("focus", () => this.light(one));
    group.addEventListener("mouseenter", () => this.light(one));
    group.addEventListener("mouseleave", () => this.light(null));
    group.addEventListener("dblclick", () => one.strong && this.enter(one));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && one.strong && this.picked === one) { event.stopPropagation(); this.enter(one); }
      else if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); this.pick(one); }
    });
    return group;
  }

  edge(edge) {
    const a = this.byId.get(edge.from), b = this.byId.get(edge.to), down = b.y > a.y;
    const y1 = a.y + HIGH, y2 = b.y, bend = down ? Math.max(24, (y2 - y1) / 2) : 60;
    const way = down ? `M${a.x},${y1} C${a.x},${y1 + bend} ${b.x},${y2 - bend} ${b.x},${y2}`
      : `M${a.x + WIDE / 2},${a.y + HIGH / 2} C${a.x + WIDE / 2 + bend},${a.y} ${b.x + WIDE / 2 + bend},${b.y + HIGH} ${b.x + WIDE / 2},${b.y + HIGH / 2}`;
    const path = make("path", { class: "edge", d: way }, make("title", {}, edge.names.join(", ")));
    path.edge = edge;
    return path;
  }

  pick(one) {
    this.picked = one;
    this.mark(new Map([[one.line, "chosen"]]));
    this.choose(one);
  }

  light(one) {
    this.lines.forEach((path) => path.classList.toggle("lit", Boolean(one) && (path.edge.from === one.id || path.edge.to === one.id)));
  }

  mark(marks) {
    for (const one of this.graph.nodes) {
      let name = marks.get(one.line) || "";
      for (let k = one.line + 1; !name && k < one.end && one.kind !== "argument"; k++) if (marks.has(k)) name = "linked";
      this.boxes.get(one.id).classList.toggle("chosen", name === "chosen");
      this.boxes.get(one.id).classList.toggle("linked", name === "linked");
    }
  }

  fit() {
    const { clientWidth: width, clientHeight: height } = this.element, nodes = this.graph.nodes;
    if (!width || !nodes.length) return;
    const xs = nodes.map((one) => one.x), ys = nodes.map((one) => one.y);
    const left = Math.min(...xs) - WIDE / 2, right = Math.max(...xs) + WIDE / 2, bottom = Math.max(...ys) + HIGH;
    this.scale = Math.max(0.45, Math.min(1.1, (width - 40) / (right - left), (height - 40) / bottom));
    this.x = width / 2 - (this.scale * (left + right)) / 2;
    this.y = 20;
    this.place();
  }

  place() { this.scene.setAttribute("transform", `translate(${this.x},${this.y}) scale(${this.scale})`); }

  zoom(by, event) {
    const box = this.element.getBoundingClientRect();
    const x = event ? event.clientX - box.left : box.width / 2, y = event ? event.clientY - box.top : box.height / 2;
    const scale = Math.max(0.08, Math.min(3, this.scale * by));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.moved = true;
    this.place();
  }

  drag(event) {
    if (event.target.closest(".node")) return;
    const start = [event.clientX - this.x, event.clientY - this.y];
    const move = (now) => { this.x = now.clientX - start[0]; this.y = now.clientY - start[1]; this.moved = true; this.place(); };
    const stop = () => { removeEventListener("pointermove", move); removeEventListener("pointerup", stop); };
    addEventListener("pointermove", move);
    addEventListener("pointerup", stop);
  }

  key(event) {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (step) { this.x += step[0]; this.y += step[1]; this.moved = true; this.place(); }
    else if (event.key === "+" || event.key === "=") this.zoom(1.2);
    else if (event.key === "-") this.zoom(1 / 1.2);
    else if (event.key === "0") { this.moved = false; this.fit(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
