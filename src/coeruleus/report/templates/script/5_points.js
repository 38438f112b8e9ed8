// Plots to point at: the nearest point is named; a click, or Enter, goes to what it stands for.
function nearest(plot, series, left, top) {
  let best = null, least = 18 ** 2;
  series.forEach((one, number) => {
    if (!plot.series[number + 1].show) return;
    one.x.forEach((x, place) => {
      if (x === null || one.y[place] === null) return;
      const away = (plot.valToPos(x, "x") - left) ** 2 + (plot.valToPos(one.y[place], "y") - top) ** 2;
      if (away < least) [best, least] = [{ one, place }, away];
    });
  });
  return best;
}

function follow(found) {
  const target = found && found.one.go[found.place];
  if (!target) return;
  if (target.startsWith("trace:")) showTrace(target.slice(6));
  else reveal(target);
}

function drawPoints(holder, data) {
  const usable = (value, log) => value !== null && (!log || value > 0);
  const series = data.series.map((one) => {
    const kept = one.x.map((x, place) => place).filter((place) => usable(one.x[place], data.xLog) && usable(one.y[place], data.yLog));
    kept.sort((first, second) => one.x[first] - one.x[second]);
    return { ...one, x: kept.map((p) => one.x[p]), y: kept.map((p) => one.y[p]), names: kept.map((p) => one.names[p]), go: kept.map((p) => one.go[p] || "") };
  }).filter((one) => one.x.length);
  if (!series.length) {
    holder.textContent = "There is nothing to show.";
    return;
  }
  const said = make("output", { class: "said" });
  const chart = make("div", { class: "chart", tabindex: 0, role: "application", "aria-label": `${data.title}: arrow keys go from point to point, Enter follows` });
  holder.replaceChildren(chart, said);
  // Points that share an x (replicates) would be one column of the plot: each set keeps them apart by rank.
  const layers = [];
  series.forEach((one) => {
    const xs = [...one.x];
    for (let place = 1; place < xs.length; place += 1) if (xs[place] <= xs[place - 1]) xs[place] = xs[place - 1] + Math.abs(xs[place - 1] || 1) * 1e-9;
    layers.push([xs, one.y]);
  });
  const height = 360;
  const options = {
    width: widthOf(chart), height,
    scales: { x: { time: false, distr: data.xLog ? 3 : 1 }, y: { distr: data.yLog ? 3 : 1 } },
    axes: [axis(data.x), axis(data.y, { size: 66 })],
    legend: { show: series.length > 1, live: false },
    cursor: { drag: { x: true, y: true }, points: { show: false } },
    series: [{}, ...series.map((one) => ({
      label: one.name, stroke: one.colour, width: one.line ? 1.5 : 0, spanGaps: true,
      paths: one.line ? undefined : () => null, points: { show: true, size: 7, fill: one.colour },
    }))],
  };
  const plot = new uPlot(options, uPlot.join(layers), chart);
  plots.add({ plot, place: chart, height });
  let at = null;
  const say = (found) => {
    at = found;
    if (!found) return;
    const { one, place } = found;
    said.value = `${one.names[place]}: ${data.x} ${words(one.x[place])}, ${data.y} ${words(one.y[place])}${one.go[place] ? " (click or Enter goes there)" : ""}`;
    plot.setCursor({ left: plot.valToPos(one.x[place], "x"), top: plot.valToPos(one.y[place], "y") }, false);
  };
  plot.over.addEventListener("mousemove", (event) => {
    const found = nearest(plot, series, event.offsetX, event.offsetY);
    if (found) {
      at = found;
      const { one, place } = found;
      said.value = `${one.names[place]}: ${data.x} ${words(one.x[place])}, ${data.y} ${words(one.y[place])}${one.go[place] ? " (click goes there)" : ""}`;
    }
  });
  plot.over.addEventListener("click", (event) => follow(nearest(plot, series, event.offsetX, event.offsetY)));
  const all = series.flatMap((one) => one.x.map((x, place) => ({ one, place, x }))).sort((first, second) => first.x - second.x);
  chart.addEventListener("keydown", (event) => {
    const now = all.findIndex((each) => at && each.one === at.one && each.place === at.place);
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      event.preventDefault();
      say(all[Math.min(Math.max(now + (event.key === "ArrowRight" ? 1 : -1), 0), all.length - 1)]);
    } else if (event.key === "Enter") {
      event.preventDefault(); // or the same key folds the card that it leads to
      follow(at);
    }
  });
}

function startPoints() {
  for (const details of $$("details.points")) whenOpened(details, drawPoints);
}
