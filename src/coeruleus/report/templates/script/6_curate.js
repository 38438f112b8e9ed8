// Decisions: marked where the trace or the card is seen, collected here, and given out as curation sheets.
let kit = {};
let dialog = null;
let author = "";
let unsaved = false;
const decisions = {}; // sheet → rows of this visit, each {column: text}

const clean = (text) => String(text).replace(/[\s\u0000-\u001f]+/g, " ").trim();
const number = (value) => String(Number(Number(value).toFixed(4)));

// What a spreadsheet would run, as in the tables.
const FORMULA = /^(?:[=@]|[+-](?![\w.-]*$)(?![\d.]+(?:[eE][+-]?\d+)?$))/;

// A cell with a quotation mark is quoted, as readers of tables expect, and none is a formula.
function written(text) {
  const bare = clean(text) || "n/a";
  const said = FORMULA.test(bare) ? `'${bare}` : bare;
  return said.includes('"') ? `"${said.replaceAll('"', '""')}"` : said;
}

const keyOf = (sheet, row) => kit[sheet].key.map((column) => row[column]).join("\t");

function rowsOf(sheet) {
  const { columns, rows } = kit[sheet];
  const fresh = decisions[sheet] || [];
  const taken = new Set(fresh.map((row) => keyOf(sheet, row)));
  const kept = rows.map((row) => Object.fromEntries(columns.map((column, place) => [column, row[place]])));
  return [...kept.filter((row) => !taken.has(keyOf(sheet, row))), ...fresh];
}

function sheetText(sheet) {
  const { columns } = kit[sheet];
  const lines = [columns, ...rowsOf(sheet).map((row) => columns.map((column) => row[column] ?? "n/a"))];
  return lines.map((cells) => cells.map(written).join("\t")).join("\n") + "\n";
}

function addDecision(sheet, row) {
  const rows = (decisions[sheet] ||= []);
  const same = rows.findIndex((one) => keyOf(sheet, one) === keyOf(sheet, row));
  if (same >= 0) rows.splice(same, 1);
  rows.push(row);
  unsaved = true;
}

function field(label, input) {
  return make("label", { class: "field" }, label, input);
}

function openDecision(about) {
  const sheet = kit[about.sheet];
  const action = make("select", { name: "action" }, ...sheet.actions.map(([name, said]) => make("option", { value: name }, said)));
  const label = make("select", { name: "label" }, ...sheet.labels.map((name) => make("option", { value: name }, name)));
  const bound = (name, value) => make("input", { name, type: "number", step: "any", value: value === null || value === undefined ? "" : number(value) });
  const [from, to] = about.bounds || [null, null];
  const fromField = bound("from_min", from), toField = bound("to_min", to);
  const bounds = make("div", { class: "pair" }, field("from (min)", fromField), field("to (min)", toField));
  const labels = make("div", {}, field("label", label));
  const every = make("input", { type: "checkbox", name: "every" });
  const everyField = make("label", { class: "field" }, every, " every analyte of this injection");
  const reason = make("input", { name: "reason", required: true, autocomplete: "off" });
  const who = make("input", { name: "author", required: true, value: author, autocomplete: "name" });
  const problem = make("p", { class: "problem", role: "alert" });
  const suit = () => {
    bounds.hidden = action.value !== "set_bounds";
    labels.hidden = action.value !== "label";
    everyField.hidden = !about.all || about.all.length < 2 || action.value === "set_bounds";
  };
  action.addEventListener("change", suit);
  suit();
  const form = make(
    "form",
    { method: "dialog", onsubmit: (event) => {
      event.preventDefault();
      const row = { ...about.keys, action: action.value, reason: clean(reason.value), author: clean(who.value), date: today() };
      if (!row.reason || !row.author) return void (problem.textContent = "A reason and a name are needed.");
      if (action.value === "set_bounds") {
        if (fromField.value === "" || toField.value === "" || !(Number(toField.value) > Number(fromField.value)))
          return void (problem.textContent = "Both bounds are needed, and the second must be later.");
        Object.assign(row, { from_min: number(fromField.value), to_min: number(toField.value) });
      }
      if (action.value === "label") row.label = label.value;
      author = row.author;
      const whole = every.checked && !everyField.hidden;
      for (const analyte of whole ? about.all : [null]) addDecision(about.sheet, analyte === null ? row : { ...row, analyte });
      dialog.close();
      showDecisions(`Noted: ${about.name}.`);
    } },
    make("h2", { id: "decision-title" }, `Decide about ${about.name}`),
    field("what to do", action), bounds, labels, everyField, field("reason (needed)", reason), field("your name (needed)", who), problem,
    make("p", { class: "controls" }, make("button", { type: "submit", class: "main" }, "Note the decision"), " ",
      make("button", { type: "button", onclick: () => dialog.close() }, "Cancel")),
  );
  dialog.replaceChildren(form);
  dialog.showModal();
  action.focus();
}

