// What is shown: a program, one of its texts, a view, a line. All of it is in the address, so that a link shows the same.

const by = (id) => document.getElementById(id);

const app = {
  start(data) {
    this.data = data;
    by("script").textContent = data.script;
    document.title = `${data.script}: what the compiler made of it`;
    if (!data.programs.length) {
      by("view").append(make("p", { class: "note" }, "No program has been compiled yet. The report is written anew with each program, and at the end of the script."));
      return;
    }
    const select = by("program");
    data.programs.forEach((program, k) => select.append(make("option", { value: k }, `${program.name}${program.network ? `: ${program.network}` : ""}`)));
    select.addEventListener("change", () => this.open(Number(select.value)));
    select.parentElement.hidden = data.programs.length < 2;
    by("tabs").append(...VIEWS.map(([name, title], k) => button(title, () => this.show(name), { role: "tab", id: `tab-${name}`, title: `${k + 1}`, "aria-controls": "view" })));
    const asked = new URLSearchParams(location.hash.slice(1));
    this.view = VIEWS.some(([name]) => name === asked.get("view")) ? asked.get("view") : "follow";
    this.open(Math.min(Number(asked.get("program")) || 0, data.programs.length - 1), asked);
    addEventListener("keydown", (event) => this.key(event));
    addEventListener("resize", () => { const narrow = innerWidth < 900; if (narrow !== this.narrow) { this.narrow = narrow; this.followed = null; this.draw(); } });
    this.narrow = innerWidth < 900;
  },

  open(number, asked) {
    this.program = this.data.programs[number];
    by("program").value = number;
    this.chosen = this.links = this.followed = null;
    const texts = this.program.texts, wanted = asked && asked.get("text");
    this.text = (wanted !== null && wanted !== undefined && texts[Number(wanted)]) || texts.find((text) => text.kind === "pass" && text.chained) || texts[0];
    this.column();
    if (asked && asked.get("line") && this.text) this.set(this.text, Number(asked.get("line")) - 1);
    else this.first();
    this.draw();
  },

  // Chooses the first line of an equation, so that something can be followed from the beginning.
  first() {
    const text = this.program.chain[0];
    if (!text) return;
    const line = text.name === "equations" ? text.lines.findIndex((one) => /^\s+d\w+\/dt/.test(one)) : -1;
    if (line >= 0) this.set(text, line);
  },

  column() {
    const most = Math.max(...this.program.texts.map((text) => text.seconds || 0), 1e-9), list = make("ol");
    for (const text of this.program.texts) {
      const found = text.kind === "pass" ? counts(this.program, text) : null;
      const quiet = found && !(found.added + found.removed + found.changed + found.moved);
      const item = button("", () => this.go(text), { class: `stage ${text.kind}${quiet ? " quiet" : ""}`, "data-text": text.number });
      item.append(make("span", { class: "name" }, text.name), make("span", { class: "time" }, text.seconds === null ? "" : milliseconds(text.seconds)),
        make("span", { class: "about" }, found ? (quiet ? "changed nothing" : summary(found)) : `${text.lines.length} lines`),
        make("span", { class: "bar" }, make("i", { style: `width:${((100 * (text.seconds || 0)) / most).toFixed(1)}%` })));
      list.append(make("li", {}, item, text.stage ? make("span", { class: "becomes" }, `= ${text.stage}`) : ""));
    }
    by("pipeline").replaceChildren(make("h2", {}, "Pipeline"), list, this.program.failure ? make("p", { class: "note bad" }, `It ends here: ${this.program.failure}`) : "");
  },

  // Shows a text: in the graph if that is open, otherwise before and after.
  go(text) {
    this.text = text;
    if (this.view !== "graph" || !["mlir", "llvm"].includes(text.language)) this.view = "diff";
    document.body.classList.remove("stages");
    this.draw();
  },

  show(view) { this.view = view; this.draw(); },

  draw() {
    for (const [name] of VIEWS) by(`tab-${name}`).setAttribute("aria-selected", String(name === this.view));
    for (const item of document.querySelectorAll(".stage")) {
      const here = this.text && Number(item.dataset.text) === this.text.number && ["diff", "graph"].includes(this.view);
      item.setAttribute("aria-current", here ? "true" : "false");
      if (here) item.scrollIntoView({ block: "nearest" });
    }
    const element = by("view");
    element.className = this.view;
    element.replaceChildren();
    if (!this.text) { element.append(make("p", { class: "note bad" }, `This program has no stages. ${this.program.failure}`)); return; }
    this.shown = VIEWS.find(([name]) => name === this.view)[2](this, element);
    if (this.shown.start) this.shown.start();
    this.mark();
    this.remember();
  },

  set(text, line, here = false) {
    this.chosen = { text: text.number, line, here };
    this.links = linked(this.program, text, line);
  },

  // Chooses a line. `here` says that it was chosen where it is seen; `follow` shows it from equation to assembly.
  choose(text, line, here = false, follow = false) {
    if (line < 0 || !text) return;
    this.set(text, line, here);
    if (follow) { this.text = text; this.show("follow"); return; }
    this.mark();
    this.remember();
  },

  hover(text, row) {
    this.over = row && row.line >= 0 ? linked(this.program, text, row.line) : null;
    for (const [one, listing] of this.shown.listings || []) {
      const marks = marksFor(this.links, one.number, this.chosen);
      for (const line of (this.over && this.over.get(one.number)) || []) marks.set(line, `${marks.get(line) || ""} over`);
      listing.mark(marks, spansFor(this.links, one));
    }
  },

  mark() {
    if (!this.shown) return;
    for (const [text, listing] of this.shown.listings || []) listing.mark(marksFor(this.links, text.number, this.chosen), spansFor(this.links, text));
    if (this.shown.mark) this.shown.mark(this.links, this.chosen);
    this.detail();
  },

  detail() {
    const foot = by("detail"), chosen = this.chosen;
    foot.hidden = !chosen;
    if (!chosen) return;
    const text = this.program.texts[chosen.text], code = make("code");
    coloured(code, text.lines[chosen.line].trim(), text.language);
    const from = [...this.links].filter(([number]) => number !== chosen.text && !(this.program.texts[number].kind === "pass" && !this.program.texts[number].stage));
    const jumps = from.map(([number, lines]) => {
      const other = this.program.texts[number];
      return button(`${other.stage || other.name}: ${lines.size}`, () => { this.followed && this.followed.add(other.stage || other.name); this.show("follow"); }, { title: `${lines.size} lines`, class: "chip" });
    });
    foot.replaceChildren(make("div", { class: "jumps" }, make("b", {}, `${text.stage || text.name}, line ${chosen.line + 1}`), ...jumps, make("span", { class: "space" }),
      button("×", () => this.clear(), { "aria-label": "Choose nothing (Escape)", class: "plain" })), make("div", { class: "line" }, code));
  },

  clear() { this.chosen = this.links = null; this.mark(); this.remember(); },

  remember() {
    const state = new URLSearchParams({ program: this.data.programs.indexOf(this.program), view: this.view, text: this.chosen ? this.chosen.text : this.text.number });
    if (this.chosen) state.set("line", this.chosen.line + 1);
    try { history.replaceState(null, "", `#${state}`); } catch { /* pages that are shown from memory have no address */ }
  },

  step(by_) {
    const texts = this.program.texts, k = Math.max(0, Math.min(texts.length - 1, this.text.number + by_));
    this.go(texts[k]);
  },

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(input|select|textarea)$/i.test(event.target.tagName)) return;
    if (by("help").open) return;
    const number = Number(event.key), view = this.shown || {}, programs = this.data.programs, place = programs.indexOf(this.program);
    const actions = {
      j: () => this.step(1), k: () => this.step(-1), n: () => view.jump && view.jump(1), p: () => view.jump && view.jump(-1), u: () => view.toggle && view.toggle(),
      i: () => view.inputs && view.inputs(), Backspace: () => view.back && view.back(), f: () => this.show("follow"), t: () => theme(true), "?": help, Escape: () => this.clear(),
      "[": () => this.open(Math.max(0, place - 1)), "]": () => this.open(Math.min(programs.length - 1, place + 1)), "/": () => find(),
    };
    if (number >= 1 && number <= VIEWS.length) this.show(VIEWS[number - 1][0]);
    else if (actions[event.key]) actions[event.key]();
    else return;
    event.preventDefault();
  },
};

