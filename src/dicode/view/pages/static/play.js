// Playing a level: keys go to the server, frames and numbers come back.
"use strict";

const stage = document.querySelector("[data-play]");
const base = stage.dataset.play + "/";
const keys = JSON.parse(stage.dataset.keys);
const at = (name) => document.getElementById(name);
let busy = false, frames = 0, ready = false;
const waiting = [];

async function ask(what, body) {
  const answer = await fetch(base + what, { method: "POST", body, cache: "no-store" });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function show(state) {
  if (state.error) { at("said").textContent = state.error; at("wait").hidden = false; document.querySelector("progress").hidden = true; return; }
  const moment = state.moment;
  if (!moment) { at("said").textContent = `${state.stage || "preparing"} (${state.seconds} s)`; return; }
  at("wait").hidden = true;
  at("frame").hidden = false;
  at("frame").src = `${base}frame.png?n=${++frames}`;
  at("step").textContent = moment.step;
  at("reward").textContent = moment.reward;
  at("total").textContent = moment.total;
  at("floor").textContent = moment.floor;
  at("held").textContent = moment.held || "nothing";
  at("vitals").textContent = moment.vitals.map(([name, value]) => `${name} ${value}`).join(" · ");
  at("unlocked").textContent = moment.unlocked.join(", ") || "nothing yet";
  at("verdict").textContent = moment.ended ? `The episode is over: ${moment.ended}.` : "";
  stage.dataset.step = moment.step;
}

async function prepare() {
  const state = await ask("open");
  show(state);
  ready = Boolean(state.moment);
  if (!ready && !state.error) setTimeout(prepare, 500);
}

async function send(what, body) {
  if (!ready) return;
  waiting.push([what, body]);
  if (busy) return;
  busy = true;
  while (waiting.length) show(await ask(...waiting.shift()));
  busy = false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, button, summary, a")) return;
  if (event.key in keys) { send("act", String(keys[event.key])); event.preventDefault(); }
});
at("again").addEventListener("click", () => { send("again"); at("again").blur(); });
at("do").addEventListener("click", () => send("act", at("action").value));

let episode = [], playing = null;
function frame(number) {
  const moment = episode[number];
  at("watched").hidden = false;
  at("watched").src = `${base}watched/${number}.png`;
  at("at").value = number;
  at("told").textContent = `step ${moment.step} · return ${moment.total} · ${moment.floor} · holds ${moment.held || "nothing"}`
    + (moment.ended ? ` · over: ${moment.ended}` : "");
}
function run() {
  clearInterval(playing);
  playing = setInterval(() => {
    const next = Number(at("at").value) + 1;
    if (next >= episode.length) clearInterval(playing); else frame(next);
  }, 120);
}
async function watch() {
  const state = await ask("watch");
  at("watching").textContent = state.error || (state.stage && `${state.stage} (${state.seconds} s)`);
  if (state.error) return;
  if (!state.watched) { setTimeout(watch, 500); return; }
  if (!episode.length) episode = await (await fetch(base + "watched.json", { cache: "no-store" })).json();
  at("watching").textContent = `${episode.length} steps`;
  at("at").max = episode.length - 1;
  at("at").hidden = false;
  frame(0);
  run();
}
at("watch").addEventListener("click", watch);
at("at").addEventListener("input", () => { clearInterval(playing); frame(Number(at("at").value)); });

prepare();
