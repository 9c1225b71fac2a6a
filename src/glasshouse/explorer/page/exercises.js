// Ten exercises for a class; their answers are computed one after another when the page is opened.
import texts from "./texts.js";
import { keepLinks, linkTo, remember, taken } from "./address.js";
import { announce, banner, by, skipTo } from "./page.js";
import { paragraphs, words } from "./words.js";
import { connected } from "./socket.js";
import { button, element, fill } from "./controls.js";
import { asText } from "./state.js";

const said = words.exercises;

document.documentElement.lang = texts.language;
document.title = `glasshouse: ${said.title}`;
[["name", said.title], ["lead", said.lead], ["skip", said.skip], ["footer", words.footer]].forEach(([id, text]) => { by(id).textContent = text; });
skipTo(() => by("exercises"));

let listed = null, asking = null, gone = false;
const places = new Map(); // by name: where an answer goes, on the screen and on the second sheet
const held = new Set(), failed = new Set();

function askOn() {
  const name = listed ? listed.map((x) => x.name).find((x) => !held.has(x) && !failed.has(x)) : "contents";
  const number = name ? connection.askCard(name) : null;
  asking = number === null ? null : { name, number };
}

const connection = connected({
  opened() {
    if (gone) { banner(""); announce(texts.back); failed.clear(); }
    gone = false;
    askOn();
  },
  gone() { gone = true; asking = null; banner(texts.gone); },
  answer(heard) {
    if (!asking || heard.number !== asking.number) return;
    const { name } = asking;
    if (heard.kind === "contents") { listed = heard.exercises; build(); }
    if (heard.kind === "told") { held.add(name); answered(name, paragraphs(said.each[name].answer, heard.facts)); }
    if (heard.kind === "error") {
      const why = fill(texts.refused, { why: heard.message });
      banner(why);
      if (!listed) return;
      failed.add(name); // the others are asked for all the same
      answered(name, [element("p", { text: why })]);
    }
    askOn();
  },
});

// Each place gets nodes of its own.
function answered(name, nodes) {
  for (const place of places.get(name)) place.replaceChildren(...nodes.map((x) => x.cloneNode(true)));
  if (held.size + failed.size < listed.length) return;
  by("exercises").dataset.complete = "";
  by("print").disabled = false;
  by("waits").textContent = "";
}

// ---- which answers are open: in the address

const details = () => [...document.querySelectorAll("#exercises details")];

function open() {
  const names = (new URLSearchParams(taken().own).get("open") ?? "").split(",");
  details().forEach((x) => { x.open = names.includes(x.dataset.name); });
}

function keep() {
  const names = details().filter((x) => x.open).map((x) => x.dataset.name);
  remember(names.length ? `open=${names.join(",")}` : "");
}

addEventListener("hashchange", open);

function build() {
  const all = button(said.openAll, () => details().forEach((x) => { x.open = true; }));
  const print = button(said.print, () => window.print(), { id: "print", disabled: true });
  const waits = element("span", { class: "quiet", id: "waits", text: said.waits });
  const intro = element("div", { class: "intro" }, ...paragraphs(said.intro, {}), element("p", { class: "presses" }, all, " ", print, " ", waits));
  const links = [];
  const list = listed.map(({ name, opens }) => {
    const { title, question } = said.each[name];
    const answers = [0, 1].map(() => element("div", {}, element("p", { class: "quiet", text: words.computing })));
    places.set(name, answers);
    const link = element("a", { text: said.link });
    links.push([link, asText(opens)]);
    const answer = element("details", { "data-name": name, ontoggle: keep }, element("summary", { text: said.answer }, element("span", { class: "unseen", text: ` ${title}` })), answers[0]);
    return element("li", {}, element("h2", { text: title }), ...paragraphs(question, { kappa: { value: opens.coupling[0], places: 1 } }), element("p", { class: "link" }, link), answer);
  });
  by("exercises").replaceChildren(intro, element("ol", { class: "ten" }, ...list));
  by("answers").replaceChildren(element("h2", { text: said.answers }), element("ol", { class: "ten" }, ...listed.map(({ name }) => element("li", {}, element("h3", { text: said.each[name].title }), places.get(name)[1]))));
  open();
  keepLinks(() => links.forEach(([link, scene]) => { link.href = linkTo("sandbox", scene); }));
}
