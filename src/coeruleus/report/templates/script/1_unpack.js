// Heavy parts of the page: found by id, inflated when they are first looked at.
const $ = (selector, within = document) => within.querySelector(selector);
const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];

// Elements are made here and nowhere else; text is always text, never markup.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const unpacked = new Map();

function unpack(id) {
  if (!unpacked.has(id)) unpacked.set(id, inflate(document.getElementById(id).textContent));
  return unpacked.get(id);
}

async function inflate(text) {
  if (typeof DecompressionStream === "undefined")
    throw new Error("This browser is too old to unpack this: any browser since 2023 can.");
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

// A line is packed as differences of whole steps.
function line(packed) {
  let place = 0;
  return packed.d.map((difference) => {
    place += difference === null ? 0 : difference;
    return difference === null ? null : packed.from + place * packed.step;
  });
}

function words(value, digits = 4) {
  if (value === null || value === undefined) return "n/a";
  if (typeof value !== "number") return String(value);
  return String(Number(value.toPrecision(digits)));
}
