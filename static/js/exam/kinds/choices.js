// Options as whole-row cards, shared by the kinds that choose. The letter follows the position on this
// paper, the value sent is the stored key.
import { letter, make, write } from "../words.js";

/** Return {node, inputs} of a group of options; `many` makes squares, otherwise circles. */
export function optionCards(item, options, { many, labelledBy, chosen, pick }) {
  const node = make("div", {
    className: many ? "options options-many" : "options", role: many ? "group" : "radiogroup",
    aria: { labelledby: labelledBy },
  });
  const inputs = options.map((option, position) => {
    const input = make("input", {
      type: many ? "checkbox" : "radio", name: `item-${item.number}`, value: option.key, checked: chosen(option.key),
    });
    input.addEventListener("change", () => pick(option.key));
    const shown = make("span", { className: "option-key", text: option.mark ?? letter(position), aria: { hidden: "true" } });
    const spoken = option.mark ? "" : `${letter(position)}. `;
    const text = make("div", { className: "option-text" });
    if (spoken) text.append(make("span", { className: "visually-hidden", text: spoken }));
    write(text, option);
    node.append(make("label", { className: "option" }, input, shown, text));
    return input;
  });
  return { node, inputs };
}
