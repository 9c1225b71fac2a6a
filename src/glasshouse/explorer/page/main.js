// The page: one scene, one connection, one history. All numbers come from the server.
import texts from "./texts.js";
import { taken } from "./address.js";
import { announce, banner, by, skipTo } from "./page.js";
import { connected, isFramed } from "./socket.js";
import { asText, History, accessName, accessOf, copy, equal, fromText, isSymmetric, parts } from "./state.js";
import { button, choice, element, fill, numberField, Slider, toggle } from "./controls.js";
import { draw, geometry, lookOf, penOf, shadingPicture, whenColoursChange } from "./portrait.js";
import { digits, Gauge, rowWords } from "./gauge.js";
import { outcomeSentence, pointsSentence, showOutcomes, showPoints } from "./found.js";
import { deviationWords, drawCurve, equilibriaWords, proofWords, showDeviation, showEquilibria, showProof } from "./leaving.js";
import { showBeside } from "./compare.js";
import { axisWords, Repetition, stillWords } from "./repeated.js";
import { SvgPen } from "./pen.js";
import { lineSample } from "./svg.js";

const STUDY = "study.toml", RUN_STUDY = `glasshouse run ${STUDY}`;
const REACH = { mouse: 9, pen: 14, touch: 24 }; // pixels
const KAPPA = [-1, 2];
const [PAUSE, OFTEN] = [160, 120]; // milliseconds
const SLIDERS = { bound: [0.25, 8, 0.05], step_size: [0.01, 2, 0.01], look_ahead: [0, 3, 0.01], probability: [0, 1, 0.01], scale: [0, 4, 0.02] };

let after = null; // the scene of a link whose B is being computed
let scene = null, history = null, hello = null, frame = null, shading = null, basins = null, switches = null, proof = null, equilibria = null, kept = null;
let earlier = []; // links of scenes that a card's link has taken the place of
let presets = null, apart = false, tables = false, cross = null, wanted = new Set(), controls = {}, stated = "", placed = 0;
const canvas = by("portrait");
skipTo(() => canvas);

document.documentElement.lang = texts.language;
document.querySelectorAll("[data-text]").forEach((x) => { x.textContent = texts[x.dataset.text]; });
canvas.setAttribute("aria-label", texts.portrait);
canvas.setAttribute("aria-roledescription", texts.portraitRole);
state(texts.starting);

// ---- looks

let seen = null;
const look = () => (seen ??= lookOf(canvas));

let planned = false;
function paint() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => { if (planned) paintNow(); });
}

function paintNow() {
  planned = false;
  if (!frame) return;
  const now = look();
  draw(penOf(canvas, now.side), frame, shading, now, axisWords(frame, texts), document.activeElement === canvas ? cross : null);
  canvas.dataset.painted = frame.number;
  if (kept) paintBeside();
}

function paintBeside() {
  const second = by("beside"), side = second.clientWidth;
  if (!side) return;
  draw(penOf(second, side), kept.frame, kept.basins ? shadingPicture(kept.basins.arrays.shading, look().basins) : null, { ...look(), side }, axisWords(kept.frame, texts), null);
}
new ResizeObserver(() => { seen = null; paint(); }).observe(canvas);

whenColoursChange(() => {
  seen = null;
  shade();
  paintNow();
  if (frame?.kind === "portrait") showPoints(by("points"), frame, texts, look());
});

function shade() {
  shading = basins ? shadingPicture(basins.arrays.shading, look().basins) : null;
  showShades();
}

// ---- asking and hearing

let told = ""; // of which kind the banner is
function notice(text, kind = "") {
  told = text ? kind : "";
  banner(text);
}

