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
import { icon, make, say, settings, timeOfDay } from "./words.js";

const find = (name) => document.querySelector(`[data-exam="${name}"]`);
const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const SITTING = `sitting:${settings.exam}`;
const SHORT_SECONDS = 300;
const ANNOUNCED_MINUTES = [10, 5, 1];
const AWAY_SECONDS = 60;
const FAREWELL = 2000;

const clock = new Clock();
let attempt = null;
let inOrder = false;
let outbox, sender, paper, flags, map, line, away;
let handingIn = false;
let signingIn = false;
let lockedFor = "";
let lineIsBack = () => {};
// What stands in the way and passes only when somebody does something: {kind, sentence, action}.
let trouble = null;
// {entry, there}: what another page wrote otherwise, as long as the candidate has not decided.
let asked = [];
let deciding = false;
let announced = new Set();
let sayDown = () => {};

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

/** Show or take away the banner. `action` is {text, press}, {text, href} for a page of its own, or nothing. */
function banner(sentence, { grave = false, action = null } = {}) {
  const place = find("banner");
  place.hidden = !sentence;
  place.classList.toggle("is-grave", grave);
  if (!sentence) { place.replaceChildren(); return; }
  const text = document.createElement("span");
  text.textContent = sentence;
  place.replaceChildren(icon(grave ? "alert-triangle" : "wifi-off"), text);
  if (action) {
    const press = action.href
      ? make("a", { className: "xbtn", text: action.text, href: action.href, target: "_blank", rel: "noopener" })
      : make("button", { className: "xbtn", text: action.text, type: "button", onclick: action.press });
    place.append(press);
  }
}

/** Let the banner say how things stand: the line, or what else is in the way. */
function showBanner() {
  if (lockedFor || handingIn) return;
  if (line?.down) banner(say(outbox.durable ? "offline_kept" : "offline_memory"));
  else banner(trouble?.sentence, { grave: true, action: trouble?.action });
}

/** Say what the server refuses, and what can be done about it. */
function turnedAway(error) {
  const action = error.code === "password_change_due" ? { text: say("set_password"), href: settings.password } : null;
  trouble = { kind: "turned_away", sentence: (error.detail || say("no_line")) + say("kept_here"), action };
  line.heard();
  showBanner();
}

function mended(kind) {
  if (trouble?.kind !== kind) return;
  trouble = null;
  showBanner();
}

/** Return the numbers of the items whose last answer the server does not have, undecided ones too. */
function unsent() {
  return [...new Set([...sender.unsent(), ...asked.map(({ entry }) => entry)].map(({ number }) => number))].sort((one, other) => one - other);
}

