// The browser of chromatograms: a list in a chosen order, one trace at a time, its peaks as a table.
const ORDERS = {
  misfit: ["worst fit first", (one) => (one.misfit === null ? -Infinity : -one.misfit)],
  order: ["in order of injection", (one) => one.order],
  vendor: ["largest difference from the vendor first", (one) => (one.vendor === null ? Infinity : -one.vendor)],
  name: ["by name", (one) => one.id],
};
const browsers = [];

function listed(one, order) {
  const said = [one.id];
  if (one.kind) said.push(one.kind);
  if (order === "vendor" && one.vendor !== null) said.push(`${words(one.vendor, 3)} % from the vendor`);
  else if (one.misfit !== null) said.push(`misfit ${words(one.misfit, 3)}`);
  if (one.states.length) said.push(one.states.join(", "));
  return said.join(" · ");
}

class TraceBrowser {
  constructor(place) {
    this.place = place;
    this.index = JSON.parse(document.getElementById(place.dataset.index).textContent);
    this.current = null;
    this.plot = null;
    this.order = make("select", { onchange: () => this.list() });
    for (const [key, [label]] of Object.entries(ORDERS)) {
      if (key !== "vendor" || this.index.some((one) => one.vendor !== null)) this.order.append(make("option", { value: key }, label));
    }
    this.filter = make("input", { type: "search", autocomplete: "off", spellcheck: "false", oninput: () => this.list() });
    this.box = make("select", { size: 8, class: "injections", "aria-label": `Injections of ${place.dataset.run}`, onchange: () => this.show(this.box.value) });
    this.said = make("output", { class: "said" });
    this.title = make("h4", { tabindex: -1 });
    this.chart = make("div", { class: "chart" });
    this.targets = make("span", { class: "targets", role: "group", "aria-label": "Zoom to a peak" });
    this.peaks = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Peaks of the injection shown" });
    const step = (by, label) => make("button", { type: "button", onclick: () => this.step(by) }, label);
    place.append(
      make("p", { class: "controls" }, make("label", {}, "Order ", this.order), " ", make("label", {}, "Search ", this.filter)),
      this.box,
      make("p", { class: "controls" }, step(-1, "Previous"), " ", step(1, "Next"), " ", zoomButtons(() => this.plot, () => this.whole()), " ", this.targets),
      this.title, this.chart, make("p", { class: "hint" }, "Drag across the plot to zoom, double click for the whole trace. Green: baseline; blue: baseline and fitted peaks; grey: signal; black: what the fit leaves over, moved down; shaded: where the instrument's software integrated."),
      this.said, this.peaks,
    );
    this.list();
    const first = this.shown.find((one) => one.trace) || this.shown[0];
    if (first) this.show(first.id);
  }

  list() {
    const key = this.order.value;
    const by = ORDERS[key][1];
    const wanted = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.index
      .filter((one) => wanted.every((word) => listed(one, key).toLowerCase().includes(word)))
      .sort((one, other) => compare(by(one), by(other)) || compare(one.id, other.id));
    if (key === "misfit") this.shown.sort((one, other) => (one.misfit !== null) - (other.misfit !== null));
    this.box.replaceChildren(...this.shown.map((one) => make("option", { value: one.id }, listed(one, key))));
    if (this.current) this.box.value = this.current;
  }

  step(by) {
    const place = this.shown.findIndex((one) => one.id === this.current) + by;
    if (place >= 0 && place < this.shown.length) this.show(this.shown[place].id);
  }

  async show(id) {
    this.current = id;
    this.box.value = id;
    const one = this.index.find((entry) => entry.id === id);
    this.title.textContent = listed(one, "misfit");
    let data;
    try {
      data = await unpack(one.pack);
    } catch (problem) {
      this.said.value = problem.message;
      return;
    }
    if (this.current !== id) return; // another was chosen meanwhile
    this.data = data;
    this.table(id, data);
    if (data.time) this.draw(id, data);
    else {
      this.clear();
      const why = data.peaks.find((peak) => peak.reason);
      this.chart.textContent = `There is no trace: ${why ? why.reason : "areas were given"}.`;
    }
    this.said.value = `${id}: ${data.peaks.filter((peak) => peak.status === "ok").length} of ${data.peaks.length} peaks are ok.`;
  }

