// What differs between two texts, line by line. Values keep their names from pass to pass, so that equal lines are equal texts.

// Returns pairs [line before or -1, line after or -1] in order (Myers 1986, after equal beginnings and ends).
function alignment(a, b) {
  let start = 0, endA = a.length, endB = b.length;
  while (start < endA && start < endB && a[start] === b[start]) start++;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) { endA--; endB--; }
  const pairs = [];
  for (let k = 0; k < start; k++) pairs.push([k, k]);
  pairs.push(...middle(a.slice(start, endA), b.slice(start, endB)).map(([x, y]) => [x < 0 ? x : x + start, y < 0 ? y : y + start]));
  for (let k = 0; k < a.length - endA; k++) pairs.push([endA + k, endB + k]);
  return pairs;
}

function middle(a, b) {
  const most = 6000; // more differences than this are not worth the time
  const size = a.length + b.length, limit = Math.min(size, most);
  const ends = new Int32Array(2 * limit + 3), history = [];
  for (let d = 0; d <= limit; d++) {
    history.push(ends.slice(limit - d, limit + d + 3));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && ends[limit + 1 + k - 1] < ends[limit + 1 + k + 1]);
      let x = down ? ends[limit + 1 + k + 1] : ends[limit + 1 + k - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      ends[limit + 1 + k] = x;
      if (x >= a.length && x - k >= b.length) return way(a, b, history, d);
    }
  }
  return [...a.map((_, x) => [x, -1]), ...b.map((_, y) => [-1, y])];
}

function way(a, b, history, d) {
  const pairs = [];
  let x = a.length, y = b.length;
  for (; d > 0; d--) {
    const ends = history[d], at = (k) => ends[k + d + 1], k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const fromX = down ? at(k + 1) : at(k - 1) + 1; // where the equal lines after the difference begin
    while (x > fromX) pairs.push([--x, --y]);
    pairs.push(down ? [-1, --y] : [--x, -1]);
  }
  while (x > 0) pairs.push([--x, --y]);
  return pairs.reverse();
}

// Returns rows {a, b, kind}: "same", "changed", "removed", "added", or "from" and "to" of a line that has moved.
function differences(previous, text) {
  if (text.rows) return text.rows;
  const rows = [];
  let gone = [], come = [];
  const flush = () => { rows.push(...paired(previous, text, gone, come)); gone = []; come = []; };
  for (const [a, b] of alignment(previous.ids, text.ids)) {
    if (a >= 0 && b >= 0) { flush(); rows.push({ a, b, kind: "same" }); }
    else if (a >= 0) gone.push(a); else come.push(b);
  }
  flush();
  return (text.rows = moved(previous, text, rows));
}

// Puts lines that were changed a little beside each other.
function paired(previous, text, gone, come) {
  const rows = [];
  let from = 0;
  for (const a of gone) {
    let best = -1, most = 0.5;
    for (let k = from; k < Math.min(come.length, from + 40); k++) {
      const like = likeness(previous.lines[a], text.lines[come[k]]);
      if (like > most) { most = like; best = k; }
    }
    if (best < 0) { rows.push({ a, b: -1, kind: "removed" }); continue; }
    for (; from < best; from++) rows.push({ a: -1, b: come[from], kind: "added" });
    rows.push({ a, b: come[from++], kind: "changed" });
  }
  for (; from < come.length; from++) rows.push({ a: -1, b: come[from], kind: "added" });
  return rows;
}

const words = (line) => line.trim().split(/(\s+|[(),\[\]{}:<>=])/).filter((word) => word.trim());

function likeness(one, other) {
  const a = words(one), b = words(other);
  if (resultOf(one) && resultOf(one) === resultOf(other)) return 0.9;
  const counts = new Map();
  a.forEach((word) => counts.set(word, (counts.get(word) || 0) + 1));
  let same = 0;
  for (const word of b) if (counts.get(word)) { same++; counts.set(word, counts.get(word) - 1); }
  return (2 * same) / (a.length + b.length || 1);
}

const resultOf = (line) => (/^\s*(%[\w.$-]+)/.exec(line) || [])[1];

function moved(previous, text, rows) {
  const gone = new Map();
  rows.forEach((row) => row.kind === "removed" && push(gone, previous.lines[row.a].trim(), row));
  for (const row of rows) {
    if (row.kind !== "added") continue;
    const line = text.lines[row.b].trim(), from = line.length > 1 && gone.get(line);
    if (from && from.length) { row.kind = "to"; row.other = from[0].a; from[0].other = row.b; from.shift().kind = "from"; }
  }
  return rows;
}

function push(map, key, value) {
  if (!map.has(key)) map.set(key, []);
  map.get(key).push(value);
}

// How many lines of each kind a pass has made.
function counts(program, text) {
  const { previous, comparable } = before(program, text);
  if (!comparable) return null;
  const found = { added: 0, removed: 0, changed: 0, moved: 0 };
  for (const row of differences(previous, text)) {
    if (row.kind === "to") found.moved++;
    else if (row.kind in found) found[row.kind]++;
  }
  return found;
}

// The parts of two lines that differ: [beginning, end before, end after].
function inner(one, other) {
  let start = 0, a = one.length, b = other.length;
  while (start < a && start < b && one[start] === other[start]) start++;
  while (a > start && b > start && one[a - 1] === other[b - 1]) { a--; b--; }
  return [start, a, b];
}
