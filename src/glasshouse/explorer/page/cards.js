// What can be moved on a card, and what is drawn on it: rows that the library computed, looked up.
import texts from "./texts.js";
import { told, words, written } from "./words.js";
import { button, element, fill, Slider } from "./controls.js";
import { marker } from "./found.js";
import { draw, lookOf, penOf, shadingPicture } from "./portrait.js";
import { drawRow, inWords, placed } from "./gauge.js";
import { drawCurve } from "./leaving.js";
import { lineSample, made } from "./svg.js";

// Rows of an array of the answer.
function rows(array, width) {
  return Array.from({ length: array.length / width }, (_, k) => Array.from(array.slice(k * width, (k + 1) * width)));
}

// A slider over rows: which one is chosen is its place.
let count = 0;

function chooser(label, places, first, spoken, changed, released = () => {}) {
  count += 1;
  const id = `chosen${count}`;
  const input = element("input", { type: "range", id, min: 0, max: places - 1, step: 1 });
  const shown = element("output", { for: id });
  const say = () => {
    shown.textContent = spoken(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  const show = () => { say(); changed(Number(input.value)); };
  input.value = first;
  say();
  input.addEventListener("input", show);
  input.addEventListener("change", () => released(Number(input.value)));
  const node = element("div", { class: "slider" }, element("div", { class: "top" }, element("label", { for: id, text: label }), shown), input);
  return { node, show };
}

// Where a slider over a list stood when it was last let go, or where it stands at first.
const stands = (kept, list, first) => (kept.place === null ? first : Math.min(kept.place, list.length - 1));

// A ray along the strength of reading, and where one is on it.
function drawRay(svg, found, couplings, range) {
  drawRow(svg, found, range);
  for (const x of couplings.map((value) => placed(value, range))) svg.append(made("line", { class: "now", x1: x, x2: x, y1: 0, y2: 18 }));
}

// ---- meters: shares and pulls as bars, each with its number

function meter(label, range) {
  const [low, high] = range, X = (x) => (100 * (x - low)) / (high - low);
  const bar = made("rect", { class: "amount", y: 0, height: 10 }), zero = made("line", { class: "zero", x1: X(0), x2: X(0), y1: -2, y2: 12 });
  const svg = made("svg", { viewBox: "0 -2 100 14", preserveAspectRatio: "none", "aria-hidden": "true" }, made("rect", { class: "room", x: 0, y: 0, width: 100, height: 10 }), bar, zero);
  const value = element("span", { class: "value" });
  const node = element("div", { class: "meter" }, element("p", {}, element("span", { text: label }), " ", value), svg);
  return {
    node,
    show(x, text) {
      const [from, to] = [Math.min(0, x), Math.max(0, x)].map((end) => X(Math.min(Math.max(end, low), high)));
      bar.setAttribute("x", from);
      bar.setAttribute("width", to - from);
      bar.setAttribute("class", x < 0 ? "amount less" : "amount");
      value.textContent = text;
    },
  };
}

const percent = (value) => written({ value, places: 0, style: "percent" });
const number = (value, places = 2) => written({ value, places });

// ---- before the bet

// One's own dial; what it does to both chances and to one's pay.
function dial(place, scene, answer, { kept }) {
  const list = rows(answer.arrays.dial, 4), most = Math.max(...scene.payoffs.flat(2));
  const [own, other, pay] = [meter(words.dial.own, [0, 1]), meter(words.dial.other, [0, 1]), meter(words.dial.pay, [0, most])];
  const slider = chooser(words.dial.label, list.length, stands(kept, list, Math.floor(list.length / 2)), (k) => number(list[k][0], 1), (k) => {
    const [, mine, theirs, paid] = list[k];
    own.show(mine, percent(mine));
    other.show(theirs, percent(theirs));
    pay.show(paid, number(paid));
  }, kept.keep);
  place.replaceChildren(element("div", { class: "try" }, element("h3", { text: words.try }), slider.node, element("div", { class: "meters" }, own.node, other.node, pay.node)));
  slider.show();
}

// What both are paid, field by field.
function table(place, scene, answer) {
  const names = words.table.does, said = element("p", { class: "said", role: "status" });
  const cells = [];
  const cell = (mine, theirs) => {
    const [a, b] = [answer.table[mine][theirs], answer.table[theirs][mine]];
    const label = fill(words.table.says, { mine: names[mine], theirs: names[theirs], a: number(a, 0), b: number(b, 0) });
    const press = button("", () => { cells.forEach((x) => x.setAttribute("aria-pressed", String(x === press))); said.textContent = label; }, { "aria-pressed": "false" });
    press.append(element("b", { text: number(a, 0) }), element("span", { class: "quiet", text: ` / ${number(b, 0)}` }), element("span", { class: "unseen", text: ` ${label}` }));
    cells.push(press);
    return element("td", {}, press);
  };
  const head = element("tr", {}, element("td"), ...names.map((_, k) => element("th", { scope: "col", text: words.table.theirs[k] })));
  const body = names.map((_, mine) => element("tr", {}, element("th", { scope: "row", text: words.table.mine[mine] }), cell(mine, 0), cell(mine, 1)));
  const caption = element("caption", { text: words.table.caption });
  place.replaceChildren(element("div", { class: "try" }, element("h3", { text: words.try }), element("table", { class: "pays" }, caption, element("thead", {}, head), element("tbody", {}, ...body)), said));
}

// Places at which a dial can start, from the bottom to the top, and where two of them are in the box.
export const PLACES = 61;
export const placedAt = (dials) => dials.map((k) => k / (PLACES - 1));

// Where the two dials start.
function starts(place, { bound, starts: [given] }, answer, heard) {
  const at = given.map((unit) => Math.round(unit * (PLACES - 1)));
  const dialAt = (k) => number(bound * (2 * placedAt([k])[0] - 1), 1);
  const tell = (isReleased) => heard.starts([...at], isReleased);
  const sliders = words.starts.labels.map((label, i) => chooser(label, PLACES, at[i], dialAt, (k) => { at[i] = k; tell(false); }, () => tell(true)));
  place.replaceChildren(element("div", { class: "try" }, element("h3", { text: words.try }), ...sliders.map((x) => x.node)));
}

// One's own four payoffs.
function payoffs(place, scene, answer, heard) {
  const [[R, S], [T, P]] = scene.payoffs[0], values = { T, R, P, S };
  const slider = (name) => {
    const made = new Slider({ label: words.pays[name], range: [-2, 8], limits: [-100, 100], step: 0.1, changed: (x, isReleased) => { values[name] = x; heard.paid(Object.values(values), isReleased); } });
    made.show(values[name]);
    return made.node;
  };
  place.replaceChildren(element("div", { class: "try" }, element("h3", { text: words.try }), ...["R", "T", "S", "P"].map(slider)));
}

export const BEFORE = { dial, table, starts, payoffs };

// ---- after the bet

const caption = (...content) => element("figcaption", { class: "quiet" }, ...content);

// Pay along one's own dial, on which one can go.
function curve(place, card, answer, said, stand, kept) {
  const list = rows(answer.arrays.dial, 4), svg = made("svg", { role: "img" });
  const best = answer.best ?? null, first = best ? list.length - 1 : Math.floor(list.length / 2);
  const names = { ...texts, curveAcross: words.curve.across, curveUp: words.curve.up };
  const points = Float64Array.from(list.flatMap(([t, , , paid]) => [t, paid]));
  const slider = chooser(words.curve.slider, list.length, stands(kept, list, first), (k) => fill(words.curve.here, { dial: number(list[k][0], 1), pay: number(list[k][3], best ? 4 : 2) }), (k) => {
    drawCurve(svg, { arrays: { curve: points }, now: [list[k][0], list[k][3]], best, gains: best !== null, player: 0 }, names, fill);
  }, kept.keep);
  svg.setAttribute("aria-label", words.curve.picture);
  const least = Math.min(...list.map((x) => x[3]));
  const cut = least > 0 ? [" ", fill(words.curve.cut, { least: number(least) })] : [];
  place.replaceChildren(svg, slider.node, caption(words.curve[best ? "jumps" : "slopes"], ...cut));
  slider.show();
}

function bars(place, card, answer, said) {
  const values = answer.bars.map((x) => x.value), isShare = card.name === "memory";
  const range = isShare ? [0, 1] : [Math.min(0, ...values), Math.max(-Math.min(0, ...values) / 2, ...values)];
  const all = answer.bars.map(({ name, value }) => {
    const one = meter(said.bars[name], range);
    one.show(value, isShare ? percent(value) : number(value, 3));
    return one.node;
  });
  place.replaceChildren(element("div", { class: "meters" }, ...all), caption(...told(said.figure, answer.facts)));
}

// How fast both set out, at each strength of reading.
function moves(place, card, answer, said, stand, kept) {
  const list = rows(answer.arrays.moves, 2), values = list.map((x) => x[1]);
  const rate = meter(said.rate, [Math.min(...values), Math.max(...values)]), row = made("svg", { "aria-hidden": "true", class: "ray first" });
  const slider = chooser(words.strength, list.length, stands(kept, list, 10), (k) => number(list[k][0]), (k) => {
    rate.show(list[k][1], number(list[k][1], 3));
    drawRay(row, answer.ray, [list[k][0]], [0, 1]);
    stand(list[k][0]);
  }, kept.keep);
  place.replaceChildren(slider.node, row, rate.node, caption(...told(said.figure, answer.facts)));
  slider.show();
}

const SHARES = { width: 600, height: 150 };

// How runs end along the strength of reading, as columns one on another.
function shares(place, card, answer, said, stand, kept) {
  const list = rows(answer.arrays.shares, 4), { width, height } = SHARES, step = width / list.length;
  const columns = list.flatMap(([, both, one, none], k) => [[0, both, "o0"], [both, one, "o1"], [both + one, none, "o3"]].map(([from, share, kind]) => made("rect", { class: kind, x: k * step, width: step + 0.3, y: height * (1 - from - share), height: height * share })));
  const line = made("line", { class: "now", y1: 0, y2: height });
  const svg = made("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": said.figure }, ...columns, line);
  const kinds = ["both", "one", "none"], values = kinds.map(() => element("span", { class: "value" }));
  const key = element("ul", { class: "legend" }, ...kinds.map((name, k) => swatch(element("span", { class: `swatch o${[0, 1, 3][k]}`, "aria-hidden": "true" }), words.ends[name], " ", values[k])));
  const first = list.findIndex(([kappa]) => kappa >= card.scene.coupling[0]);
  const slider = chooser(words.strength, list.length, stands(kept, list, first), (k) => number(list[k][0]), (k) => {
    const x = (k + 0.5) * step;
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
    values.forEach((value, i) => { value.textContent = percent(list[k][i + 1]); });
    stand(list[k][0]);
  }, kept.keep);
  place.replaceChildren(svg, slider.node, key, caption(...told(said.figure, answer.facts)));
  slider.show();
}

// First movement, outcome and equilibrium, each on a ray of its own: those that a card tells of.
function rays(place, card, answer) {
  const found = Object.values(answer.rays), isWhole = found.length > 1;
  const most = Math.max(...found.map((x) => x.searched[1])), least = Math.min(...found.map((x) => x.searched[1]));
  const range = [0, found.some((x) => x.value > least) ? most : least];
  const here = card.before === "payoffs" ? [] : [card.scene.coupling[0]];
  const all = ["first", "outcome", "equilibrium"].filter((kind) => kind in answer.rays).map((kind) => {
    const found = answer.rays[kind];
    const row = made("svg", { "aria-hidden": "true" });
    const known = { unclear: words.rays.unclear, everywhere: fill(words.rays.everywhere, { highest: number(found.searched[1], Number.isInteger(found.searched[1]) ? 0 : 1) }) };
    const value = (found.value === null && known[found.holds]) || inWords(found, texts, fill);
    const line = element("p", {}, element("b", { text: words.rays[kind] }), " ", element("span", { class: "quiet", text: `(${words.rays[`${kind}Meaning`]}):` }), " ", element("span", { class: "value", text: value }));
    drawRay(row, found, here, range);
    return element("div", { class: `row ${kind === "outcome" ? "long" : kind}` }, line, row);
  });
  const ends = element("div", { class: "ends", "aria-hidden": "true" }, element("span", { text: number(range[0], 0) }), element("span", { text: words.strength }), element("span", { text: number(range[1], Number.isInteger(range[1]) ? 0 : 1) }));
  place.replaceChildren(...all, ends, caption(...told(words.rays[isWhole ? "caption" : "only"], answer.facts)));
}

// Where one would leave to, and below it from which strength on nobody would.
function leaving(place, card, answer, said, stand, kept) {
  const [above, below] = [element("div"), element("div")];
  curve(above, card, answer, said, stand, kept);
  rays(below, card, answer);
  place.replaceChildren(above, below);
}

const swatch = (kind, text, ...more) => element("li", {}, kind, element("span", { text }), ...more);

// What the lines and marks of a portrait are, as far as they are in it.
function showLines(list, frame, look) {
  const still = ["mine", "theirs"].filter((_, k) => frame.nullclines[k].length);
  const lines = still.map((name) => swatch(lineSample(name === "mine" ? "n0" : "n1"), words.lines[name]));
  lines.push(swatch(lineSample("sample"), words.lines.pairs));
  if (frame.lengths.length > frame.samples) lines.push(swatch(lineSample("mine"), words.lines.yours));
  const kinds = ["stable", "saddle", "unstable", "undecided"].filter((kind) => frame.points.some((p) => p.stability === kind));
  list.replaceChildren(...lines, ...kinds.map((kind) => swatch(marker(kind, look), words.lines[kind])));
}

// Both dials, in which direction they move, and from where which end is reached.
function portrait(place, card, answer, said) {
  const canvas = element("canvas", { role: "img", "aria-label": said.figure }), state = element("p", { class: "quiet waiting", text: words.computing });
  const names = ["both", "mine", "theirs", "none"], areas = names.map(() => element("span", { class: "value" }));
  const areaKey = element("ul", { class: "legend" }, ...names.map((name, k) => swatch(element("span", { class: `swatch o${k}`, "aria-hidden": "true" }), words.ends[name], " ", areas[k])));
  const lineKey = element("ul", { class: "key lines", "aria-label": words.lines.title });
  place.replaceChildren(canvas, state, lineKey, areaKey, caption(...told(said.figure, answer.facts)));
  let held = null;
  const paint = () => {
    if (!held?.portrait || !canvas.isConnected) return;
    const look = lookOf(canvas), basins = held.basins ? shadingPicture(held.basins.arrays.shading, look.basins) : null;
    draw(penOf(canvas, look.side), held.portrait, basins, look, { ...texts, axis1: words.axes[0], axis2: words.axes[1] }, null);
    showLines(lineKey, held.portrait, look);
    canvas.dataset.painted = held.portrait.number;
  };
  new ResizeObserver(paint).observe(canvas);
  return {
    paint,
    show(picture, basins) {
      held = { portrait: picture ?? held?.portrait ?? null, basins };
      state.textContent = picture && basins ? "" : words.computing;
      if (basins) areas.forEach((area, k) => { area.textContent = percent(basins.areas[k]); });
      paint();
    },
  };
}

export const AFTER = { curve, bars, moves, shares, rays, leaving, portrait };