function showSaved() {
  const place = find("saved");
  const numbers = unsent();
  const refused = sender.refused();
  const states = numbers.map((number) => sender.state(number).state);
  const stuck = states.includes("unsent") || states.includes("held") || asked.length > 0;
  let look = "", mark = "cloud-check", sentence = "";
  if (refused.length) {
    look = "is-unsaved";
    mark = "cloud-off";
    sentence = say("saved_refused", { n: new Set([...refused, ...numbers]).size });
  } else if (line?.down || stuck) {
    look = numbers.length ? "is-unsaved" : "is-offline";
    mark = "cloud-off";
    sentence = numbers.length ? say("saved_unsent", { n: numbers.length }) : say("saved_offline");
  } else if (numbers.length || outbox.unread) {
    look = "is-saving";
    mark = "progress";
    sentence = say(numbers.length ? "saved_saving" : "saved_reading");
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
  showBanner();
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
  if (!clock.rebase(reply.server_time, reply.deadline, sentAt)) return;
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

function leave(lost) {
  attempt = null;
  line.stop();
  away.end();
  sender.halt();
  flags.wipe();
  const address = settings.receipt.replace("{id}", leave.attempt);
  const go = () => window.location.replace(lost ? `${address}?unsent=${lost}` : address);
  remember(SITTING, false);
  remember(`handin:${leave.attempt}`, false);
  // Where the storage hangs, its entries are gone after a day; the receipt does not wait for it.
  Promise.race([outbox.wipe(), wait(FAREWELL)]).then(go, go);
}

/** Keep a word in this tab for a reload, or take it away. */
function remember(name, stands) {
  try {
    if (stands) sessionStorage.setItem(name, "yes");
    else sessionStorage.removeItem(name);
  } catch { /* a reload will not know */ }
}

/** The server has closed the attempt, by its deadline or by an invigilator. */
function closed() {
  if (!attempt) return;
  leave(unsent().length);
}

async function handIn() {
  if (handingIn) return;
  mended("not_handed_in");
  await Promise.race([sender.flush(), wait(1500)]);
  const open = paper.items.filter(({ number }) => sender.answer(number) === null).map(({ number }) => number);
  const lists = { empty: open, flagged: inOrder ? [] : flags.all(), unsaved: unsent(), rejected: sender.refused() };
  const sure = await confirmHandIn(lists, { reading: outbox.unread }, inOrder ? null : (number) => paper.show(number));
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
    answerOn();
    return;
  }
  note(say("time_over"));
  await send(true);
}

/** Let the candidate answer on after a hand-in that did not come about. */
function answerOn() {
  if (!attempt) return;
  handingIn = false;
  remember(`handin:${attempt.attempt_id}`, false);
  find("submitting").hidden = true;
  paper.lock(false);
  showBanner();
  decideAsked();
}

/** Say in front of the paper that the hand-in has not reached the server; it can be called off there. */
function showWaiting(waits) {
  find("submitting-why").hidden = find("submitting-back").hidden = !waits;
}

async function send(timeIsOver) {
  handingIn = true;
  trouble = null;
  paper.lock(true);
  const control = new AbortController();
  showWaiting(false);
  find("submitting-back").onclick = () => { control.abort(); answerOn(); lineIsBack(); };
  sayDown = () => { if (!timeIsOver) showWaiting(line.down); };
  find("submitting").hidden = false;
  sayDown();
  remember(`handin:${attempt.attempt_id}`, !timeIsOver);
  for (let failures = 0; attempt; failures += 1) {
    try {
      const receipt = await sender.handIn(control.signal);
      leave((receipt.refused?.length ?? 0) + unsent().length);
      return;
    } catch (error) {
      if (error.code === "attempt_closed") { leave(unsent().length); return; }
      if (control.signal.aborted) return;
      if (isOldPage(error)) { find("submitting").hidden = true; handingIn = false; takenOver(error.code === "device_stopped"); return; }
      if (signedOut(error)) { await signInAgain(); failures = -1; continue; }
      if (!passes(error)) {
        turnedAway(error);
        if (!timeIsOver) { answerOn(); return; }
        find("submitting").hidden = true;
        banner(trouble.sentence, { grave: true, action: trouble.action });
        // Meanwhile the server may have handed in what it has.
        const stands = await line.ask();
        if (stands && stands.state !== "open") { leave(unsent().length); return; }
      } else if (timeIsOver) {
        const left = unsent().length;
        const kept = outbox.durable ? "kept_on_device" : "kept_in_page";
        banner(`${say("zero_offline")}${left ? say(kept, { n: left }) : say("zero_all_saved")}`, { grave: true });
      } else showWaiting(true);
      // Once the time is over seconds of grace remain: when the line comes back, the next try is due at once.
      await Promise.race([wait(backOff(failures)), new Promise((resolve) => { lineIsBack = resolve; })]);
      if (control.signal.aborted) return;
      // Minutes may have been granted while the line was down; then the exam goes on.
      if (timeIsOver && !line.down && clock.left() > 1000) {
        answerOn();
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
  // What was not decided is asked again when this page goes on.
  document.getElementById("exam-conflicts").close();
  const left = unsent().length;
  const why = stopped ? "stopped" : "taken_over";
  banner(say(why) + (left ? say(`${why}_unsent`, { n: left }) : ""), {
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
  remember(SITTING, true);
  const again = attempt !== null;
  const left = again ? [...sender.unsent(), ...asked.map(({ entry }) => entry)] : [];
  asked = [];
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
  flags.begin(made.epoch, made.flags ?? []);
  lockedFor = "";
  trouble = null;
  if (notHandedIn(made.attempt_id)) trouble = { kind: "not_handed_in", sentence: say("not_handed_in"), action: { text: say("hand_in"), press: handIn } };
  showBanner();
  paper.lock(false);
  showTime();
  await settle(plan);
}

/** Return whether this tab was handing in when it was loaded anew, and forget it. */
function notHandedIn(attemptId) {
  try {
    const name = `handin:${attemptId}`;
    const stood = sessionStorage.getItem(name) !== null;
    sessionStorage.removeItem(name);
    return stood;
  } catch { return false; }
}

/** Show what becomes of answers that were kept, and ask about those that another page gave otherwise. */
async function settle(plan) {
  if (inOrder) {
    paper.current = Math.min(sender.furthest(), paper.items.length);
    const { ask, closed: past } = splitLeft(plan.ask, paper.current);
    past.forEach(({ entry }) => outbox.drop(entry.number, entry.seq));
    if (past.length) sayLeft(past.map(({ entry }) => entry.number));
    plan.ask = ask;
  }
  asked = [...asked, ...plan.ask];
  paper.redraw();
  refreshAll();
  await decideAsked();
  if (plan.send.length) note(say("resent", { n: plan.send.length }));
}

/** Ask until all is decided, or the page can no longer write. Only what was not chosen is dropped. */
async function decideAsked() {
  if (deciding) return;
  deciding = true;
  while (asked.length && attempt && !lockedFor && !handingIn) {
    const open = asked;
    const chosen = await decide(open, (number) => paper.item(number));
    if (!chosen) continue;
    asked = asked.filter((one) => !open.includes(one));
    chosen.forEach(({ number, answer }) => sender.change(number, answer));
    open.filter(({ entry }) => !chosen.includes(entry)).forEach(({ entry }) => outbox.drop(entry.number, entry.seq));
    paper.redraw();
    refreshAll();
  }
  deciding = false;
}

/** Take in what an earlier page left and the device gave out late. What was answered here meanwhile is newer. */
function takeKept(entries) {
  if (!attempt || lockedFor) return;
  const [newer, kept] = [[], []];
  entries.forEach((entry) => (sender.answered(entry.number) ? newer : kept).push(entry));
  // The answer of this page stands already, or is written over the old one.
  const waiting = new Set(sender.unsent().map(({ number }) => number));
  newer.filter(({ number }) => !waiting.has(number)).forEach((entry) => outbox.drop(entry.number, entry.seq));
  const [past, open] = [[], []];
  kept.forEach((entry) => (inOrder && entry.number < paper.current ? past : open).push(entry));
  past.forEach((entry) => outbox.drop(entry.number, entry.seq));
  if (past.length) sayLeft(past.map(({ number }) => number));
  const plan = reconcile(open.sort((one, other) => one.number - other.number), sender.before(), sender.epoch);
  plan.drop.forEach((entry) => outbox.drop(entry.number, entry.seq));
  sender.add(plan.send);
  settle(plan);
}

/** Build what an attempt needs once: outbox, paper, map, heartbeat. */
async function furnish(made) {
  outbox = await Outbox.open(made.attempt_id, settings.user, {
    again: made.epoch > 1,
    unsent: () => [...asked.map(({ entry }) => entry), ...(sender?.unsent() ?? [])],
    changed: () => { if (line) { showKept(); showSaved(); } },
    found: takeKept,
  });
  flags = new Flags(made.attempt_id);
  sender = new Sender(outbox, {
    changed: refresh,
    heard(reply, sentAt) { heard(reply, sentAt); mended("turned_away"); },
    turnedAway,
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
    here: () => { mended("gone"); sendRest(); },
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
      if (handingIn) sayDown();
    },
    up: (seconds) => {
      lineIsBack();
      if (handingIn) sayDown();
      if (sender.unsent().length) sender.flush();
      sendRest();
      if (!lockedFor && !handingIn) { showBanner(); note(say("online_again")); }
      if (seconds >= 5) away.report("network_loss", new Date(clock.now() - seconds * 1000), seconds);
      showSaved();
    },
    signedOut: reLogin,
    gone: () => { trouble = { kind: "gone", sentence: say("attempt_gone") }; showBanner(); },
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
    if (attempt && (handingIn || unsent().length)) event.preventDefault();
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