// Looks for a text in the lines of what is shown; each Enter goes on to the next.
function find() {
  const listings = (app.shown && app.shown.listings) || [];
  if (!listings.length) return;
  const input = make("input", { type: "search", placeholder: "Find in these texts; Enter: next", "aria-label": "Find", class: "find" });
  let last = [0, -1];
  const next = () => {
    const wanted = input.value.toLowerCase();
    for (let turn = 0; wanted && turn <= listings.length; turn++) {
      const listing = listings[(last[0] + turn) % listings.length][1];
      for (let k = turn ? 0 : last[1] + 1; k < listing.rows.length; k++)
        if (listing.rows[k].text.toLowerCase().includes(wanted)) { last = [(last[0] + turn) % listings.length, k]; listing.reveal(k); listing.choose(k); return; }
    }
    last = [0, -1];
  };
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") next(); else if (event.key === "Escape") input.remove(); });
  input.addEventListener("input", () => (last = [0, -1]));
  document.querySelectorAll(".find").forEach((one) => one.remove());
  document.body.append(input);
  input.focus();
}

const KEYS = [["j, k", "next, previous stage or pass"], ["1 … 6", "the views"], ["n, p", "next, previous change"], ["u", "only changes, or all lines"], ["f", "from equation to assembly"], ["↑ ↓ Page Home End", "choose a line, in the text that has the focus"], ["Tab", "from text to text, from node to node"],
  ["i", "graph: with or without inputs"], ["Enter, Backspace", "graph: into an op, and back"], ["+ − 0", "graph: larger, smaller, fit"], ["/", "find"], ["[ ]", "previous, next program"], ["t", "light or dark"], ["Escape", "choose nothing"]];

