// Three rays over the couplings: first movement, the long run, equilibrium. They are three things.
const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 18;

function made(name, attributes, parent) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent.append(element);
  return element;
}

export const digits = (x) => String(Number(x.toPrecision(4))).replace("-", "−");

export function drawRow(svg, found, couplings, range) {
  svg.replaceChildren();
  const width = 1000;
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const X = (value) => (width * (Math.min(Math.max(value, range[0]), range[1]) - range[0])) / (range[1] - range[0]);
  if (found) {
    const [low, high] = found.searched.map((x) => (x === null ? null : X(x)));
    if (low !== null) made("rect", { class: "searched", x: low, y: 7, width: Math.max(0, high - low), height: 4 }, svg);
    const ends = { above: [found.value, found.searched[1]], below: [found.searched[0], found.value], everywhere: found.searched }[found.holds];
    if (ends) {
      const [from, to] = ends.map(X);
      made("rect", { class: "holds", x: from, y: 4, width: Math.max(0, to - from), height: 10 }, svg);
    }
    if (found.value !== null && found.value >= range[0] && found.value <= range[1]) made("rect", { class: "turn", x: X(found.value) - 1.5, y: 0, width: 3, height: HEIGHT }, svg);
  }
  couplings.forEach((value, k) => made("line", { class: `now now${k}`, x1: X(value), x2: X(value), y1: 0, y2: HEIGHT }, svg));
}

export function inWords(found, texts, fill) {
  const [low, high] = found.searched.map((x) => (x === null ? "" : digits(x)));
  if (found.value !== null) return fill(texts[found.holds] ?? texts.above, { value: digits(found.value) });
  if (found.holds === "everywhere" || found.holds === "nowhere") return fill(texts[found.holds], { low, high });
  return fill(texts.unclear, { why: found.result });
}
