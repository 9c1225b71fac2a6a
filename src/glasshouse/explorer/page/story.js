// The story: one card at a time, a bet on each, and what the library found. It computes nothing.
import texts from "./texts.js";
import { fragmentWith, linkTo, remember, taken } from "./address.js";
import { announce, banner, by, skipTo } from "./page.js";
import { paragraphs, told, words } from "./words.js";
import { connected } from "./socket.js";
import { button, element, fill } from "./controls.js";
import { asText, equal, queryOf } from "./state.js";
import { whenColoursChange } from "./portrait.js";
import { AFTER, BEFORE, PLACES, placedAt } from "./cards.js";

document.documentElement.lang = texts.language;
document.title = `glasshouse: ${words.title}`;
[["name", words.title], ["lead", words.lead], ["skip", words.skip], ["footer", words.footer]].forEach(([id, text]) => { by(id).textContent = text; });

// ---- where one is: all of it in the address

let cards = null; // in order, as the library lists them
let at = null; // { card, bets, pays, dials, moved }, the last by the names of sliders
const SLIDERS = ["dial", "along"]; // of a card: before its bet, and after it
let moving = null; // where both dials start while one of them is dragged

const numbers = (text) => (text ?? "").split(",").map((x) => (x.trim() === "" ? NaN : Number(x)));

function read() {
  const given = new URLSearchParams(taken().own);
  const card = cards.find((x) => x.name === given.get("card")) ?? cards[0];
  const bets = {};
  for (const { name, choices } of cards) if (choices.includes(given.get(name))) bets[name] = given.get(name);
  const moved = {};
  for (const { name } of cards) {
    for (const slider of SLIDERS.map((x) => `${name}-${x}`)) if (/^\d{1,3}$/.test(given.get(slider) ?? "")) moved[slider] = Number(given.get(slider));
  }
  const [pays, dials] = [numbers(given.get("payoffs")), numbers(given.get("starts"))];
  return {
    card,
    bets,
    moved,
    pays: pays.length === 4 && pays.every((x) => Number.isFinite(x) && Math.abs(x) <= 100) ? pays : null,
    dials: dials.length === 2 && dials.every((x) => Number.isInteger(x) && x >= 0 && x < PLACES) ? dials : null,
  };
}

function written({ card, bets, pays, dials, moved = {} }) {
  const given = new URLSearchParams({ card: card.name, ...bets });
  if (pays) given.set("payoffs", pays.join(","));
  if (dials) given.set("starts", dials.join(","));
  for (const [slider, place] of Object.entries(moved)) given.set(slider, place);
  return queryOf(given);
}

const following = (card) => cards[cards.indexOf(card) + 1] ?? null;

// What a card is asked about: its own scene, or with the reader's payoffs or starts.
function sceneOf(card) {
  if (card.before === "payoffs" && at.pays) {
    const [T, R, P, S] = at.pays;
    return { ...card.scene, title: "", payoffs: [[[R, S], [T, P]], [[R, T], [S, P]]] };
  }
  return card.before === "starts" && at.dials ? { ...card.scene, starts: [placedAt(at.dials)] } : card.scene;
}

// ---- asking, one thing after another; the newest wins

const held = new Map(), failed = new Map(); // by the keys of questions: answers, and why there are none
let asking = null;
const question = (card) => {
  const scene = card.takes ? sceneOf(card) : null;
  return { key: `told ${card.name} ${JSON.stringify(scene)}`, card: card.name, scene };
};
const answerOf = (card) => held.get(question(card).key) ?? null;

const drawn = { portrait: null, basins: null }; // each with the scene that it is of
const pictured = (card) => (moving && card === at.card ? { ...card.scene, starts: [placedAt(moving)] } : sceneOf(card));

// The figures of a card that show a portrait, as far as they are not there.
function undrawn(card) {
  if (card.after !== "portrait") return [];
  const scene = pictured(card), asked = { portrait: scene, basins: { ...scene, starts: [] } };
  return Object.keys(asked).filter((kind) => !equal(drawn[kind]?.scene, asked[kind])).map((kind) => ({ key: `${kind} ${JSON.stringify(asked[kind])}`, scene: asked[kind], parts: [kind] }));
}

function missing() {
  if (!cards) return failed.has("contents") ? null : { key: "contents", card: "contents" };
  const next = following(at.card);
  const [text, figures] = [question(at.card), undrawn(at.card)];
  const wanted = shown?.pair ? [...figures, text] : [text, ...figures]; // what moves is drawn first
  if (next) wanted.push(question(next)); // beforehand, while this one is read
  if (next && at.card.after !== "portrait") wanted.push(...undrawn(next));
  if (!next && at.card.name in at.bets) wanted.push(...cards.filter((card) => card.name in at.bets).map(question));
  return wanted.find(({ key }) => !held.has(key) && !failed.has(key)) ?? null;
}

function askOn() {
  const wanted = missing();
  if (!wanted || wanted.key === asking?.key) return;
  const number = wanted.parts ? connection.ask(wanted.scene, wanted.parts) : connection.askCard(wanted.card, wanted.scene);
  asking = number === null ? null : { ...wanted, number };
}