function today() {
  const now = new Date();
  const two = (value) => String(value).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function download(sheet) {
  const address = URL.createObjectURL(new Blob([sheetText(sheet)], { type: "text/tab-separated-values" }));
  const link = make("a", { href: address, download: `${sheet}.tsv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
  unsaved = false;
}

async function copy(sheet, area, status) {
  try {
    await navigator.clipboard.writeText(sheetText(sheet));
  } catch {
    area.select(); // a page from a memory stick may not be let near the clipboard
    document.execCommand("copy");
  }
  unsaved = false;
  status.value = "copied";
}

function showDecisions(news = "") {
  const place = $("#decisions");
  const parts = [];
  let total = 0;
  for (const sheet of Object.keys(kit)) {
    const rows = decisions[sheet] || [];
    if (!rows.length) continue;
    total += rows.length;
    const list = make("ul", {}, ...rows.map((row) => {
      const said = [...kit[sheet].key.filter((key) => key !== "action").map((key) => row[key]), row.action, row.label, row.from_min && `${row.from_min} to ${row.to_min} min`].filter(Boolean).join(" · ");
      const drop = () => {
        decisions[sheet].splice(decisions[sheet].indexOf(row), 1);
        showDecisions("Taken back.");
      };
      return make("li", {}, `${said}: ${row.reason} (${row.author}) `, make("button", { type: "button", "aria-label": `Take back ${said}`, onclick: drop }, "take back"));
    }));
    const area = make("textarea", { readonly: true, rows: Math.min(8, rowsOf(sheet).length + 2), spellcheck: "false", wrap: "off", "aria-label": `Content of ${kit[sheet].file}` });
    area.value = sheetText(sheet);
    const status = make("output", {});
    parts.push(
      make("section", { class: "sheet", "data-sheet": sheet, "aria-label": kit[sheet].file },
        make("h3", {}, kit[sheet].file), list,
        make("p", {}, `The whole sheet, ${kit[sheet].rows.length ? "with the rows that it had" : "which is new"}: put it in the place of ${kit[sheet].file} in the experiment directory (and take away a .csv of that name), then run again.`),
        area, make("p", { class: "controls" }, make("button", { type: "button", class: "main", onclick: () => download(sheet) }, `Download ${sheet}.tsv`), " ",
          make("button", { type: "button", onclick: () => copy(sheet, area, status) }, "Copy"), " ", status)),
    );
  }
  place.replaceChildren(...parts);
  const bar = $("#bar");
  bar.hidden = total === 0;
  $("output", bar).value = `${news} ${total} decision${total === 1 ? "" : "s"} to take along`.trim();
}

function startCuration() {
  kit = JSON.parse(document.getElementById("curation-kit").textContent);
  dialog = make("dialog", { "aria-labelledby": "decision-title" });
  document.body.append(dialog);
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-decide]");
    if (button) openDecision(JSON.parse(button.dataset.decide));
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}
