// Texts of many lines: only those that can be seen are in the page.

const ROW = 18, SHOWN = 400;

const RULES = {
  mlir: /(\/\/.*)|("(?:[^"\\]|\\.)*")|(%[\w.$-]+)|(@[\w.$-]+)|(\^\w+)|\b((?:snn|arith|math|scf|func|memref|vector|gpu|builtin)\.[\w.]+)|(![\w.]+|\b(?:tensor|memref|vector|index|[fi]\d+)\b)|(-?\b\d[\w.+-]*)/g,
  llvm: /(;.*)|("(?:[^"\\]|\\.)*")|(%[\w.$-]+)|(@[\w.$-]+)|(^[\w.$-]+:)|^\s+(?:%[\w.$-]+ = )?(?:tail )?((?!%)[a-z]\w*)|\b(ptr|double|float|void|label|i\d+)\b|(-?\b\d[\w.+-]*)/g,
  asm: /(#.*)|("(?:[^"\\]|\\.)*")|(%[\w]+)|(\$-?\w+)|(^[\w.$]+:)|^\s+([a-z]\w*)|(\.\w+)|(-?\b\d[\w.+-]*)/g,
  plan: /(^#.*)|('(?:[^'\\]|\\.)*')|(%\d+)|()|()|\b(\w+Step|param|state|events|clock|sink)\b|()|(-?\b\d[\w.+-]*)/g,
  equations: /(^#.*|#.*$)|("[^"]*")|()|()|()|(d\w+\/dt)|()|(-?\b\d[\w.+-]*)/g,
};
const CLASSES = ["c", "s", "v", "f", "l", "o", "y", "n"];

// Appends a line in colours.
function coloured(parent, line, language) {
  const rule = RULES[language] || RULES.mlir;
  rule.lastIndex = 0;
  let done = 0, match;
  while ((match = rule.exec(line))) {
    if (match[0] === "") { rule.lastIndex++; continue; }
    const group = match.findIndex((part, k) => k > 0 && part), start = match.index + match[0].lastIndexOf(match[group]);
    if (start > done) parent.append(line.slice(done, start));
    parent.append(make("span", { class: CLASSES[group - 1] }, match[group]));
    done = start + match[group].length;
  }
  if (done < line.length) parent.append(line.slice(done));
}

// A list of rows {line: number or -1, text, kind, marks}; `select` and `hover` are called with a row.
class Listing {
  constructor({ rows, language, select, hover, label, columns = 1 }) {
    Object.assign(this, { rows, language, select, hover, columns });
    this.cursor = -1;
    this.marks = new Map();
    this.sheet = make("div", { class: "sheet" });
    this.size = make("div", { class: "size" }, this.sheet);
    this.element = make("div", { class: "listing", tabindex: 0, role: "listbox", "aria-label": label }, this.size);
    this.element.addEventListener("scroll", () => this.draw());
    this.element.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("keydown", (event) => this.key(event));
    if (hover) {
      this.element.addEventListener("mousemove", (event) => this.hovered(event));
      this.element.addEventListener("mouseleave", () => hover(null));
    }
    new ResizeObserver(() => this.draw(true)).observe(this.element);
    this.show(rows);
  }

  show(rows) {
    this.rows = rows;
    const longest = rows.reduce((most, row) => Math.max(most, row.text.length), 0);
    this.size.style.height = `${rows.length * ROW}px`;
    this.size.style.minWidth = `${Math.min(longest, SHOWN) + 8}ch`;
    this.from = -1;
    this.draw(true);
  }

  draw(again) {
    const top = Math.max(0, Math.floor(this.element.scrollTop / ROW) - 8);
    const bottom = Math.min(this.rows.length, top + Math.ceil((this.element.clientHeight || 600) / ROW) + 16);
    if (!again && this.from === top && this.to === bottom) return;
    this.from = top; this.to = bottom;
    this.sheet.style.transform = `translateY(${top * ROW}px)`;
    this.sheet.replaceChildren(...this.rows.slice(top, bottom).map((row, k) => this.row(row, top + k)));
  }

  row(row, place) {
    const mark = row.line >= 0 ? this.marks.get(row.line) : "";
    const names = ["row", row.kind || "", mark || "", place === this.cursor ? "cursor" : ""].join(" ").trim();
    const element = make("div", { class: names, role: "option", "aria-selected": place === this.cursor });
    element.dataset.place = place;
    element.append(make("span", { class: "number" }, row.line >= 0 ? String(row.line + 1) : ""));
    const code = make("code");
    const text = row.text.length > SHOWN ? `${row.text.slice(0, SHOWN)} … ${row.text.length - SHOWN} more` : row.text;
    let done = 0;
    for (const [from, to] of row.part ? [row.part] : (this.spans && this.spans.get(row.line)) || []) {
      coloured(code, text.slice(done, from), this.language);
      const part = make("mark", row.part ? {} : { class: "span" });
      coloured(part, text.slice(from, to), this.language);
      code.append(part);
      done = to;
    }
    coloured(code, text.slice(done), this.language);
    element.append(code);
    return element;
  }

  // Marks lines, by a map from lines to names of classes, and parts of them, by a map from lines to [from, to).
  mark(marks, spans) { this.marks = marks; this.spans = spans; this.draw(true); }

  at(event) {
    const row = event.target.closest(".row");
    return row ? Number(row.dataset.place) : -1;
  }

  clicked(event) { const place = this.at(event); if (place >= 0) this.choose(place); }

  hovered(event) {
    const place = this.at(event);
    if (place === this.over) return;
    this.over = place;
    this.hover(place < 0 ? null : this.rows[place]);
  }

  choose(place) {
    this.cursor = place;
    this.draw(true);
    if (this.select) this.select(this.rows[place]);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? this.rows.length - 1 : step ? this.cursor + step : null;
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const place = Math.max(0, Math.min(this.rows.length - 1, to));
    this.reveal(place);
    this.choose(place);
  }

  // Brings a row into sight, in the middle if it is far away.
  reveal(place, always) {
    const top = place * ROW, { scrollTop, clientHeight } = this.element;
    const far = top < scrollTop - clientHeight || top > scrollTop + 2 * clientHeight;
    if (always || far || top < scrollTop || top > scrollTop + clientHeight - 2 * ROW)
      this.element.scrollTop = Math.max(0, top - clientHeight / 3);
  }

  placeOf(line) { return this.rows.findIndex((row) => row.line === line); }
}

const rowsOf = (text) => text.lines.map((line, number) => ({ line: number, text: line }));