function help() {
  const dialog = by("help");
  dialog.replaceChildren(make("h2", {}, "Keys"), make("dl", {}, ...KEYS.flatMap(([keys, what]) => [make("dt", {}, keys), make("dd", {}, what)])),
    make("p", {}, "Lines: ", ...[["added", "added"], ["removed", "removed"], ["changed", "changed"], ["moved", "moved, as it is, to or from another place"]].flatMap(([name, what]) => [make("span", { class: `sample ${name}` }, what), " "])),
    make("form", { method: "dialog" }, make("button", { autofocus: true }, "Close")));
  dialog.showModal();
}

function theme(change) {
  const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
  let now = root.dataset.theme;
  try { now = now || localStorage.getItem("ranvier-theme"); } catch { /* not every page may keep something */ }
  if (change) {
    now = (now || (dark ? "dark" : "light")) === "dark" ? "light" : "dark";
    try { localStorage.setItem("ranvier-theme", now); } catch { /* see above */ }
  }
  if (now) root.dataset.theme = now;
}

theme(false);
by("theme").addEventListener("click", () => theme(true));
by("help-button").addEventListener("click", help);
by("stages-button").addEventListener("click", () => { const open = document.body.classList.toggle("stages"); by("stages-button").setAttribute("aria-expanded", String(open)); });
readData().then((data) => { app.start(prepare(data)); document.body.dataset.ready = "yes"; }).catch((error) => {
  document.body.dataset.ready = "failed";
  by("view").append(make("p", { class: "note bad" }, `The data of this page cannot be read (${error}). It needs a browser of 2023 or later.`));
});
