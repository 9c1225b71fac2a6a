// From one page to the others; and languages, where there are several.
import texts from "./texts.js";
import { choice, element } from "./controls.js";
import { inLanguage, languages } from "./language.js";

const PAGES = [["./", texts.sandbox], ["story.html", texts.story], ["exercises.html", texts.exercises]];
const place = document.getElementById("doors");
const here = location.pathname.split("/").at(-1) || "./";
place.setAttribute("aria-label", texts.doors);
place.replaceChildren(element("ul", {}, ...PAGES.map(([page, name]) => element("li", {}, element("a", { href: inLanguage(page), text: name, "aria-current": page === here ? "page" : null })))));

const kind = here === "./" ? "texts" : "story";
const known = (await languages())[kind];
if (known.length > 1) {
  const named = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);
  const { node, select } = choice(texts.languages, known.map((code) => [code, named(code)]), (code) => { location.search = code === "en" ? "" : `?lang=${code}`; });
  const asked = new URLSearchParams(location.search).get("lang");
  select.value = known.includes(asked) ? asked : "en";
  place.append(node);
}
