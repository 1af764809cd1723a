// The views of a program. Each puts itself into an element and returns {mark(links)}: what to do when a line is chosen.

const button = (text, onclick, more = {}) => make("button", { type: "button", onclick, ...more }, text);
const cell = (content, kind = "td") => make(kind, typeof content === "number" || /^[-+]?[\d.]+( |$)/.test(content) ? { class: "right" } : {}, content === undefined || content === null ? "" : content);
const table = (heads, rows, caption) => make("div", { class: "scroll" }, make("table", {}, caption ? make("caption", {}, caption) : null,
  make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))), make("tbody", {}, ...rows)));
const row = (...cells) => make("tr", {}, ...cells.map((content) => (content instanceof Element && content.tagName === "TD" ? content : cell(content))));

// The parts of lines that are linked: only what the user wrote has such.
const spansFor = (links, text) => (links && text.language === "equations" ? links.spans : undefined);

const marksFor = (links, number, chosen) => {
  const marks = new Map();
  for (const line of (links && links.get(number)) || []) marks.set(line, "linked");
  if (chosen && chosen.text === number) marks.set(chosen.line, "chosen");
  return marks;
};

function heading(text, more = []) {
  const options = text.options ? ` {${text.options}}` : "";
  return make("div", { class: "heading" }, make("h2", {}, text.name, make("small", {}, options)),
    text.stage ? make("span", { class: "tag" }, `gives the stage “${text.stage}”`) : null,
    text.seconds !== null ? make("span", { class: "tag" }, milliseconds(text.seconds)) : null, ...more, make("p", {}, text.about));
}

// ---- before and after

function diffView(app, element) {
  const { program, text } = app, { previous, comparable } = before(program, text);
  if (!previous) return plainView(app, element);
  return comparable ? comparedView(app, element, previous) : besideView(app, element, previous);
}

function plainView(app, element) {
  const { text } = app;
  const listing = new Listing({ rows: rowsOf(text), language: text.language, label: text.name, select: (one) => one.line >= 0 && app.choose(text, one.line) });
  element.append(heading(text), make("div", { class: "columns" }, listing.element));
  return { listings: [[text, listing]] };
}

function besideView(app, element, previous) {
  const { text } = app, listings = [previous, text].map((one) => [one, new Listing({
    rows: rowsOf(one), language: one.language, label: one.name, select: (chosen) => app.choose(one, chosen.line), hover: (over) => app.hover(one, over) })]);
  element.append(heading(text, [make("span", { class: "tag" }, "another form: choose a line to see what became of it")]),
    make("div", { class: "columns" }, ...listings.map(([one, listing]) => column(one.name, listing.element))));
  return { listings };
}

const column = (name, ...content) => make("div", { class: "column" }, make("h3", {}, name), ...content);

function comparedView(app, element, previous) {
  const { text, program } = app, found = counts(program, text), changes = found.added + found.removed + found.changed + found.moved;
  const state = { folded: changes > 0 };
  const choose = (one) => (row) => { if (row.kind === "fold") { state.folded = false; fill(); } else if (row.line >= 0) app.choose(one, row.line); };
  const left = new Listing({ rows: [], language: previous.language, label: `before ${text.name}`, select: choose(previous), hover: (row) => app.hover(previous, row) });
  const right = new Listing({ rows: [], language: text.language, label: `after ${text.name}`, select: choose(text), hover: (row) => app.hover(text, row) });
  together(left.element, right.element);
  const both = new Listing({ rows: [], language: text.language, label: `before and after ${text.name}`, select: (row) => choose(row.before ? previous : text)(row) });
  const fill = () => {
    const rows = folded(differences(previous, text), state.folded);
    left.show(rows.map((row) => side(previous, text, row, true)));
    right.show(rows.map((row) => side(previous, text, row, false)));
    both.show(rows.flatMap((row) => unified(previous, text, row)));
    fold.setAttribute("aria-pressed", String(state.folded));
  };
  const fold = button("Only changes (u)", () => { state.folded = !state.folded; fill(); }, { class: "toggle" });
  const jump = (step) => {
    const listing = right.element.offsetParent ? right : both, now = listing.cursor >= 0 ? listing.cursor : step > 0 ? -1 : listing.rows.length;
    const isChange = (k) => listing.rows[k].change && !(k > 0 && listing.rows[k - 1].change);
    for (let k = now + step; k >= 0 && k < listing.rows.length; k += step)
      if (isChange(k)) { listing.cursor = k; listing.reveal(k, true); listing.draw(true); left.element.scrollTop = right.element.scrollTop; if (listing.rows[k].line >= 0) listing.choose(k); return; }
  };
  const said = changes ? summary(found) : make("span", { class: "tag" }, "changed nothing");
  element.append(heading(text, [said, changes ? fold : null, changes ? button("Next (n)", () => jump(1)) : null, changes ? button("Previous (p)", () => jump(-1)) : null]),
    make("div", { class: "columns wide-only" }, column(`before: ${previous.name}`, left.element), column(`after: ${text.name}`, right.element)),
    make("div", { class: "columns narrow-only" }, column(`before and after ${text.name}`, both.element)));
  fill();
  return { listings: [[previous, left], [text, right]], jump, toggle: () => fold.click(),
    mark: (links, chosen) => both.mark(marksFor(links, text.number, chosen)) };
}

