// Ten exercises for a class; their answers are computed one after another when the page is opened.
import texts from "./texts.js";
import { paragraphs, words } from "./words.js";
import { connected } from "./socket.js";
import { button, element, fill } from "./controls.js";
import { toFragment } from "./state.js";
import { inLanguage } from "./language.js";

const by = (id) => document.getElementById(id);
const said = words.exercises;

document.documentElement.lang = texts.language;
document.title = `glasshouse: ${said.title}`;
[["name", said.title], ["lead", said.lead], ["skip", said.skip], ["footer", words.footer]].forEach(([id, text]) => { by(id).textContent = text; });

let listed = null, asking = null;
const places = new Map(); // by name: where an answer goes, on the screen and on the second sheet
const held = new Set();

function askOn() {
  const name = listed ? listed.map((x) => x.name).find((x) => !held.has(x)) : "contents";
  if (name) asking = { name, number: connection.askCard(name) };
}

function banner(text) {
  by("banner").hidden = !text;
  by("banner").replaceChildren(...(text ? [element("span", { text })] : []));
}

const connection = connected({
  opened() { banner(""); askOn(); },
  gone() { banner(texts.gone); },
  answer(heard) {
    if (heard.kind === "hello" || heard.number !== asking?.number) {
      if (heard.kind === "error") banner(fill(texts.refused, { why: heard.message }));
      return;
    }
    if (heard.kind === "contents") { listed = heard.exercises; build(); }
    if (heard.kind === "told") {
      held.add(heard.card);
      for (const place of places.get(heard.card)) place.replaceChildren(...paragraphs(said.each[heard.card].answer, heard.facts));
      if (held.size === listed.length) by("exercises").dataset.complete = "";
    }
    askOn();
  },
});

function build() {
  const open = button(said.openAll, () => document.querySelectorAll("#exercises details").forEach((x) => { x.open = true; }));
  const print = button(said.print, () => window.print());
  const intro = element("div", { class: "intro" }, ...paragraphs(said.intro, {}), element("p", { class: "presses" }, open, " ", print));
  const list = listed.map(({ name, scene }) => {
    const { title, question } = said.each[name];
    const answers = [element("div", {}, element("p", { class: "quiet", text: words.computing })), element("div", {}, element("p", { text: words.computing }))];
    places.set(name, answers);
    const link = element("p", { class: "link" }, element("a", { href: inLanguage(`./${toFragment(scene)}`), text: said.link }));
    const details = element("details", {}, element("summary", { text: said.answer }, element("span", { class: "unseen", text: ` ${title}` })), answers[0]);
    return element("li", {}, element("h2", { text: title }), ...paragraphs(question, { kappa: { value: scene.coupling[0], places: 1 } }), link, details);
  });
  by("exercises").replaceChildren(intro, element("ol", { class: "ten" }, ...list));
  by("answers").replaceChildren(element("h2", { text: said.answers }), element("ol", { class: "ten" }, ...listed.map(({ name }) => element("li", {}, element("h3", { text: said.each[name].title }), places.get(name)[1]))));
}
