// One page that holds all it shows: portraits computed beforehand, of which a slider chooses.
import texts from "./texts.en.js";
import { element, fill } from "./controls.js";
import { draw, lookOf, penOf, shadingPicture, whenColoursChange } from "./portrait.js";
import { digits, Gauge } from "./gauge.js";
import { outcomeSentence, pointsSentence, showOutcomes, showPoints } from "./found.js";
import { axisWords, stillWords } from "./repeated.js";
import { accessWords } from "./state.js";
import { decoded } from "./socket.js";
import { announce, by } from "./page.js";
import { lineSample } from "./svg.js";

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
const held = JSON.parse(by("data").textContent);
const canvas = by("portrait");
const portraits = new Map();
let at = held.first;

// Decoded when it is first looked at.
function portrait(k) {
  if (!portraits.has(k)) portraits.set(k, { frame: decoded(bytes(held.portraits[k])), basins: decoded(bytes(held.basins[k])) });
  return portraits.get(k);
}

document.documentElement.lang = texts.language;
document.querySelectorAll("[data-text]").forEach((x) => { x.textContent = texts[x.dataset.text]; });
by("game-title").textContent = held.title;
canvas.setAttribute("aria-label", texts.portrait);
by("note").textContent = fill(texts.exportedNote, { ...held.words, access: accessWords(held.access, texts) });
const { frame: first } = portrait(at), still = stillWords(first.axes, texts);
const lines = { n0: still[0], n1: still[1], sample: fill(texts.sample, { steps: first.steps }) };
by("key").setAttribute("aria-label", texts.key);
by("key").replaceChildren(...Object.entries(lines).map(([kind, text]) => element("li", {}, lineSample(kind), element("span", { text }))));
const gauge = new Gauge(by("gauge"), held.range, texts, fill);
const switches = decoded(bytes(held.switches));

const slider = element("input", { type: "range", id: "kappa", min: 0, max: held.couplings.length - 1, step: 1 });
slider.value = at;
const shown = element("output", { for: "kappa" });
by("couplings").replaceChildren(element("div", { class: "slider" }, element("div", { class: "top" }, element("label", { for: "kappa", text: texts.moveCoupling }), shown), slider));
slider.addEventListener("input", () => { at = Number(slider.value); show(); });
slider.addEventListener("change", () => {
  const { frame, basins } = portrait(at);
  const points = pointsSentence(frame.points, texts, fill);
  announce(`${points}. ${fill(texts.announceOutcome, { list: outcomeSentence(basins, texts) })}`);
});

function paint() {
  const now = lookOf(canvas), { frame, basins } = portrait(at);
  draw(penOf(canvas, now.side), frame, shadingPicture(basins.arrays.shading, now.basins), now, axisWords(frame, texts), null);
  canvas.dataset.painted = at + 1;
}

function show() {
  const kappa = held.couplings[at], { frame, basins } = portrait(at);
  shown.textContent = digits(kappa);
  slider.setAttribute("aria-valuetext", `κ = ${digits(kappa)}`);
  gauge.show(switches, [kappa]);
  showPoints(by("points"), frame, texts, lookOf(canvas));
  showOutcomes(by("outcomes"), basins, texts, fill);
  requestAnimationFrame(paint);
}

new ResizeObserver(paint).observe(canvas);
whenColoursChange(() => { show(); paint(); });
show();
