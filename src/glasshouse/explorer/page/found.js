// What is found, as tables and bars.
import { element } from "./controls.js";
import { drawPoint, penOf } from "./portrait.js";

const number = (x) => (x === null ? "–" : x.toFixed(2).replace("-", "−"));

// A pair of numbers, which may stand one below the other.
export const pairOf = (pair, cell = "td") => element(cell, { class: "numbers", scope: cell === "th" ? "row" : null }, ...pair.flatMap((x, k) => [...(k ? [" "] : []), element("span", { text: number(x) + (k < pair.length - 1 ? "," : "") })]));

export const percent = (x) => (x === null ? "–" : x > 0 && x < 0.005 ? "<1 %" : x < 1 && x >= 0.995 ? ">99 %" : `${Math.round(100 * x)} %`);

export function marker(stability, look) {
  const canvas = element("canvas", { class: "marker", "aria-hidden": "true" });
  drawPoint(penOf(canvas, 20), stability, 10, 10, look);
  return canvas;
}

export function showPoints(place, frame, texts, look) {
  if (!frame.points.length) { place.replaceChildren(element("p", { class: "quiet", text: texts.noPoints })); return; }
  const head = element("tr", {}, ...["stability", frame.axes ? "acrossUp" : "theta", "cooperation", "payoff"].map((key) => element("th", { scope: "col", text: texts[key] })));
  const rows = frame.points.map((p) => {
    const kind = element("th", { scope: "row" }, element("span", {}, marker(p.stability, look), element("span", { text: texts[p.stability] }, element("small", { text: frame.axes ? texts[p.rests ? "restsAll" : "restsPlane"] : texts[p.place] }))));
    return element("tr", {}, kind, ...[p.params, p.cooperation, p.payoffs].map((pair) => pairOf(pair)));
  });
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  const notes = frame.notes.map((note) => element("p", { class: "quiet", text: `${note}.` }));
  place.replaceChildren(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": texts.points }, table), ...notes);
}

export function showOutcomes(place, frame, texts, fill) {
  if (typeof frame === "string") { place.replaceChildren(element("p", { class: "quiet", text: frame })); return; }
  const names = [texts.both, texts.exploited1, texts.exploited2, texts.nobody, texts.unsettled];
  const shares = frame.shares ? [frame.shares.cooperation, ...frame.exploited, frame.shares.defection, null] : [];
  const rows = names.map((name, k) => {
    const [area, share] = [frame.areas[k], shares[k]];
    if (k === 4 && area === 0) return null;
    // The one who cooperates while the other does not is the exploited one.
    const text = !share ? "" : share.share === 0 || share.share === 1 ? percent(share.share) : fill(texts.interval, { share: percent(share.share), low: percent(share.low), high: percent(share.high) });
    const swatch = element("span", { class: `swatch o${k}`, "aria-hidden": "true" });
    return element("tr", {}, element("th", { scope: "row" }, element("span", {}, swatch, element("span", { text: name }))), element("td", { class: "n", text: percent(area) }), ...(frame.shares ? [element("td", { text })] : []));
  });
  const head = element("tr", {}, element("td"), element("th", { scope: "col", class: "n", text: texts.area }), ...(frame.shares ? [element("th", { scope: "col", text: texts.share })] : []));
  const note = frame.shares
    ? fill(texts.outcomesNote, { runs: frame.shares.cooperation.runs, rest: percent(frame.shares.at_rest.share) })
    : planeWords(frame, texts, fill);
  place.replaceChildren(element("table", { class: "outcomes" }, element("thead", {}, head), element("tbody", {}, ...rows.filter(Boolean))), element("p", { class: "quiet", text: note }));
}

// Of a plane of a repeated game; what has not settled is told as what it does at that moment.
function planeWords(frame, texts, fill) {
  const steps = new Intl.NumberFormat(texts.language).format(frame.steps);
  const said = [fill(texts.outcomesPlane, { cells: frame.cells, steps, rest: percent(frame.settled) })];
  if (frame.twins) said.push(texts.outcomesTwins);
  if (frame.moving) {
    const names = [texts.bothHalf, texts.onlyFirst, texts.onlySecond, texts.nobodyHalf];
    said.push(fill(texts.outcomesMoving, { steps, list: names.map((name, k) => [name, frame.moving[k]]).filter(([, x]) => x > 0).map(([name, x]) => fill(name, { share: percent(x) })).join(", ") }));
    if (frame.canStepMore) said.push(texts.outcomesLarger);
  }
  return [...said, texts.outcomesRandom].join(" ");
}

export const pointsSentence = (points, texts, fill) =>
  fill(texts.announcePoints, { count: points.length, stable: points.filter((p) => p.stability === "stable").length });

export const outcomeSentence = (frame, texts) => {
  const names = [texts.both, texts.exploited1, texts.exploited2, texts.nobody, texts.unsettled];
  return names.map((name, k) => [name, frame.areas[k]]).filter(([, x]) => x > 0).map(([name, x]) => `${name} ${percent(x)}`).join(", ");
};
