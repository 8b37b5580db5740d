const $ = (id) => document.getElementById(id);
const source = $("timeline").textContent;
const { otherData: about, traceEvents } = JSON.parse(source);
const TIERS = ["tier 0", "tier 1", "tier 2"];
const TIER_WORDS = ["tier 0, interpreter", "tier 1, baseline", "tier 2, optimized"];

// ---- From events to functions. Times are microseconds.

const tracks = new Map(), phases = [], functions = new Map(), waiting = new Map(), busy = [], sampled = [];
let end = 1;

function functionOf(event) {
  const { func, module = 0 } = event.args, key = module + ":" + func;
  let known = functions.get(key);
  if (!known) {
    known = { name: event.name, func, module, bytes: 0, first: event.ts, events: [], samples: [], cpu: [0, 0, 0], count: [0, 0, 0], compile: 0, code: 0, tiers: 0 };
    functions.set(key, known);
  }
  known.first = Math.min(known.first, event.ts);
  known.bytes = event.args.bytes || known.bytes;
  return known;
}

for (const event of traceEvents) {
  const { ph, cat, ts, dur = 0, args } = event;
  if (ph === "M") { if (event.name === "thread_name") tracks.set(event.tid, args.name); continue; }
  end = Math.max(end, ts + dur);
  if (cat === "phase") { phases.push(event); continue; }
  if (cat === "queue" && ph === "e") {
    const waits = waiting.get(event.id);
    if (waits) waits.dur = ts - waits.ts;
    continue;
  }
  const of = functionOf(event);
  if (cat === "sample") {
    of.samples.push(event);
    of.cpu[args.tier] += args.cpu;
    of.count[args.tier] += args.samples;
    sampled.push(event);
    continue;
  }
  const own = { ...event, dur };
  of.events.push(own);
  if (cat === "queue") waiting.set(event.id, own);
  if (cat === "translate" || cat === "compile") {
    busy.push(event);
    of.compile += dur;
    of.code += args.code_bytes || 0;
  }
  if (cat === "compile" && !args.refused) of.tiers |= 1 << args.tier;
  if (args.refused) of.refused = true;
  if (cat === "osr") of.osr = true;
}
const all = [...functions.values()];
for (const of of all) of.total = of.cpu[0] + of.cpu[1] + of.cpu[2];
const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);
const cpu = TIERS.map((_, tier) => sum(all, (of) => of.cpu[tier]));
const seen = cpu[0] + cpu[1] + cpu[2];
const isProgram = (event) => tracks.get(event.tid) !== "optimizer";
const waited = sum(busy.filter(isProgram), (event) => event.dur);

// ---- Text.

function time(us) {
  const [value, unit] = us < 999.5 ? [us, "µs"] : us < 999500 ? [us / 1e3, "ms"] : [us / 1e6, "s"];
  return value.toFixed(value < 9.995 && us > 0 ? 2 : value < 99.95 ? 1 : 0) + " " + unit;
}
const number = (n) => n.toLocaleString("en");
const counted = (n, thing) => `${number(n)} ${thing}${n === 1 ? "" : "s"}`;
const percent = (part, whole) => (whole > 0 ? (100 * part / whole).toFixed(part / whole < 0.0995 ? 1 : 0) : "0") + " %";
const element = (name, text, more) => Object.assign(document.createElement(name), { textContent: text ?? "" }, more);
const atLoop = (args) => (args.loop == null ? "" : ` from loop ${args.loop} on`);
const threadOf = (event) => (isProgram(event) ? "on the program's thread" : "on the optimizer's thread");

