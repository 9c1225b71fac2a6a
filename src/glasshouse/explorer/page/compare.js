// Two scenes side by side: A, which moves, and B, which is kept as it was.
import { element } from "./controls.js";
import { outcomeSentence } from "./found.js";
import { digits, inWords } from "./gauge.js";
import { repeatedWords } from "./repeated.js";
import { accessWords, equal, flat } from "./state.js";

// What of B is other than in A, in words.
export function differences(a, b, hello, texts, fill) {
  const found = [];
  const say = (name, x, y) => { if (!equal(x, y)) found.push(fill(texts.differs, { name, a: x, b: y })); };
  const many = (pair) => (pair[0] === pair[1] ? [pair[0]] : pair).map(digits).join(", ");
  const rule = (name) => hello.rules.find((r) => r.name === name)?.words ?? name;
  const access = (x) => accessWords(x, texts);
  say(texts.coupling, many(a.coupling), many(b.coupling));
  say(texts.payoffs, flat(a.payoffs).map(digits).join(" "), flat(b.payoffs).map(digits).join(" "));
  say(texts.rule, rule(a.rule), rule(b.rule));
  if (hello.rules.find((r) => r.name === a.rule)?.looks_ahead && a.rule === b.rule) say(texts.lookAhead, digits(a.look_ahead), digits(b.look_ahead));
  say(texts.access, access(a.access), access(b.access));
  say(texts.repeated, repeatedWords(a.repeated, texts), repeatedWords(b.repeated, texts));
  say(texts.bound, digits(a.bound), digits(b.bound));
  say(texts.stepSize, digits(a.step_size), digits(b.step_size));
  return found;
}

export function showBeside(place, kept, now, hello, texts, fill) {
  const found = differences(now, kept.scene, hello, texts, fill);
  const list = found.length ? element("ul", {}, ...found.map((text) => element("li", { text }))) : element("p", { class: "quiet", text: texts.same });
  const outcomes = kept.basins ? fill(texts.announceOutcome, { list: outcomeSentence(kept.basins, texts) }) : texts.besideUnsettled;
  const rows = ["first", "long", "equilibrium"].map((kind) => {
    const held = kept.switches?.[kind];
    return element("p", {}, element("b", { text: texts[kind] }), " ", element("span", { text: held ? inWords(held, texts, fill) : texts.notKept }));
  });
  place.replaceChildren(list, element("p", { text: outcomes }), ...rows);
}