function summary(found) {
  const parts = [["+", found.added, "added"], ["−", found.removed, "removed"], ["~", found.changed, "changed"], ["↕", found.moved, "moved"]];
  return make("span", { class: "counts" }, ...parts.filter(([, count]) => count).map(([sign, count, name]) => make("span", { class: name, title: `${count} lines ${name}` }, `${sign}${count}`)));
}

function together(one, other) {
  let leader = null;
  for (const [a, b] of [[one, other], [other, one]])
    a.addEventListener("scroll", () => {
      if (leader === b) { leader = null; return; }
      if (b.scrollTop === a.scrollTop && b.scrollLeft === a.scrollLeft) return;
      leader = a; b.scrollTop = a.scrollTop; b.scrollLeft = a.scrollLeft;
    });
}

// Leaves out what is the same and far from changes.
function folded(rows, on) {
  if (!on) return rows;
  const near = new Uint8Array(rows.length);
  rows.forEach((row, k) => { if (row.kind !== "same") for (let j = Math.max(0, k - 3); j <= Math.min(rows.length - 1, k + 3); j++) near[j] = 1; });
  const found = [];
  for (let k = 0; k < rows.length; k++) {
    if (near[k]) { found.push(rows[k]); continue; }
    let end = k;
    while (end + 1 < rows.length && !near[end + 1]) end++;
    found.push(end - k > 1 ? { kind: "fold", count: end - k + 1, a: -1, b: -1 } : rows[k]);
    if (end - k <= 1 && end > k) found.push(rows[end]);
    k = end;
  }
  return found;
}

function side(previous, text, row, isBefore) {
  if (row.kind === "fold") return { line: -1, text: `⋯ ${row.count} lines are the same`, kind: "fold" };
  const line = isBefore ? row.a : row.b, one = isBefore ? previous : text;
  if (line < 0) return { line: -1, text: "", kind: "empty", change: true };
  const made = { line, text: one.lines[line], kind: row.kind === "same" ? "" : row.kind, change: row.kind !== "same" };
  if (row.kind === "changed") {
    const [from, a, b] = inner(previous.lines[row.a], text.lines[row.b]);
    made.part = [from, isBefore ? a : b];
  }
  return made;
}

function unified(previous, text, row) {
  if (row.kind === "fold" || row.kind === "same") return [side(previous, text, row, false)];
  const parts = [];
  if (row.a >= 0) parts.push({ ...side(previous, text, row, true), before: true, kind: row.kind === "changed" ? "removed" : row.kind });
  if (row.b >= 0) parts.push({ ...side(previous, text, row, false), kind: row.kind === "changed" ? "added" : row.kind });
  return parts;
}

// ---- from the equations to the assembly

