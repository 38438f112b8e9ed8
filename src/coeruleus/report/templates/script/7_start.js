// Folded figures and cards print, folded tables do not (they lie beside the page as files); everything else starts when the page is there.
function startPrinting() {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = $$("details.seen:not([open])");
    opened.forEach((part) => (part.open = true));
  });
  window.addEventListener("afterprint", () => opened.forEach((part) => (part.open = false)));
}

function startCopying() {
  for (const button of $$("button[data-copy]")) {
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.innerText);
      } catch {
        getSelection().selectAllChildren(source);
        document.execCommand("copy");
      }
      $("output", button.parentElement).value = "copied";
    });
  }
}

document.documentElement.classList.add("live");
startCuration();
startTables();
startCards();
startTraces();
startPoints();
startSizes();
startCopying();
startPrinting();
startLinks();