// While something moves the portrait is asked for, with the payoff curve of who would leave; the
// best deviation when it pauses, and what takes longer when it is let go.
let pausing = 0;
function ask(isReleased, ...more) {
  const parts = ["portrait", ...more];
  if (isReleased) {
    parts.push("deviation");
    if (!switches?.complete) parts.push("switches");
    if (!basins) parts.push("basins");
    if (!proof) parts.push("proof");
    if (!equilibria) parts.push("equilibria");
  }
  send(parts);
  if (!isReleased) pausing = setTimeout(() => send([...(frame?.number === connection.number ? [] : ["portrait"]), "deviation"]), PAUSE);
}
function send(parts) {
  clearTimeout(pausing);
  if (connection.ask(scene, parts) === null) return;
  wanted = new Set(parts);
  state(texts.computing);
}
function state(text) { if (text !== stated) by("state").textContent = stated = text; }

// A part of the newest answer is there; when all are, a screen reader is told.
function arrived(part) {
  wanted.delete(part);
  if (kept && equal(kept.scene, scene) && part !== "deviation") keepBeside();
  if (wanted.size) return;
  state(texts.ready);
  if (!switches?.complete || !basins || !proof || !equilibria) return;
  if (!after) { tell(); return; }
  keepBeside();
  goOn();
}

// From B of a link to A.
function goOn() {
  const next = after;
  after = null;
  history.commit(next);
  goTo(next);
}

// Texts come after the picture, and while a slider moves now and then.
let waiting = null, shownAt = -OFTEN;
function soon(show) {
  const isPlanned = waiting !== null;
  waiting = show;
  if (isPlanned) return;
  const wait = Math.max(0, shownAt + OFTEN - performance.now());
  afterPicture(() => setTimeout(() => {
    const now = waiting;
    waiting = null;
    shownAt = performance.now();
    now();
  }, wait));
}
const afterPicture = (then) => (document.hidden ? then() : requestAnimationFrame(then));

let gone = false;
const connection = connected({
  opened() { if (gone) { notice(""); announce(texts.back); gone = false; canvas.classList.remove("stale"); } },
  gone() { gone = true; notice(isFramed ? texts.goneKernel : texts.gone); state(""); canvas.classList.add("stale"); },
  answer(heard) { HEARD[heard.kind](heard); },
});

const HEARD = {
  hello(heard) {
    canvas.classList.remove("stale");
    if (!hello) { hello = heard; start(); } else ask(true);
  },
  field(heard) {
    if (heard.number < (frame?.number ?? 0)) return;
    frame = heard;
    state(texts.compiling);
    paint();
  },
  portrait(heard) {
    frame = heard;
    if (heard.leaving?.place === "rest" && heard.number >= placed) scene = { ...scene, near: heard.leaving.profile }; // it is followed
    paintNow(); // with the next picture of the screen, and not with the one after it
    if (heard.leaving) drawCurve(by("curve"), { ...heard.leaving, arrays: heard.arrays }, texts, fill);
    soon(() => {
      if (told === "refused") notice("");
      showPoints(by("points"), frame, texts, look());
      by("sample").textContent = fill(texts.sample, { steps: frame.steps });
      showLeaver();
      showIdle();
      if (frame.number === connection.number) arrived("portrait");
    });
  },
  basins(heard) {
    if (heard.number !== connection.number) return;
    basins = heard;
    shade();
    paint();
    tellIn("outcomes", showOutcomes, { ...heard, canStepMore: scene.step_size < SLIDERS.step_size[1] });
    arrived("basins");
  },
  switches(heard) {
    if (heard.number !== connection.number) return;
    switches = heard;
    showGauge();
    if (heard.complete) arrived("switches");
  },
  deviation(heard) {
    if (heard.number !== connection.number) return;
    showLeaver();
    drawCurve(by("curve"), heard, texts, fill);
    by("curve").setAttribute("aria-label", deviationWords(heard, texts, fill));
    showDeviation(by("deviation"), heard, texts, fill);
    by("deviation").classList.remove("stale");
    arrived("deviation");
  },
  proof(heard) {
    if (heard.number !== connection.number) return;
    proof = heard;
    tellIn("proof", showProof, heard);
    arrived("proof");
  },
  equilibria(heard) {
    if (heard.number !== connection.number) return;
    equilibria = heard;
    tellIn("equilibria", showEquilibria, heard);
    arrived("equilibria");
  },
  study(heard) {
    keep(STUDY, new Blob([heard.text], { type: "application/toml" }));
    notice(fill(texts.runStudy, { file: STUDY, command: RUN_STUDY }), "link");
    arrived("study");
  },
  script(heard) {
    keep("scene.py", new Blob([heard.text], { type: "text/x-python" }));
    arrived("script");
  },
  error(heard) {
    if (heard.number !== null && heard.number !== connection.number) return;
    state("");
    const isBeside = after !== null;
    if (isBeside) goOn(); // B of a link is refused: A need not be
    notice(fill(texts.refused, { why: heard.message }), isBeside ? "link" : "refused");
  },
};

