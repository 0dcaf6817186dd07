"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const form = document.getElementById("filter");
  const items = all(".item");
  const causes = all(".cause");
  const list = document.getElementById("cause-list");
  const shown = document.getElementById("shown");
  const facts = ["verdict", "severity", "chapter", "pack", "control"];
  const texts = new Map();
  let filtered = false;

  // Every text that can be copied gets its button here: without this script there is nothing that does nothing.
  function copy(text, button) {
    const told = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 2000); };
    const by_hand = () => {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      if (document.execCommand("copy")) told();
      field.remove();
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(told, by_hand); else by_hand();
  }
  function buttons(where) {
    for (const box of all(".copied:not(.has-button)", where)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.setAttribute("aria-label", box.closest(".script, .accept") ? "Copy these lines" : "Copy the fix");
      box.append(button);
      box.classList.add("has-button");
    }
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copied button");
    if (button) copy(button.parentElement.querySelector("pre").textContent, button);
  });
  document.addEventListener("toggle", (event) => { if (event.target.open) buttons(event.target); }, true);
  for (const open of all("details[open]")) buttons(open);

  const read = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
  const text = (node) => {
    if (!texts.has(node)) texts.set(node, node.textContent.toLowerCase());
    return texts.get(node);
  };
  function fits(item, wanted) {
    for (const name of facts) {
      if (wanted[name] && !` ${item.dataset[name]} `.includes(` ${wanted[name]} `)) return false;
    }
    return !wanted.q || wanted.q.toLowerCase().split(/\s+/).every((word) => text(item).includes(word));
  }
  function narrow(item, query) {
    for (const part of all(".part", item)) {
      const heading = text(part.querySelector("h4")) + text(item.querySelector("summary"));
      const words = query ? query.toLowerCase().split(/\s+/).filter((word) => !heading.includes(word)) : [];
      for (const finding of all("li[id]", part)) {
        const hide = words.length > 0 && !words.every((word) => text(finding).includes(word));
        if (finding.hidden !== hide) finding.hidden = hide;
      }
    }
  }
  function filter(write = true) {
    const wanted = read();
    const narrowing = facts.some((name) => wanted[name]) || Boolean(wanted.q);
    for (const item of items) {
      const fit = fits(item, wanted);
      if (item.hidden === fit) item.hidden = !fit;
      if (fit && item.classList.contains("cause") && (wanted.q || filtered)) narrow(item, wanted.q);
    }
    for (const group of all(".verdicts")) {
      const some = all(".policy", group).some((policy) => !policy.hidden);
      group.hidden = !some;
      if (narrowing && some) group.open = true;
    }
    filtered = narrowing;
    const number = causes.filter((cause) => !cause.hidden).length;
    const policies = all(".policy").filter((policy) => !policy.hidden).length;
    shown.textContent = narrowing ? `${number} of ${causes.length} causes, ${policies} policies shown` : "";
    group(wanted.group);
    if (write) {
      const said = new URLSearchParams(wanted).toString();
      try { history.replaceState(null, "", said ? `#${said}` : location.pathname + location.search); } catch { location.hash = said; }
    }
  }
  function label(by, value) {
    if (by === "severity") return value;
    const option = all("option", form.elements[by]).find((each) => each.value === value);
    return option ? option.textContent : "No control";
  }
  let grouped = "";
  function group(by = "") {
    if (!list || by === grouped) return;
    grouped = by;
    list.replaceChildren(...causes);
    if (!by) return;
    const groups = new Map();
    for (const cause of causes) {
      const value = cause.dataset[by].split(" ")[0];
      if (!groups.has(value)) groups.set(value, []);
      groups.get(value).push(cause);
    }
    list.replaceChildren(...[...groups].flatMap(([value, members]) => {
      const heading = document.createElement("p");
      heading.className = "small-heading";
      const strong = document.createElement("strong");
      strong.textContent = label(by, value);
      heading.append(strong);
      return [heading, ...members];
    }));
  }

  // An address names a finding, a policy or a section, or it holds filters: #AUTH-01, or #severity=P0&q=profiles.
  function go() {
    const said = decodeURIComponent(location.hash.slice(1));
    if (said.includes("=")) {
      form.reset();
      for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
        if (form.elements[name]) form.elements[name].value = value;
      }
      filter(false);
      if (document.activeElement && document.activeElement.closest("a")) form.scrollIntoView();
      return;
    }
    const target = said && document.getElementById(said);
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); filter(false); }
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const inner = target.querySelector(":scope > details");
    if (inner) inner.open = true;
    target.scrollIntoView();
  }
  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  form.addEventListener("change", () => { clearTimeout(waiting); filter(); });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  addEventListener("hashchange", go);

  function step(by) {
    const open = causes.filter((cause) => !cause.hidden);
    const here = open.findIndex((cause) => cause.contains(document.activeElement));
    const next = open[Math.min(Math.max(here + by, 0), open.length - 1)];
    if (next) { next.querySelector("summary").focus(); next.scrollIntoView({ block: "nearest" }); }
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) {
      if (event.key === "Escape") { form.reset(); event.target.blur(); }
      return;
    }
    const cause = document.activeElement && document.activeElement.closest(".cause");
    const keys = {
      "/": () => form.elements.q.focus(),
      j: () => step(1),
      k: () => step(-1),
      o: () => { if (cause) { const inner = cause.querySelector("details"); inner.open = !inner.open; } },
      Escape: () => form.reset(),
    };
    if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
  });

  // The matrix: one person, or only what leaks.
  const person = document.getElementById("matrix-person");
  const leaks = document.getElementById("matrix-leaks");
  function matrix() {
    for (const cell of all(".matrix [data-actor]")) cell.hidden = Boolean(person.value) && cell.dataset.actor !== person.value;
    for (const row of all(".matrix tbody tr")) {
      row.hidden = leaks.checked && !all("td.leak", row).some((cell) => !cell.hidden);
    }
  }
  if (person) {
    person.closest(".choose").hidden = false;
    person.addEventListener("change", matrix);
    leaks.addEventListener("change", matrix);
  }
  form.hidden = false;
  go();
})();