function followView(app, element) {
  const { program } = app, stages = program.chain.filter((text) => text.kind !== "pass" || text.stage);
  const width = element.clientWidth || innerWidth;
  if (!app.followed) {
    const wanted = width > 1500 ? ["equations", "snn", "optimised", "loops", "asm"] : width > 900 ? ["equations", "optimised", "asm"] : ["equations", "asm"];
    app.followed = new Set(stages.some((text) => text.name === "equations") ? wanted : wanted.map((name) => (name === "equations" ? "plan" : name)));
  }
  const title = (text) => text.stage || text.name, columns = make("div", { class: "columns follow" }), view = { listings: [] };
  const chips = make("div", { class: "chips", role: "group", "aria-label": "Columns" });
  const fill = () => {
    view.listings = stages.filter((text) => app.followed.has(title(text))).map((text) => [text, new Listing({
      rows: rowsOf(text), language: text.language, label: title(text), select: (row) => app.choose(text, row.line, true), hover: (row) => app.hover(text, row) })]);
    columns.replaceChildren(...view.listings.map(([text, listing]) => {
      const count = make("small");
      listing.count = count;
      return make("div", { class: "column" }, make("h3", {}, title(text), " ", count), listing.element);
    }));
    chips.replaceChildren(...stages.map((text) => button(title(text), () => {
      if (!app.followed.delete(title(text))) app.followed.add(title(text));
      fill();
      app.mark();
    }, { class: "toggle", "aria-pressed": String(app.followed.has(title(text))) })));
  };
  view.mark = (links, chosen) => {
    for (const [text, listing] of view.listings) {
      const lines = [...((links && links.get(text.number)) || [])].sort((a, b) => a - b);
      listing.count.textContent = lines.length ? `${lines.length} line${lines.length > 1 ? "s" : ""}` : "";
      if (chosen && lines.length && !(chosen.text === text.number && chosen.here)) listing.reveal(densest(lines));
    }
  };
  element.append(make("div", { class: "heading" }, make("h2", {}, "From equation to assembly"), chips,
    make("p", {}, "Choose a line anywhere: all columns show what it comes from and what comes from it.")), columns);
  fill();
  return view;
}

// Where most of some lines are, so that the loop is shown and not a constant far from it.
function densest(lines) {
  let best = 0, most = 0;
  for (let k = 0, end = 0; k < lines.length; k++) {
    while (end < lines.length && lines[end] < lines[k] + 40) end++;
    if (end - k > most) { most = end - k; best = k; }
  }
  return lines[best];
}

// ---- the graph

function graphView(app, element) {
  const { program } = app;
  let text = app.text;
  if (!["mlir", "llvm"].includes(text.language)) text = program.texts.find((one) => one.stage === "optimised") || program.texts.find((one) => one.language === "mlir");
  if (!text) { element.append(make("p", { class: "note" }, "This program has no graph.")); return {}; }
  const view = { inside: null }, stage = make("div", { class: "canvas" }), trail = make("div", { class: "chips" });
  const draw = () => {
    const graph = graphOf(text, view.inside, app.withInputs);
    view.picture = new Picture(graph, { choose: (one) => app.choose(text, one.line), enter: (one) => { view.inside = one; draw(); } });
    stage.replaceChildren(view.picture.element);
    const up = view.inside ? button("← back (Backspace)", () => { view.inside = null; draw(); }) : null;
    const inputs = !view.inside && text.lines.some((line) => opName(line) === "snn.param")
      ? button("Inputs (i)", () => { app.withInputs = !app.withInputs; draw(); }, { class: "toggle", "aria-pressed": String(Boolean(app.withInputs)) }) : null;
    trail.replaceChildren(...[up, inputs, button("+", () => view.picture.zoom(1.2), { "aria-label": "larger" }), button("−", () => view.picture.zoom(1 / 1.2), { "aria-label": "smaller" }),
      button("Fit (0)", () => { view.picture.moved = false; view.picture.fit(); }), make("span", { class: "tag" }, `${graph.nodes.length} nodes, ${graph.edges.length} edges`),
      make("span", { class: "tag" }, graph.what)].filter(Boolean));
    app.mark();
  };
  view.mark = (links, chosen) => view.picture.mark(marksFor(links, text.number, chosen));
  view.back = () => { if (view.inside) { view.inside = null; draw(); } };
  view.inputs = () => { app.withInputs = !app.withInputs; draw(); };
  element.append(make("div", { class: "heading" }, make("h2", {}, `Graph of ${text.stage || text.name}`), trail,
    make("p", {}, "Arrows go from what makes a value to what uses it. Double-click a thick box, or press Enter on it twice, to look inside.")), stage);
  view.start = draw;
  return view;
}

// ---- costs

