// Sentences and settings that the page carries as JSON, so that scripts hold no language of their own.
const block = (id) => JSON.parse(document.getElementById(id).textContent);

export const settings = block("exam-settings");
const words = block("exam-words");

/** Return the sentence `name` with its {params} filled in. */
export function say(name, params = {}) {
  return words[name].replace(/\{(\w+)\}/g, (whole, key) => (key in params ? String(params[key]) : whole));
}

const clockTime = new Intl.DateTimeFormat("en-GB", {
  timeZone: settings.zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** Return a moment (ISO 8601 or Date) as the city's time of day, 09:14:05. */
export function timeOfDay(moment) {
  return clockTime.format(new Date(moment));
}

/** Return the letter that an option bears by its position; the key that is sent is another matter. */
export function letter(position) {
  return String.fromCharCode(65 + position);
}

/** Make an element with properties and children; `data` and `aria` are objects of attributes. */
export function make(tag, { className, text, data, aria, ...rest } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  Object.entries(data ?? {}).forEach(([name, value]) => { element.dataset[name] = value; });
  Object.entries(aria ?? {}).forEach(([name, value]) => element.setAttribute(`aria-${name}`, value));
  Object.assign(element, rest);
  element.append(...children);
  return element;
}

/** Put the text of a stem, option, prompt or document into an element: as HTML where the server has made some. */
export function write(element, { text, html }) {
  if (html === undefined) element.append(text);
  else {
    const made = document.createElement("template");
    // The server has built it from known tags alone; the paper holds no other HTML.
    made.innerHTML = html;
    element.append(made.content);
    element.classList.add("rich");
  }
  return element;
}

/** Return the same text without any markup, for places that hold words alone. */
export function wordsOf({ text, html }) {
  if (html === undefined) return text;
  const made = document.createElement("template");
  made.innerHTML = html;
  const pictures = [...made.content.querySelectorAll("img, [aria-label]")];
  pictures.forEach((one) => one.replaceWith(one.alt || one.getAttribute("aria-label") || ""));
  return made.content.textContent.trim();
}

/** Return an icon of the sprite, taken from the page's own templates. */
export function icon(name) {
  return document.querySelector(`template[data-icon="${name}"]`).content.firstElementChild.cloneNode(true);
}
