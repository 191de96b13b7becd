// The kinds this page can draw, by name. A kind exports
//   draw(item, answer, context) → {node, choose(position), clear(), lock(locked)}
//     context: stem (element), labelledBy (its id), change(answer, wait?), settled(), announce(sentence)
//   told(item, answer) → the answer in words
import * as errorFinding from "./error_finding.js";
import * as fillBlank from "./fill_blank.js";
import * as matching from "./matching.js";
import * as multipleChoice from "./multiple_choice.js";
import * as ordering from "./ordering.js";
import * as shortAnswer from "./short_answer.js";
import * as singleChoice from "./single_choice.js";
import * as trueFalse from "./true_false.js";

export const KINDS = {
  single_choice: singleChoice,
  multiple_choice: multipleChoice,
  true_false: trueFalse,
  fill_blank: fillBlank,
  ordering,
  matching,
  error_finding: errorFinding,
  short_answer: shortAnswer,
};