function tell() {
  const points = pointsSentence(frame.points, texts, fill);
  const [first, equilibrium] = ["first", "equilibrium"].map((kind) => `${texts[kind]} ${rowWords(kind, switches, texts, fill)}`);
  const kappa = `κ ${(apart ? scene.coupling : [scene.coupling[0]]).map(digits).join(", ")}`;
  const outcomes = fill(texts.announceOutcome, { list: outcomeSentence(basins, texts) });
  const proved = fill(texts.announceProof, { certificate: proofWords(proof, texts, fill), equilibria: equilibriaWords(equilibria, texts, fill) });
  announce(`${fill(texts.announceScene, { kappa, points, first, equilibrium })} ${outcomes} ${proved}`);
}

// ---- changes

function changed(change, isReleased = true) {
  scene = { ...scene, ...change };
  if ("near" in change) placed = connection.number + 1; // older answers are about another place
  if (told === "link") notice("");
  if (!("starts" in change) || Object.keys(change).length > 1) stale(Object.keys(change), isReleased);
  after = null;
  if (isReleased) { history.commit(scene); remember(); }
  show();
  ask(isReleased);
}

// A finding in its place, or a text about it, which is not written again while it stands there.
function tellIn(id, show, found) {
  const place = by(id), note = typeof found === "string" ? found : "";
  if (note && place.dataset.note === note) return;
  place.dataset.note = note;
  show(place, found, texts, fill);
}

// What was settled for another scene is not shown for this one; where nothing is held, it is asked for.
function stale(keys, isReleased) {
  const note = (name) => texts[isReleased ? (name === "outcomesMoved" ? "outcomesWaiting" : "waiting") : name];
  proof = null;
  by("deviation").classList.add("stale");
  tellIn("proof", showProof, note("proofMoved"));
  if (keys.every((key) => ["leaver", "near"].includes(key))) return;
  equilibria = null;
  tellIn("equilibria", showEquilibria, note("equilibriaMoved"));
  basins = null;
  shade();
  tellIn("outcomes", showOutcomes, note("outcomesMoved"));
  if (keys.some((key) => !["coupling", "step_size"].includes(key))) { switches = null; showGauge(); }
}

function goTo(next) {
  scene = copy(next);
  placed = connection.number + 1;
  apart = scene.coupling[0] !== scene.coupling[1];
  tables = !isSymmetric(scene.payoffs);
  stale(["payoffs"], true);
  remember();
  show();
  ask(true);
}

const shownNow = () => asText(scene, after ? scene : kept?.scene);
// Links of cards take the place of the reader's own scenes: these stay with the address.
const withBefore = () => [shownNow(), ...earlier.map((text) => new URLSearchParams({ before: text }).toString().replaceAll("%2C", ","))].join("&");
const remember = () => connection.remember(withBefore());

function start() {
  const { own } = taken(connection.left), found = own ? opened(own) : null;
  const first = found ? (found[1] ?? found[0]) : copy(hello.scene);
  const [earliest, ...others] = [...scenesBefore(own ?? ""), first];
  history = new History(earliest);
  others.forEach((x) => history.commit(x));
  build();
  goToBoth(found ?? [history.now, null]);
}