  clear() {
    if (this.plot) {
      plots.delete(this.kept);
      this.plot.destroy();
    }
    this.plot = null;
    this.chart.replaceChildren();
    this.targets.replaceChildren();
  }

  draw(id, data) {
    this.clear();
    const time = line(data.time), signal = line(data.signal), baseline = line(data.baseline), fitted = line(data.fitted);
    const inside = baseline.some((value) => value !== null) ? baseline.map((value) => value !== null) : signal.map(() => true);
    const pool = [...signal.filter((_, place) => inside[place]), ...fitted].filter((value) => value !== null);
    const low = pool.reduce((least, value) => Math.min(least, value), Infinity);
    const high = pool.reduce((most, value) => Math.max(most, value), -Infinity);
    const left = signal.map((value, place) => (value === null || fitted[place] === null ? null : value - fitted[place]));
    const swing = left.reduce((most, value) => Math.max(most, Math.abs(value || 0)), 0);
    const drop = low - 0.06 * (high - low) - swing;
    const residual = left.map((value) => (value === null ? null : value + drop));
    this.range = [time[0], time[time.length - 1]];
    const height = 340;
    // The time axis is ranged first, and tells the signal axis where it is going to be.
    let shown = this.range;
    const across = (_, min, max) => (shown = [min, max]);
    const up = () => visible(shown, time, [signal, baseline, fitted, residual], inside);
    const options = {
      width: widthOf(this.chart), height,
      scales: { x: { time: false, range: across }, y: { range: up } },
      axes: [axis("time (min)"), axis(data.unit ? `signal (${data.unit})` : "signal", { size: 62 })],
      series: [
        { label: "time (min)", value: (_, value) => words(value, 5) },
        { label: "signal", stroke: "#8a8a8a", width: 1.5, value: (_, value) => words(value) },
        { label: "baseline", stroke: "#009e73", width: 1.2, value: (_, value) => words(value) },
        { label: "fit", stroke: "#0072b2", width: 1.2, value: (_, value) => words(value) },
        { label: "left over", stroke: "#222222", width: 0.8, value: (_, value) => words(value === null ? null : value - drop) },
      ],
      legend: { live: true },
      hooks: { drawClear: [(plot) => shadeVendor(plot, data.vendor)], draw: [(plot) => nameLines(plot, data.peaks)] },
    };
    this.plot = new uPlot(options, [time, signal, baseline, fitted, residual], this.chart);
    this.plot.over.setAttribute("role", "img");
    this.plot.over.setAttribute("aria-label", `Chromatogram of ${id}; the table below holds its peaks`);
    this.kept = { plot: this.plot, place: this.chart, height };
    plots.add(this.kept);
    const placed = data.peaks.filter((peak) => peak.retention_time_min !== null);
    this.targets.replaceChildren(...placed.map((peak) => make("button", { type: "button", onclick: () => this.near(peak) }, peak.analyte)));
  }

  whole() {
    if (this.plot) this.plot.setScale("x", { min: this.range[0], max: this.range[1] });
  }

  near(peak) {
    const half = Math.max(3 * (peak.width_half_min || 0.25), 0.1);
    this.plot.setScale("x", { min: peak.retention_time_min - half, max: peak.retention_time_min + half });
  }