function costView(app, element) {
  const { program, data } = app, sweeps = program.sweeps.map((sweep) => costOf(sweep, program.sizes));
  const known = sweeps.filter((one) => isFinite(one.seconds) && one.seconds > 0), total = known.reduce((sum, one) => sum + one.seconds, 0);
  const optimised = program.texts.find((text) => text.stage === "optimised");
  const rows = sweeps.map((one) => {
    const line = make("tr", { tabindex: 0, class: "pick", onclick: () => app.choose(optimised, one.line, false, true), onkeydown: (event) => event.key === "Enter" && app.choose(optimised, one.line, false, true) },
      ...[make("td", {}, make("b", {}, one.label), make("br"), make("small", {}, one.kind)), one.per, isFinite(one.count) ? short(one.count) : "—", one.flops, one.divisions, one.functions, one.draws,
        `${one.read} + ${one.written}`, isFinite(one.intensity) ? one.intensity.toPrecision(2) : "—", isFinite(one.seconds) ? duration(one.seconds) : "—"].map((content) => (content instanceof Element ? content : cell(content))));
    return line;
  });
  element.append(make("div", { class: "heading" }, make("h2", {}, "Cost of each sweep"),
    total ? make("span", { class: "tag" }, `about ${duration(total)} for a step`) : null, measuredStep(program),
    make("p", {}, "Counted from the regions of the optimised graph. Times are estimates for one thread, with arrays in the nearest cache; a spike reaches synapses as if cells fired at 10 Hz.")));
  const body = make("div", { class: "page" });
  if (rows.length) body.append(table(["Sweep", "for each", "how many in a step", "additions and products", "divisions", "functions", "random numbers", "bytes read + written", "operations per byte", "time in a step"], rows));
  else body.append(make("p", { class: "note" }, program.failure || "There are no sweeps."));
  if (known.length) body.append(roofline(known, data.roofs || {}, app, optimised));
  body.append(make("h2", {}, "Time of each stage and pass"), passTimes(app), make("h2", {}, "Time of the compilation that ran"), compileTimes(program));
  element.append(body);
  return {};
}

function costOf(sweep, sizes) {
  const size = sweep.size ? sizes[sweep.size] : NaN, dt = sizes.dt || 1e-4;
  const count = sweep.per === "spike" ? NaN : sweep.per === "synapse that is reached" ? size * 10 * dt : size;
  const operations = sweep.flops + sweep.divisions + sweep.functions + sweep.draws, bytes = sweep.read + sweep.written;
  const seconds = sweep.picoseconds * 1e-12 * count;
  return { ...sweep, count, operations, bytes, seconds, intensity: bytes ? operations / bytes : NaN, rate: operations / (sweep.picoseconds * 1e-12), set: bytes * size };
}

function measuredStep(program) {
  const timed = program.runs.filter((run) => run.seconds && run.simulated);
  if (!timed.length || !program.sizes.dt) return null;
  const best = Math.min(...timed.map((run) => (run.seconds * program.sizes.dt) / run.simulated));
  return make("span", { class: "tag strong" }, `measured: ${duration(best)} for a step`);
}

