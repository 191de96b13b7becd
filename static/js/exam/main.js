// The exam hall: the calm page before the start, the exam, the hand-in. This file only ties the parts together;
// the server's answers are the truth, and the page shows them.
import { reconcile } from "./answers.js";
import { Away } from "./away.js";
import { backOff, call, isOldPage, passes, signedOut } from "./calls.js";
import { Clock } from "./clock.js";
import { decide } from "./conflicts.js";
import { Flags } from "./flags.js";
import { confirmLeaving, splitLeft } from "./forward.js";
import { confirmHandIn } from "./handin.js";
import { listen } from "./keys.js";
import { Line } from "./line.js";
import { openLobby } from "./lobby.js";
import { ItemMap } from "./map.js";
import { Outbox } from "./outbox.js";
import { Paper } from "./paper.js";
import { Sender } from "./sender.js";
import { signInAgain } from "./session.js";
import { clockText } from "../countdown.js";
import { icon, say, settings, timeOfDay } from "./words.js";

const find = (name) => document.querySelector(`[data-exam="${name}"]`);
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const SITTING = `sitting:${settings.exam}`;
const SHORT_SECONDS = 300;
const ANNOUNCED_MINUTES = [10, 5, 1];
const AWAY_SECONDS = 60;

const clock = new Clock();
let attempt = null;
let inOrder = false;
let outbox, sender, paper, flags, map, line, away;
let handingIn = false;
let signingIn = false;
let lockedFor = "";
let lineIsBack = () => {};
let announced = new Set();

// --- what the page says

let noteTimer = 0;

/** Say something in passing: seen for some seconds, and read out. */
function note(sentence) {
  const place = find("note");
  clearTimeout(noteTimer);
  place.textContent = sentence;
  place.classList.toggle("is-shown", Boolean(sentence));
  if (sentence) noteTimer = setTimeout(() => note(""), 8000);
}

/** Say something to screen readers only. */
function announce(sentence) {
  find("say").textContent = sentence;
}

let awayTimer = 0;

/** Say that the page was left, for the `count`th time: read out once, and seen until it is put away or grows old. */
function sayAway(count) {
  if (!attempt || handingIn) return;
  const seen = settings.warnFrom !== null && count >= settings.warnFrom;
  const sentence = say(seen ? "away_seen" : "away_noted", { n: count }) + (line.down ? say("away_later") : "");
  const place = find("away");
  place.querySelector("span").textContent = sentence;
  place.classList.toggle("is-seen", seen);
  place.hidden = false;
  announce(sentence);
  clearTimeout(awayTimer);
  awayTimer = setTimeout(() => { place.hidden = true; }, AWAY_SECONDS * 1000);
}

/** Show or take away the banner. `action` is {text, press} or nothing. */
function banner(sentence, { grave = false, action = null } = {}) {
  const place = find("banner");
  place.hidden = !sentence;
  place.classList.toggle("is-grave", grave);
  if (!sentence) { place.replaceChildren(); return; }
  const text = document.createElement("span");
  text.textContent = sentence;
  place.replaceChildren(icon(grave ? "alert-triangle" : "wifi-off"), text);
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "xbtn";
    button.textContent = action.text;
    button.addEventListener("click", action.press);
    place.append(button);
  }
}

function showSaved() {
  const place = find("saved");
  const unsent = sender.unsent();
  const states = unsent.map(({ number }) => sender.state(number).state);
  const stuck = states.includes("unsent") || states.includes("held");
  let look = "", mark = "cloud-check", sentence = "";
  if (line?.down || stuck) {
    look = unsent.length ? "is-unsaved" : "is-offline";
    mark = "cloud-off";
    sentence = unsent.length ? say("saved_unsent", { n: unsent.length }) : say("saved_offline");
  } else if (unsent.length) {
    look = "is-saving";
    mark = "progress";
    sentence = say("saved_saving");
  } else {
    const last = paper.items.map(({ number }) => sender.state(number).savedAt).filter(Boolean).sort().pop();
    sentence = last ? say("saved_all", { time: timeOfDay(last) }) : say("saved_none");
  }
  place.className = `exam-saved ${look}`;
  place.replaceChildren(icon(mark), sentence);
}

/** Say where unsent answers are kept: on the device, or in this page alone. */
function showKept() {
  const place = find("outbox-note");
  place.hidden = outbox.durable;
  place.querySelectorAll("[data-why]").forEach((one) => { one.hidden = one.dataset.why !== outbox.hindrance; });
  if (line?.down && !lockedFor && !handingIn) banner(say(outbox.durable ? "offline_kept" : "offline_memory"));
}

function refresh(number) {
  paper.refresh(number);
  map.refresh(number);
  showSaved();
}

