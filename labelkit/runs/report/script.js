// Sorts and filters the rules, draws the map of conflicts, and shows examples. Texts of the corpus are put in place as
// text, never as HTML.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const [ID, CELLS, VOTES, LABEL, TOP, GOLD] = [0, 1, 2, 3, 4, 5];
  const number = new Intl.NumberFormat("en-US");
  const MAP_RULES = 80;

  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  function chip(label) {
    if (label === -2) return el("span", { class: "lk-chip lk-none" }, "fault");
    if (label < 0) return el("span", { class: "lk-chip lk-none" }, "none");
    return el("span", { class: `lk-chip lk-c${label % data.colours}` }, data.classes[label]);
  }

  // Examples --------------------------------------------------------------------------------------------------------

  function text(cell, rules) {
    if (typeof cell === "string") return [cell];
    return cell.map((piece) => {
      if (typeof piece === "string") return piece;
      const on = piece.slice(1).some((lf) => rules.includes(lf));
      return el("mark", on ? { class: "on" } : {}, piece[0]);
    });
  }

  function cells(row, rules) {
    const long = [];
    const short = [];
    row[CELLS].forEach((cell, place) => {
      const name = data.columns[place];
      if (cell === null) short.push(`${name}: null`);
      else if (place === 0) long.push(el("p", { class: "text", dir: "auto" }, ...text(cell, rules)));
      else short.push(el("bdi", {}, `${name}: `, ...text(cell, rules)));
    });
    if (short.length) long.push(el("p", { class: "fields" }, ...short.flatMap((part, i) => (i ? [" · ", part] : [part]))));
    return long;
  }

  function example(place, rules) {
    const row = data.rows[place];
    const told = el("div", { class: "told" });
    for (let i = 0; i < row[VOTES].length; i += 2) {
      const [lf, vote] = [row[VOTES][i], row[VOTES][i + 1]];
      const on = rules.includes(lf) ? "vote on" : "vote";
      told.append(el("span", { class: on }, `${data.rules[lf]} `, chip(vote)));
    }
    if (!row[VOTES].length) told.append(el("span", {}, "no rule votes"));
    const sure = row[LABEL] < 0 ? "" : ` ${Math.round(100 * row[TOP])}%`;
    told.append(el("span", { class: "label" }, "label ", chip(row[LABEL]), sure));
    if (row[GOLD] >= 0) told.append(el("span", {}, "gold ", chip(row[GOLD])));
    told.append(el("span", {}, "id ", el("code", {}, el("bdi", {}, String(row[ID])))));
    return el("article", { class: "example" }, ...cells(row, rules), told);
  }

  function fill(target, places, rules) {
    const none = el("p", { class: "soft" }, "There was no room for its examples in this report.");
    target.replaceChildren(...(places.length ? places.map((place) => example(place, rules)) : [none]));
  }

  function fillCard(card) {
    for (const target of card.querySelectorAll(".examples:empty")) {
      const list = data.lists[target.dataset.list];
      const lf = target.dataset.lf;
      fill(target, lf === undefined ? list : list[lf], lf === undefined ? [] : [Number(lf)]);
    }
  }

  const cards = [...document.querySelectorAll("details.card")];
  for (const card of cards) card.addEventListener("toggle", () => card.open && fillCard(card));

  function openTarget() {
    const card = location.hash && $(decodeURIComponent(location.hash.slice(1)));
    if (card && card.matches("details.card")) {
      card.open = true;
      card.querySelector("summary").focus({ preventScroll: true });
      card.scrollIntoView();
    }
  }
  addEventListener("hashchange", openTarget);
  openTarget();
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#rule-"]');
    if (link && link.hash === location.hash) openTarget();
    const button = event.target.closest("button[data-pair]");
    if (button) showPair(Number(button.dataset.pair));
  });

  const ruleCards = cards.filter((card) => card.dataset.lf !== undefined);
  $("open-all").addEventListener("click", () => ruleCards.forEach((card) => { card.open = true; }));
  $("close-all").addEventListener("click", () => ruleCards.forEach((card) => { card.open = false; }));

  // Pairs -----------------------------------------------------------------------------------------------------------

  const dialog = $("dialog");
  $("dialog-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());

  function told([i, j, against, both]) {
    const share = (100 * against / both).toFixed(1);
    return `${data.rules[i]} and ${data.rules[j]} disagree on ${number.format(against)} of the ${number.format(both)} `
      + `examples that both vote on (${share}%).`;
  }

  function showPair(place) {
    const pair = data.pairs[place];
    $("dialog-title").textContent = `${data.rules[pair[0]]} against ${data.rules[pair[1]]}`;
    $("dialog-told").textContent = told(pair);
    fill($("dialog-examples"), pair[4], [pair[0], pair[1]]);
    dialog.showModal();
    dialog.scrollTop = 0;
  }

  const more = $("more-pairs");
  if (more) {
    more.addEventListener("click", () => {
      const hidden = document.querySelectorAll(".pairs tr[hidden]");
      hidden.forEach((row) => { row.hidden = false; });
      hidden[0].querySelector("a").focus();
      more.parentElement.remove();
    });
  }

  // The map of conflicts --------------------------------------------------------------------------------------------

  function drawMap() {
    const worst = new Map();
    data.pairs.forEach(([i, j, against], place) => {
      for (const lf of [i, j]) worst.set(lf, (worst.get(lf) || 0) + against);
      data.pairs[place].place = place;
    });
    const rules = [...worst.keys()].sort((a, b) => worst.get(b) - worst.get(a)).slice(0, MAP_RULES);
    const byRules = new Map();
    for (const pair of data.pairs) {
      byRules.set(`${pair[0]} ${pair[1]}`, pair);
      byRules.set(`${pair[1]} ${pair[0]}`, pair);
    }
    const heat = Math.max(...data.pairs.map((pair) => pair[2]));
    const size = Math.max(13, Math.min(34, Math.floor(880 / rules.length)));
    const body = el("tbody", {});
    rules.forEach((row, y) => {
      const line = el("tr", { role: "row" }, el("th", { scope: "row", title: data.rules[row] }, data.rules[row]));
      rules.forEach((column, x) => line.append(cell(byRules.get(`${row} ${column}`), row === column, heat, x, y)));
      body.append(line);
    });
    const heads = rules.map((lf) => el("th", { scope: "col", title: data.rules[lf] }, el("span", {}, data.rules[lf])));
    const table = el("table", { class: "map" }, el("thead", {}, el("tr", {}, el("td", { class: "self" }), ...heads)), body);
    table.style.setProperty("--cell", `${size}px`);
    $("map").replaceChildren(table);
    table.querySelector("button").tabIndex = 0;
    table.addEventListener("keydown", move);
    const tell = (event) => {
      const button = event.target.closest("button");
      if (button) $("map-told").textContent = button.getAttribute("aria-label");
    };
    table.addEventListener("focusin", tell);
    table.addEventListener("mouseover", tell);
  }

  function cell(pair, self, heat, x, y) {
    if (!pair) return el("td", { class: self ? "self" : "none" });
    const button = el("button", { "data-pair": pair.place, "data-x": x, "data-y": y, tabindex: -1, "aria-label": told(pair) });
    button.style.setProperty("--heat-share", (0.12 + 0.88 * Math.sqrt(pair[2] / heat)).toFixed(3));
    return el("td", {}, button);
  }

  const STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };

  function move(event) {
    const step = STEPS[event.key];
    const from = event.target.closest("button");
    if (!step || !from) return;
    event.preventDefault();
    const [x, y] = [Number(from.dataset.x), Number(from.dataset.y)];
    const ahead = [...$("map").querySelectorAll("button")]
      .map((button) => [button, (button.dataset.x - x) * step[0] + (button.dataset.y - y) * step[1],
        Math.abs((button.dataset.x - x) * step[1]) + Math.abs((button.dataset.y - y) * step[0])])
      .filter(([, along]) => along > 0)
      .sort((a, b) => a[2] - b[2] || a[1] - b[1]);
    if (!ahead.length) return;
    from.tabIndex = -1;
    ahead[0][0].tabIndex = 0;
    ahead[0][0].focus();
  }

  if (data.pairs.length) drawMap();

  // The table of rules ----------------------------------------------------------------------------------------------

  const table = $("rules-table");
  const body = table.tBodies[0];
  const rows = [...body.rows];

  function compare(column, down) {
    const numeric = column > 1;
    return (a, b) => {
      const [one, other] = [a, b].map((row) => row.cells[column].dataset.value);
      if (numeric && (one === "" || other === "")) return (one === "") - (other === "");
      const order = numeric ? one - other : one.localeCompare(other, "en");
      return down ? -order : order;
    };
  }

  table.tHead.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sort]");
    if (!button) return;
    const head = button.closest("th");
    const before = head.getAttribute("aria-sort");
    const down = before === "none" ? head.cellIndex > 1 : before === "ascending";
    for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.sort(compare(head.cellIndex, down)));
  });

  function filter() {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const ofClass = $("of-class").value;
    const kind = $("of-kind").value;
    let shown = 0;
    for (const row of rows) {
      const fits = words.every((word) => row.dataset.find.includes(word))
        && (!ofClass || row.dataset.classes.split(" ").includes(ofClass))
        && (!kind || row.dataset.kind === kind);
      row.hidden = !fits;
      shown += fits;
    }
    $("n-shown").textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "rule" : "rules"}`;
    $("no-rules").hidden = shown > 0;
  }
  for (const id of ["find", "of-class", "of-kind"]) {
    for (const kind of ["input", "change"]) $(id).addEventListener(kind, filter);
  }
})();