function roofline(sweeps, roofs, app, optimised) {
  const plotted = sweeps.filter((one) => one.operations > 0 && one.bytes > 0);
  if (!plotted.length || !roofs.cache) return make("p", { class: "note" }, "No sweep computes with numbers: there is nothing to compare with roofs.");
  const W = 760, H = 380, L = 70, B = 48, T = 16, R = 20;
  const peak = roofs.peak || Math.max(...plotted.map((one) => one.rate)) * 2;
  const xs = plotted.map((one) => one.intensity), ys = plotted.map((one) => one.rate);
  const x0 = Math.log10(Math.min(0.03, ...xs) / 1.5), x1 = Math.log10(Math.max(8, ...xs, peak / roofs.memory / 2) * 1.5);
  const y0 = Math.log10(Math.min(...ys, peak / 300) / 2), y1 = Math.log10(peak * 2);
  const x = (value) => L + ((Math.log10(value) - x0) / (x1 - x0)) * (W - L - R), y = (value) => H - B - ((Math.log10(value) - y0) / (y1 - y0)) * (H - B - T);
  const svg = make("svg", { class: "roofline", viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": "Roofline: operations per second against operations per byte" });
  for (let k = Math.ceil(x0); k <= x1; k++) svg.append(make("line", { class: "grid", x1: x(10 ** k), x2: x(10 ** k), y1: T, y2: H - B }), make("text", { x: x(10 ** k), y: H - B + 16, "text-anchor": "middle" }, String(10 ** k)));
  for (let k = Math.ceil(y0); k <= y1; k++) svg.append(make("line", { class: "grid", x1: L, x2: W - R, y1: y(10 ** k), y2: y(10 ** k) }), make("text", { x: L - 8, y: y(10 ** k) + 4, "text-anchor": "end" }, short(10 ** k)));
  svg.append(make("text", { x: (L + W) / 2, y: H - 8, "text-anchor": "middle" }, "operations per byte"), make("text", { x: 14, y: H / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${H / 2})` }, "operations per second"));
  for (const [name, label] of [["cache", "second-level cache"], ["memory", "memory"]]) {
    const knee = peak / roofs[name], from = 10 ** x0;
    svg.append(make("path", { class: `roof ${name}`, d: `M${x(from)},${y(Math.max(roofs[name] * from, 10 ** y0))} L${x(Math.min(knee, 10 ** x1))},${y(Math.min(peak, roofs[name] * 10 ** x1))}` }, make("title", {}, `${label}: ${short(roofs[name], "B/s")}`)));
    const at = Math.sqrt(from * Math.min(knee, 10 ** x1));
    svg.append(make("text", { class: "label", x: x(at) + 6, y: y(roofs[name] * at) + 16 }, `${label}, ${short(roofs[name], "B/s")}`));
  }
  svg.append(make("path", { class: "roof peak", d: `M${x(Math.min(peak / roofs.cache, 10 ** x1))},${y(peak)} L${x(10 ** x1)},${y(peak)}` }), make("text", { class: "label", x: W - R - 4, y: y(peak) - 6, "text-anchor": "end" }, `one processor, ${short(peak, "op/s")}`));
  plotted.forEach((one, k) => svg.append(make("g", { class: "sweep", tabindex: 0, role: "button", "aria-label": one.label, onclick: () => app.choose(optimised, one.line, false, true), onkeydown: (event) => event.key === "Enter" && app.choose(optimised, one.line, false, true) },
    make("title", {}, `${one.label}\n${one.intensity.toPrecision(2)} operations per byte, ${short(one.rate, "op/s")}, ${short(one.set, "B")} in all`),
    make("circle", { cx: x(one.intensity), cy: y(one.rate), r: 9 }), make("text", { x: x(one.intensity), y: y(one.rate) + 4, "text-anchor": "middle" }, String(k + 1)))));
  const legend = make("ol", { class: "legend" }, ...plotted.map((one) => {
    const roof = Math.min(peak, one.intensity * (one.set < 1 << 20 ? roofs.cache : roofs.memory)), share = one.rate / roof;
    return make("li", {}, make("b", {}, one.label), `: ${short(one.rate, "op/s")}, ${share > 1 ? "above" : `${Math.round(100 * share)} % of`} the roof of ${short(roof, "op/s")} (${short(one.set, "B")} of arrays, ${one.intensity < peak / (one.set < 1 << 20 ? roofs.cache : roofs.memory) ? "limited by transfers" : "limited by arithmetic"})`);
  }));
  return make("figure", {}, make("figcaption", {}, make("h2", {}, "Roofline"), make("p", {}, "Roofs were measured on this machine when the report was made, on one thread; other work on the machine lowers them. Divisions, functions and random numbers count as one operation.")), svg, legend);
}

function bars(rows) {
  const most = Math.max(...rows.map(([, seconds]) => seconds), 1e-12);
  return make("div", { class: "bars" }, ...rows.flatMap(([name, seconds, onclick]) => [
    onclick ? button(name, onclick, { class: "plain" }) : make("span", {}, name), make("span", { class: "right" }, milliseconds(seconds)),
    make("span", { class: "bar" }, make("i", { style: `width:${((100 * seconds) / most).toFixed(1)}%` }))]));
}

const passTimes = (app) => bars(app.program.texts.filter((text) => text.seconds !== null).map((text) => [text.name, text.seconds, () => app.go(text)]));

function compileTimes(program) {
  const names = { read: "read from disk", build: "build: plan to loops", llvm: "write LLVM IR", parse: "LLVM: parse", optimise: "LLVM: passes", emit: "LLVM: machine code", load: "load" };
  const rows = Object.entries(program.times).map(([name, seconds]) => [names[name] || name, seconds]);
  return rows.length ? bars(rows) : make("p", { class: "note" }, "The program has not been compiled.");
}

// ---- decisions, cache

function decisionView(app, element) {
  const { program } = app, optimised = program.texts.find((text) => text.stage === "optimised"), groups = new Map();
  program.decisions.forEach((one) => push(groups, `${one.line} ${one.about}`, one));
  const order = ["layout", "reasons", "unmet"];
  const boxes = [...groups.values()].map((group) => make("article", {}, make("h3", {}, ...(group[0].line < 0 ? [group[0].about, make("small", {}, " not there any more")] : [button(group[0].about, () => app.choose(optimised, group[0].line, false, true), { class: "plain" }), make("small", {}, ` line ${group[0].line + 1}`)])),
    make("dl", {}, ...group.sort((a, b) => (order.indexOf(a.key) + 9) % 9 - (order.indexOf(b.key) + 9) % 9).flatMap((one) => [make("dt", {}, one.key), make("dd", {}, ...valueOf(one))]))));
  element.append(make("div", { class: "heading" }, make("h2", {}, "Decisions and reasons"), make("p", {}, "What passes and rewrites say of the ops: how the synapses of each pathway are stored, which sweeps are one, how work is divided, and why not otherwise.")),
    make("div", { class: "page cards" }, ...(boxes.length ? boxes : [make("p", { class: "note" }, "No pass had anything to decide.")]), program.threads ? make("article", {}, make("h3", {}, "Threads"), make("p", {}, program.threads)) : null));
  return {};
}

const valueOf = (one) => (one.key === "reasons" ? [make("ul", {}, ...one.value.split("; ").map((part) => make("li", {}, part)))] : [one.key === "layout" ? make("b", {}, one.value) : one.value]);

function cacheView(app, element) {
  const { program, data } = app, cache = program.cache || {};
  const runs = program.runs.map((run, k) => row(k + 1, run.network || "", run.outcome || "", run.simulated === undefined ? "" : duration(run.simulated), run.seconds === undefined ? "" : duration(run.seconds),
    run.seconds && run.simulated ? `${short(run.simulated / run.seconds)} × real time` : ""));
  element.append(make("div", { class: "heading" }, make("h2", {}, "Where the program came from"), cache.outcome ? make("span", { class: `tag ${cache.outcome === "compiled" ? "miss" : "hit"}` }, cache.outcome === "compiled" ? "not in the cache: compiled" : cache.outcome) : null),
    make("div", { class: "page" },
      make("ul", { class: "why" }, ...(cache.why || ["It was not asked for to the end: the compilation failed, or it is still under way."]).map((reason) => make("li", {}, reason))),
      program.failure ? make("p", { class: "note bad" }, `The stages end where something failed: ${program.failure}`) : null,
      make("h2", {}, "Runs"), runs.length ? table(["", "network", "program", "simulated", "took", "speed"], runs) : make("p", { class: "note" }, "It has not run."),
      make("h2", {}, "What the key is made of"), table(["part", "value"], Object.entries({ ...cache.parts }).map(([name, value]) => make("tr", {}, make("th", { scope: "row" }, name), make("td", { class: "long" }, value)))),
      make("h2", {}, "Pipeline"), make("p", { class: "long" }, program.spec || "nothing at all"),
      make("h2", {}, "Sizes"), table(["input", "value"], Object.entries(program.sizes).map(([name, value]) => row(name, name === "dt" ? duration(value) : String(value)))),
      make("h2", {}, "Machine"), make("p", {}, `${data.machine.cpu} (${data.machine.triple}), ${data.machine.cores} processors, vectors of ${data.machine.vector || "LLVM's choice of"} bits, Python ${data.machine.python}`)));
  return {};
}

const VIEWS = [["diff", "Before and after", diffView], ["follow", "Equation to assembly", followView], ["graph", "Graph", graphView], ["cost", "Cost", costView], ["decisions", "Decisions", decisionView], ["cache", "Cache and runs", cacheView]];