let gone = false;
const connection = connected({
  opened() {
    if (gone) { banner(""); announce(texts.back); failed.clear(); }
    gone = false;
    asking = null;
    askOn();
  },
  gone() { gone = true; asking = null; banner(texts.gone); },
  answer(heard) {
    if (!asking || heard.number !== asking.number || heard.kind === "field") return; // a portrait follows it
    const { key, scene } = asking;
    asking = null;
    if (heard.kind === "contents") { cards = heard.story; arrive(); }
    if (heard.kind === "told") held.set(key, heard);
    if (heard.kind === "error") failed.set(key, fill(texts.refused, { why: heard.message }));
    if (heard.kind === "error") banner(failed.get(key));
    if (cards && key === question(at.card).key) {
      if (heard.kind === "told") banner("");
      showBefore();
      showResult();
    }
    shown?.verdicts?.();
    if (heard.kind === "portrait" || heard.kind === "basins") { drawn[heard.kind] = { scene, frame: heard }; showDrawn(); }
    askOn();
  },
});

// ---- showing

let shown = null; // the card's parts, as they are built

function arrive(isMoved = false) {
  const before = at;
  at = read();
  moving = null;
  if (before?.card !== at.card) {
    if (!gone) banner("");
    build();
    if (before) { by("title").focus(); scrollTo(0, 0); }
  } else {
    if (before.bets[at.card.name] !== at.bets[at.card.name]) shown.isNew = true;
    if (!isMoved && !equal([before.pays, before.dials, before.moved], [at.pays, at.dials, at.moved])) { // one has gone back
      shown.isMovable = false;
      showBefore();
    }
    showChoices();
    showResult();
  }
  showSteps();
  askOn();
}

// A bet and a card are steps to go back over.
function go(change) { location.hash = fragmentWith(written({ ...at, ...change })); }

// What is moved is not.
function put(change) {
  remember(written({ ...at, ...change }));
  arrive(true);
}

// Where a slider of a card stands, null where it was not moved; nothing is built anew for it.
function keeping(card, slider) {
  const name = `${card.name}-${slider}`;
  return {
    place: at.moved[name] ?? null,
    keep(place) {
      at = { ...at, moved: { ...at.moved, [name]: place } };
      remember(written(at));
      showSteps();
      shown.lead?.();
    },
  };
}

addEventListener("hashchange", () => { if (cards) arrive(); });

function showSteps() {
  by("steps").setAttribute("aria-label", words.steps);
  const step = (card, k) => {
    const here = card === at.card;
    const link = element("a", { href: fragmentWith(written({ ...at, card })), "aria-current": here ? "step" : null, class: card.name in at.bets ? "done" : null }, element("span", { class: "count", "aria-hidden": "true", text: k + 1 }), element("span", { class: "what", text: words.cards[card.name].title }));
    return element("li", {}, link);
  };
  by("steps").replaceChildren(element("ol", {}, ...cards.map(step)));
}

function build() {
  const { card } = at, said = words.cards[card.name];
  const bets = card.choices.map((name) => button(said.choices[name], () => go({ bets: { ...at.bets, [card.name]: name } }), { "data-choice": name }));
  shown = {
    text: element("div", { class: "text" }),
    before: element("div", { class: "before" }),
    bets,
    result: element("section", { class: "result", "aria-labelledby": "verdict", hidden: true }),
    isNew: false, // whether a bet has been placed of which nothing was said yet
  };
  const count = element("p", { class: "quiet count-words", text: fill(words.count, { number: cards.indexOf(card) + 1, all: cards.length }) });
  const bet = element("section", { class: "bet", role: "group", "aria-labelledby": "bet" }, element("h3", { text: words.bet }), element("p", { id: "bet" }, ...told(said.bet, {})), element("div", { class: "choices" }, ...bets));
  by("card").replaceChildren(count, element("h2", { id: "title", tabindex: "-1", text: said.title }), shown.text, shown.before, bet, shown.result);
  showChoices();
  showBefore();
  showResult();
}

function showBefore() {
  const { card } = at, said = words.cards[card.name], answer = answerOf(card);
  const waits = !answer && said.text.some((x) => x.includes("{"));
  shown.text.replaceChildren(...paragraphs(waits ? said.text.map((x) => x.replace(/\{\w+\}/g, "…")) : said.text, answer?.facts ?? {}));
  if (waits) shown.text.append(element("p", { class: "quiet", text: words.computing }));
  if (shown.isMovable || !card.before) return;
  if (!answer && ["dial", "table"].includes(card.before)) { shown.before.replaceChildren(element("p", { class: "quiet", text: words.loading })); return; }
  shown.isMovable = true;
  BEFORE[card.before](shown.before, sceneOf(card), answer, {
    starts(dials, isReleased) {
      if (isReleased) { put({ dials }); return; }
      moving = dials;
      showDrawn();
      askOn();
    },
    paid(pays, isReleased) { if (isReleased) put({ pays }); },
    kept: keeping(card, "dial"),
  });
}

function showChoices() {
  for (const bet of shown.bets) bet.setAttribute("aria-pressed", String(at.bets[at.card.name] === bet.dataset.choice));
}