// The scenes of a link, the second one being that to keep beside the first, if any.
const read = (text) => fromText(text, hello.scene, hello.ranges, hello.rules, hello.most_starts);
function opened(text) {
  try {
    const [own, other] = parts(text);
    return [read(own), other === null ? null : read(other)];
  } catch (error) {
    notice(fill(texts.badLink, { why: error.message }), "link");
    return null;
  }
}

// Scenes that were left for this one, those that can be read.
function scenesBefore(text) {
  const scenes = [];
  earlier = parts(text)[2].filter((x) => {
    try { return scenes.push(read(parts(x)[0])); } catch { return false; }
  });
  return scenes;
}

// B is computed first, kept when all of it is there, and then A.
function goToBoth([own, other]) {
  after = other && own;
  goTo(other ?? own);
}

window.addEventListener("hashchange", () => {
  const { own } = taken();
  if (!history || !own || own === withBefore()) return;
  const found = opened(own);
  if (!found) return;
  history.commit(found[0]);
  goToBoth(found);
});

// ---- controls

function build() {
  buildBar();
  buildReading();
  buildGame();
  buildLearners();
  controls.repeated = new Repetition(by("repeated"), texts, hello.ranges, (repeated, done) => changed({ repeated, ...(Boolean(repeated) === Boolean(scene.repeated) ? {} : { starts: [], near: null }) }, done));
  buildLeaver();
  buildBeside();
  buildKey();
}

function buildBar() {
  const groups = [...new Set(hello.presets.map((p) => p.group))];
  controls.preset = choice(texts.game, [], (name) => {
    const preset = hello.presets.find((p) => p.name === name);
    if (!preset) { show(); return; }
    tables = !isSymmetric(preset.payoffs);
    changed({ payoffs: preset.payoffs, title: preset.title });
  });
  controls.preset.select.append(...groups.map((group) => element("optgroup", { label: group || texts.catalogue }, ...hello.presets.filter((p) => p.group === group).map((p) => element("option", { value: p.name, text: p.label })))), element("option", { value: "", text: texts.own }));
  controls.compare = button(texts.compare, () => { keepBeside(); remember(); }, { class: "wide" });
  controls.undo = button(texts.undo, () => goTo(history.undo()));
  controls.redo = button(texts.redo, () => goTo(history.redo()));
  controls.reset = button(texts.reset, () => { history.commit(hello.scene); goTo(hello.scene); });
  const copied = button(texts.link, async () => {
    remember();
    try {
      await navigator.clipboard.writeText(new URL(`#${shownNow()}`, location.href).href); // bets are the reader's own
      announce(texts.copied);
      copied.textContent = texts.copiedShort;
      setTimeout(() => { copied.textContent = texts.link; }, 2000);
    } catch { notice(texts.notCopied, "link"); }
  });
  const saves = element("div", {}, button(texts.png, savePng), button(texts.svg, saveSvg), button(texts.toml, () => ask(true, "study")), button(texts.python, () => ask(true, "script")), element("p", { class: "quiet" }, element("span", { text: texts.asStudy }), " ", element("code", { text: RUN_STUDY })));
  const menu = element("details", {}, element("summary", { text: texts.save }), saves);
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; menu.firstChild.focus(); } });
  saves.addEventListener("click", (event) => {
    if (!event.target.matches("button")) return;
    menu.open = false;
    menu.firstChild.focus();
  });
  by("bar").replaceChildren(controls.preset.node, controls.undo, controls.redo, controls.reset, ...(isFramed ? [] : [copied]), controls.compare, menu);
}

