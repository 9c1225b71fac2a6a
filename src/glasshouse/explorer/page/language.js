// Which language the words are in: the one in the address, where somebody has translated them.
const asked = new URLSearchParams(location.search).get("lang") ?? "en";
let list = null;

// Of each kind of words, the languages that there are, by their tags.
export const languages = () => (list ??= fetch("languages.json").then((x) => x.json()));

// What is not translated stays English.
export const translated = async (kind, english) => {
  if (asked === "en" || !(await languages())[kind].includes(asked)) return english;
  return over(english, await (await fetch(`${kind}.${asked}.json`)).json());
};

function over(below, above) {
  if (typeof below !== "object" || Array.isArray(below)) return above;
  return Object.fromEntries(Object.entries(below).map(([key, x]) => [key, key in above ? over(x, above[key]) : x]));
}

// A page in the language that this one is in.
export const inLanguage = (page) => {
  const [path, fragment] = page.split("#");
  return path + location.search + (fragment === undefined ? "" : `#${fragment}`);
};