function refreshAll() {
  paper.items.forEach(({ number }) => paper.refresh(number));
  map.refreshAll();
  showSaved();
}

function showPlace() {
  flags.current = paper.current;
  map.refreshAll();
  find("section").textContent = paper.section.title;
  find("place").textContent = `${paper.current}/${paper.items.length}`;
  find("place-words").textContent = say("place", { n: paper.current, all: paper.items.length });
  find("previous").hidden = inOrder;
  find("flag").hidden = inOrder;
  find("previous").disabled = paper.current === 1;
  find("next").hidden = paper.current === paper.items.length;
  find("finish").hidden = paper.current !== paper.items.length;
  const flagged = flags.has(paper.current);
  find("flag").setAttribute("aria-pressed", String(flagged));
}

// --- time

function heard(reply, sentAt) {
  line.heard();
  const before = clock.deadline;
  clock.rebase(reply.server_time, reply.deadline, sentAt);
  if (before && clock.deadline - before >= 30000) {
    const minutes = Math.round((clock.deadline - before) / 60000);
    announced = new Set();
    note(say("time_extended", { n: minutes, time: timeOfDay(clock.deadline) }));
  }
  showTime();
}

function showTime() {
  const left = clock.left() / 1000;
  const place = find("clock");
  place.textContent = clockText(Math.max(0, Math.ceil(left)));
  place.dateTime = new Date(clock.deadline).toISOString();
  place.classList.toggle("is-short", left <= SHORT_SECONDS);
  find("clock-words").textContent = say("time_left_minutes", { n: Math.max(0, Math.ceil(left / 60)) });
  for (const minutes of ANNOUNCED_MINUTES) {
    if (left <= minutes * 60 && left > (minutes - 1) * 60 && !announced.has(minutes)) {
      ANNOUNCED_MINUTES.filter((one) => one >= minutes).forEach((one) => announced.add(one));
      note(say("time_left", { n: minutes }));
    }
  }
  if (left <= 0 && !handingIn && !lockedFor) handInAtZero();
}

async function runTime() {
  for (;;) {
    await wait(1000 - (performance.now() % 1000));
    if (!attempt) continue;
    if (clock.drifted() && !line.down) line.ask();
    showTime();
  }
}

// --- the end

function leave(unsent) {
  attempt = null;
  line.stop();
  away.end();
  sender.halt();
  flags.wipe();
  const address = settings.receipt.replace("{id}", leave.attempt);
  const go = () => window.location.replace(unsent ? `${address}?unsent=${unsent}` : address);
  try { sessionStorage.removeItem(SITTING); } catch { /* nothing was kept */ }
  outbox.wipe().then(go, go);
}

/** The server has closed the attempt, by its deadline or by an invigilator. */
function closed() {
  if (!attempt) return;
  leave(sender.unsent().length);
}

async function handIn() {
  if (handingIn) return;
  await Promise.race([sender.flush(), wait(1500)]);
  const open = paper.items.filter(({ number }) => sender.answer(number) === null).map(({ number }) => number);
  const unsaved = sender.unsent().map(({ number }) => number);
  const sure = await confirmHandIn({ empty: open, flagged: inOrder ? [] : flags.all(), unsaved }, inOrder ? null : (number) => paper.show(number));
  if (sure && attempt) await send(false);
}

/** Time is up. Minutes that were granted in the last seconds count, so the server is asked once more. */
async function handInAtZero() {
  handingIn = true;
  paper.lock(true);
  document.querySelectorAll("dialog[open]").forEach((one) => { if (one.id !== "exam-signin") one.close(""); });
  const reply = await line.ask();
  if (!attempt) return;
  if (reply?.state === "open" && clock.left() > 0) {
    handingIn = false;
    paper.lock(false);
    return;
  }
  note(say("time_over"));
  await send(true);
}

async function send(timeIsOver) {
  handingIn = true;
  paper.lock(true);
  find("submitting").hidden = false;
  for (let failures = 0; attempt; failures += 1) {
    try {
      const receipt = await sender.handIn();
      leave(receipt.refused?.length ?? 0);
      return;
    } catch (error) {
      if (error.code === "attempt_closed") { leave(sender.unsent().length); return; }
      if (isOldPage(error)) { find("submitting").hidden = true; handingIn = false; takenOver(error.code === "device_stopped"); return; }
      if (signedOut(error)) { await signInAgain(); failures = -1; continue; }
      if (!passes(error)) {
        find("submitting").hidden = true;
        handingIn = false;
        paper.lock(false);
        banner(error.detail || say("no_line"), { grave: true });
        return;
      }
      const unsent = sender.unsent().length;
      const kept = outbox.durable ? "kept_on_device" : "kept_in_page";
      if (timeIsOver) banner(`${say("zero_offline")}${unsent ? say(kept, { n: unsent }) : say("zero_all_saved")}`, { grave: true });
      else banner(say("hand_in_offline"), { grave: true });
      // Once the time is over seconds of grace remain: when the line comes back, the next try is due at once.
      await Promise.race([wait(backOff(failures)), new Promise((resolve) => { lineIsBack = resolve; })]);
      // Minutes may have been granted while the line was down; then the exam goes on.
      if (timeIsOver && !line.down && clock.left() > 1000) {
        find("submitting").hidden = true;
        handingIn = false;
        banner("");
        paper.lock(false);
        return;
      }
    }
  }
}

