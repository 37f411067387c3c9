"use strict";
// One question at a time for what is newer; a hidden or paused tab asks nothing.
const at = (id) => document.getElementById(id);
const text = (id, value) => { if (at(id).textContent !== value) at(id).textContent = value; };
const ms = (us) => (us === null ? "none" : (us / 1000).toFixed(2) + " ms");
const percent = (share) => (share * 100).toFixed(1) + " %";
let known = 0, paused = false, ended = false, asking = false;

function picture(id, jpeg) {
  at(id).hidden = !jpeg;
  if (jpeg) at(id).src = "data:image/jpeg;base64," + jpeg;
}

function bars(shares) {
  const box = at("bars");
  const rows = Object.entries(shares || {});
  if (box.children.length !== rows.length) {
    box.replaceChildren(...rows.map(() => {
      const row = document.createElement("div");
      row.append(...["span", "meter", "output"].map((name) => document.createElement(name)));
      return row;
    }));
  }
  rows.forEach(([label, share], i) => {
    const [name, meter, value] = box.children[i].children;
    name.textContent = label;
    meter.value = share;
    meter.setAttribute("aria-label", label);
    value.textContent = percent(share);
  });
}

function answer(told) {
  at("label").className = told.decision;
  text("label", told.label || (told.decision === "abstain" ? "withheld" : "not classified"));
  const lasting = told.lasting.length ? " · " + told.lasting.join(", ") : "";
  text("why", (told.label ? percent(told.confidence) + " sure" : told.reasons.join(", ")) + lasting);
  bars(told.probabilities);
  text("latency", ms(told.latency_us));
  text("region", told.region_origin);
}

function show(data) {
  known = data.number;
  const n = data.numbers;
  text("source", n.source);
  document.title = n.source + ": sonogaze live";
  for (const id of ["frames", "dropped", "unreadable"]) text(id, n[id].toLocaleString("en"));
  text("p50", ms(n.latency_p50_us));
  text("p99", ms(n.latency_p99_us));
  text("model", n.model);
  if (data.answer) answer(data.answer);
  if (data.answer && !data.undrawn) {
    picture("image", data.image);
    picture("attention", data.attention);
    at("none").hidden = Boolean(data.attention);
    for (const id of ["image", "attention"]) {
      at(id).width = data.width;
      at(id).height = data.height;
    }
  }
  ended = data.ended !== null;
  text("state", ended ? data.ended : n.trouble || data.undrawn || "Running");
  at("state").classList.toggle("bad", ended || Boolean(n.trouble));
}

async function ask() {
  if (asking) return;
  asking = true;
  let wait = 0;
  try {
    const reply = await fetch("data?after=" + known, { cache: "no-store" });
    if (reply.status === 200) show(await reply.json());
    else if (reply.status !== 204) throw new Error(reply.status);
  } catch {
    text("state", "The command has ended, or does not answer");
    at("state").classList.add("bad");
    wait = 2000;
  }
  asking = false;
  if (!paused && !document.hidden && !ended) setTimeout(ask, wait);
}

at("pause").addEventListener("click", () => {
  paused = !paused;
  at("pause").setAttribute("aria-pressed", String(paused));
  text("pause", paused ? "Go on" : "Pause");
  if (paused) text("state", "Paused; the source and its answers go on");
  else ask();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused && !ended) ask(); });
ask();
