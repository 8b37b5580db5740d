// Draws the report from the data in this file. Everything is worked out already (see `Report` in bench/src/report/mod.rs);
// this only lays it out. Names come from outside, so they get into the page as text alone, never as HTML.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const state = { entry: null, measure: null, subject: "all", paper: false, hidden: new Set(), open: new Set() };
  const charts = new Map();
  let captions = 0;

  // Colours that stand out from a white and from a dark page alike, and what tells lines apart without colours.
  const COLOURS = [
    "#2f74e8", "#d9541e", "#2f8f46", "#a855c7", "#a87b05", "#0f8f99",
    "#d43d7b", "#7a7f87", "#8a6a4a", "#6d6ff0", "#6b8e23", "#c0504d",
  ];
  const POINTS = ["circle", "rect", "triangle", "rectRot", "star", "crossRot", "cross", "rectRounded"];
  const DASHES = [[], [6, 3], [2, 3], [10, 3, 2, 3], [14, 4]];

  // The chosen entry's runtimes first: each keeps its place, and so its colour, whatever is shown.
  const runtimes = [];
  for (const entry of [data.entries[data.chosen], ...data.entries]) {
    for (const { name } of entry.runtimes) {
      if (!runtimes.includes(name)) runtimes.push(name);
    }
  }
  const colour = (name) => COLOURS[runtimes.indexOf(name) % COLOURS.length];

  // ---- small helpers

  const theme = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function el(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child != null));
    return node;
  }

  const swatch = (name) => {
    const node = el("span", { class: "swatch", "aria-hidden": "true" });
    node.style.background = colour(name);
    return node;
  };

  function digits(value) {
    if (value < 0.9995) return value.toFixed(3);
    if (value < 9.995) return value.toFixed(2);
    if (value < 99.95) return value.toFixed(1);
    return value.toFixed(0);
  }

  function ratioDigits(value) {
    return value >= 0.0995 && value < 0.9995 ? value.toFixed(2) : digits(value);
  }

  const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const own = (entry) => entry.runtimes[0]?.name ?? "upshift";

  // The places of the runtimes that are shown, upshift first.
  const shown = (entry) => [...entry.runtimes.keys()].filter((at) => at === 0 || !state.hidden.has(entry.runtimes[at].name));

  const sectionOf = (entry, measure) => entry.sections.find((section) => section.measure === measure);

  // ---- tables

  // A cell is a text or { text, class, title }; a head may also span columns, and `text` makes a whole column text.
  function cell(tag, content, attributes) {
    const { text, ...rest } = typeof content === "object" ? content : { text: content };
    return el(tag, { ...attributes, ...rest }, text);
  }

  function table(caption, heads, rows, total = -1) {
    const head = heads.map((row) => el("tr", {}, ...row.map((content) => cell("th", content, { scope: content.colspan ? "colgroup" : "col" }))));
    const body = rows.map((row, at) => {
      const cells = row.map((content, column) => (column === 0 ? cell("th", content, { scope: "row" }) : cell("td", content)));
      return el("tr", { class: at === total ? "total" : null }, ...cells);
    });
    // The caption stays in place while the table scrolls; what scrolls can be reached by keyboard.
    const id = `caption-${++captions}`;
    const whole = el("table", { "aria-labelledby": id }, el("thead", {}, ...head), el("tbody", {}, ...body));
    const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": id }, whole);
    return el("div", { class: "table" }, el("p", { class: "dim", id }, caption), scroll);
  }

  function ratioCell(value, extra = {}) {
    if (value == null) return { text: "–", class: "mark", ...extra };
    const text = ratioDigits(value);
    const kind = Number(text) < 1 ? "ahead" : Number(text) > 1 ? "behind" : "";
    return { text, class: kind, ...extra };
  }

  function timeCell(cell, extra = "") {
    if (cell.min == null) return { text: cell.word ?? "–", class: `mark ${extra}`, title: cell.mark };
    const title = [`median ${digits(cell.median)} ms`, cell.mark].filter(Boolean).join("; ");
    return { text: digits(cell.min) + (cell.mark ? "\u00a0*" : ""), class: extra, title };
  }

  // A part of the page that can be opened; it stays as it was when the page is drawn again.
  function fold(id, title, ...children) {
    const node = el("details", { open: state.paper || state.open.has(id) }, el("summary", {}, title), ...children);
    node.addEventListener("toggle", () => {
      if (state.paper) return;
      if (node.open) state.open.add(id);
      else state.open.delete(id);
    });
    return node;
  }

  // ---- charts

  // Steps of 1, 2 and 5 on a logarithmic axis; only powers of ten, or the ends and 1, when there is no room for so many.
  function steps(low, high, most) {
    const all = [];
    for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)); power++) {
      for (const digit of [1, 2, 5]) all.push(Number(`${digit}e${power}`));
    }
    const inside = all.filter((value) => value >= low * 0.999 && value <= high * 1.001);
    const tens = inside.filter((value) => Number.isInteger(Math.round(Math.log10(value) * 1e6) / 1e6));
    if (inside.length <= most) return inside;
    return tens.length > 1 ? tens : inside.filter((value) => value === low || value === 1 || value === high);
  }

  function stepBelow(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return Number(([5, 2, 1].find((digit) => digit * power <= value * 1.0001) * power).toPrecision(1));
  }

  function stepAbove(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return Number(([1, 2, 5, 10].find((digit) => digit * power >= value * 0.9999) * power).toPrecision(1));
  }

  const number = (value) => (value >= 1 ? value.toLocaleString("en") : String(value));

  function logarithmic(low, high, title, one = false) {
    return {
      type: "logarithmic",
      min: low,
      max: high,
      title: { display: true, text: title, color: theme("dim") },
      afterBuildTicks: (axis) => {
        // What is beside the axis takes about 190 pixels, and a figure 45.
        const room = axis.isHorizontal() ? Math.floor((axis.chart.width - 190) / 45) : 9;
        axis.ticks = steps(low, high, Math.min(room, 9)).map((value) => ({ value }));
      },
      ticks: { color: theme("dim"), callback: number, maxRotation: 0, autoSkip: false },
      grid: {
        color: (context) => theme(one && context.tick?.value === 1 ? "one" : "line"),
        lineWidth: (context) => (one && context.tick?.value === 1 ? 2 : 1),
      },
      border: { display: false },
    };
  }

  const FONT = 11;
  // How much of a program's name there is room for beside a chart.
  const NAME = 18;
  Chart.defaults.font.family = "system-ui, sans-serif";

  // Writes the name and the figure at the end of each bar, so that no bar has to be told by its colour, and the reason in the
  // place of a bar that is not there.
  const barLabels = {
    id: "barLabels",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      ctx.save();
      ctx.font = `${FONT}px system-ui, sans-serif`;
      ctx.textBaseline = "middle";
      ctx.fillStyle = theme("text");
      for (const [at, dataset] of chart.data.datasets.entries()) {
        for (const [row, bar] of chart.getDatasetMeta(at).data.entries()) {
          const label = dataset.labels[row];
          const right = Math.max(bar.x || 0, bar.base || chart.chartArea.left);
          if (label) ctx.fillText(label, right + 5, bar.y);
        }
      }
      ctx.restore();
    },
  };

  // `bars` is a list of { name, values, labels }, with a value and a label for each category. What would be higher than a page
  // of paper becomes several charts, with axes alike.
  function barCharts(id, caption, categories, bars, axis, base) {
    const thickness = bars.length > 5 ? 13 : 15;
    const each = bars.length * thickness + 12;
    const count = Math.ceil((categories.length * each) / 850);
    const size = Math.ceil(categories.length / count);
    const names = Math.min(Math.max(...categories.map((name) => name.length)), NAME) * 7 + 14;
    const parts = [];
    for (let at = 0; at < categories.length; at += size) {
      const slice = (list) => list.slice(at, at + size);
      const part = bars.map(({ name, values, labels }) => ({ name, values: slice(values), labels: slice(labels) }));
      const title = count > 1 ? `${caption}, part ${parts.length + 1} of ${count}` : caption;
      const height = slice(categories).length * each + 58;
      parts.push(barChart(`${id} ${at}`, title, height, slice(categories), part, { ...axis }, names, base));
    }
    return parts;
  }

  function barChart(id, caption, height, categories, bars, axis, names, base) {
    const widest = Math.max(0, ...bars.flatMap((bar) => bar.labels.map((label) => label.length)));
    const sets = bars.map(({ name, values, labels }) => ({
      label: name,
      data: values,
      labels,
      base,
      backgroundColor: colour(name),
      borderRadius: 2,
      minBarLength: 2,
      categoryPercentage: 0.86,
      barPercentage: 0.9,
    }));
    return chart(id, caption, height, {
      type: "bar",
      data: { labels: categories, datasets: sets },
      plugins: [barLabels],
      options: {
        indexAxis: "y",
        layout: { padding: { right: Math.min(widest * FONT * 0.56 + 10, 170) } },
        scales: {
          x: axis,
          y: {
            // As wide in all parts.
            afterFit: (scale) => (scale.width = names),
            ticks: { color: theme("text"), autoSkip: false, callback: (at) => clip(categories[at], NAME) },
            grid: { display: false },
          },
        },
        plugins: {
          tooltip: {
            callbacks: { label: (item) => item.dataset.labels[item.dataIndex] },
          },
        },
      },
    });
  }

  const clip = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  function chart(id, caption, height, config) {
    const canvas = el("canvas", { role: "img", "aria-label": `${caption}. The table below has the same figures.` });
    const box = el("div", { class: "chart" }, canvas);
    box.style.height = `${height}px`;
    config.options = { responsive: true, maintainAspectRatio: false, animation: false, ...config.options };
    config.options.plugins = { legend: { display: false }, ...config.options.plugins };
    // Drawn when it is in the page: only there it has a width.
    charts.set(id, { canvas, config });
    return box;
  }

  function drawCharts() {
    for (const item of charts.values()) {
      item.chart = new Chart(item.canvas, item.config);
      // Between the margins of paper, whose width nobody tells.
      if (state.paper) item.chart.resize(660, item.chart.height);
    }
  }


  // ---- the parts of the page

  function header(entry) {
    const lead = document.getElementById("lead");
    lead.replaceChildren(`Entry ${entry.id}: ${entry.reason}`);
    document.title = `upshift-bench: ${entry.id}`;
  }

  function controls() {
    const form = document.getElementById("controls");
    const entry = data.entries[state.entry];
    const change = (action) => (event) => {
      action(event.target);
      draw();
    };

    const pick = el("select", { id: "entry" }, ...data.entries.map((each, at) => el("option", { value: at, selected: at === state.entry }, each.id)));
    pick.addEventListener("change", change((target) => choose(Number(target.value))));
    const parts = [el("label", { class: "field" }, el("span", {}, "Entry"), pick)];

    if (entry.sections.length > 0) {
      const choices = entry.sections.map(({ measure }) => {
        const input = el("input", { type: "radio", name: "measure", value: measure, checked: measure === state.measure });
        input.addEventListener("change", change(() => (state.measure = measure)));
        return el("label", {}, input, capital(measure));
      });
      parts.push(el("fieldset", {}, el("legend", {}, "Measure"), ...choices));
    }

    const peers = runtimes.filter((name) => name !== own(entry));
    if (peers.length > 0) {
      const boxes = peers.map((name) => {
        const input = el("input", { type: "checkbox", checked: !state.hidden.has(name) });
        input.addEventListener("change", change((target) => (target.checked ? state.hidden.delete(name) : state.hidden.add(name))));
        return el("label", {}, input, swatch(name), name);
      });
      parts.push(el("fieldset", {}, el("legend", {}, "Compare with"), ...boxes));
    }
    form.replaceChildren(...parts);
  }

  function summary(entry, section) {
    const node = document.getElementById("summary");
    const title = el("h2", { id: "summary-title" }, "Summary");
    if (!section) return node.replaceChildren(title, el("p", {}, "Nothing was measured in this entry."));
    const places = shown(entry).slice(1).filter((at) => section.means[at]);
    if (places.length === 0) return node.replaceChildren(title, el("p", {}, "No other runtime with times to compare with."));

    const lines = [...section.layers, { name: "all", means: section.means }];
    const values = lines.flatMap((line) => places.map((at) => line.means[at]?.ratio)).filter((value) => value != null);
    const text = `Geometric means of ${own(entry)}'s time divided by the other's, ${section.measure}`;
    const children = [
      title,
      el("p", {}, `A ratio below 1 says that ${own(entry)} is ahead: 0.5 is twice as fast, 2 is half as fast. The scales of all charts are logarithmic.`),
    ];
    if (values.length > 0) {
      const drawn = lines.filter((line) => places.some((at) => line.means[at]));
      const bars = places.map((at) => {
        const { name } = entry.runtimes[at];
        const means = drawn.map((line) => line.means[at]?.ratio ?? null);
        return { name, values: means, labels: means.map((mean) => (mean == null ? "" : `${name} ${ratioDigits(mean)}`)) };
      });
      const low = Math.min(0.5, stepBelow(Math.min(...values)));
      const high = Math.max(2, stepAbove(Math.max(...values)));
      const axis = logarithmic(low, high, "← ahead · behind →", true);
      children.push(...barCharts("summary", text, drawn.map((line) => line.name), bars, axis, 1));
    }
    const heads = [["layer", "programs", ...places.map((at) => entry.runtimes[at].name)]];
    const count = (line) => line.rows?.length ?? section.layers.reduce((sum, layer) => sum + layer.rows.length, 0);
    const rows = lines.map((line) => [
      line.name,
      count(line),
      ...places.map((at) => {
        const mean = line.means[at];
        return ratioCell(mean?.ratio, mean ? { title: `over ${plural(mean.cases, "program")}` } : {});
      }),
    ]);
    children.push(table(text, heads, rows, rows.length - 1));
    children.push(el("p", { class: "dim" }, "A mean is over the programs that both runtimes have times for."));
    node.replaceChildren(...children);
  }

  function layers(entry, section) {
    const node = document.getElementById("layers");
    node.replaceChildren();
    if (!section) return;
    node.append(el("h2", { id: "layers-title" }, `Programs, ${section.measure}`));
    const about = new Map(data.measures).get(section.measure);
    node.append(el("p", {}, `${about}. Times are those of the shortest run, in milliseconds; shorter bars are better.`));
    for (const layer of section.layers) node.append(layerPart(entry, section, layer));
  }

  function layerPart(entry, section, layer) {
    // Runtimes that say nothing of any program here would only be gaps.
    const says = (at) => layer.rows.some(({ cells }) => cells[at].min != null || cells[at].word);
    const places = shown(entry).filter((at) => at === 0 || says(at));
    const caption = `Layer ${layer.name}: ${section.measure} times in ms`;
    const part = el("div", {}, el("h3", {}, `Layer ${layer.name}`), el("p", { class: "dim" }, `${layer.about}.`));

    const times = layer.rows.flatMap((row) => places.map((at) => row.cells[at].min)).filter((time) => time > 0);
    const least = times.length > 0 ? Math.min(...times) : 1;
    const most = times.length > 0 ? Math.max(...times) : 10;
    // Below the least, so that it has a bar.
    const low = stepBelow(least / 1.3);
    const bars = places.map((at) => {
      const { name } = entry.runtimes[at];
      const cells = layer.rows.map((row) => row.cells[at]);
      const label = (cell) => {
        if (cell.min != null) return `${name} ${digits(cell.min)}${cell.mark ? " *" : ""}`;
        return cell.word ? `${name}: ${clip(cell.word, 16)}` : "";
      };
      // A time that is shown as zero has no place on a logarithmic axis but the lowest.
      return { name, values: cells.map((cell) => (cell.min == null ? null : Math.max(cell.min, low))), labels: cells.map(label) };
    });
    const axis = logarithmic(low, Math.max(stepAbove(most), low * 10), "ms");
    part.append(...barCharts(`layer ${layer.name}`, caption, layer.rows.map((row) => row.case), bars, axis));
    part.append(fold(`layer ${layer.name}`, `Table: ${layer.name}`, layerTable(entry, layer, places, caption)));
    part.append(...notes(entry, layer, places));
    return part;
  }

  function layerTable(entry, layer, places, caption) {
    const peers = places.slice(1);
    const first = ["", { text: own(entry), colspan: 2, class: "group" }];
    first.push(...peers.map((at) => ({ text: entry.runtimes[at].name, colspan: 2, class: "group" })));
    const second = ["program", { text: "ms", class: "group" }, "median"];
    for (const _ of peers) second.push({ text: "ms", class: "group" }, "ratio");
    const rows = layer.rows.map((row) => {
      const line = [row.case];
      for (const at of places) {
        const cell = row.cells[at];
        line.push(timeCell(cell, "group"));
        if (at === 0) line.push(cell.median == null ? "" : digits(cell.median));
        else line.push(cell.min == null ? "" : ratioCell(cell.ratio));
      }
      return line;
    });
    const means = ["geometric mean", { text: "", class: "group" }, ""];
    for (const at of peers) means.push({ text: "", class: "group" }, ratioCell(layer.means[at]?.ratio));
    const last = peers.length > 0 ? [means] : [];
    return table(caption, [first, second], [...rows, ...last], rows.length);
  }

  // What the marks in a layer say in full: one line for each mark and those programs that it is about in the same runtimes.
  function notes(entry, layer, places) {
    const found = new Map();
    for (const at of places) {
      for (const row of layer.rows) {
        const { mark } = row.cells[at];
        if (!mark) continue;
        const key = JSON.stringify([mark, at]);
        found.set(key, [...(found.get(key) ?? []), row.case]);
      }
    }
    if (found.size === 0) return [];
    const grouped = new Map();
    for (const [key, cases] of found) {
      const [mark, at] = JSON.parse(key);
      const all = cases.length === layer.rows.length && cases.length > 1;
      const line = `${mark}: ${all ? "all programs" : cases.join(", ")}`;
      grouped.set(line, [...(grouped.get(line) ?? []), entry.runtimes[at].name]);
    }
    const lines = [...grouped].map(([line, names]) => el("li", {}, `${line} in ${names.join(", ")}`));
    return [el("p", { class: "dim" }, "Marks:"), el("ul", {}, ...lines)];
  }

  function memory(entry) {
    const node = document.getElementById("memory");
    node.replaceChildren();
    if (entry.memory.length === 0) return;
    const places = shown(entry);
    const size = (value) => (value == null ? "–" : value.toFixed(value < 99.95 ? 1 : 0));
    const heads = (first) => [[first, ...places.map((at) => entry.runtimes[at].name)]];
    const ranges = entry.memory.map((layer) => [
      layer.name,
      ...places.map((at) => (layer.ranges[at] ? [...new Set(layer.ranges[at].map(size))].join(" – ") : "–")),
    ]);
    const rows = entry.memory.flatMap((layer) => layer.rows.map(([name, sizes]) => [name, ...places.map((at) => size(sizes[at]))]));
    node.append(
      el("h2", { id: "memory-title" }, "Memory"),
      el("p", {}, "The most resident memory that a process had, in 10⁶ bytes: the least and the most of a layer's programs."),
      table("Peak memory by layer, MB", heads("layer"), ranges),
      fold("memory", "Table: all programs", table("Peak memory by program, MB", heads("program"), rows)),
    );
  }

  // What the history can show: the mean over all, of a layer, or one program.
  function subjects() {
    const layers = new Set();
    const cases = new Set();
    for (const section of data.entries.flatMap((entry) => sectionOf(entry, state.measure) ?? [])) {
      for (const layer of section.layers) {
        layers.add(layer.name);
        for (const row of layer.rows) cases.add(row.case);
      }
    }
    return { layers: [...layers], cases: [...cases] };
  }

  // The ratio to a runtime in an entry, and over how many programs.
  function past(entry, name) {
    const section = sectionOf(entry, state.measure);
    const at = entry.runtimes.findIndex((runtime) => runtime.name === name);
    if (!section || at < 1) return null;
    const subject = state.subject.slice(state.subject.indexOf(" ") + 1);
    if (state.subject === "all") return section.means[at];
    if (state.subject.startsWith("layer ")) return section.layers.find((layer) => layer.name === subject)?.means[at];
    const row = section.layers.flatMap((layer) => layer.rows).find((each) => each.case === subject);
    return row?.cells[at].ratio == null ? null : { ratio: row.cells[at].ratio, cases: 1 };
  }

  function pastPart(chosen) {
    const node = document.getElementById("past");
    node.replaceChildren(el("h2", { id: "past-title" }, "History"));
    const { layers, cases } = subjects();
    const values = ["all", ...layers.map((name) => `layer ${name}`), ...cases.map((name) => `case ${name}`)];
    if (!values.includes(state.subject)) state.subject = "all";

    const option = (value, text) => el("option", { value, selected: value === state.subject }, text);
    const select = el(
      "select",
      { id: "subject" },
      el(
        "optgroup",
        { label: "Geometric means" },
        option("all", "all programs"),
        ...layers.map((name) => option(`layer ${name}`, `layer ${name}`)),
      ),
      el("optgroup", { label: "One program" }, ...cases.map((name) => option(`case ${name}`, name))),
    );
    select.addEventListener("change", () => {
      state.subject = select.value;
      draw();
      document.getElementById("subject")?.focus();
    });
    node.append(el("form", {}, el("label", { class: "field" }, el("span", {}, "Show"), select)));

    const peers = runtimes.filter((name) => !state.hidden.has(name) && data.entries.some((entry) => past(entry, name)));
    const caption = `Ratio of upshift's ${state.measure ?? ""} time to the other's, entry by entry`;
    if (peers.length === 0) {
      node.append(el("p", {}, "No entry has a runtime to compare with."));
    } else {
      const entries = data.entries.filter((entry) => peers.some((name) => past(entry, name)));
      const ratios = entries.flatMap((entry) => peers.map((name) => past(entry, name)?.ratio)).filter((ratio) => ratio != null);
      const low = Math.min(0.5, stepBelow(Math.min(...ratios)));
      const high = Math.max(2, stepAbove(Math.max(...ratios)));
      const sets = peers.map((name) => {
        const at = runtimes.indexOf(name);
        return {
          label: name,
          data: entries.map((entry) => past(entry, name)?.ratio ?? null),
          borderColor: colour(name),
          backgroundColor: colour(name),
          pointStyle: POINTS[at % POINTS.length],
          borderDash: DASHES[at % DASHES.length],
          pointRadius: 5,
          pointHoverRadius: 7,
          borderWidth: 2,
          // An entry without this runtime does not end its line.
          spanGaps: true,
        };
      });
      const y = logarithmic(low, high, "← ahead · behind →", true);
      node.append(
        chart("past", caption, 340, {
          type: "line",
          data: { labels: entries.map((entry) => clip(entry.id, 16)), datasets: sets },
          options: {
            scales: {
              y,
              x: { offset: true, ticks: { color: theme("text"), maxRotation: 60 }, grid: { display: false } },
            },
            plugins: {
              legend: { display: true, labels: { usePointStyle: true, color: theme("text") } },
              tooltip: { callbacks: { label: (item) => `${item.dataset.label} ${ratioDigits(item.parsed.y)}` } },
            },
          },
        }),
      );
      const heads = [["entry", "commit", ...peers]];
      const rows = entries.map((entry) => [
        entry.id,
        entry.commit,
        ...peers.map((name) => {
          const mean = past(entry, name);
          return ratioCell(mean?.ratio, mean ? { title: `over ${plural(mean.cases, "program")}` } : {});
        }),
      ]);
      node.append(table(caption, heads, rows));
      node.append(
        el("p", { class: "dim" }, "Entries with other programs, machines or versions are only roughly comparable; their times are not at all."),
      );
    }
    const all = data.entries.map((entry) => [
      { text: entry.id + (entry === chosen ? " (shown)" : "") },
      { text: entry.date, class: "left" },
      { text: entry.commit, class: "left" },
      entry.cases,
      { text: entry.machine, class: "text" },
      { text: entry.reason, class: "text" },
    ]);
    const text = (name) => ({ text: name, class: "left" });
    node.append(
      fold(
        "entries",
        "Table: all entries",
        table("All entries of the history", [["entry", text("date"), text("commit"), "programs", text("machine"), text("reason")]], all),
      ),
    );
  }

  function about(entry) {
    const facts = [
      ["Machine", entry.machine],
      ["Date", entry.date],
      ["Commit", entry.commit + (entry.commit.endsWith("+") ? " (with changes)" : "")],
      ["Reason", entry.reason],
      ["Measured", `${plural(entry.runs, "time")} each, the runtimes in turns`],
      ["Programs", String(entry.cases)],
    ];
    const list = el("dl", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    const versions = entry.runtimes.map(({ name, version }) => [name, { text: version || "–", class: "text" }]);
    const measures = data.measures.filter(([name]) => sectionOf(entry, name));
    const items = measures.map(([name, text]) => el("li", {}, el("b", {}, capital(name)), `: ${text}.`));
    const marks = data.marks.map(([mark, text]) => el("li", {}, el("i", {}, mark), `: ${text}.`));
    const node = document.getElementById("about");
    node.replaceChildren(
      el("h2", { id: "about-title" }, "About this entry"),
      list,
      ...(versions.length > 0 ? [table("What each runtime says its version is", [["runtime", { text: "version", class: "text" }]], versions)] : []),
      ...(items.length > 0 ? [el("h3", {}, "Measures"), el("ul", {}, ...items)] : []),
      ...(marks.length > 0 ? [el("h3", {}, "Marks"), el("ul", {}, ...marks)] : []),
    );
  }

  // ---- all of it

  function choose(at) {
    state.entry = at;
    const measures = data.entries[at].sections.map((section) => section.measure);
    if (!measures.includes(state.measure)) {
      state.measure = measures.includes("warm") ? "warm" : (measures[0] ?? null);
    }
    controls();
  }

  function draw() {
    for (const { chart } of charts.values()) chart?.destroy();
    charts.clear();
    const entry = data.entries[state.entry];
    const section = sectionOf(entry, state.measure);
    const { scrollX, scrollY } = window;
    header(entry);
    summary(entry, section);
    layers(entry, section);
    memory(entry);
    pastPart(entry);
    about(entry);
    drawCharts();
    window.scrollTo(scrollX, scrollY);
  }

  // On paper: light colours, all tables, and charts that fit between the margins.
  const paper = (is) => {
    state.paper = is;
    document.documentElement.classList.toggle("paper", is);
    draw();
  };
  window.addEventListener("beforeprint", () => paper(true));
  window.addEventListener("afterprint", () => paper(false));
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

  choose(data.chosen);
  draw();
})();