// --- one writer

/** Lock the page: another one goes on with the attempt, or an invigilator has stopped this one (`stopped`). */
function takenOver(stopped) {
  if (lockedFor === "taken_over" || !attempt) return;
  lockedFor = "taken_over";
  sender.halt();
  flags.halt();
  paper.lock(true);
  // What an invigilator did stands in the record already.
  if (!stopped) away.report("taken_over", clock.now(), null);
  const unsent = sender.unsent().length;
  const why = stopped ? "stopped" : "taken_over";
  banner(say(why) + (unsent ? say(`${why}_unsent`, { n: unsent }) : ""), {
    grave: true,
    action: { text: say("continue_here"), press: () => goOn().catch(() => banner(say("no_line"), { grave: true })) },
  });
  refreshAll();
}

/** Take the attempt back. If it was handed in elsewhere, a start would begin a further one, so that is asked first. */
async function goOn() {
  const stands = await line.ask();
  if (stands?.state === "open") await enter();
  else if (attempt && !stands) note(say("no_line"));
}

async function reLogin() {
  if (signingIn) return;
  signingIn = true;
  sender.halt({ final: false });
  await signInAgain();
  signingIn = false;
  if (!attempt) return;
  // Whoever signed out elsewhere has cleared what this page kept on the device.
  outbox.renew();
  sender.resume();
  line.ask();
}

// --- start and resume

/** Start or resume, and wait as long as the line or a busy server makes us. Throws a refusal of the server. */
async function obtain() {
  for (let failures = 0; ; failures += 1) {
    const sentAt = performance.now();
    try {
      const made = await call("POST", `/api/v1/exams/${settings.exam}/attempts`, undefined, { timeout: 15000 });
      if (!made?.attempt_id || !made.paper || !Array.isArray(made.responses)) throw Object.assign(new Error("no paper"), { status: 0 });
      clock.rebase(made.server_time, made.deadline, sentAt);
      return made;
    } catch (error) {
      if (signedOut(error)) { await signInAgain(); continue; }
      if (!passes(error)) throw error;
      const place = find("lobby-note");
      if (place) place.textContent = say("connecting");
      await wait(backOff(failures));
    }
  }
}

async function enter() {
  const made = await obtain();
  try { sessionStorage.setItem(SITTING, "yes"); } catch { /* a reload will ask first */ }
  const again = attempt !== null;
  const left = again ? sender.unsent() : [];
  attempt = made;
  leave.attempt = made.attempt_id;
  inOrder = made.navigation === "sequential";
  announced = new Set();
  if (!again) await furnish(made);
  const kept = new Map((await outbox.read()).map((entry) => [entry.number, entry]));
  for (const entry of left) if (!(kept.get(entry.number)?.seq > entry.seq)) kept.set(entry.number, entry);
  const plan = reconcile([...kept.values()], made.responses, made.epoch);
  plan.drop.forEach((entry) => outbox.drop(entry.number, entry.seq));
  sender.begin(made.attempt_id, made.epoch, made.responses, plan.send, { inOrder });
  if (inOrder) {
    paper.current = Math.min(sender.furthest(), paper.items.length);
    const { ask, closed: past } = splitLeft(plan.ask, paper.current);
    past.forEach(({ entry }) => outbox.drop(entry.number, entry.seq));
    if (past.length) sayLeft(past.map(({ entry }) => entry.number));
    plan.ask = ask;
  }
  flags.begin(made.epoch, made.flags ?? []);
  lockedFor = "";
  banner("");
  paper.lock(false);
  paper.redraw();
  refreshAll();
  showTime();
  if (plan.ask.length) {
    const chosen = await decide(plan.ask, (number) => paper.item(number));
    plan.ask.forEach(({ entry }) => outbox.drop(entry.number, entry.seq));
    chosen.forEach((entry) => sender.change(entry.number, entry.answer));
    paper.redraw();
    refreshAll();
  }
  if (plan.send.length) note(say("resent", { n: plan.send.length }));
}

