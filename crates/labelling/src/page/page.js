"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (name, text, attributes = {}) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  // ---- Where answers go: to the server, or into this browser until they are downloaded.

  // An error that the server explained: asking again would not help.
  class Refused extends Error {}
  // The server does not know this browser.
  class Stranger extends Error {}
  // The server could not do it now, and says why.
  class Failed extends Error {}

  const served = () => {
    const call = async (path, body) => {
      const options = { cache: "no-store", credentials: "same-origin", headers: { "X-Tailward": "1" } };
      if (body !== undefined) {
        options.method = "POST";
        options.headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body);
      }
      const response = await fetch(path, options);
      if (response.status === 401) throw new Stranger("This link does not hold (any more). Open the link that `tailward label` shows.");
      if (response.status >= 400 && response.status < 500) throw new Refused(await response.text());
      if (!response.ok) throw new Failed(await response.text());
      return response.status === 204 ? null : response.json();
    };
    return {
      isFile: false,
      enter: (token) => call("/enter", { token }),
      state: () => call("/api/state"),
      say: (presses) => call("/api/say", presses),
      undo: (said) => call("/api/undo", said),
      addClass: (name) => call("/api/class", { name }),
      ask: () => call("/api/ask", {}),
      history: () => call("/api/history"),
      why: async (sample) => (await call(`/api/why/${sample}`)).why,
      caption: async (sample) => (await call(`/api/why/${sample}`)).path,
      grid: () => call("/api/grid"),
      resolve: () => call("/api/resolve"),
      image: (sample, whole) => `/image/${sample}${whole ? "/whole" : ""}`,
    };
  };

  const inFile = (content) => {
    const key = `tailward ${content.key}`;
    const images = new Map(content.images.map((image) => [image.sample, image]));
    const classes = content.classes;
    const kept = JSON.parse(localStorage.getItem(key) || '{"annotator":"","classes":[],"said":[]}');
    kept.classes.forEach((name) => classes.push({ id: classes.length, name, key: null, count: 0 }));
    const given = classes.length - kept.classes.length;
    const keep = () => localStorage.setItem(key, JSON.stringify(kept));
    const eventOf = (mark) => (typeof mark === "object" ? "answered" : mark);
    const labelOf = (mark) => (typeof mark === "object" ? mark.label : null);
    const standing = () => {
      const last = new Map();
      kept.said.forEach((said) => last.set(said.sample, said));
      return last;
    };
    const state = async () => {
      const last = standing();
      const counts = new Map();
      last.forEach((said) => counts.set(said.label, (counts.get(said.label) || 0) + 1));
      const queue = content.images.map((image) => image.sample).filter((sample) => !last.has(sample));
      return {
        project: content.project, annotator: kept.annotator, round: content.round, queue, waiting: queue.length,
        asked: content.images.length, disputed: 0, spent: content.spent, budget: content.budget, account: [], problem: null,
        classes: classes.map((line) => ({ ...line, count: counts.get(line.id) || 0 })),
      };
    };
    const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    return {
      isFile: true,
      state,
      say: async (presses) => {
        presses.forEach(({ sample, mark, how }) =>
          kept.said.push({ sample, event: eventOf(mark), label: labelOf(mark), how, unix_ms: Date.now() }));
        keep();
        return state();
      },
      undo: async ({ sample }) => {
        const place = kept.said.findLastIndex((said) => said.sample === sample);
        if (place >= 0) kept.said.splice(place, 1);
        keep();
        return state();
      },
      addClass: async (name) => {
        if (classes.some((line) => line.name.toLowerCase() === name.toLowerCase())) throw new Refused(`The class “${name}” is there already.`);
        if (/^[=+\-@]/.test(name)) throw new Refused("Spreadsheets take a name that begins with = + - or @ for a formula; choose another.");
        kept.classes.push(name);
        classes.push({ id: classes.length, name, key: null, count: 0 });
        keep();
        return state();
      },
      history: async () => kept.said.filter((said, place) => place === kept.said.findLastIndex((other) => other.sample === said.sample))
        .map(({ sample, event, label }) => ({ sample, event, label })),
      why: async (sample) => images.get(sample).why,
      caption: async (sample) => images.get(sample).path,
      image: (sample) => images.get(sample).image,
      name: (annotator) => { kept.annotator = annotator; keep(); },
      table: () => {
        const status = ({ event, label }) => (label === null ? event : label >= given ? "new-class" : "labelled");
        const rows = [...standing().values()].map((said) => [
          said.sample, images.get(said.sample).path, said.label === null ? "" : classes[said.label].name, status(said), kept.annotator, said.unix_ms,
        ]);
        return [["index", "path", "label", "status", "annotator", "unix_ms"], ...rows]
          .map((row) => row.map((cell) => quoted(String(cell))).join(",")).join("\n") + "\n";
      },
    };
  };

  const content = byId("content");
  const store = content ? inFile(JSON.parse(content.textContent)) : served();

  // ---- What is shown.

  const view = {
    state: null,
    // Images that come before the queue: those whose answers were taken back.
    front: [],
    // What this annotator said, the last at the end.
    history: [],
    // The place in the history that is looked at; nothing: the queue.
    cursor: null,
    mode: "single",
    groups: [],
    questions: [],
    isZoomed: false,
    isAsking: false,
    // What was pressed and is not on the disk yet: no more than one thing at a time.
    pending: null,
    // A key that was pressed before the last answer was on the disk.
    next: null,
    shown: null,
    stamps: [],
  };
  // An answer that the server did not get, in case the page is closed: for this link's annotator alone.
  const KEPT = "tailward not saved";

  const className = (id) => view.state.classes[id]?.name ?? `class ${id}`;
  const queue = () => {
    const waits = new Set(view.pending ? view.pending.samples : []);
    const rest = view.state.queue.filter((sample) => !view.front.includes(sample));
    return [...view.front, ...rest].filter((sample) => !waits.has(sample));
  };
  const current = () => {
    if (view.mode === "resolve") return view.questions[0]?.sample ?? null;
    if (view.cursor !== null) return view.history[view.cursor].sample;
    return queue()[0] ?? null;
  };

  // Images that are loaded already, so that the next one is there at once.
  const loaded = new Map();
  const image = (sample) => {
    if (!loaded.has(sample)) {
      const element = make("img", undefined, { alt: `image ${sample}`, draggable: "false" });
      element.addEventListener("load", () => {
        // A tiny image is easier to recognise when it is not blown up to the window.
        element.style.maxWidth = `${element.naturalWidth * 12}px`;
        element.style.maxHeight = `${element.naturalHeight * 12}px`;
        element.dataset.is = "there";
        if (view.shown === sample) byId("frame").classList.remove("loading");
      });
      element.addEventListener("error", () => {
        element.dataset.is = "lost";
        if (view.shown === sample) caption(sample);
      });
      element.src = store.image(sample, false);
      loaded.set(sample, element);
      if (loaded.size > 60) loaded.delete(loaded.keys().next().value);
    }
    return loaded.get(sample);
  };

  const said = ({ event, label }) => (label === null || label === undefined ? event : className(label));

  let captions = 0;
  const caption = async (sample) => {
    const turn = ++captions;
    const line = byId("caption");
    line.replaceChildren();
    if (view.cursor !== null) line.append("You said ", make("b", said(view.history[view.cursor])), ". ");
    if (view.mode === "resolve") line.append(...question(view.questions[0]));
    if (loaded.get(sample)?.dataset.is === "lost") line.append(make("b", "This image cannot be shown: its file is gone, or is another than it was. Skip it with space. "));
    try {
      const path = await store.caption(sample);
      if (turn === captions) line.append(make("span", path));
    } catch (error) { /* The path is a courtesy. */ }
  };

  const question = ({ given, suggested, is_disputed }) => {
    const parts = given.flatMap(([who, label], place) => [place ? " · " : "", `${who}: `, make("b", className(label))]);
    if (suggested) parts.push(` · the model says ${className(suggested[0])} (${(100 * suggested[1]).toFixed(0)} %)`);
    parts.push(is_disputed ? ". Which class is it? " : ". Press enter to keep the label, . to take the model’s, or another class. ");
    return parts;
  };

  const show = () => {
    const { state } = view;
    byId("project").textContent = state.project;
    const done = state.asked - state.waiting;
    byId("progress").textContent = state.asked ? `round ${state.round}: ${done} of ${state.asked}` : "";
    byId("bar").max = Math.max(1, state.asked);
    byId("bar").value = done;
    byId("budget").textContent = `${state.spent} of ${state.budget} labels asked for`;
    byId("disputed").textContent = state.disputed ? `(${state.disputed})` : "";
    byId("who").textContent = store.isFile ? "" : state.annotator;
    rate();
    classes();
    const isGrid = view.mode === "grid";
    const sample = isGrid ? null : current();
    byId("tiles").hidden = !isGrid || !view.groups.length;
    byId("message").hidden = isGrid ? view.groups.length > 0 : sample !== null;
    byId("frame").hidden = byId("caption").hidden = sample === null;
    if (sample === null) byId("why").hidden = true;
    document.querySelector("footer").hidden = isGrid;
    if (isGrid) return tiles();
    if (sample === null) {
      view.shown = null;
      return message();
    }
    if (view.shown !== sample) {
      view.shown = sample;
      view.isZoomed = false;
      byId("why").hidden = true;
      const element = image(sample);
      byId("frame").classList.toggle("loading", !element.dataset.is);
      byId("frame").classList.remove("zoomed");
      byId("frame").replaceChildren(element);
    }
    caption(sample);
    if (view.mode === "single") queue().slice(0, 6).forEach(image);
    if (view.mode === "resolve") view.questions.slice(0, 4).forEach((question) => image(question.sample));
  };

  const rate = () => {
    // Pauses of more than a minute are no work.
    const gaps = view.stamps.slice(1).map((stamp, place) => stamp - view.stamps[place]).filter((gap) => gap < 60_000);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    byId("rate").textContent = gaps.length >= 5 ? `${Math.round(3_600_000 / mean)} an hour` : "";
  };

  const classes = () => {
    const now = view.cursor === null ? null : view.history[view.cursor].label;
    byId("classes").replaceChildren(...view.state.classes.map((line) => {
      const button = make("button", undefined, { type: "button", "data-class": line.id });
      if (line.id === now) button.classList.add("is");
      button.append(make("kbd", line.key ?? " "), make("span", line.name, { class: "name" }), make("span", line.count, { class: "count" }));
      return button;
    }));
  };

  const message = () => {
    const { state } = view;
    const box = byId("message");
    const title = (text) => box.append(make("h2", text));
    const say = (text) => box.append(make("p", text));
    box.replaceChildren();
    if (view.mode === "resolve") {
      title("Nothing is left to settle.");
      say("Press esc to go on.");
    } else if (view.isAsking) {
      title("Choosing the next images …");
    } else if (state.waiting) {
      title("Nothing is left for you.");
      say(`${state.waiting} images of this round wait for others${state.disputed ? `; ${state.disputed} have different answers: press r to settle them` : ""}.`);
      later();
    } else if (store.isFile) {
      title("All images are answered.");
      say("Download the answers and send the file back: `tailward tell` takes it.");
      box.append(name(), make("button", "Download answers", { class: "main", "data-do": "download" }));
    } else {
      title(state.asked ? `Round ${state.round} is done.` : "Nothing is asked for yet.");
      if (state.disputed) say(`${state.disputed} images have different answers: press r to settle them.`);
      if (state.problem) say(state.problem);
      else {
        state.account.forEach(say);
        const button = make("button", "Ask for more ", { class: "main", type: "button", "data-do": "ask" });
        button.append(make("kbd", "enter"));
        box.append(button);
      }
    }
  };

  const name = () => {
    const label = make("label", "Your name ");
    const input = make("input", undefined, { id: "annotator", maxlength: "60" });
    input.value = view.state.annotator;
    input.addEventListener("input", () => { store.name(input.value.trim()); view.state.annotator = input.value.trim(); });
    label.append(input);
    return label;
  };

  let poll = null;
  const later = () => {
    if (poll === null && !store.isFile) poll = setTimeout(() => { poll = null; refresh(); }, 700);
  };

  // ---- The grid: images that the head takes for one class.

  const tiles = () => {
    const [group] = view.groups;
    const box = byId("tiles");
    if (!group) {
      byId("message").replaceChildren(make("h2", "No grid is left."), make("p", "A grid has images that the model takes for one class: there is no model before the first labels, and none is left once all are answered. Press esc to go on."));
      return;
    }
    if (box.dataset.group === String(group.id)) return;
    box.dataset.group = group.id;
    const heading = make("p", "Mark those that are NOT ");
    heading.append(make("b", className(group.class)), `, by a click or with the arrows and space; enter answers the others with ${className(group.class)}.`);
    box.replaceChildren(heading, ...group.samples.map((sample) => {
      const tile = make("button", undefined, { type: "button", class: "tile", "aria-pressed": "false", "data-sample": sample });
      tile.append(make("img", undefined, { src: store.image(sample, false), alt: `image ${sample}` }));
      return tile;
    }));
    box.querySelector(".tile").focus();
  };

  const answerGrid = () => {
    const [group] = view.groups;
    if (!group) return;
    const isSeen = (tile) => tile.querySelector("img").naturalWidth > 0;
    const pressed = [...byId("tiles").querySelectorAll('.tile[aria-pressed="false"]')].filter(isSeen);
    const presses = pressed.map((tile) => ({ sample: Number(tile.dataset.sample), mark: { label: group.class }, how: "grid" }));
    view.groups.shift();
    byId("tiles").dataset.group = "";
    if (presses.length) send(presses);
    else show();
  };

  const moveInGrid = (key) => {
    const all = [...byId("tiles").querySelectorAll(".tile")];
    const place = all.indexOf(document.activeElement);
    const top = (tile) => tile.offsetTop;
    const columns = Math.max(1, all.filter((tile) => top(tile) === top(all[0])).length);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
    all[Math.min(all.length - 1, Math.max(0, place + step))]?.focus();
  };

  // ---- Answers: one at a time, each until it is on the disk.

  const alarm = (text) => {
    byId("alarm").hidden = !text;
    byId("alarm").textContent = text ?? "";
    byId("saved").className = text ? "not" : "";
    if (text) byId("saved").textContent = view.pending ? "not saved" : "";
  };

  const send = (presses) => {
    begin({ kind: "say", body: presses, samples: presses.map((press) => press.sample) });
  };

  const begin = (pending) => {
    view.pending = pending;
    document.body.dataset.pending = pending.kind;
    if (!store.isFile) localStorage.setItem(KEPT, JSON.stringify({ annotator: view.state.annotator, project: view.state.project, pending }));
    show();
    attempt();
  };

  const attempt = async () => {
    const pending = view.pending;
    try {
      const state = pending.kind === "undo" ? await store.undo(pending.body) : await store.say(pending.body);
      await landed(pending, state);
    } catch (error) {
      if (error instanceof Refused) {
        view.pending = null;
        delete document.body.dataset.pending;
        view.next = null;
        localStorage.removeItem(KEPT);
        alarm(`This answer was refused: ${error.message}`);
        await refresh(true);
        return;
      }
      view.next = null;
      const why = error instanceof Stranger ? error.message : error instanceof Failed ? `the server says: ${error.message}.` : "the server does not answer.";
      alarm(`Not saved: ${why} The answer is kept in this browser and is sent again until it is saved.`);
      setTimeout(attempt, 1000);
    }
  };

  const landed = async (pending, state) => {
    view.pending = null;
    delete document.body.dataset.pending;
    if (!store.isFile) localStorage.removeItem(KEPT);
    if (pending.kind === "undo") {
      // What was settled is a question again; anything else is asked again.
      if (pending.body.event !== "settled") view.front.unshift(pending.body.sample);
      else if (view.mode === "resolve") view.questions = await store.resolve();
      // What was said before a correction stands again.
      view.history = await store.history();
      view.cursor = null;
      view.shown = null;
      if (view.mode !== "resolve") view.mode = "single";
    } else {
      for (const { sample, mark, how } of pending.body) {
        const label = typeof mark === "object" ? mark.label : null;
        const before = view.history.findIndex((said) => said.sample === sample);
        if (before >= 0) view.history.splice(before, 1);
        if (before >= 0 && view.cursor !== null && view.cursor > before) view.cursor -= 1;
        view.history.push({ sample, event: label === null ? mark : how === "resolve" ? "settled" : "answered", label });
        view.front = view.front.filter((other) => other !== sample);
      }
      view.stamps = [...view.stamps.slice(-200), Date.now()];
    }
    view.state = state;
    alarm(null);
    byId("saved").textContent = store.isFile ? "kept in this browser" : "saved";
    show();
    const next = view.next;
    view.next = null;
    if (next !== null) perform(next);
  };

  const refresh = async (keepsAlarm) => {
    try {
      view.state = await store.state();
      if (!keepsAlarm) alarm(null);
      show();
    } catch (error) {
      alarm(error instanceof Stranger ? error.message : "The server does not answer.");
      if (!(error instanceof Stranger)) setTimeout(refresh, 1000);
    }
  };

  // ---- What keys and buttons do.

  const answer = (mark) => {
    const sample = current();
    if (sample === null || view.mode === "grid") return;
    if (typeof mark === "object") {
      // A class is said of what was seen.
      const is = loaded.get(sample)?.dataset.is;
      if (is === "lost") return alarm("This image cannot be shown, so no class can be said of it: skip it with space, or x for invalid.");
      if (is !== "there") return;
      flash(mark.label);
    }
    const how = view.mode;
    if (view.mode === "resolve") {
      // Settling is choosing a class; anything else leaves the question as it is.
      view.questions.shift();
      if (typeof mark !== "object") return show();
    } else if (view.cursor !== null) {
      view.history[view.cursor] = { sample, event: typeof mark === "object" ? "corrected" : mark, label: typeof mark === "object" ? mark.label : null };
      step(1);
    }
    send([{ sample, mark, how }]);
  };

  const flash = (id) => {
    const button = byId("classes").querySelector(`[data-class="${id}"]`);
    button?.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => {
      const fresh = byId("classes").querySelector(`[data-class="${id}"]`);
      fresh?.classList.add("flash");
      setTimeout(() => fresh?.classList.remove("flash"), 150);
    });
  };

  const step = (by) => {
    if (view.mode !== "single") return;
    const end = view.history.length;
    const place = (view.cursor ?? end) + by;
    view.cursor = place >= end ? null : Math.max(0, place);
    if (!end) view.cursor = null;
    view.shown = null;
    show();
  };

  const undo = () => {
    const last = view.history[view.history.length - 1];
    if (last) begin({ kind: "undo", body: { sample: last.sample, event: last.event, label: last.label }, samples: [] });
  };

  const keepOrTake = (takes) => {
    const [question] = view.questions;
    if (!question || question.is_disputed && !takes) return;
    const label = takes ? question.suggested?.[0] : question.given[0]?.[1];
    if (label !== undefined) answer({ label });
  };

  const actions = {
    skip: () => answer("skipped"),
    unsure: () => answer("unsure"),
    invalid: () => answer("invalid"),
    undo,
    back: () => step(-1),
    forward: () => step(1),
    find: () => find(false),
    new: () => find(true),
    help: () => byId("help").showModal(),
    zoom: () => {
      if (view.shown === null) return;
      view.isZoomed = !view.isZoomed;
      const frame = byId("frame");
      frame.classList.toggle("zoomed", view.isZoomed);
      if (!view.isZoomed || store.isFile) return frame.replaceChildren(image(view.shown));
      frame.replaceChildren(make("img", undefined, { src: store.image(view.shown, true), alt: `image ${view.shown}, pixel by pixel` }));
    },
    why: async () => {
      const line = byId("why");
      if (!line.hidden || view.shown === null) { line.hidden = true; return; }
      const sample = view.shown;
      const words = await store.why(sample).catch(() => null);
      if (view.shown !== sample) return;
      line.textContent = words ?? "Nothing is said of this image: it may belong to the audit, which is labelled blind.";
      line.hidden = false;
    },
    single: async () => {
      view.mode = "single";
      view.cursor = null;
      view.shown = null;
      await refresh();
    },
    grid: async () => {
      if (store.isFile) return;
      view.groups = (await store.grid()).map((group, id) => ({ ...group, id }));
      view.mode = "grid";
      byId("tiles").dataset.group = "";
      show();
    },
    resolve: async () => {
      if (store.isFile) return;
      byId("saved").textContent = "looking for what to settle …";
      view.questions = await store.resolve();
      byId("saved").textContent = "";
      view.mode = "resolve";
      view.shown = null;
      show();
    },
    ask: async () => {
      if (store.isFile || view.isAsking) return;
      view.isAsking = true;
      show();
      try {
        view.state = await store.ask();
      } finally {
        view.isAsking = false;
        show();
      }
    },
    download: () => {
      const link = make("a", undefined, { download: "answers.csv", href: URL.createObjectURL(new Blob([store.table()], { type: "text/csv" })) });
      document.body.append(link);
      link.click();
      link.remove();
    },
    enter: () => {
      if (view.mode === "grid") answerGrid();
      else if (view.mode === "resolve") keepOrTake(false);
      else if (current() === null && !view.state.waiting && !view.state.problem) return actions.ask();
    },
    take: () => { if (view.mode === "resolve") keepOrTake(true); },
  };

  // What can be done while an answer is on its way: nothing that is an answer itself.
  const WAITS = new Set(["skip", "unsure", "invalid", "undo", "enter", "take", "ask"]);

  const perform = async (what) => {
    const waits = typeof what === "number" || WAITS.has(what);
    if (view.pending && waits) {
      // Somebody types faster than the disk writes: one key is kept, unless the server is gone.
      if (byId("alarm").hidden) view.next = what;
      return;
    }
    try {
      if (typeof what === "number") answer({ label: what });
      else await actions[what]();
    } catch (error) {
      alarm(error instanceof TypeError ? "The server does not answer." : error.message);
    }
  };

  // ---- Finding and adding classes.

  let isNew = false;
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const matches = () => {
    const wanted = plain(byId("name").value.trim());
    const all = view.state.classes.filter((line) => plain(line.name).includes(wanted));
    return all.sort((a, b) => plain(b.name).startsWith(wanted) - plain(a.name).startsWith(wanted)).slice(0, 50);
  };
  let chosen = 0;
  const list = () => {
    const found = isNew ? [] : matches();
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    byId("found").replaceChildren(...found.map((line, place) =>
      make("li", line.name, { role: "option", "aria-selected": place === chosen, "data-class": line.id })));
    byId("found").children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const find = (adds) => {
    if (view.mode === "grid") return;
    isNew = adds;
    chosen = 0;
    byId("finder-title").textContent = adds ? "Name of the new class" : "Find a class";
    byId("finder-problem").textContent = "";
    byId("name").value = "";
    list();
    byId("finder").showModal();
    byId("name").focus();
  };
  byId("name").addEventListener("input", () => { chosen = 0; list(); });
  byId("name").addEventListener("keydown", async (event) => {
    if (!byId("finder").open) return;
    event.stopPropagation();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen += event.key === "ArrowDown" ? 1 : -1;
      chosen = Math.max(0, chosen);
      list();
    } else if (event.key === "Enter") {
      const line = isNew ? null : matches()[chosen];
      const wanted = byId("name").value.trim();
      event.preventDefault();
      if (line) {
        byId("finder").close();
        perform(line.id);
      } else if (isNew && wanted) {
        try {
          view.state = await store.addClass(wanted);
          byId("finder").close();
          show();
          perform(view.state.classes.find((line) => line.name === wanted).id);
        } catch (error) {
          byId("finder-problem").textContent = error instanceof TypeError ? "Not saved: the server does not answer. Try again." : error.message;
        }
      }
    } else return;
    event.preventDefault();
  });
  byId("found").addEventListener("click", (event) => {
    const line = event.target.closest("li");
    if (!line) return;
    byId("finder").close();
    perform(Number(line.dataset.class));
  });

  // ---- Keys and clicks.

  const KEYS = {
    " ": "skip", u: "unsure", x: "invalid", n: "new", "/": "find", Backspace: "undo", ArrowLeft: "back", ArrowRight: "forward",
    z: "zoom", w: "why", "?": "help", g: "grid", r: "resolve", Escape: "single", Enter: "enter", ".": "take",
  };
  addEventListener("keydown", (event) => {
    // Whether somebody types: a field that has just been closed may have the focus for a moment longer.
    if (event.repeat || !view.state || document.querySelector("dialog[open]") || event.target.closest("#annotator")) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      return perform("undo");
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (view.mode === "grid") {
      if (event.key.startsWith("Arrow")) { event.preventDefault(); return moveInGrid(event.key); }
      if (event.key === " " && document.activeElement?.matches(".tile")) return;
      if (event.key === "Enter") { event.preventDefault(); return perform("enter"); }
    }
    // Digits by their place on the keyboard: in some layouts they need the shift key. Letters by what they are.
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
    const key = KEYS[event.key] ? event.key : digit ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key);
    const line = view.state.classes.find((line) => line.key === key);
    if (line) { event.preventDefault(); return perform(line.id); }
    const action = KEYS[key];
    if (!action || action === "enter" && event.target.closest("button")) return;
    event.preventDefault();
    perform(action);
  });
  addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !view.state) return;
    if (button.matches(".tile")) {
      button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true");
    } else if (button.dataset.class !== undefined) {
      button.blur();
      perform(Number(button.dataset.class));
    } else if (button.dataset.do) {
      button.blur();
      perform(button.dataset.do);
    }
  });
  addEventListener("beforeunload", (event) => { if (view.pending) event.preventDefault(); });

  // ---- The beginning.

  const start = async () => {
    try {
      const token = location.hash.slice(1);
      if (!store.isFile && token) {
        // The link's secret is in no address that a server or a history keeps.
        history.replaceState(null, "", location.pathname);
        await store.enter(token);
      }
      view.state = await store.state();
      view.history = await store.history();
    } catch (error) {
      alarm(error instanceof Stranger || error instanceof Refused ? error.message : "The server does not answer.");
      byId("message").hidden = false;
      if (error instanceof Stranger) byId("message").replaceChildren(make("h2", "Who are you?"), make("p", error.message));
      else setTimeout(start, 1000);
      return;
    }
    alarm(null);
    document.title = `${view.state.project} · Tailward`;
    if (store.isFile) {
      document.querySelectorAll('nav [data-do="grid"], nav [data-do="resolve"]').forEach((button) => { button.hidden = true; });
      document.querySelector('nav [data-do="download"]').hidden = false;
    } else {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
      if (kept && kept.annotator === view.state.annotator && kept.project === view.state.project) {
        // The page was closed while its server was gone.
        view.pending = kept.pending;
        show();
        return attempt();
      }
    }
    show();
  };
  start();
})();
