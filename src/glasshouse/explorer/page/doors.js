// From one page to the others; and languages, where there are several.
import texts from "./texts.js";
import { here, keepLinks, linkTo } from "./address.js";
import { choice, element } from "./controls.js";
import { languages } from "./language.js";

const doors = ["sandbox", "story", "exercises"].map((page) => [page, element("a", { text: texts[page], "aria-current": page === here ? "page" : null })]);
const place = document.getElementById("doors");
place.setAttribute("aria-label", texts.doors);
place.replaceChildren(element("ul", {}, ...doors.map(([, link]) => element("li", {}, link))));
keepLinks(() => doors.forEach(([page, link]) => { link.href = linkTo(page); }));

const known = (await languages())[here === "sandbox" ? "texts" : "story"];
if (known.length > 1) {
  const named = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);
  const { node, select } = choice(texts.languages, known.map((code) => [code, named(code)]), (code) => { location.search = code === "en" ? "" : `?lang=${code}`; });
  const asked = new URLSearchParams(location.search).get("lang");
  select.value = known.includes(asked) ? asked : "en";
  place.append(node);
}
