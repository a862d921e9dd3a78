// What stands behind the # never leaves the browser but in the request that it
// is for: no log, and nobody who opens links to look at them, has it.
"use strict";
(() => {
  const secret = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const said = document.getElementById("said");

  async function send(method, path, body) {
    const request = { method, headers: {}, credentials: "omit", cache: "no-store" };
    if (body) {
      request.headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(path, request);
    } catch {
      return "The server cannot be reached. Try again in a moment.";
    }
    if (answer.ok) return "";
    const problem = await answer.json().catch(() => ({}));
    const field = (problem.errors || [])[0];
    return (field && field.message ? "This " + field.message : problem.detail || "Something went wrong") + ".";
  }

  for (const form of document.forms) {
    form.hidden = form.dataset.without === "secret" ? secret !== "" : secret === "";
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("button");
      const values = Object.fromEntries(new FormData(form));
      button.disabled = true;
      said.textContent = "";
      const path = form.dataset.path.replace("{token}", encodeURIComponent(secret));
      const wrong = await send(form.dataset.method, path, Object.keys(values).length ? values : null);
      button.disabled = false;
      said.textContent = wrong || form.dataset.done;
      if (!wrong) form.hidden = true;
    });
  }
})();
