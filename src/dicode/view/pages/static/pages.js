// The little that pages do by themselves: fold and filter the lineage, search tables, follow a running run.
"use strict";

function lineage(tree) {
  const rows = [...tree.querySelectorAll(".row")];
  const level = rows.map((row) => Number(row.getAttribute("aria-level")));
  const parent = rows.map(() => -1);
  const open = [];
  rows.forEach((_, i) => {
    open.length = level[i] - 1;
    parent[i] = open.length ? open[open.length - 1] : -1;
    open.push(i);
  });
  const place = new Map(rows.map((row, i) => [row, i]));
  const field = (name) => document.getElementById(name);
  const filters = ["status", "floor", "author", "verdict"].map((name) => [name, field("f-" + name)]);
  const search = field("q"), active = field("f-active"), shown = field("shown"), nothing = field("nothing");
  const folded = (i) => rows[i].getAttribute("aria-expanded") === "false";
  const fold = (i, yes) => { if (rows[i].hasAttribute("aria-expanded")) rows[i].setAttribute("aria-expanded", String(!yes)); };

  function matches(row, words) {
    const facts = row.dataset;
    return filters.every(([name, input]) => !input.value || facts[name] === input.value)
      && (!active.checked || "active" in facts) && words.every((word) => facts.text.includes(word));
  }
  function narrowed() {
    return Boolean(search.value.trim() || active.checked || filters.some(([name, input]) => name !== "verdict" && input.value)
      || (filters[3][1].value && filters[3][1].value !== "accepted"));
  }
  function update() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const match = rows.map((row) => matches(row, words));
    const kept = match.slice();
    const opens = rows.map(() => false);
    for (let i = rows.length - 1; i >= 0; i--) if (kept[i] && parent[i] >= 0) kept[parent[i]] = opens[parent[i]] = true;
    const away = rows.map(() => false);
    const whole = narrowed();
    rows.forEach((row, i) => {
      const p = parent[i];
      away[i] = p >= 0 && (away[p] || (!whole && folded(p)));
      row.hidden = !kept[i] || away[i];
      row.classList.toggle("dim", kept[i] && !match[i]);
      row.classList.toggle("leaf", !opens[i]);
    });
    const count = match.filter(Boolean).length;
    shown.textContent = count === rows.length ? `${count} levels` : `${count} of ${rows.length} levels`;
    nothing.hidden = count > 0;
    if (!rows.some((row) => row.tabIndex === 0 && !row.hidden)) focusable(rows.find((row) => !row.hidden));
  }
  function focusable(row) {
    rows.forEach((one) => { if (one.tabIndex === 0) one.tabIndex = -1; });
    if (row) row.tabIndex = 0;
  }
  function go(row) { if (row) { focusable(row); row.focus(); } }
  function step(i, by) {
    for (let at = i + by; at >= 0 && at < rows.length; at += by) if (!rows[at].hidden) return rows[at];
    return null;
  }
  function key(event) {
    const row = event.target.closest(".row");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const i = place.get(row);
    const acts = {
      ArrowDown: () => go(step(i, 1)),
      ArrowUp: () => go(step(i, -1)),
      Home: () => go(step(-1, 1)),
      End: () => go(step(rows.length, -1)),
      ArrowRight: () => { if (folded(i)) { fold(i, false); update(); } else if (row.hasAttribute("aria-expanded")) go(step(i, 1)); },
      ArrowLeft: () => {
        if (row.getAttribute("aria-expanded") === "true") { fold(i, true); update(); } else if (parent[i] >= 0) go(rows[parent[i]]);
      },
      Enter: () => row.querySelector("a").click(),
    };
    if (event.key in acts && !(event.key === "Enter" && event.target !== row)) { acts[event.key](); event.preventDefault(); }
  }
  function all(yes) { rows.forEach((_, i) => fold(i, yes)); update(); }

  tree.addEventListener("keydown", key);
  tree.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (row) focusable(row);
    if (row && event.target.classList.contains("fold")) { fold(place.get(row), !folded(place.get(row))); update(); }
  });
  field("fold").addEventListener("click", () => all(true));
  field("unfold").addEventListener("click", () => all(false));
  [search, active, ...filters.map((one) => one[1])].forEach((input) => input.addEventListener("input", update));
  const depth = Number(tree.dataset.fold);
  if (depth) rows.forEach((_, i) => { if (level[i] >= depth) fold(i, true); });
  const asked = rows.findIndex((row) => "#" + row.id === location.hash);
  for (let i = asked >= 0 ? parent[asked] : -1; i >= 0; i = parent[i]) fold(i, false);
  update();
  if (asked >= 0) { rows[asked].scrollIntoView({ block: "center" }); focusable(rows[asked]); }
}

function searchable(input) {
  const rows = [...document.getElementById(input.dataset.filter).tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); });
  });
}

function follow(address) {
  const sign = document.querySelector(".live");
  let seen = null;
  async function look() {
    try {
      const state = await (await fetch(address, { cache: "no-store" })).json();
      sign.classList.remove("off");
      sign.textContent = state.said;
      if (seen !== null && state.version !== seen && !document.querySelector("[data-keep]")) await renew();
      seen = state.version;
    } catch {
      sign.classList.add("off");
      sign.textContent = "not followed any more";
    }
    setTimeout(look, 2000);
  }
  async function renew() {
    const text = await (await fetch(location.href, { cache: "no-store" })).text();
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const open = new Set([...document.querySelectorAll("details")].flatMap((one, i) => (one.open ? [i] : [])));
    const kept = new Map([...document.querySelectorAll(".filters input, .filters select")].map((one, i) => [i, [one.value, one.checked]]));
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.querySelectorAll("details").forEach((one, i) => { one.open = open.has(i); });
    document.querySelectorAll(".filters input, .filters select").forEach((one, i) => {
      if (kept.has(i)) [one.value, one.checked] = kept.get(i);
    });
    begin();
  }
  look();
}

function begin() {
  const tree = document.querySelector(".tree");
  if (tree) lineage(tree);
  document.querySelectorAll("[data-filter]").forEach(searchable);
}

begin();
if (document.body.dataset.live) follow(document.body.dataset.live);
