// Tables: a heading sorts its column, a field above leaves the rows that hold its words.
function valueOf(cell) {
  const text = cell ? cell.textContent.trim() : "";
  if (text === "" || text === "n/a") return null;
  const number = Number(text.replace("−", "-").replace(/^< /, ""));
  return Number.isNaN(number) ? text.toLowerCase() : number;
}

function compare(first, second) {
  if (first === null || second === null) return (first === null) - (second === null); // n/a last
  if (typeof first === typeof second && typeof first === "number") return first - second;
  return String(first).localeCompare(String(second), "en", { numeric: true });
}

function sortRows(table, column, down) {
  const body = table.tBodies[0];
  const keyed = [...body.rows].map((row, place) => ({ row, place, value: valueOf(row.cells[column]) }));
  keyed.sort((one, other) => {
    if (one.value === null || other.value === null) return compare(one.value, other.value) || one.place - other.place;
    return (down ? -1 : 1) * compare(one.value, other.value) || one.place - other.place;
  });
  body.append(...keyed.map((one) => one.row));
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (head.dataset.plain !== undefined) return;
    const button = make("button", { type: "button", class: "sort" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      sortRows(table, column, down);
    });
  });
}

function makeSearchable(box, table) {
  const count = make("output", { class: "count" });
  const field = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const rows = [...table.tBodies[0].rows];
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    count.value = wanted.length ? `${shown} of ${rows.length} rows` : "";
  });
  box.before(make("p", { class: "search" }, make("label", {}, "Search this table ", field), " ", count));
}

function startTable(box) {
  const table = $("table", box);
  if (!table || !table.tHead || table.tBodies[0].rows.length < 2) return;
  makeSortable(table);
  if (table.tBodies[0].rows.length > 8) makeSearchable(box, table);
}

// Long folded tables are data until somebody opens them.
function buildTable(holder, data) {
  const said = (one) => (Array.isArray(one) ? one : [one, ""]);
  const cells = (row) => row.map((one, place) => {
    const [text, look] = said(one);
    return make(place ? "td" : "th", { scope: place ? null : "row", class: look || null }, text);
  });
  const button = (about) => make("td", {}, make("button", { type: "button", class: "decide", "data-decide": JSON.stringify(about), "aria-label": `Decide about ${about.name}` }, "decide"));
  const decides = data.decide.length > 0;
  const head = make("tr", {}, ...data.head.map((name) => make("th", { scope: "col" }, name)), decides ? make("th", { scope: "col", "data-plain": true }, "curation") : null);
  const rows = data.rows.map((row, place) => make("tr", {}, ...cells(row), decides ? button(data.decide[place]) : null));
  const table = make("table", {}, make("caption", {}, data.caption), make("thead", {}, head), make("tbody", {}, ...rows));
  const box = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": data.caption }, table);
  holder.replaceChildren(box);
  startTable(box);
}

// Draws what a folded part holds when it is first opened.
function whenOpened(details, draw) {
  const look = async () => {
    if (!details.open || details.dataset.drawn) return;
    details.dataset.drawn = "yes";
    const holder = $(".holder", details);
    try {
      draw(holder, await unpack(details.dataset.pack));
    } catch (problem) {
      holder.textContent = problem.message;
    }
  };
  details.addEventListener("toggle", look);
  look();
}

function startTables() {
  for (const box of $$(".scroll")) startTable(box);
  for (const details of $$("details.packed")) whenOpened(details, buildTable);
}

// Evidence cards: a field leaves those whose name or label holds its words.
function startCards() {
  const cards = $$("details.unit");
  const place = $("#card-search");
  if (!place || cards.length < 2) return;
  const field = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const count = make("output", { class: "count" });
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = cards.filter((card) => {
      const text = $("summary", card).textContent.toLowerCase();
      card.hidden = !wanted.every((word) => text.includes(word));
      return !card.hidden;
    });
    count.value = wanted.length ? `${shown.length} of ${cards.length} units` : "";
  });
  place.append(make("label", {}, "Search units by name, label or status ", field), " ", count);
}

// A link into a folded part unfolds it.
function reveal(id) {
  const target = document.getElementById(id);
  if (!target) return;
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  target.scrollIntoView({ block: "start" });
  const focus = $("summary, h2, h3", target) || target;
  if (focus.tabIndex < 0) focus.tabIndex = -1;
  focus.focus({ preventScroll: true });
}

function startLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (link && document.getElementById(link.hash.slice(1))) {
      event.preventDefault();
      history.replaceState(null, "", link.hash);
      reveal(link.hash.slice(1));
    }
  });
  if (location.hash) reveal(decodeURIComponent(location.hash.slice(1)));
}
