// The story: one card at a time, a bet on each, and what the library found. It computes nothing.
import texts from "./texts.js";
import { paragraphs, told, words } from "./words.js";
import { connected } from "./socket.js";
import { button, element, fill } from "./controls.js";
import { equal, toFragment } from "./state.js";
import { AFTER, BEFORE } from "./cards.js";
import { inLanguage } from "./language.js";

const by = (id) => document.getElementById(id);

document.documentElement.lang = texts.language;
document.title = `glasshouse: ${words.title}`;
[["name", words.title], ["lead", words.lead], ["skip", words.skip], ["footer", words.footer]].forEach(([id, text]) => { by(id).textContent = text; });

// ---- where one is: all of it in the address

let cards = null; // in order, as the library lists them
let at = null; // { card, bets, pays }
const starts = new Map(); // by card, what its sliders start runs from

const numbers = (text) => (text ?? "").split(",").map((x) => (x.trim() === "" ? NaN : Number(x)));

function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const card = cards.find((x) => x.name === given.get("card")) ?? cards[0];
  const bets = {};
  for (const { name, choices } of cards) if (choices.includes(given.get(name))) bets[name] = given.get(name);
  const pays = numbers(given.get("payoffs"));
  return { card, bets, pays: pays.length === 4 && pays.every((x) => Number.isFinite(x) && Math.abs(x) <= 100) ? pays : null };
}

function address({ card, bets, pays }) {
  const given = new URLSearchParams({ card: card.name, ...bets });
  if (pays) given.set("payoffs", pays.join(","));
  return `#${given.toString().replaceAll("%2C", ",")}`;
}

const following = (card) => cards[cards.indexOf(card) + 1] ?? null;

// What a card is asked about: its own scene, or with the reader's payoffs.
function sceneOf(card) {
  if (!at.pays || card.before !== "payoffs") return card.scene;
  const [T, R, P, S] = at.pays;
  return { ...card.scene, title: "", payoffs: [[[R, S], [T, P]], [[R, T], [S, P]]] };
}

// ---- asking, one thing after another; the newest wins

const held = new Map();
let asking = null, failed = new Set();
const toldKey = (card) => `told ${card.name} ${card.before === "payoffs" ? JSON.stringify(sceneOf(card)) : ""}`;
const answerOf = (card) => held.get(toldKey(card)) ?? null;

const drawn = { portrait: null, basins: null }; // each with the scene that it is of
const pictured = (card) => ({ ...sceneOf(card), starts: starts.get(card.name) ?? [] });

// The figures of a card that show a portrait, as far as they are not there.
function undrawn(card) {
  if (card.after !== "portrait") return [];
  const scene = pictured(card), place = { ...scene, starts: [] };
  const asked = { portrait: scene, basins: place };
  return Object.keys(asked).filter((kind) => !equal(drawn[kind]?.scene, asked[kind])).map((kind) => ({ key: `${kind} ${JSON.stringify(asked[kind])}`, scene: asked[kind], parts: [kind] }));
}

function missing() {
  if (!cards) return { key: "contents", card: "contents" };
  const asked = (card) => ({ key: toldKey(card), card: card.name, scene: card.before === "payoffs" ? sceneOf(card) : null });
  const next = following(at.card);
  const wanted = [asked(at.card), ...undrawn(at.card)];
  if (next) wanted.push(asked(next)); // beforehand, while this one is read
  if (next && at.card.after !== "portrait") wanted.push(...undrawn(next));
  return wanted.find(({ key }) => !held.has(key) && !failed.has(key)) ?? null;
}

function askOn() {
  const wanted = missing();
  if (!wanted || wanted.key === asking?.key) return;
  const number = wanted.parts ? connection.ask(wanted.scene, wanted.parts) : connection.askCard(wanted.card, wanted.scene);
  asking = number === null ? null : { ...wanted, number };
}

