"use strict";
// Everything is in this page: `data` holds the requests, `packed` the records (gzip, base64).
(function () {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const ROW = 22, PRINTED = 120;
  // A request: [from, ms, mirror, resource, end, status, bytes, tries, number, ahead]
  // A try: [from, ms, mirror, first byte ms or null, outcome, reason, failed, words]
  const requests = data.requests, ahead = requests.filter((r) => r[9]).length;

  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const ms = (n) => n < 9.95 ? n.toFixed(1) + " ms" : n < 999.5 ? n.toFixed(0) + " ms"
    : n < 59995 ? (n / 1e3).toFixed(2) + " s" : Math.floor(Math.round(n / 1e3) / 60) + " min " + Math.round(n / 1e3) % 60 + " s";
  const size = (n) => {
    const units = ["B", "KiB", "MiB", "GiB"];
    let i = 0;
    while (n >= 1024 && i < 3) { n /= 1024; i++; }
    return (i ? n.toFixed(1) : n) + " " + units[i];
  };
  const counted = (n) => n + (n === 1 ? " request" : " requests");
  const words = (r) => (r[3] + " " + (data.mirrors[r[2]] || "") + " " + r[4] + " " + (r[5] || "") + " "
    + r[7].map((t) => t[4] + " " + t[5]).join(" ")).toLowerCase();
  const failed = (r) => r[4] === "failed" || r[4] === "no answer";

  // A list of which only what can be seen is in the page.
  function windowed(box, draw, choose) {
    const pad = make("div", "pad");
    box.append(pad);
    let items = [], first = -1, last = -1, chosen = -1;
    const paint = (force) => {
      const top = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
      const end = Math.min(items.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 8);
      if (!force && top === first && end === last) return;
      first = top; last = end;
      const nodes = [];
      for (let i = top; i < end; i++) {
        const node = draw(items[i]);
        node.style.top = i * ROW + "px";
        node.dataset.i = i;
        node.setAttribute("role", "option");
        if (i === chosen) node.classList.add("chosen");
        nodes.push(node);
      }
      pad.replaceChildren(...nodes);
    };
    const pick = (i) => {
      if (i < 0 || i >= items.length) return;
      chosen = i;
      if (i * ROW < box.scrollTop) box.scrollTop = i * ROW;
      if ((i + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (i + 1) * ROW - box.clientHeight;
      paint(true);
      choose(items[i]);
    };
    box.addEventListener("scroll", () => paint(false), { passive: true });
    window.addEventListener("resize", () => paint(true));
    pad.addEventListener("click", (e) => {
      const node = e.target.closest("[data-i]");
      if (node) pick(+node.dataset.i);
    });
    box.addEventListener("keydown", (e) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[e.key];
      if (step) { e.preventDefault(); pick(Math.min(items.length - 1, Math.max(0, chosen + step))); }
    });
    return (list) => {
      items = list; chosen = -1;
      pad.style.height = list.length * ROW + "px";
      box.classList.toggle("short", list.length < 20);
      box.scrollTop = 0;
      paint(true);
    };
  }

  let from = 0, span = 1;
  const place = (node, start, length) => {
    node.style.left = ((start - from) / span * 100).toFixed(3) + "%";
    node.style.width = (length / span * 100).toFixed(3) + "%";
    return node;
  };
  function bar(t) {
    const node = place(make("i", (t[6] ? "went " : "") + "m" + t[2] % 8), t[0], t[1]);
    if (!t[6] && t[3] !== null && t[1] > 0) {
      // Until the first byte it only waits.
      const wait = (100 * Math.min(1, t[3] / t[1])).toFixed(1);
      node.style.background = "linear-gradient(90deg, color-mix(in srgb, var(--c) 45%, transparent) " + wait + "%, var(--c) " + wait + "%)";
    }
    return node;
  }
  function row(r) {
    const node = make("div", "row");
    const name = make("span", failed(r) ? "name failed" : "name");
    // The version matters as much as the module: only the latter is cut short.
    const at = r[3].search(/@| [a-z]+$/);
    name.append(make("span", "", at < 0 ? r[3] : r[3].slice(0, at)), make("span", "", at < 0 ? "" : r[3].slice(at)));
    name.title = r[3];
    const lane = make("span", "lane");
    lane.append(place(make("i", "hold"), r[0], r[1]));
    for (const t of r[7]) lane.append(bar(t));
    if (!r[7].length) lane.append(place(make("i", "m" + r[2] % 8), r[0], r[1]));
    node.append(name, lane, make("span", "", ms(r[1])));
    return node;
  }
  function axis() {
    const box = make("div");
    for (let i = 0; i <= 4; i++) {
      const mark = make("i", "", ms(from + span * i / 4));
      mark.style.left = i * 25 + "%";
      box.append(mark);
    }
    $("axis").replaceChildren(box);
    $("axis").style.width = $("rows").clientWidth + 2 + "px";
    // The overview stands above the lanes, on the same scale; a narrow page gives it all the room.
    const wide = box.clientWidth > 240, over = $("overview").style;
    over.marginLeft = wide ? box.offsetLeft - $("axis").offsetLeft + "px" : "";
    over.width = wide ? box.clientWidth + "px" : "";
  }
  function detail(r) {
    const box = $("detail");
    const title = make("h3", "", r[3]);
    const text = r[9] ? "asked ahead of go" : "request " + r[8] + " of go";
    const head = make("p", "quiet", text + ", at " + ms(r[0]) + ": " + r[4] + (r[5] ? " (" + r[5] + ")" : "")
      + ", " + size(r[6]) + " in " + ms(r[1]) + (r[7].length || r[9] ? "" : ", no attempt of its own: it was ready, or nobody was asked"));
    const table = make("table");
    for (const t of r[7]) {
      const line = make("tr");
      const mirror = make("td");
      mirror.append(make("i", "dot m" + t[2] % 8), data.mirrors[t[2]] || "");
      line.append(make("td", "n", ms(t[0])), mirror, make("td", t[6] ? "failed" : "", t[4]), make("td", "", t[7]), make("td", "", t[5]), make("td", "n", ms(t[1])));
      table.append(line);
    }
    box.replaceChildren(title, head, table);
    box.hidden = false;
  }

  // How much was in flight over the time of the run; a part of it can be chosen.
  let range = null;
  function overview() {
    const box = $("overview"), N = 200, total = Math.max(data.total, 0.001);
    const flights = new Array(N).fill(0), bad = new Array(N).fill(false);
    const slot = (t) => Math.min(N - 1, Math.max(0, Math.floor(t / total * N)));
    for (const r of requests) {
      for (let i = slot(r[0]); i <= slot(r[0] + r[1]); i++) flights[i]++;
      for (const t of r[7]) if (t[6]) bad[slot(t[0] + t[1])] = true;
    }
    const most = Math.max(1, ...flights);
    for (let i = 0; i < N; i++) {
      const column = make("i", bad[i] ? "bad" : "");
      column.style.height = (flights[i] && Math.max(6, flights[i] / most * 100)) + "%";
      box.append(column);
    }
    const brush = make("div");
    brush.hidden = true;
    box.append(brush);
    let start = null;
    const at = (e) => {
      const area = box.getBoundingClientRect();
      return Math.min(1, Math.max(0, (e.clientX - area.left) / area.width)) * total;
    };
    const paint = () => {
      brush.hidden = !range;
      if (!range) return;
      brush.style.left = range[0] / total * 100 + "%";
      brush.style.width = (range[1] - range[0]) / total * 100 + "%";
    };
    box.addEventListener("pointerdown", (e) => { start = at(e); box.setPointerCapture(e.pointerId); });
    box.addEventListener("pointermove", (e) => {
      if (start === null) return;
      range = [Math.min(start, at(e)), Math.max(start, at(e))];
      paint();
    });
    box.addEventListener("pointerup", () => {
      start = null;
      if (range && range[1] - range[0] < total / 400) range = null;
      paint();
      refresh();
    });
    $("zoom").addEventListener("click", () => { range = null; paint(); refresh(); });
  }

  const show = windowed($("rows"), row, detail);
  let visible = requests;
  function refresh() {
    const wanted = $("find").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const which = $("show").value, order = $("sort").value;
    visible = requests.filter((r) => (which !== "failed" || failed(r)) && (which !== "retried" || r[7].length > 1)
      && (which !== "ahead" || r[9]) && (!range || r[0] <= range[1] && r[0] + r[1] >= range[0])
      && (!wanted.length || wanted.every((w) => words(r).includes(w))));
    if (order === "long") visible.sort((a, b) => b[1] - a[1]);
    if (order === "size") visible.sort((a, b) => b[6] - a[6]);
    if (order === "name") visible.sort((a, b) => a[3] < b[3] ? -1 : a[3] > b[3] ? 1 : 0);
    from = Infinity;
    let to = 0;
    for (const r of visible) { from = Math.min(from, r[0]); to = Math.max(to, r[0] + r[1]); }
    if (range) { [from, to] = range; } else if (visible.length === requests.length || !visible.length) { from = 0; to = Math.max(to, data.total); }
    span = Math.max(to - from, 0.001);
    $("shown").textContent = (visible.length === requests.length ? "" : visible.length + " of ") + counted(requests.length)
      + (ahead ? ", " + ahead + " of them ahead of go" : "");
    $("zoom").hidden = !range;
    show(visible);
    axis();
    $("detail").hidden = true;
  }
  for (const id of ["find", "show", "sort"]) $(id).addEventListener("input", refresh);
  overview();
  refresh();
  window.addEventListener("resize", axis);

  // On paper there is no scrolling: what is shown, up to a limit.
  window.addEventListener("beforeprint", () => {
    const weight = (r) => (failed(r) ? 1e12 : 0) + (r[7].some((t) => t[6]) ? 1e9 : 0) + r[1];
    const worst = [...visible].sort((a, b) => weight(b) - weight(a)).slice(0, PRINTED);
    const nodes = visible.filter((r) => worst.includes(r)).map(row);
    const more = visible.length - nodes.length;
    if (more) nodes.push(make("p", "quiet", more + " more, which worked at once and took less, are not printed."));
    $("printed").replaceChildren(...nodes);
    for (const node of document.querySelectorAll("details")) if (!node.classList.contains("long")) node.open = true;
  });

  let records = null;
  async function unpack() {
    if (records) return;
    records = [];
    const bytes = Uint8Array.from(atob($("packed").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const lines = (await new Response(stream).text()).split("\n").filter(Boolean);
    const known = /^\{"t":([\d.eE+-]+),"kind":"([^"]*)",?/;
    records = lines.map((text) => {
      const found = known.exec(text);
      return found ? [(+found[1] / 1e3).toFixed(3) + " s", found[2], text.slice(found[0].length, -1), text] : ["", "", text, text];
    });
    const list = windowed($("rawrows"), (r) => {
      const node = make("div", "line");
      node.append(make("b", "", r[0]), r[1] + "  " + r[2].slice(0, 400));
      return node;
    }, (r) => {
      let text = r[3];
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* as it stands */ }
      $("rawdetail").textContent = text;
      $("rawdetail").hidden = false;
    });
    const find = () => {
      const wanted = $("rawfind").value.trim().toLowerCase();
      const found = wanted ? records.filter((r) => r[3].toLowerCase().includes(wanted)) : records;
      $("rawshown").textContent = found.length + " of " + records.length + " records";
      list(found);
    };
    $("rawfind").addEventListener("input", find);
    find();
  }
  $("raw").addEventListener("toggle", () => {
    if ($("raw").open) unpack().catch((e) => { $("rawshown").textContent = "this browser cannot unpack them: " + e; });
  });
})();
