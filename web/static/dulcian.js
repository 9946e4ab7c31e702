"use strict";

// Without this script the page reloads itself while a scan runs, and addresses are copied by hand.

function watchScan(box) {
  const headline = box.querySelector(".headline");
  const detail = box.querySelector(".detail");
  const bar = box.querySelector("progress");

  function show(scan) {
    if (headline.textContent !== scan.headline) headline.textContent = scan.headline;
    detail.textContent = scan.detail;
    if (scan.todo) {
      bar.max = scan.todo;
      bar.value = scan.done;
    } else {
      bar.removeAttribute("value");
    }
  }

  async function look() {
    try {
      const answer = await fetch("/scan");
      const scan = answer.ok ? await answer.json() : null;
      if (answer.status === 401 || (answer.ok && !(scan && scan.active))) return location.reload();
      if (scan) show(scan);
    } catch {
      // The server is away for a moment: look again.
    }
    setTimeout(look, 1000);
  }

  setTimeout(look, 1000);
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    // Over plain http there is no clipboard: select the text, and ask the browser to copy that.
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
}

function offerCopy(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await copy(document.getElementById(button.dataset.copy));
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}

const box = document.querySelector("#scan[data-active]");
if (box) watchScan(box);
document.querySelectorAll("[data-copy]").forEach(offerCopy);
