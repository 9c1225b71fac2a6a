// The words of the sandbox and of all figures, in the language that is asked for.
import english from "./texts.en.js";
import { translated } from "./language.js";

export default await translated("texts", english);
