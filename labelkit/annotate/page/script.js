// The page to label on. It shows texts as texts only (textContent), asks its own server alone, and counts an answer as
// given when the server says that it is on the disk.
"use strict";

const $ = (id) => document.getElementById(id);
const state = { annotator: "", example: null, busy: false, shown: 0, hidden: 0, hiddenSince: null, pending: null };

const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const percent = (share) => `${(100 * share).toFixed(1)}%`;
const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
const classButtons = [...document.querySelectorAll(".class")];
const chipOf = (label) => {
  const button = classButtons.find((one) => one.dataset.label === label);
  const chip = element("span", label);
  chip.className = button ? button.querySelector(".lk-chip").className : "lk-chip lk-none";
  return chip;
};

// Requests ------------------------------------------------------------------------------------------------------------

class Refused extends Error {}
class Unreachable extends Error {}

async function ask(action, values) {
  const body = JSON.stringify({ annotator: state.annotator, ...values });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`do/${action}`, { method: "POST", headers, body, cache: "no-store" })
    .catch(() => { throw new Unreachable(); });
  if (response.ok) return response.json().catch(() => { throw new Unreachable(); });
  const type = response.headers.get("Content-Type") || "";
  if (response.status === 404) throw new Unreachable();
  if (!type.startsWith("application/json")) throw new Error(`the server answers ${response.status}`);
  const problem = await response.json();
  const error = new (response.status === 422 ? Refused : Error)(problem.error);
  error.hint = problem.hint;
  throw error;
}

// One request at a time: a key that is pressed meanwhile is for no example, and does nothing.
async function doing(action, values, shown) {
  if (state.busy) return;
  state.busy = true;
  document.body.setAttribute("aria-busy", "true");
  enable();
  let result = null;
  try {
    result = await ask(action, values);
  } catch (error) {
    state.pending = error instanceof Refused ? null : () => doing(action, values, shown);
    showProblem(error);
  }
  state.busy = false;
  document.body.removeAttribute("aria-busy");
  if (result !== null) {
    state.pending = null;
    $("problem").hidden = true;
    shown(result);
  }
  enable();
}

function showProblem(error) {
  const lost = "Not kept: the server does not answer. If it has ended, start the same command again (all answers before this "
    + "one are there) and open the address that it prints.";
  const refused = error instanceof Refused;
  const unreachable = error instanceof Unreachable;
  $("problem-text").textContent = refused ? [error.message, error.hint].filter(Boolean).join(". ")
    : unreachable ? lost : `Not kept: ${error.message}`;
  $("retry").hidden = refused;
  $("problem").hidden = false;
  if (!refused) $("retry").focus();
}

// What is shown -------------------------------------------------------------------------------------------------------

function showFields(place, example) {
  place.replaceChildren(...example.columns.map((column) => {
    const field = element("div", undefined, "field");
    if (example.columns.length > 1) field.append(element("p", column.name, "field-name"));
    const text = element("div", undefined, column.pieces.length ? "text" : "text none");
    text.dir = "auto";
    text.lang = "";
    if (!column.pieces.length) text.textContent = "nothing";
    for (const [piece, matches] of column.pieces) text.append(matches ? element("mark", piece, "on") : document.createTextNode(piece));
    text.dataset.column = column.name;
    field.append(text);
    return field;
  }));
  for (const text of place.querySelectorAll(".text")) {
    if (text.scrollHeight > text.clientHeight + 1) text.tabIndex = 0;
  }
}

function showVotes(place, votes) {
  place.replaceChildren();
  if (votes === null) return;
  if (!votes.length) {
    place.append(element("p", "No rule votes on it.", "soft"));
    return;
  }
  const list = element("ul");
  list.setAttribute("aria-label", "Votes of the rules");
  for (const vote of votes) {
    const item = element("li");
    item.append(chipOf(vote.vote), element("span", vote.rule));
    const words = [...new Set(vote.matches.map((match) => match.text))].slice(0, 8);
    if (words.length) item.append(element("span", words.map((word) => `“${word.slice(0, 80)}”`).join(", "), "words"));
    list.append(item);
  }
  place.append(list);
}

function showOthers(others) {
  $("others").hidden = !others;
  if (!others) return;
  const list = element("ul");
  list.setAttribute("aria-label", "Answers that differ");
  for (const one of others) {
    const item = element("li", `${one.annotator}: `);
    item.append(one.label === null ? element("em", "unsure") : chipOf(one.label));
    if (one.note) item.append(element("span", ` ${one.note}`, "soft"));
    list.append(item);
  }
  $("others").replaceChildren(list);
}