  table(id, data) {
    const heads = ["analyte", "status", "retention (min)", "area", "SE of area", "S/N", "misfit", "vendor's area", "reason"];
    const rows = data.peaks.map((peak) => {
      const theirs = data.vendor.find((one) => peak.retention_time_min !== null && one.start_min !== null && one.start_min <= peak.retention_time_min && peak.retention_time_min <= one.end_min);
      const values = [peak.status, words(peak.retention_time_min, 5), words(peak.area), words(peak.area_se, 3), words(peak.snr, 3), words(peak.fit_score, 3), theirs ? words(theirs.area) : "n/a", peak.reason || ""];
      const half = peak.width_half_min || 0.25;
      const bounds = () => {
        const shown = this.plot ? this.plot.scales.x : null;
        const zoomed = shown && shown.max - shown.min < 0.9 * (this.range[1] - this.range[0]);
        if (zoomed) return [shown.min, shown.max];
        return peak.retention_time_min === null ? [null, null] : [peak.retention_time_min - 1.5 * half, peak.retention_time_min + 1.5 * half];
      };
      const decide = make("button", { type: "button", class: "decide", "aria-label": `Decide about ${peak.analyte} of ${id}`,
        onclick: () => openDecision({ sheet: "peaks", name: `${peak.analyte} of ${id}`, keys: { injection_id: id, analyte: peak.analyte }, all: data.peaks.map((each) => each.analyte), bounds: bounds() }) }, "decide");
      return make("tr", {}, make("th", { scope: "row" }, peak.analyte), ...values.map((value) => make("td", {}, value)), make("td", {}, decide));
    });
    this.peaks.replaceChildren(make("table", {}, make("caption", {}, `Peaks of ${id}. Zoom to where a peak should be integrated, then decide: the bounds are those of the zoom.`),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)), make("th", { scope: "col" }, "curation"))), make("tbody", {}, ...rows)));
  }
}

// The signal axis follows what was fitted, so that the solvent front is cut off.
function visible([min, max], time, lines, inside) {
  let low = Infinity, high = -Infinity;
  for (const strict of [true, false]) {
    for (let place = 0; place < time.length; place += 1) {
      if (time[place] < min || time[place] > max || (strict && !inside[place])) continue;
      for (const values of lines) {
        if (values[place] === null) continue;
        low = Math.min(low, values[place]);
        high = Math.max(high, values[place]);
      }
    }
    if (low <= high) break;
  }
  if (low > high) return [0, 1];
  const room = high - low || Math.abs(high) || 1;
  return [low - 0.04 * room, high + 0.14 * room];
}

function nameLines(plot, peaks) {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.textAlign = "center";
  ctx.font = `${12 * scale}px system-ui, sans-serif`;
  let end = -Infinity, row = 0;
  const placed = peaks.filter((peak) => peak.retention_time_min !== null).sort((one, other) => one.retention_time_min - other.retention_time_min);
  for (const peak of placed) {
    const x = plot.valToPos(peak.retention_time_min, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const name = peak.status === "ok" ? peak.analyte : `(${peak.analyte})`;
    const half = ctx.measureText(name).width / 2;
    row = x - half < end ? (row + 1) % 3 : 0;
    end = Math.max(end, x + half + 4);
    const y = bbox.top + (14 + 15 * row) * scale;
    ctx.fillStyle = peak.status === "ok" ? "#00568a" : "#5a5a60";
    ctx.fillText(name, Math.min(Math.max(x, bbox.left + half), bbox.left + bbox.width - half), y);
    ctx.fillRect(x - scale / 2, y + 3 * scale, scale, 7 * scale);
  }
  ctx.restore();
}

function shadeVendor(plot, vendor) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = "rgba(230, 159, 0, 0.12)";
  for (const peak of vendor) {
    if (peak.start_min === null || peak.end_min === null) continue;
    const from = Math.max(plot.valToPos(peak.start_min, "x", true), bbox.left);
    const to = Math.min(plot.valToPos(peak.end_min, "x", true), bbox.left + bbox.width);
    if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height);
  }
  ctx.restore();
}

function showTrace(injection) {
  for (const browser of browsers) {
    if (!browser.index.some((one) => one.id === injection)) continue;
    browser.filter.value = "";
    browser.list();
    browser.show(injection);
    reveal(browser.place.id);
    browser.title.focus();
  }
}

function startTraces() {
  for (const place of $$(".traces")) browsers.push(new TraceBrowser(place));
}