// B is what A is now, and stays so.
function buildBeside() {
  const swap = button(texts.swap, () => {
    const next = kept.scene;
    keepBeside();
    history.commit(next);
    goTo(next);
  });
  const close = button(texts.closeBeside, () => { kept = null; showKept(); remember(); controls.compare.focus(); });
  by("second-bar").replaceChildren(swap, close);
  by("beside").setAttribute("aria-label", texts.besidePortrait);
}
function keepBeside() {
  if (frame?.kind !== "portrait") return;
  kept = { scene: copy(scene), frame, basins, switches };
  showKept();
}
function showKept() {
  by("second").hidden = !kept;
  document.querySelector("main").classList.toggle("two", Boolean(kept));
  if (kept) showBeside(by("beside-words"), kept, scene, hello, texts, fill);
  showShades();
  paint();
}

function buildReading() {
  const slider = (label, change) => new Slider({ label, help: texts.couplingHelp, range: KAPPA, limits: hello.ranges.coupling, step: 0.01, changed: change });
  controls.coupling = slider(texts.coupling, (x, done) => changed({ coupling: [x, x] }, done));
  controls.coupling12 = slider(texts.coupling12, (x, done) => changed({ coupling: [x, scene.coupling[1]] }, done));
  controls.coupling21 = slider(texts.coupling21, (x, done) => changed({ coupling: [scene.coupling[0], x] }, done));
  controls.apart = toggle(texts.apart, (is) => { apart = is; if (is) show(); else changed({ coupling: [scene.coupling[0], scene.coupling[0]] }); });
  by("couplings").replaceChildren(controls.coupling.node, controls.coupling12.node, controls.coupling21.node, controls.apart.node);
  controls.gauge = new Gauge(by("gauge"), KAPPA, texts, fill);
}

function buildGame() {
  const limits = hello.ranges.payoffs;
  const places = { T: [1, 0], R: [0, 0], P: [1, 1], S: [0, 1] };
  const symmetric = (name, x, done) => {
    const payoffs = copy(scene.payoffs), [a, b] = places[name];
    payoffs[0][a][b] = payoffs[1][b][a] = x;
    changed({ payoffs, title: "" }, done);
  };
  controls.four = Object.keys(places).map((name) => ({ place: places[name], slider: new Slider({ label: texts[name], range: [-3, 8], limits, step: 0.1, changed: (x, done) => symmetric(name, x, done) }) }));
  controls.cells = [];
  const table = (i) => {
    const names = [texts.cooperates, texts.defects];
    const cell = (a, b) => {
      const label = fill(texts.payoffOf, { player: i + 1, a: names[a], b: names[b] });
      const field = numberField(label, limits, (x, done) => {
        const payoffs = copy(scene.payoffs);
        payoffs[i][a][b] = x;
        changed({ payoffs, title: "" }, done);
      });
      controls.cells.push({ field, place: [i, a, b] });
      return element("td", {}, field);
    };
    const head = element("tr", {}, element("td"), ...names.map((x) => element("th", { scope: "col", text: `2 ${x}` })));
    const rows = [0, 1].map((a) => element("tr", {}, element("th", { scope: "row", text: `1 ${names[a]}` }), cell(a, 0), cell(a, 1)));
    return element("table", { class: "payoffs" }, element("caption", { text: texts[`player${i + 1}`] }), element("thead", {}, head), element("tbody", {}, ...rows));
  };
  controls.tables = element("div", { class: "tables" }, table(0), table(1));
  controls.symmetric = element("div", {}, ...controls.four.map((x) => x.slider.node));
  controls.asTables = toggle(texts.tables, (is) => {
    tables = is;
    if (is || isSymmetric(scene.payoffs)) { show(); return; }
    const payoffs = copy(scene.payoffs);
    [0, 1].forEach((a) => [0, 1].forEach((b) => { payoffs[1][b][a] = payoffs[0][a][b]; }));
    changed({ payoffs, title: "" });
  });
  by("game").replaceChildren(element("h3", { text: texts.payoffs }), controls.symmetric, controls.tables, controls.asTables.node);
}