function words(event) {
  const { cat, dur, args } = event;
  switch (cat) {
    case "translate":
      return `called for the first time; translated for tier 0 in ${time(dur)}: ${number(args.bytes)} bytes of wasm, ${number(args.code_bytes)} of code`;
    case "queue":
      return `asked of the optimizer${atLoop(args)} after ${number(args.arrivals)} calls and turns of loops; waited ${time(dur)}${event.ts + dur < end ? "" : ", and was not ready at the end"}`;
    case "install":
      return `calls lead to ${TIERS[args.tier]}`;
    case "osr":
      return `a running call went from ${TIERS[args.from]} to ${TIERS[args.to]} at loop ${args.loop}`;
  }
  if (args.refused) return `refused by ${TIERS[args.tier]}${atLoop(args)} after ${time(dur)} ${threadOf(event)}: ${args.refused}`;
  const more = [`${number(args.code_bytes)} bytes of code`];
  if (args.inlined) more.push(counted(args.inlined, "inlined call"));
  if (args.spills) more.push(counted(args.spills, "spilled value"));
  if (args.embedded) more.push(counted(args.embedded, "instruction") + " of the interpreter");
  if (args.passes_off?.length) more.push("left out: " + args.passes_off.join(", "));
  if (args.trigger === "cache") return `code of ${TIERS[args.tier]}${atLoop(args)} brought back from the cache in ${time(dur)}: ${more.join(", ")}`;
  const why = args.trigger === "first call" ? "at its first call" : args.trigger === "loop" ? "for a loop" : "for its calls";
  const after = args.arrivals ? ` after ${number(args.arrivals)} calls and turns` : "";
  return `compiled by ${TIERS[args.tier]}${atLoop(args)} in ${time(dur)} ${threadOf(event)}, ${why}${after}: ${more.join(", ")}`;
}

function summary() {
  const list = [], compiled = busy.filter((event) => event.cat === "compile");
  const phase = (name) => phases.find((one) => one.name === name);
  const load = phase("load"), run = phase("run");
  let first = `It took ${time(end)} in all`;
  if (load) first += `: ${time(load.dur)} to read and check the module`;
  if (run) first += `, ${time(run.ts)} to the first instruction, ${time(run.dur)} of running`;
  list.push(first + ".");
  const translated = busy.filter((event) => event.cat === "translate");
  list.push(`${number(translated.length)} of ${counted(about.functions, "function")} were translated for tier 0, in ${time(sum(translated, (event) => event.dur))}.`);
  for (const tier of [1, 2]) {
    const made = compiled.filter(({ args }) => args.tier === tier && !args.refused && args.trigger !== "cache");
    if (!made.length) continue;
    const of = (list) => time(sum(list, (event) => event.dur));
    const here = made.filter(isProgram), aside = made.filter((event) => !isProgram(event));
    const where = [];
    if (here.length) where.push(`${of(here)} on the program's thread`);
    if (aside.length) where.push(`${of(aside)} on the optimizer's, while the program ran`);
    const loops = made.filter((event) => event.args.loop != null).length;
    const whole = made.length - loops, what = [];
    if (whole) what.push(counted(whole, "function"));
    if (loops) what.push(counted(loops, "part") + " from loops on");
    list.push(`Tier ${tier} compiled ${what.join(" and ")}, ${number(sum(made, (event) => event.args.code_bytes))} bytes of code: ${where.join(", ")}.`);
  }
  const cached = compiled.filter((event) => event.args.trigger === "cache");
  if (cached.length) list.push(`Optimized code of ${counted(new Set(cached.map(functionOf)).size, "function")} was brought back from the cache, in ${time(sum(cached, (event) => event.dur))}.`);
  const optimized = all.flatMap((of) => of.events).filter((event) => (event.cat === "install" && event.args.tier === 2) || (event.cat === "osr" && event.args.to === 2));
  if (optimized.length) list.push(`Optimized code ran first after ${time(Math.min(...optimized.map((event) => event.ts)))}.`);
  const refused = compiled.filter((event) => event.args.refused), reasons = new Map();
  for (const { args } of refused) {
    const reason = args.refused.split(":")[0].split(" at 0x")[0];
    reasons.set(reason, (reasons.get(reason) || 0) + 1);
  }
  if (refused.length) list.push(`Refused: ${[...reasons].map(([reason, count]) => `${count} (${reason})`).join(", ")}.`);
  if (about.samples) {
    list.push(`Of ${time(seen)} of processor time seen by ${counted(about.samples, "sample")}: ${TIERS.map((tier, at) => `${percent(cpu[at], seen)} in ${tier}`).join(", ")}.`);
  } else {
    list.push("There are no samples: the run was too short, or spent its time elsewhere.");
  }
  if (about.dropped_events) list.push(`${number(about.dropped_events)} later events had no room and are missing.`);
  return list;
}