/** Build what an attempt needs once: outbox, paper, map, heartbeat. */
async function furnish(made) {
  outbox = await Outbox.open(made.attempt_id, settings.user, { unsent: () => sender?.unsent() ?? [], changed: showKept });
  flags = new Flags(made.attempt_id);
  sender = new Sender(outbox, {
    changed: refresh,
    heard,
    unheard: () => line.unheard(),
    signedOut: reLogin,
    takenOver,
    closed,
    left: sayLeft,
    behind: async () => (await call("GET", `/api/v1/attempts/${made.attempt_id}`)).responses,
  });
  sender.begin(made.attempt_id, made.epoch, made.responses, [], { inOrder });
  paper = new Paper(find("paper"), made.paper, {
    answer: (number) => sender.answer(number),
    state: (number) => sender.state(number),
    // Whatever an item still reports after it was left is too late.
    change: (number, answer, quiet) => { if (!inOrder || number === paper.current) sender.change(number, answer, quiet); },
    settled: () => sender.flush(),
    flagged: (number) => flags.has(number),
    flag,
    moved: showPlace,
    announce,
    inOrder,
  });
  paper.current = Math.min(flags.current, paper.items.length);
  map = new ItemMap(document.querySelectorAll("[data-map]"), paper.sections, {
    answered: (number) => sender.answer(number) !== null,
    state: (number) => sender.state(number),
    flagged: (number) => flags.has(number),
    current: () => paper.current,
    go: (number) => { find("map-dialog").close(); paper.show(number); },
    inOrder,
  });
  line = new Line(made.attempt_id, {
    epoch: () => sender.epoch,
    here: sendRest,
    tick(reply, sentAt) {
      heard(reply, sentAt);
      if (reply.state !== "open" && !handingIn) closed();
      else if (reply.epoch > sender.epoch) takenOver(reply.stopped);
      else if (sender.unsent().length) sender.flush();
    },
    down: () => {
      if (lockedFor) return;
      outbox.renew();
      showKept();
      refreshAll();
    },
    up: (seconds) => {
      lineIsBack();
      if (sender.unsent().length) sender.flush();
      sendRest();
      if (!lockedFor && !handingIn) { banner(""); note(say("online_again")); }
      if (seconds >= 5) away.report("network_loss", new Date(clock.now() - seconds * 1000), seconds);
      showSaved();
    },
    signedOut: reLogin,
    gone: () => banner(say("attempt_gone"), { grave: true }),
  });
  away = new Away(made.attempt_id, { now: () => clock.now(), writes: () => attempt !== null && !lockedFor, returned: sayAway });
  showKept();
  find("lobby").remove();
  find("room").hidden = false;
  find("room").querySelector("main").id = "content";
  document.title = say("page_title", { title: made.paper.title });
}

/** Send what else waits for the line: reports of what the page noticed, and flags. */
function sendRest() {
  away.send();
  flags.send();
}

/** Go to an item before or after; in order only onwards, and an item without an answer is not left unasked. */
async function step(by) {
  if (!inOrder) { paper.step(by); return; }
  const from = paper.current;
  const may = () => attempt && !lockedFor && !handingIn && paper.current === from;
  if (by < 0 || from === paper.items.length || !may()) return;
  if (sender.answer(from) === null && !(await confirmLeaving(from))) return;
  if (!may()) return;
  sender.change(from + 1, null);
  paper.show(from + 1);
}

function sayLeft(numbers) {
  note(say("left_refused", { numbers: numbers.join(say("list_stop")) }));
}

function flag(number) {
  if (inOrder) return;
  announce(say(flags.turn(number) ? "flag_set" : "flag_taken", { n: number }));
  refresh(number);
  if (number === paper.current) showPlace();
}

// --- wiring

function wire() {
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  find("flag").addEventListener("click", () => flag(paper.current));
  document.querySelectorAll("[data-hand-in]").forEach((button) => button.addEventListener("click", handIn));
  document.querySelectorAll("[data-open]").forEach((button) => button.addEventListener("click", () => find(button.dataset.open).showModal()));
  document.querySelectorAll("[data-close]").forEach((button) => button.addEventListener("click", () => button.closest("dialog").close()));
  find("away-read").addEventListener("click", () => {
    find("away").hidden = true;
    find("room").querySelector("main").focus({ preventScroll: true });
  });
  find("view").addEventListener("change", (event) => { paper.view = event.target.value; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") { sender?.flush(); flags?.send(); } });
  window.addEventListener("beforeunload", (event) => {
    if (attempt && sender.unsent().length) event.preventDefault();
  });
  listen({
    active: () => attempt !== null && !handingIn,
    choose: (position) => paper.choose(position),
    step,
    flag: () => flag(paper.current),
  });
}

wire();
runTime();
openLobby({ enter: async () => { await enter(); find("view").querySelector(`[value=${paper.view}]`).checked = true; paper.show(paper.current); } });