function banner(text) {
  by("banner").hidden = !text;
  by("banner").replaceChildren(...(text ? [element("span", { text })] : []));
}
const announce = (text) => { by("announce").textContent = text; };

let gone = false;
const connection = connected({
  opened() { if (gone) { banner(""); announce(texts.back); } gone = false; asking = null; askOn(); },
  gone() { gone = true; asking = null; banner(texts.gone); },
  answer(heard) {
    if (heard.kind === "hello") return;
    if (!asking || (heard.number !== null && heard.number !== asking.number)) return;
    if (heard.kind === "error") {
      failed.add(asking.key);
      banner(fill(texts.refused, { why: heard.message }));
    } else if (heard.kind === "contents") {
      cards = heard.story;
      held.set(asking.key, heard);
      arrive();
    } else if (heard.kind === "told") {
      held.set(asking.key, heard);
      banner("");
      if (asking.key === toldKey(at.card)) { showBefore(); showResult(); }
    } else if (heard.kind === "portrait" || heard.kind === "basins") {
      drawn[heard.kind] = { scene: asking.scene, frame: heard };
      showDrawn();
    } else return; // a field, of which the portrait follows
    asking = null;
    askOn();
  },
});

// ---- showing

let shown = null; // { name, before, result, widget }

function arrive() {
  const before = at;
  at = read();
  if (before?.card !== at.card || !shown) {
    build();
    if (before) { by("title").focus(); scrollTo(0, 0); }
  } else {
    if (before.bets[at.card.name] !== at.bets[at.card.name]) shown.isNew = true;
    showChoices();
    showResult();
  }
  showSteps();
  askOn();
}

function go(change, replaces = false) {
  const next = address({ ...at, ...change });
  if (!replaces) { location.hash = next; return; }
  history.replaceState(null, "", next);
  arrive();
}

window.addEventListener("hashchange", () => { if (cards) arrive(); });

function showSteps() {
  by("steps").setAttribute("aria-label", words.steps);
  const step = (card, k) => {
    const here = card === at.card;
    const link = element("a", { href: address({ ...at, card }), "aria-current": here ? "step" : null, class: card.name in at.bets ? "done" : null }, element("span", { class: "count", "aria-hidden": "true", text: k + 1 }), element("span", { class: "what", text: words.cards[card.name].title }));
    return element("li", {}, link);
  };
  by("steps").replaceChildren(element("ol", {}, ...cards.map(step)));
}

function build() {
  const { card } = at, said = words.cards[card.name];
  shown = {
    name: card.name,
    title: element("h2", { id: "title", tabindex: "-1", text: said.title }),
    text: element("div", { class: "text" }),
    before: element("div", { class: "before" }),
    choices: element("div", { class: "choices" }),
    result: element("section", { class: "result", "aria-labelledby": "verdict", hidden: true }),
    widget: null,
    isNew: false, // whether a bet has been placed of which nothing was said yet
  };
  const count = element("p", { class: "quiet count-words", text: fill(words.count, { number: cards.indexOf(card) + 1, all: cards.length }) });
  const bet = element("section", { class: "bet", role: "group", "aria-labelledby": "bet" }, element("h3", { text: words.bet }), element("p", { id: "bet" }, ...told(said.bet, {})), shown.choices);
  by("card").replaceChildren(count, shown.title, shown.text, shown.before, bet, shown.result);
  showChoices();
  showBefore();
  showResult();
}

function showBefore() {
  const { card } = at, said = words.cards[card.name], answer = answerOf(card);
  const waits = !answer && said.text.some((x) => x.includes("{"));
  shown.text.replaceChildren(...paragraphs(waits ? said.text.map((x) => x.replace(/\{\w+\}/g, "…")) : said.text, answer?.facts ?? {}));
  if (waits) shown.text.append(element("p", { class: "quiet", text: words.computing }));
  if (shown.widget || !card.before) return;
  if (!answer && card.before !== "payoffs") { shown.before.replaceChildren(element("p", { class: "quiet", text: words.loading })); return; }
  shown.widget = BEFORE[card.before](shown.before, card, answer, {
    start(places) { starts.set(card.name, places); showDrawn(); askOn(); },
    pays(values, isReleased) { if (isReleased) go({ pays: values }, true); },
    pays0: at.pays,
  });
}