// ---- Drawing.

const view = { from: 0, to: end };
let colors = {};
const readColors = () => {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["t0", "t1", "t2", "compile", "load", "line", "faint", "text", "strip", "bad", "back"]) colors[name] = style.getPropertyValue("--" + name).trim();
};
const tierColor = (tier) => colors["t" + tier];

function canvasOf(canvas, height) {
  const width = Math.max(canvas.clientWidth, 1), scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return { context, width, x: (us) => ((us - view.from) / (view.to - view.from)) * width };
}

/** Adds what lasted from `ts` for `dur`, `amount` in all, to columns of the view. */
function spread(columns, width, ts, dur, amount) {
  const step = (view.to - view.from) / width, stop = ts + dur;
  const low = Math.max(0, Math.floor((ts - view.from) / step)), high = Math.min(width - 1, Math.floor((stop - view.from) / step));
  for (let at = low; at <= high; at++) {
    const begin = view.from + at * step, part = Math.min(stop, begin + step) - Math.max(ts, begin);
    columns[at] += dur > 0 ? (amount * Math.max(part, 0)) / dur / step : 0;
  }
}

/** Draws columns on top of each other, each at most as high as all of them are. */
function stack(context, columns, width, top, height) {
  for (let at = 0; at < width; at++) {
    const whole = Math.max(1, sum(columns, (column) => column.values[at]));
    let bottom = top + height;
    for (const { values, color } of columns) {
      if (values[at] <= 0) continue;
      const part = Math.max((values[at] / whole) * height, 0.75);
      context.fillStyle = color;
      context.fillRect(at, bottom - part, 1.02, part);
      bottom -= part;
    }
  }
}

const HEIGHT = 96, LANE = 17, AXIS = 20;
const lanes = [...new Set(busy.map((event) => event.tid))].sort((a, b) => a - b).slice(0, 6);

function drawOverview() {
  const canvas = $("overview"), height = HEIGHT + lanes.length * LANE + AXIS;
  canvas.style.height = height + "px";
  const { context, width, x } = canvasOf(canvas, height);
  const column = (color) => ({ values: new Float64Array(Math.ceil(width)), color });
  const columns = [column(colors.t2), column(colors.t1), column(colors.t0), column(colors.compile), column(colors.load)];
  for (const { ts, dur, args } of sampled) spread(columns[2 - args.tier].values, columns[0].values.length, ts, dur, args.cpu);
  for (const event of busy.filter(isProgram)) spread(columns[3].values, columns[0].values.length, event.ts, event.dur, event.dur);
  for (const { name, ts, dur } of phases) if (name !== "run") spread(columns[4].values, columns[0].values.length, ts, dur, dur);
  stack(context, columns, columns[0].values.length, 6, HEIGHT - 6);
  context.font = "11px system-ui, sans-serif";
  lanes.forEach((tid, at) => {
    const top = HEIGHT + at * LANE;
    context.fillStyle = colors.strip;
    context.fillRect(0, top + 2, width, LANE - 3);
    for (const event of busy) {
      if (event.tid !== tid || event.ts > view.to || event.ts + event.dur < view.from) continue;
      context.fillStyle = event.args.refused ? colors.bad : event.cat === "translate" ? colors.t0 : tierColor(event.args.tier);
      context.fillRect(x(event.ts), top + 2, Math.max(x(event.ts + event.dur) - x(event.ts), 1), LANE - 3);
    }
    label(context, `${tracks.get(tid) || "thread"} compiles`, 5, top + 13);
  });
  const top = height - AXIS, step = niceStep((view.to - view.from) / (width / 90));
  context.fillStyle = colors.faint;
  for (let at = Math.ceil(view.from / step) * step; at <= view.to; at += step) {
    context.fillRect(x(at), top, 1, 4);
    const text = time(at);
    context.fillText(at === 0 ? "0" : text, Math.min(x(at) + 3, width - context.measureText(text).width - 2), top + 14);
  }
  if (drag) {
    context.globalAlpha = 0.2;
    context.fillStyle = colors.text;
    context.fillRect(Math.min(drag.from, drag.to), 0, Math.abs(drag.to - drag.from), height);
    context.globalAlpha = 1;
  }
}

