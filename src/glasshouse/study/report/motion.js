// Shows the frames that stand in the page, one after the other. Nothing is computed here: counters only.
"use strict";
(() => {
  const frames = JSON.parse(document.getElementById("frames").textContent);
  const picture = document.getElementById("picture");
  const slider = document.getElementById("slider");
  const button = document.getElementById("play");
  const parts = (name) => [...picture.querySelectorAll(name)];
  const [basins, nullclines] = [parts(".basin"), parts(".nullcline")];
  const [arrows, runs, starts, movers] = [".arrows", ".runs", ".starts", ".movers"].map((x) => parts(x)[0]);
  const points = [".filled", ".open", ".half"].map((x) => parts(x)[0]);
  const shares = [...document.querySelectorAll(".share")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const draw = (element, path) => element.setAttribute("d", path);
  const dots = (frame, step) => frame.runs.map((run) => `M${run[2 * step]} ${run[2 * step + 1]}h0`).join("");
  const length = frames[0].runs.length ? frames[0].runs[0].length / 2 : 1;
  let [step, timer] = [0, null];

  function show() {
    const frame = frames[slider.value];
    frame.shading.forEach((path, k) => draw(basins[k], path));
    frame.nullclines.forEach((path, k) => draw(nullclines[k], path));
    frame.points.forEach((path, k) => draw(points[k], path));
    frame.shares.forEach((text, k) => { shares[k].textContent = text; });
    draw(arrows, frame.arrows);
    draw(runs, frame.runs.map((run) => "M" + run.join(" ")).join(""));
    draw(starts, dots(frame, 0));
    draw(movers, timer && !still.matches ? dots(frame, step) : "");
    document.getElementById("now").textContent = frame.at;
    document.getElementById("picture-title").textContent = frame.at;
    document.getElementById("picture-desc").textContent = frame.alt;
    slider.setAttribute("aria-valuetext", frame.ends);
  }

  function tick() {
    step = (step + 1) % length;
    if (step % 5 === 0) {
      if (slider.value === slider.max) { pause(); return; }
      slider.stepUp();
    }
    show();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
    show();
  }

  button.addEventListener("click", () => {
    if (timer) { pause(); return; }
    if (slider.value === slider.max) { slider.value = 0; }
    button.textContent = "Pause";
    timer = setInterval(tick, 60);
    show();
  });
  slider.addEventListener("input", show);
  slider.value = 0;
  show();
})();