function showChoices() {
  const { card, bets } = at, said = words.cards[card.name];
  shown.choices.replaceChildren(...card.choices.map((name) => button(said.choices[name], () => go({ bets: { ...bets, [card.name]: name } }), { "aria-pressed": String(bets[card.name] === name), "data-choice": name })));
}

// What came of the bet; a new one moves the reader there.
function showResult() {
  const { card, bets } = at, bet = bets[card.name], said = words.cards[card.name], answer = answerOf(card);
  shown.result.hidden = !bet;
  if (!bet) { shown.result.replaceChildren(); return; }
  const head = element("h3", { id: "verdict", tabindex: "-1" });
  if (!answer) {
    head.textContent = words.computing;
    announce(words.computing);
    shown.result.replaceChildren(head);
    return;
  }
  announce("");
  const isRight = bet === answer.right;
  const facts = answer.facts;
  const key = card.before === "payoffs" && !isRight ? (answer.right ? `${bet}Wrong` : "unknown") : bet;
  head.append(element("span", { class: isRight ? "right" : "wrong", text: isRight ? words.right : answer.right ? words.wrong : words.undecided }), " ", element("span", { class: "what", text: fill(words.yourBet, { bet: said.choices[bet] }) }));
  const figure = element("figure", { class: `drawn as-${card.after}` });
  const next = following(card);
  const on = next ? element("p", { class: "next" }, element("a", { href: address({ ...at, card: next }) }, ...told(said.next, facts))) : ending();
  const sandbox = element("p", { class: "quiet" }, element("a", { href: inLanguage(`./${toFragment(pictured(card))}`), text: words.toSandbox }));
  shown.result.replaceChildren(head, element("p", { class: "answer" }, ...told(said.answers[key], facts)), ...paragraphs(said.came, facts), figure, sandbox, on);
  shown.figure = AFTER[card.after](figure, card, answer, said);
  showDrawn();
  if (!shown.isNew) { if (card.before === "payoffs") announce(head.textContent); return; }
  shown.isNew = false;
  head.focus({ preventScroll: true });
  head.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function showDrawn() {
  if (at?.card.after !== "portrait" || !shown?.figure) return;
  const scene = pictured(at.card), of = (kind, place) => (equal(drawn[kind]?.scene, place) ? drawn[kind].frame : null);
  shown.figure(of("portrait", scene), of("basins", { ...scene, starts: [] }));
}

// How one's bets went, what things are called elsewhere, and where to go from here.
function ending() {
  const rows = cards.filter((card) => card.name in at.bets).map((card) => {
    const answer = answerOf(card), said = words.cards[card.name];
    const mark = !answer || !answer.right ? "" : answer.right === at.bets[card.name] ? words.right : words.wrong;
    return element("li", {}, element("b", { text: said.title }), ` ${fill(words.yourBet, { bet: said.choices[at.bets[card.name]] })} ${mark}`);
  });
  const names = words.ending.names.map(([here, there]) => element("div", {}, element("dt", { text: here }), element("dd", { text: there })));
  return element("section", { class: "ending" }, element("h3", { text: words.ending.title }), ...paragraphs(words.ending.text, {}), element("dl", {}, ...names), element("h3", { text: words.ending.bets }), element("ol", {}, ...rows), element("p", {}, element("a", { href: inLanguage("exercises.html"), text: words.ending.exercises })));
}

// The address holds where one is, so that a link into the page would lose it.
by("skip").addEventListener("click", (event) => { event.preventDefault(); by("title")?.focus(); });