function buildLearners() {
  const slider = (key, label, help, change) => {
    const [low, high, step] = SLIDERS[key];
    return new Slider({ label, help, range: [low, high], limits: hello.ranges[key], step, changed: change });
  };
  controls.bound = slider("bound", texts.bound, texts.boundHelp, (x, done) => changed({ bound: x }, done));
  controls.step_size = slider("step_size", texts.stepSize, texts.stepSizeHelp, (x, done) => changed({ step_size: x }, done));
  controls.look_ahead = slider("look_ahead", texts.lookAhead, null, (x, done) => changed({ look_ahead: x }, done));
  controls.rule = choice(texts.rule, hello.rules.map((r) => [r.name, r.words]), (rule) => changed({ rule }));
  const kinds = [["full", texts.accessFull], ["0", texts.access0], ["1", texts.access1], ["none", texts.accessNone], ["probabilistic", texts.accessProbabilistic], ["noisy", texts.accessNoisy]];
  controls.access = choice(texts.access, kinds, (name) => changed({ access: accessOf(name, scene.access) }));
  controls.probability = slider("probability", texts.probability, null, (x, done) => changed({ access: { ...scene.access, probability: x } }, done));
  controls.scale = slider("scale", texts.scale, null, (x, done) => changed({ access: { ...scene.access, scale: x } }, done));
  by("learners").replaceChildren(controls.rule.node, controls.look_ahead.node, controls.access.node, controls.probability.node, controls.scale.node, controls.bound.node, controls.step_size.node);
}

function buildKey() {
  const line = (kind, text, id = null) => element("li", {}, lineSample(kind), element("span", { text, id }));
  controls.clear = button(texts.clear, () => {
    changed({ starts: [] });
    canvas.focus({ preventScroll: true }); // the button goes with the runs
    announce(texts.cleared);
  });
  controls.mine = line("mine", texts.mine);
  by("key").setAttribute("aria-label", texts.key);
  by("shades").setAttribute("aria-label", texts.shades);
  by("key").replaceChildren(line("n0", texts.nullcline1, "still1"), line("n1", texts.nullcline2, "still2"), line("sample", fill(texts.sample, { steps: "…" }), "sample"), controls.mine, element("li", {}, controls.clear));
}

// Two parameters that change nothing are said where there is nothing to see.
function showIdle() {
  const said = !frame.idle ? "" : scene.repeated?.discount === 0 ? texts.idleOnce : texts.idle;
  if (by("idle").textContent !== said) by("idle").textContent = said;
}

// What the colours are of A and B, beside them; on paper, too.
function showShades() {
  const shaded = [basins, kept?.basins].filter(Boolean);
  by("shades").hidden = !shaded.length;
  const names = [texts.both, texts.exploited1, texts.exploited2, texts.nobody, texts.unsettled];
  const shades = names.map((text, k) => [text, k]).filter(([, k]) => shaded.some((x) => x.areas[k] > 0));
  by("shades").replaceChildren(element("li", { class: "quiet", text: texts.shades }), ...shades.map(([text, k]) => element("li", {}, element("span", { class: `swatch o${k}`, "aria-hidden": "true" }), element("span", { text }))));
}

function buildLeaver() {
  controls.leaver = choice(texts.leaver, [["0", texts.player1], ["1", texts.player2]], (who) => changed({ leaver: Number(who) }));
  controls.from = choice(texts.from, [["corner", texts.fromCorner]], (place) => changed({ near: place === "corner" ? null : frame.points[Number(place)].params }));
  by("leaver").replaceChildren(controls.leaver.node, controls.from.node);
}