function showStatus(result) {
  const status = result.status;
  $("progress").max = Math.max(status.examples, 1);
  $("progress").value = status.done;
  $("count").textContent = `${status.done.toLocaleString("en")} of ${status.examples.toLocaleString("en")} · ${result.yours.toLocaleString("en")} by you`;
  $("changed").hidden = !status.corpus_changed;
  const rows = status.shares.map((one) => [chipOf(one.name), one]);
  if (status.rules_right) rows.push([element("span", "most rules are right"), status.rules_right]);
  $("shares").replaceChildren(...rows.map(([name, one]) => {
    const row = element("tr");
    const head = element("th");
    head.scope = "row";
    head.append(name);
    row.append(head, element("td", `${percent(one.share)} (${percent(one.low)} to ${percent(one.high)})`), element("td", one.n.toLocaleString("en")));
    return row;
  }));
  const disputed = status.disputed ? ` ${plural(status.disputed, "example")} disputed.` : "";
  $("estimates-note").textContent = status.shares.length
    ? `Of the whole corpus, from ${plural(status.shares[0].n, "example")} with a label: ${status.sample}.${disputed}`
    : `Nothing is estimated: ${status.labels ? `these examples are no random sample of single rows (${status.sample}).` : "no example has a label yet."}${disputed}`;
  $("estimates").hidden = !rows.length && !disputed;
  $("estimates").querySelector(".scroll").hidden = !rows.length;
}

