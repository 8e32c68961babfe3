// The page to label on, within a notebook. Texts are shown as texts (textContent) only, and an answer counts as given when
// the kernel says that it is on the disk.
const element = (tag, text, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const percent = (share) => `${(100 * share).toFixed(1)}%`;

function render({ model, el }) {
  const state = { example: null, busy: false, shown: 0, number: 0, waiting: new Map() };
  const root = element("div", undefined, "labelkit-annotate");
  root.tabIndex = 0;
  root.dataset.lmSuppressShortcuts = "true";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Label examples");

  const bar = element("p", "", "bar");
  const title = element("p", "", "soft");
  const fields = element("div", undefined, "fields");
  const buttons = element("div", undefined, "buttons");
  const said = element("p", "", "soft");
  said.setAttribute("role", "status");
  const problem = element("p", "", "problem");
  problem.setAttribute("role", "alert");
  const before = element("div", undefined, "before");
  const note = element("input");
  note.setAttribute("aria-label", "Note");
  note.placeholder = "note (n)";

  function ask(action, values) {
    const number = ++state.number;
    return new Promise((done, failed) => {
      state.waiting.set(number, { done, failed });
      model.send({ number, action, ...values });
    });
  }
  function onReply(reply) {
    const waiting = state.waiting.get(reply.number);
    if (!waiting) return;
    state.waiting.delete(reply.number);
    if (reply.error === undefined) waiting.done(reply.result);
    else waiting.failed(new Error([reply.error, reply.hint].filter(Boolean).join(". ")));
  }
  async function doing(action, values, shown) {
    if (state.busy) return;
    state.busy = true;
    problem.textContent = "";
    try {
      shown(await ask(action, values));
    } catch (error) {
      problem.textContent = `Not kept: ${error.message}`;
    }
    state.busy = false;
  }

  function showFields(place, example) {
    place.replaceChildren(...example.columns.map((column) => {
      const field = element("div");
      if (example.columns.length > 1) field.append(element("p", column.name, "soft"));
      const text = element("div", undefined, "text");
      text.dir = "auto";
      if (!column.pieces.length) text.textContent = "nothing";
      for (const [piece, matches] of column.pieces) text.append(matches ? element("mark", piece) : document.createTextNode(piece));
      field.append(text);
      return field;
    }));
  }
  function showVotes(place, votes) {
    if (!votes) return;
    const words = votes.map((vote) => `${vote.rule}: ${vote.vote}`);
    place.append(element("p", words.length ? words.join(", ") : "No rule votes on it.", "soft"));
  }
  function show(result) {
    const { example, status } = result;
    state.example = example;
    state.shown = performance.now();
    const shares = status.shares.map((one) => `${one.name} ${percent(one.share)} (${percent(one.low)} to ${percent(one.high)})`);
    bar.textContent = `${status.done} of ${status.examples}${shares.length ? ` · ${shares.join(", ")}` : ""}`;
    note.value = example && example.answer ? example.answer.note : "";
    title.textContent = example ? `Example ${example.id}` : "All done: nothing is left for you.";
    if (example) {
      showFields(fields, example);
      showVotes(fields, example.votes);
    } else fields.replaceChildren();
  }
  function answer(label, status) {
    if (state.busy || !state.example) return;
    const seconds = Number(((performance.now() - state.shown) / 1000).toFixed(3));
    doing("answer", { key: state.example.key, label, status, seconds, note: note.value }, (result) => {
      said.textContent = `${status === "labeled" ? label : status} kept.`;
      showFields(before, result.answered);
      before.prepend(element("p", `Before this: ${status === "labeled" ? label : status}`, "soft"));
      showVotes(before, result.answered.votes);
      show(result);
    });
  }
  const back = () => doing("back", { key: state.example ? state.example.key : null }, show);

  const actions = { s: ["Skip", () => answer(null, "skipped")], u: ["Unsure", () => answer(null, "unsure")], b: ["Back", back] };
  const byKey = new Map();
  for (const { name, key } of model.get("classes")) {
    const button = element("button", key ? `${name} (${key})` : name, "class");
    button.dataset.label = name;
    button.addEventListener("click", () => answer(name, "labeled"));
    if (key) byKey.set(key, () => answer(name, "labeled"));
    buttons.append(button);
  }
  for (const [key, [name, action]] of Object.entries(actions)) {
    const button = element("button", `${name} (${key})`);
    button.addEventListener("click", action);
    byKey.set(key, action);
    buttons.append(button);
  }
  byKey.set("n", () => note.focus());
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    event.stopPropagation();
    if (event.target === note) {
      if (event.key === "Escape" || event.key === "Enter") root.focus({ preventScroll: true });
      return;
    }
    const action = byKey.get(event.key.toLowerCase());
    if (action) {
      event.preventDefault();
      action();
    }
  });

  root.append(bar, title, fields, buttons, note, said, problem, before);
  el.append(root);
  model.on("msg:custom", onReply);
  doing("next", {}, show);
  return () => model.off && model.off("msg:custom", onReply);
}

export default { render };