// Where one may leave from: the corner, and the rest points there are now.
function showLeaver() {
  controls.leaver.select.value = String(scene.leaver);
  const points = frame?.kind === "portrait" ? frame.points : [];
  const options = [["corner", texts.fromCorner], ...points.map((p, k) => [String(k), fill(texts.fromRest, { stability: texts[p.stability], x: digits(Math.round(100 * p.params[0]) / 100), y: digits(Math.round(100 * p.params[1]) / 100) })])];
  const select = controls.from.select;
  if (document.activeElement !== select || select.options.length !== options.length) select.replaceChildren(...options.map(([value, text]) => element("option", { value, text })));
  const far = (p) => Math.hypot(p.params[0] - scene.near[0], p.params[1] - scene.near[1]);
  const chosen = scene.near && points.length ? points.reduce((a, b) => (far(b) < far(a) ? b : a)) : null;
  select.value = chosen ? String(points.indexOf(chosen)) : "corner";
}

// A button that cannot be pressed any more gives the focus to another one that can.
function enable(pressed, is, other) {
  const isLeft = !is && document.activeElement === pressed;
  pressed.disabled = !is;
  if (isLeft) { other.disabled = false; other.focus(); }
}

// The controls as the scene is.
function show() {
  presets ??= new Map(hello.presets.toReversed().map((p) => [String(p.payoffs), p]));
  const preset = presets.get(String(scene.payoffs));
  controls.preset.select.value = preset ? preset.name : "";
  by("paper").textContent = preset?.label ?? (scene.title || texts.own); // where nothing can be chosen
  enable(controls.undo, history.canUndo, controls.redo);
  enable(controls.redo, history.canRedo, controls.undo);
  controls.coupling.show(scene.coupling[0]);
  controls.coupling12.show(scene.coupling[0]);
  controls.coupling21.show(scene.coupling[1]);
  controls.coupling.hidden = apart;
  controls.coupling12.hidden = controls.coupling21.hidden = !apart;
  controls.apart.box.checked = apart;
  controls.four.forEach(({ slider, place: [a, b] }) => { slider.show(scene.payoffs[0][a][b]); });
  controls.cells.forEach(({ field, place: [i, a, b] }) => { if (document.activeElement !== field) field.value = field.dataset.last = scene.payoffs[i][a][b]; });
  controls.symmetric.hidden = tables;
  controls.tables.hidden = !tables;
  controls.asTables.box.checked = tables;
  for (const key of ["bound", "step_size", "look_ahead"]) controls[key].show(scene[key]);
  for (const key of ["probability", "scale"]) controls[key].show(scene.access[key]);
  controls.rule.select.value = scene.rule;
  controls.look_ahead.hidden = !hello.rules.find((r) => r.name === scene.rule).looks_ahead;
  controls.access.select.value = accessName(scene.access);
  controls.probability.hidden = scene.access.kind !== "probabilistic";
  controls.scale.hidden = scene.access.kind !== "noisy";
  controls.clear.hidden = controls.mine.hidden = !scene.starts.length;
  controls.repeated.show(scene.repeated);
  stillWords(scene.repeated?.axes, texts).forEach((text, k) => { by(`still${k + 1}`).textContent = text; });
  by("leaver").hidden = Boolean(scene.repeated);
  by("shared").hidden = !apart;
  if (kept) showKept();
  showGauge();
}

function showGauge() { controls.gauge.show(switches, apart ? scene.coupling : [scene.coupling[0]]); }

// ---- runs of one's own

const clamped = (x) => Math.min(1, Math.max(0, x));
function placeOf(event) {
  const box = canvas.getBoundingClientRect(), g = geometry(box.width);
  return [clamped((event.clientX - box.left - g.x) / g.width), clamped(1 - (event.clientY - box.top - g.y) / g.height)];
}
const theta = (unit, axis) => digits(frame.low[axis] + unit * (frame.high[axis] - frame.low[axis]));

function begin(place) {
  if (scene.starts.length >= hello.most_starts) { notice(fill(texts.full, { most: hello.most_starts }), "link"); return false; }
  scene = { ...scene, starts: [...scene.starts, place] };
  return true;
}