function show(result) {
  const example = result.example;
  state.example = example;
  state.shown = performance.now();
  state.hidden = 0;
  state.hiddenSince = document.hidden ? state.shown : null;
  showStatus(result);
  $("note").value = example && example.answer ? example.answer.note : "";
  $("fields").replaceChildren();
  $("votes-before").hidden = true;
  if (example === null) {
    showOthers(null);
    $("example-title").textContent = "All done";
    $("again").textContent = "";
    $("fields").append(element("p", "Nothing is left for you. Close the page, and end the command with Ctrl-C: all is kept."));
  } else {
    $("example-title").textContent = `Example ${example.id}`;
    $("again").textContent = example.answer
      ? `You answered ${example.answer.label === null ? "unsure" : example.answer.label}: another answer replaces that.` : "";
    showOthers(example.others);
    showFields($("fields"), example);
    if (example.votes !== null) {
      $("votes-before").hidden = false;
      showVotes($("votes-before"), example.votes);
    }
  }
  for (const button of classButtons) {
    button.setAttribute("aria-pressed", String(Boolean(example && example.answer && example.answer.label === button.dataset.label)));
  }
  const texts = $("fields").querySelector(".text");
  if (texts) texts.scrollTop = 0;
  $("example").focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function showAnswered(result, label, status) {
  const before = result.answered;
  $("before").hidden = false;
  const said = $("before-answer");
  said.replaceChildren(document.createTextNode(status === "labeled" ? "You answered " : status === "unsure" ? "You were unsure" : "You skipped it: it comes again"));
  if (status === "labeled") said.append(chipOf(label));
  showFields($("before-fields"), before);
  showVotes($("before-votes"), before.votes);
  $("said").textContent = `${status === "labeled" ? label : status} kept.`;
  show(result);
}

function enable() {
  const off = state.busy || state.example === null;
  for (const button of classButtons) button.disabled = off;
  for (const id of ["skip", "unsure"]) $(id).disabled = off;
  $("back").disabled = state.busy || !state.annotator;
}

// What is done --------------------------------------------------------------------------------------------------------

function seconds() {
  const now = performance.now();
  const hidden = state.hidden + (state.hiddenSince === null ? 0 : now - state.hiddenSince);
  return Math.max(0, (now - state.shown - hidden) / 1000);
}

function answer(label, status) {
  if (state.busy || state.example === null || state.pending) return;
  const values = { key: state.example.key, label, status, seconds: Number(seconds().toFixed(3)), note: $("note").value };
  doing("answer", values, (result) => showAnswered(result, label, status));
}

function back() {
  if (state.pending) return;
  doing("back", { key: state.example ? state.example.key : null }, show);
}

function askName() {
  $("name").value = state.annotator || document.body.dataset.annotator || "";
  $("name-problem").textContent = "";
  $("name-dialog").showModal();
  $("name").focus();
}

async function begin(name) {
  const before = state.annotator;
  state.annotator = name;
  try {
    const result = await ask("next", {});
    sessionStorage.setItem("labelkit-annotator", name);
    $("who").textContent = name;
    if ($("name-dialog").open) $("name-dialog").close();
    $("before").hidden = true;
    show(result);
  } catch (error) {
    state.annotator = before;
    if (!$("name-dialog").open) askName();
    $("name-problem").textContent = error.message || "The server does not answer: start the command again, and open the address that it prints.";
  }
  enable();
}

function openRule() {
  const selected = window.getSelection();
  const text = selected.toString().trim().replace(/\s+/g, " ").slice(0, 200);
  const field = selected.anchorNode && selected.anchorNode.parentElement ? selected.anchorNode.parentElement.closest(".text") : null;
  if (text && field) {
    $("words").value = text.replaceAll(",", " ");
    $("rule-column").value = field.dataset.column;
  }
  const answered = state.example && state.example.answer ? state.example.answer.label : null;
  if (answered) $("rule-class").value = answered;
  $("rule-dialog").showModal();
  $("words").focus();
}

async function countRule(event) {
  event.preventDefault();
  const words = $("words").value.split(",").map((word) => word.trim()).filter(Boolean);
  const columns = $("rule-column");
  try {
    const rule = await ask("rule", { words, label: $("rule-class").value, column: columns.value });
    const share = rule.share, precision = rule.precision;
    const right = precision.n
      ? ` Of ${plural(precision.n, "answered example")} with them, ${percent(precision.share)} (${percent(precision.low)} to ${percent(precision.high)}) are ${$("rule-class").value}.`
      : " No answered example has them.";
    $("rule-count").textContent = `Labels ${percent(share.share)} (${percent(share.low)} to ${percent(share.high)}) of the corpus, by ${plural(share.n, "example")}.${right}`;
    $("rule-source").textContent = rule.source;
    $("rule-source").hidden = false;
    $("copy").disabled = false;
  } catch (error) {
    $("rule-count").textContent = [error.message, error.hint].filter(Boolean).join(". ") || "The server does not answer.";
    $("rule-source").hidden = true;
    $("copy").disabled = true;
  }
}

async function copySource() {
  try {
    await navigator.clipboard.writeText($("rule-source").textContent);
    $("rule-count").textContent = "Copied: paste it below the other rules.";
  } catch {
    const range = document.createRange();
    range.selectNodeContents($("rule-source"));
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    $("rule-count").textContent = "The source is selected: copy it with Ctrl-C.";
  }
}

function toggleGuidelines() {
  const guidelines = $("guidelines");
  if (!guidelines) return;
  guidelines.hidden = !guidelines.hidden;
  $("guide").setAttribute("aria-expanded", String(!guidelines.hidden));
  if (!guidelines.hidden && window.innerWidth < 1120) guidelines.scrollIntoView({ block: "start" });
}

const SHORTCUTS = {
  s: () => answer(null, "skipped"),
  u: () => answer(null, "unsure"),
  b: back,
  r: openRule,
  g: toggleGuidelines,
  n: () => $("note").focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.target === $("note")) {
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      $("example").focus({ preventScroll: true });
    }
    return;
  }
  const key = event.key.toLowerCase();
  const chosen = classButtons.find((button) => button.dataset.key === key);
  const action = chosen ? () => answer(chosen.dataset.label, "labeled") : SHORTCUTS[key];
  if (action) {
    event.preventDefault();
    action();
  }
});

document.addEventListener("visibilitychange", () => {
  const now = performance.now();
  if (document.hidden) state.hiddenSince = now;
  else if (state.hiddenSince !== null) {
    state.hidden += now - state.hiddenSince;
    state.hiddenSince = null;
  }
});

for (const button of classButtons) button.addEventListener("click", () => answer(button.dataset.label, "labeled"));
$("skip").addEventListener("click", SHORTCUTS.s);
$("unsure").addEventListener("click", SHORTCUTS.u);
$("back").addEventListener("click", back);
$("rule").addEventListener("click", openRule);
if ($("guide")) $("guide").addEventListener("click", toggleGuidelines);
$("who").addEventListener("click", askName);
$("retry").addEventListener("click", () => { if (state.pending) state.pending(); });
$("rule-form").addEventListener("submit", countRule);
$("rule-close").addEventListener("click", () => $("rule-dialog").close());
$("copy").addEventListener("click", copySource);
$("name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  begin($("name").value.trim());
});
$("name-dialog").addEventListener("cancel", (event) => { if (!state.annotator) event.preventDefault(); });
enable();
const remembered = sessionStorage.getItem("labelkit-annotator") || document.body.dataset.annotator;
if (remembered) begin(remembered);
else askName();