// What came of the bet; a new one moves the reader there.
function showResult() {
  const { card, bets } = at, bet = bets[card.name], said = words.cards[card.name], answer = answerOf(card);
  shown.result.hidden = !bet;
  if (!bet) { shown.result.replaceChildren(); return; }
  const head = element("h3", { id: "verdict", tabindex: "-1" });
  if (!answer) {
    const state = failed.get(question(card).key) ?? words.computing;
    if (shown.pair?.isConnected) { shown.pair.textContent = state; shown.lead(); return; } // the picture stays
    head.textContent = state;
    announce(state);
    shown.result.replaceChildren(head);
    return;
  }
  if (shown.pair?.isConnected && shown.judged === bet) { showPair(answer); return; } // all else is as it was
  announce("");
  shown.judged = bet;
  const facts = answer.facts, isRight = bet === answer.right;
  const key = answer.needless ? "needless" : card.before === "payoffs" && !isRight ? (answer.right ? `${bet}Wrong` : "unknown") : bet;
  head.append(verdict(answer, bet), " ", element("span", { class: "what", text: fill(words.yourBet, { bet: said.choices[bet] }) }));
  shown.pair = answer.pair ? element("p") : null;
  const figure = element("figure", { class: `drawn as-${card.after}` });
  const next = following(card);
  const onwards = next ? element("a", {}, ...told(said.next, facts)) : null, link = element("a", { text: words.toSandbox });
  let change = {};
  shown.lead = () => {
    if (next) onwards.href = fragmentWith(written({ ...at, card: next }));
    link.href = linkTo("sandbox", asText({ ...card.opens, ...(card.takes ? sceneOf(card) : {}), ...change }));
  };
  shown.lead();
  const note = said.sandbox ? [" ", ...told(said.sandbox, facts)] : [];
  shown.result.replaceChildren(head, element("p", { class: "answer" }, ...told(said.answers[key], facts)), ...(shown.pair ? [shown.pair] : []), ...paragraphs(said.came, facts), figure, element("p", { class: "quiet sandbox" }, link, ...note), next ? element("p", { class: "next" }, onwards) : ending());
  shown.figure = AFTER[card.after](figure, card, answer, said, (strength) => { change = { coupling: [strength, strength] }; shown.lead(); }, keeping(card, "along"));
  if (shown.pair) showPair(answer);
  showDrawn();
  if (!shown.isNew) { if (card.takes && !shown.pair) announce(head.textContent); return; }
  shown.isNew = false;
  head.focus({ preventScroll: true });
  head.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

// What becomes of the reader's own pair.
function showPair(answer) {
  const said = words.cards[at.card.name];
  shown.pair.replaceChildren(...told(said.pairs[answer.pair], answer.facts));
  shown.lead();
  if (!shown.isNew) announce(shown.pair.textContent);
}

function verdict(answer, bet) {
  const isRight = bet === answer.right;
  return element("span", { class: isRight ? "right" : "wrong", text: isRight ? words.right : answer.right ? words.wrong : words.undecided });
}

function showDrawn() {
  if (at.card.after !== "portrait" || !shown.figure) return;
  const scene = pictured(at.card), of = (kind, place) => (equal(drawn[kind]?.scene, place) ? drawn[kind].frame : null);
  shown.figure.show(of("portrait", scene), of("basins", { ...scene, starts: [] }));
}

whenColoursChange(() => shown?.figure?.paint());

// How one's bets went, what things are called elsewhere, and where to go from here.
function ending() {
  const list = element("ol"), placed = cards.filter((card) => card.name in at.bets);
  shown.verdicts = () => list.replaceChildren(...placed.map((card) => {
    const answer = answerOf(card), said = words.cards[card.name], bet = at.bets[card.name];
    const mark = answer ? verdict(answer, bet) : failed.has(question(card).key) ? "" : words.computing;
    return element("li", { value: cards.indexOf(card) + 1 }, element("b", { text: said.title }), ` ${fill(words.yourBet, { bet: said.choices[bet] })} `, mark);
  }));
  shown.verdicts();
  const skipped = cards.filter((card) => !(card.name in at.bets)).flatMap((card, k) => [k ? ", " : " ", element("a", { href: fragmentWith(written({ ...at, card })), text: `${cards.indexOf(card) + 1} ${words.cards[card.name].title}` })]);
  const without = skipped.length ? [element("p", { class: "skipped" }, words.ending.skipped, ...skipped)] : [];
  const names = words.ending.names.map(([here, there]) => element("div", {}, element("dt", { text: here }), element("dd", { text: there })));
  const anew = fragmentWith(written({ card: cards[0], bets: {} }));
  const links = [[linkTo("exercises"), words.ending.exercises], [anew, words.ending.again]].map(([href, text]) => element("p", { class: "links" }, element("a", { href, text })));
  return element("section", { class: "ending" }, element("h3", { text: words.ending.title }), ...paragraphs(words.ending.text, {}), element("dl", {}, ...names), element("h3", { text: words.ending.bets }), list, ...without, ...links);
}

skipTo(() => by("title"));