function label(context, text, x, y) {
  context.globalAlpha = 0.75;
  context.fillStyle = colors.back;
  context.fillRect(x - 2, y - 10, context.measureText(text).width + 4, 13);
  context.globalAlpha = 1;
  context.fillStyle = colors.faint;
  context.fillText(text, x, y);
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least);
}

/** The life of a function: what calls of it lead to along the bottom, its share of the time above, what happened to it on top. */
function drawStrip(canvas, of) {
  const height = 30, { context, width, x } = canvasOf(canvas, height);
  context.fillStyle = colors.strip;
  context.fillRect(0, 2, width, height - 4);
  const part = (from, to, top, tall, color) => {
    if (to < view.from || from > view.to) return;
    context.fillStyle = color;
    const left = Math.max(x(from), 0);
    context.fillRect(left, top, Math.max(Math.min(x(to), width) - left, 1.5), tall);
  };
  let tier = 0, since = of.first;
  for (const event of of.events) {
    if (event.cat !== "install") continue;
    part(since, event.ts, height - 6, 4, tierColor(tier));
    [tier, since] = [event.args.tier, event.ts];
  }
  part(since, end, height - 6, 4, tierColor(tier));
  const count = Math.ceil(width);
  const columns = [2, 1, 0].map((tier) => ({ values: new Float64Array(count), color: tierColor(tier) }));
  for (const { ts, dur, args } of of.samples) spread(columns[2 - args.tier].values, count, ts, dur, args.cpu);
  stack(context, columns, count, 9, height - 16);
  for (const event of of.events) {
    const { ts, dur, cat, args } = event;
    if (cat === "queue") {
      context.globalAlpha = 0.55;
      part(ts, ts + dur, 4, 2, colors.faint);
      context.globalAlpha = 1;
    } else if (cat === "compile") part(ts, ts + dur, 2, 6, args.refused ? colors.bad : colors.compile);
    else if (cat === "translate") part(ts, ts + dur, 2, 6, colors.t0);
  }
  for (const { ts, cat, args } of of.events) {
    if (cat !== "osr" || ts < view.from || ts > view.to) continue;
    context.fillStyle = tierColor(args.to);
    context.strokeStyle = colors.text;
    context.lineWidth = 0.8;
    context.beginPath();
    context.moveTo(x(ts) - 4, 2.5);
    context.lineTo(x(ts) + 4, 2.5);
    context.lineTo(x(ts), 9.5);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

// ---- Rows.

let shown = [], most = 60;
const open = new Set();

const ORDERS = {
  time: (a, b) => b.total - a.total || b.compile - a.compile,
  first: (a, b) => a.first - b.first,
  compile: (a, b) => b.compile - a.compile,
  code: (a, b) => b.code - a.code,
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.func - b.func),
};

function choose() {
  const text = $("filter").value.trim().toLowerCase(), kind = $("kind").value;
  const fits = (of) =>
    (!text || of.name.toLowerCase().includes(text) || String(of.func) === text) &&
    (kind === "all" || (kind === "sampled" ? of.total > 0 : kind === "osr" || kind === "refused" ? of[kind] : of.tiers & (1 << kind)));
  shown = all.filter(fits).sort(ORDERS[$("order").value]);
  $("count").textContent = `${counted(shown.length, "function")}${shown.length < all.length ? ` of ${number(all.length)} that were called` : " that were called"}`;
  most = 60;
  rows();
}

function rows() {
  const list = $("rows");
  list.replaceChildren(...shown.slice(0, most).map(row));
  const left = shown.length - most;
  $("more").hidden = left <= 0;
  $("more").textContent = `Show ${Math.min(left, 200)} of ${number(left)} more`;
  drawStrips();
}

function row(of) {
  const item = element("li"), line = element("div", "", { className: "row" });
  const name = element("button", of.name, { className: "name", type: "button", title: of.name });
  const spent = element("span", of.total ? time(of.total) : "–", { className: "time", title: "processor time in this function, and its share" });
  spent.append(element("small", of.total ? percent(of.total, seen) : ""));
  const strip = element("canvas", "", { className: "strip" });
  const toggle = () => {
    open.has(of) ? open.delete(of) : open.add(of);
    unfold();
  };
  const unfold = () => {
    name.setAttribute("aria-expanded", open.has(of));
    item.querySelector(".more")?.remove();
    if (open.has(of)) item.append(details(of));
  };
  name.onclick = toggle;
  strip.onclick = toggle;
  strip.onpointermove = (event) => tip(event, of, strip);
  strip.onpointerleave = () => ($("tip").hidden = true);
  strip.of = of;
  line.append(name, spent, strip);
  item.append(line);
  unfold();
  return item;
}

function drawStrips() {
  for (const strip of document.querySelectorAll(".strip")) drawStrip(strip, strip.of);
}

function colorOf({ cat, args }) {
  if (args.refused) return "var(--bad)";
  if (cat === "queue") return "var(--faint)";
  if (cat === "compile") return "var(--compile)";
  return `var(--t${cat === "translate" ? 0 : cat === "osr" ? args.to : args.tier})`;
}

function details(of) {
  const box = element("div", "", { className: "more" });
  box.append(element("h2", of.name), element("p", `function ${of.func}${of.module ? ` of module ${of.module}` : ""}${of.bytes ? `, ${number(of.bytes)} bytes of wasm` : ""}`));
  const parts = TIERS.map((tier, at) => of.count[at] && `${time(of.cpu[at])} in ${tier} (${counted(of.count[at], "sample")})`).filter(Boolean);
  box.append(element("p", parts.length ? `Seen for ${parts.join(", ")}.` : "No sample has seen it."));
  const table = element("table"), list = of.events.slice(0, 200);
  for (const event of list) {
    const line = table.insertRow(), what = element("td", words(event));
    what.prepend(element("i", "", { style: `background: ${colorOf(event)}` }));
    line.append(element("td", time(event.ts)), what);
  }
  box.append(table);
  if (list.length < of.events.length) box.append(element("p", `and ${number(of.events.length - list.length)} more events`));
  return box;
}

function tip(event, of, strip) {
  const bounds = strip.getBoundingClientRect(), per = (view.to - view.from) / bounds.width;
  const at = view.from + (event.clientX - bounds.left) * per;
  const near = of.events.filter(({ ts, dur }) => ts - 4 * per <= at && at <= ts + dur + 4 * per).slice(0, 3);
  const sample = of.samples.find(({ ts, dur }) => ts <= at && at <= ts + dur);
  const lines = [time(at)];
  if (sample) lines[0] += ` · in ${TIERS[sample.args.tier]}`;
  lines.push(...near.map((event) => `${time(event.ts)} ${words(event)}`));
  const box = $("tip");
  box.textContent = lines.join("\n");
  box.hidden = false;
  box.style.left = Math.max(4, Math.min(event.clientX + 12, innerWidth - box.offsetWidth - 8)) + "px";
  box.style.top = (event.clientY + 18 + box.offsetHeight > innerHeight ? event.clientY - box.offsetHeight - 10 : event.clientY + 18) + "px";
}

// ---- The part that is shown.

let drag = null;

function draw() {
  readColors();
  drawOverview();
  drawStrips();
  $("range").textContent = view.from > 0 || view.to < end ? `${time(view.from)} to ${time(view.to)}` : "";
}

function show(from, to) {
  const least = Math.min(1, end), width = Math.min(Math.max(to - from, least), end);
  view.from = Math.min(Math.max(from, 0), end - width);
  view.to = view.from + width;
  draw();
}

function zoom(factor, middle = (view.from + view.to) / 2) {
  show(middle - (middle - view.from) * factor, middle + (view.to - middle) * factor);
}

function move(part) {
  const by = (view.to - view.from) * part;
  show(view.from + by, view.to + by);
}

const overview = $("overview");
const place = (event) => event.clientX - overview.getBoundingClientRect().left;
const timeAt = (x) => view.from + (x / overview.clientWidth) * (view.to - view.from);
overview.onpointerdown = (event) => {
  overview.setPointerCapture(event.pointerId);
  drag = { from: place(event), to: place(event) };
};
overview.onpointermove = (event) => {
  if (!drag) return;
  drag.to = place(event);
  drawOverview();
};
overview.onpointerup = () => {
  if (!drag) return;
  const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)].map(timeAt);
  const wide = Math.abs(drag.to - drag.from) > 4;
  drag = null;
  wide ? show(from, to) : drawOverview();
};
overview.onpointercancel = () => {
  drag = null;
  drawOverview();
};
overview.ondblclick = () => show(0, end);
overview.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.shiftKey) return;
  event.preventDefault();
  event.shiftKey ? move(Math.sign(event.deltaY || event.deltaX) * 0.2) : zoom(event.deltaY > 0 ? 1.3 : 1 / 1.3, timeAt(place(event)));
}, { passive: false });