// Which run of one's own starts under a finger or a pointer, if any.
function graspedStart(event, reach) {
  const box = canvas.getBoundingClientRect(), g = geometry(box.width);
  const far = scene.starts.map(([x, y]) => Math.hypot(box.left + g.x + x * g.width - event.clientX, box.top + g.y + (1 - y) * g.height - event.clientY));
  return far.reduce((best, x, k) => (x <= reach && (best < 0 || x < far[best]) ? k : best), -1);
}

let drag = null; // { before, isNew, moved }
canvas.addEventListener("pointerdown", (event) => {
  if (!frame || event.button || drag) return;
  const before = scene.starts, held = graspedStart(event, REACH[event.pointerType] ?? REACH.mouse);
  if (held >= 0) scene = { ...scene, starts: [...before.filter((_, k) => k !== held), before[held]] };
  else if (!begin(placeOf(event))) return;
  drag = { before, isNew: held < 0, moved: false };
  canvas.setPointerCapture(event.pointerId);
  show();
  ask(false);
});
// A finger on a start moves it wherever it goes; elsewhere it taps, or scrolls the page. This comes
// after "pointerdown".
canvas.addEventListener("touchstart", (event) => { if (drag && !drag.isNew) event.preventDefault(); }, { passive: false });
canvas.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.moved = true;
  scene = { ...scene, starts: [...scene.starts.slice(0, -1), placeOf(event)] };
  ask(false);
});
function endDrag(isKept) {
  if (!drag) return;
  const { before, isNew, moved } = drag;
  drag = null;
  changed({ starts: isKept && (isNew || moved) ? scene.starts : before });
}
canvas.addEventListener("pointerup", () => endDrag(true));
canvas.addEventListener("pointercancel", () => endDrag(false)); // it became a scroll of the page

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
canvas.addEventListener("keydown", (event) => {
  if (!frame || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in MOVES) {
    const step = event.shiftKey ? 0.01 : 0.05;
    cross ??= [0.5, 0.5];
    cross = cross.map((x, k) => clamped(Math.round((x + step * MOVES[event.key][k]) * 1000) / 1000));
    announce(fill(frame.axes ? texts.crossOf : texts.cross, { x: theta(cross[0], 0), y: theta(cross[1], 1) }));
    paint();
  } else if (event.key === "Enter" || event.key === " ") {
    cross ??= [0.5, 0.5];
    if (begin(cross)) { changed({ starts: scene.starts }); announce(fill(frame.axes ? texts.startedOf : texts.started, { count: scene.starts.length, x: theta(cross[0], 0), y: theta(cross[1], 1) })); }
  } else if (event.key === "Backspace" || event.key === "Delete") {
    if (scene.starts.length) { changed({ starts: scene.starts.slice(0, -1) }); announce(fill(texts.taken, { count: scene.starts.length })); }
  } else return;
  event.preventDefault();
});
canvas.addEventListener("focus", () => { if (canvas.matches(":focus-visible")) cross ??= [0.5, 0.5]; paint(); });
canvas.addEventListener("blur", paint);

document.addEventListener("keydown", (event) => {
  if (!history || !(event.ctrlKey || event.metaKey) || event.target.matches("input[type=number]")) return;
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey && history.canUndo) goTo(history.undo());
  else if ((key === "y" || (key === "z" && event.shiftKey)) && history.canRedo) goTo(history.redo());
  else return;
  event.preventDefault();
});

// ---- saving

function keep(name, blob) {
  const url = URL.createObjectURL(blob);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
  announce(fill(texts.saved, { file: name }));
}
function savePng() {
  if (!frame) return; // nothing is drawn yet, which the page says
  paintNow();
  canvas.toBlob((blob) => keep("portrait.png", blob));
}
function saveSvg() {
  if (!frame) return;
  const side = 640;
  const pen = new SvgPen(side, side, `${texts.portrait}: ${scene.title}`);
  draw(pen, frame, shading, { ...look(), side }, axisWords(frame, texts), null);
  keep("portrait.svg", new Blob([pen.text], { type: "image/svg+xml" }));
}
