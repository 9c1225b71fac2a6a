// Three rays over the couplings: first movement, the long run, equilibrium. They are three things.
import { element } from "./controls.js";
import { made } from "./svg.js";

const [WIDTH, HEIGHT] = [1000, 18];

export const digits = (x) => String(Number(x.toPrecision(4))).replace("-", "−");

// `beside`: the same thing obtained in another way, drawn as a mark of its own.
export function drawRow(svg, found, range, beside = null) {
  svg.replaceChildren();
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const X = (value) => placed(value, range);
  if (found) {
    const [low, high] = found.searched.map((x) => (x === null ? null : X(x)));
    if (low !== null) svg.append(made("rect", { class: "searched", x: low, y: 7, width: Math.max(0, high - low), height: 4 }));
    const ends = { above: [found.value, found.searched[1]], below: [found.searched[0], found.value], everywhere: found.searched }[found.holds];
    if (ends) {
      const [from, to] = ends.map(X);
      svg.append(made("rect", { class: "holds", x: from, y: 4, width: Math.max(0, to - from), height: 10 }));
    }
    if (found.value !== null && found.value >= range[0] && found.value <= range[1]) svg.append(made("rect", { class: "turn", x: X(found.value) - 1.5, y: 0, width: 3, height: HEIGHT }));
  }
  if (beside?.value != null && beside.value >= range[0] && beside.value <= range[1]) {
    const x = X(beside.value);
    svg.append(made("path", { class: "beside", d: `M${x - 9} 0L${x} 6L${x + 9} 0M${x - 9} ${HEIGHT}L${x} ${HEIGHT - 6}L${x + 9} ${HEIGHT}` }));
  }
}

export const placed = (value, range) => (WIDTH * (Math.min(Math.max(value, range[0]), range[1]) - range[0])) / (range[1] - range[0]);

export function inWords(found, texts, fill) {
  const [low, high] = found.searched.map((x) => (x === null ? "" : digits(x)));
  if (found.value !== null) return fill(texts[found.holds] ?? texts.above, { value: digits(found.value) });
  if (found.holds === "everywhere" || found.holds === "nowhere") return fill(texts[found.holds], { low, high });
  return fill(texts.unclear, { why: found.result });
}

export function rowWords(kind, switches, texts, fill) {
  if (!switches || !(kind in switches)) return texts.waiting;
  return switches[kind] ? inWords(switches[kind], texts, fill) : fill(texts.noEquilibrium, { why: switches.no_equilibrium });
}

// The three rows, built once and shown again for every coupling.
export class Gauge {
  constructor(place, range, texts, fill) {
    Object.assign(this, { range, texts, fill });
    this.rows = ["first", "long", "equilibrium"].map((kind) => {
      const svg = made("svg", { "aria-hidden": "true" });
      const [value, how] = [element("span", { class: "value" }), element("span", { class: "quiet" })];
      const words = element("p", {}, element("b", { text: texts[kind] }), " ", value, " ", how);
      const node = element("div", { class: `row ${kind}` }, words, svg);
      return { kind, svg, value, how, node };
    });
    const ends = element("div", { class: "ends", "aria-hidden": "true" }, element("span", { text: digits(range[0]) }), element("span", { text: "κ" }), element("span", { text: digits(range[1]) }));
    place.replaceChildren(...this.rows.map((row) => row.node), ends);
  }

  // While a slider moves, the lines of where one is move alone.
  show(switches, couplings) {
    if (switches !== this.shown || !this.rows[0].svg.firstChild) this.showSwitches(switches);
    for (const { svg } of this.rows) {
      const lines = svg.querySelectorAll(".now");
      for (let k = couplings.length; k < lines.length; k += 1) lines[k].remove();
      couplings.forEach((value, k) => {
        const line = lines[k] ?? made("line", { class: `now now${k}`, y1: 0, y2: HEIGHT }), x = placed(value, this.range);
        if (!lines[k]) svg.append(line);
        line.setAttribute("x1", x);
        line.setAttribute("x2", x);
      });
    }
  }

  showSwitches(switches) {
    const { texts, fill } = this;
    this.shown = switches;
    for (const row of this.rows) {
      const found = switches?.[row.kind] ?? null;
      const beside = row.kind === "first" ? switches?.measured ?? null : null;
      drawRow(row.svg, found, this.range, beside);
      row.value.textContent = rowWords(row.kind, switches, texts, fill);
      row.value.title = found?.bracket ? `${found.bracket.join(" … ")}; ${found.detail}` : "";
      const known = row.kind === "first" && switches?.closed?.neutral?.value !== null && switches?.closed ? texts.closed : null;
      const how = !found ? "" : found.proved ? fill(texts.proved, { high: digits(found.searched[1]) }) : known ?? { derivative: texts.derivative, learned: texts.learned }[found.method] ?? texts.numerical;
      const meaning = row.kind === "equilibrium" && found && !found.proved ? texts.equilibriumTested : texts[`${row.kind}Meaning`];
      row.how.textContent = `${meaning}${how ? ` (${how})` : ""}${beside ? `; ${fill(texts.measured, { where: inWords(beside, texts, fill) })}` : ""}`;
    }
  }
}
