// The page in a notebook: in a frame of its own, where it meets neither the styles nor the names of
// the notebook. What it asks goes to the kernel, and what that answers to it.
let views = 0;

// Whether a place is dark, which a notebook decides and not the window: "" where it cannot be told.
const GREY = 3 * 128;
function schemeAround(place) {
  for (let x = place; x; x = x.parentElement) {
    const found = /^rgba?\((.*)\)$/.exec(getComputedStyle(x).backgroundColor);
    const [red, green, blue, opacity = 1] = found ? found[1].split(/[ ,/]+/).map(Number) : [0, 0, 0, 0];
    if (opacity) return red + green + blue < GREY ? "dark" : "light";
  }
  return "";
}

export default {
  render({ model, el }) {
    views += 1;
    const view = `${Date.now()}-${views}`, frame = document.createElement("iframe"), channel = new MessageChannel();
    frame.setAttribute("sandbox", "allow-scripts allow-downloads");
    frame.title = "glasshouse explorer";
    frame.style.cssText = "display: block; width: 100%; border: 0;";
    const height = () => { frame.style.height = `${model.get("height")}px`; };
    height();
    const say = (content) => model.send({ ...content, view });
    const answered = (content, buffers) => {
      if (content.view !== view) return;
      const { buffer, byteOffset, byteLength } = buffers[0];
      const own = buffer.slice(byteOffset, byteOffset + byteLength);
      channel.port1.postMessage(own, [own]);
    };
    const ready = (event) => {
      if (event.source !== frame.contentWindow || event.data !== "ready") return;
      removeEventListener("message", ready);
      event.source.postMessage(model.get("link"), "*", [channel.port2]);
      say({ kind: "open" });
    };
    channel.port1.onmessage = ({ data }) => {
      if (data.question) say({ kind: "ask", question: data.question });
      if (data.link) { model.set("link", data.link); model.save_changes(); }
    };
    const gone = () => channel.port1.postMessage("gone"); // Jupyter says so when a kernel ends
    addEventListener("message", ready);
    model.on("msg:custom", answered);
    model.on("comm_live_update", gone);
    model.on("change:height", height);
    const shade = () => { frame.style.colorScheme = schemeAround(el); }; // the page in it follows this
    const themes = new MutationObserver(() => setTimeout(shade, 100)); // colours come a little later
    for (const x of [document.documentElement, document.body]) themes.observe(x, { attributes: true });
    themes.observe(document.head, { childList: true });
    frame.addEventListener("load", shade);
    frame.srcdoc = model.get("page");
    el.append(frame);
    return () => {
      removeEventListener("message", ready);
      model.off("msg:custom", answered);
      model.off("comm_live_update", gone);
      model.off("change:height", height);
      themes.disconnect();
      say({ kind: "close" });
    };
  },
};