document.onkeydown = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    $("tip").hidden = true;
    return;
  }
  if (event.target.matches("input, select")) return;
  const names = [...document.querySelectorAll(".name")], at = names.indexOf(document.activeElement);
  const keys = {
    "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6), 0: () => show(0, end),
    ArrowLeft: () => move(-0.25), ArrowRight: () => move(0.25), "/": () => $("filter").focus(),
  };
  if (at >= 0) {
    keys.ArrowDown = () => names[at + 1]?.focus();
    keys.ArrowUp = () => names[at - 1]?.focus();
  }
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
};

$("in").onclick = () => zoom(0.6);
$("out").onclick = () => zoom(1 / 0.6);
$("all").onclick = () => show(0, end);
$("filter").oninput = choose;
$("kind").onchange = choose;
$("order").onchange = choose;
$("more").onclick = () => {
  most += 200;
  rows();
};
$("save").onclick = () => {
  const link = element("a", "", { href: URL.createObjectURL(new Blob([source], { type: "application/json" })), download: "timeline.json" });
  link.click();
  URL.revokeObjectURL(link.href);
};

// ---- Once.

const short = about.file.split("/").pop();
Object.assign($("file"), { textContent: short, title: about.file });
document.title = `${short}: tier timeline`;
for (const line of summary()) $("words").append(element("li", line));
const before = sum(phases.filter(({ name }) => name !== "run"), (phase) => phase.dur);
const parts = [["load", "loading", before], ["t0", TIER_WORDS[0], cpu[0]], ["t1", TIER_WORDS[1], cpu[1]], ["t2", TIER_WORDS[2], cpu[2]], ["compile", "compiling on the program's thread", waited]];
const rest = Math.max(end - sum(parts, ([, , us]) => us), 0);
for (const [color, name, us] of [...parts, ["line", "waiting or not seen", rest]]) {
  const part = element("span", "", { title: `${name}: ${time(us)}` });
  part.style.cssText = `flex: ${us} 0 0; background: var(--${color})`;
  if (us > 0) $("shares").append(part);
  const entry = element("span", name + " "), mark = element("i");
  mark.style.background = `var(--${color})`;
  entry.prepend(mark);
  entry.append(element("b", time(us)));
  $("legend").append(entry);
}
$("shares").setAttribute("aria-label", "The whole run: " + $("legend").textContent);
$("legend").append(element("span", "▾ goes on in another tier at a loop"));
readColors();
choose();
draw();
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
