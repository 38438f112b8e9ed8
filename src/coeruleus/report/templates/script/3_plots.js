// What both kinds of plots share: size, axes, zoom by buttons as well as by mouse.
const FONT = "12px system-ui, sans-serif";
const plots = new Set();

function widthOf(place) {
  return Math.max(260, Math.min(960, place.clientWidth));
}

function axis(label, more = {}) {
  return { label, font: FONT, labelFont: FONT, stroke: "#3c3c42", grid: { stroke: "#ececf0", width: 1 }, ...more };
}

// Buttons for those who have no mouse: nearer, further, along, whole.
function zoomButtons(get, whole) {
  const change = (scale, shift) => () => {
    const plot = get();
    if (!plot) return;
    const { min, max } = plot.scales.x;
    const middle = (min + max) / 2 + shift * (max - min);
    const half = ((max - min) / 2) * scale;
    plot.setScale("x", { min: middle - half, max: middle + half });
  };
  const button = (label, name, action) => make("button", { type: "button", "aria-label": name, onclick: action }, label);
  return make(
    "span",
    { class: "zoom", role: "group", "aria-label": "Zoom" },
    button("+", "Zoom in", change(0.5, 0)),
    button("−", "Zoom out", change(2, 0)),
    button("◀", "Move left", change(1, -0.25)),
    button("▶", "Move right", change(1, 0.25)),
    button("whole", "Show the whole range", whole),
  );
}

function startSizes() {
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      for (const one of plots) if (one.place.isConnected) one.plot.setSize({ width: widthOf(one.place), height: one.height });
    }, 100);
  });
}
