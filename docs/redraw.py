"""Draw the papers of an exam again: python3 redraw.py FILE, with the file that the exam's page offers after its end.

Tells whether the commitment that was published before the exam fits, then prints every form: the codes of its items by
section in the order of the paper, each with the order of its options where they were shuffled.
"""

import hashlib
import itertools
import json
import sys


def shuffled(things, seed):
    digests = (hashlib.sha256(f"{seed}:{block}".encode()).digest() for block in itertools.count())
    numbers = (int.from_bytes(digest[at : at + 8], "big") for digest in digests for at in (0, 8, 16, 24))
    left = list(things)
    for place, rest in enumerate(range(len(left), 0, -1)):
        other = place + next(number for number in numbers if number < 2**64 - 2**64 % rest) % rest
        left[place], left[other] = left[other], left[place]
    return left


def one_try(plan, form, seed):
    own, paper = plan["own"].get(form), []
    out = set(() if own else plan["avoid"].get(form, ()))
    for number, (section, groups) in enumerate(zip(plan["sections"], own or plan["groups"], strict=True), 1):
        paper.append(list(section["named"]))
        for part, (count, group) in enumerate(groups, 1):
            full = len(paper[-1]) + count
            for item in shuffled(group, f"{seed}:{number}:{part}"):
                if len(paper[-1]) < full and item not in out:
                    paper[-1].append(item)
                    out.update([item, *plan["items"][item][3]])
            if len(paper[-1]) < full:
                return None
    return paper


def try_apart(plan, seed):
    papers = [[list(section["named"]) for section in plan["sections"]] for _ in range(plan["forms"])]
    for number, groups in enumerate(plan["groups"], 1):
        for part, (_, group) in enumerate(groups, 1):
            order = shuffled(group, f"{seed}:{number}:{part}")
            for turn, paper in enumerate(papers):
                paper[number - 1].append(order[turn % len(order)])
    return papers


def gap(plan, paper):
    both = zip(plan["sections"], paper, strict=True)
    points = sum(section["points"] * plan["items"][item][2] for section, held in both for item in held)
    return 0 if plan["target"] is None else abs(points - plan["target"])


def draw(plan, seed, form):
    source, found, apart = plan["first"] if plan["same_items"] else form, [], plan.get("apart")
    for number in range(plan["tries"]):
        if apart:
            papers = try_apart(plan, f"{seed}:forms:try:{number}")
        else:
            papers = [one_try(plan, str(source), f"{seed}:form:{source}:try:{number}")]
        if papers[0]:
            paper = papers[form - plan["first"] if apart else 0]
            found.append((max(gap(plan, one) for one in papers), number, paper))
            if found[-1][0] <= plan["tolerance"]:
                break
    for number, (section, held) in enumerate(zip(plan["sections"], min(found)[2], strict=True), 1):
        named = len(section["named"])
        if plan["shuffle_items"]:
            held = shuffled(held, f"{seed}:form:{form}:items:{number}")
        elif plan["target"] is not None:
            held = held[:named] + shuffled(held[named:], f"{seed}:form:{source}:order:{number}")
        if section["order"] == "easy_first":
            held = sorted(held, key=lambda item: -plan["items"][item][2])
        yield [plan["items"][item][0] for item in held]


def main(file):
    seed, ends = file["seed"], [one["plan"]["first"] for one in file["draws"][1:]] + [file["forms"] + 1]
    for one, end in zip(file["draws"], ends, strict=True):
        text = json.dumps(one["plan"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        fits = hashlib.sha256(f"{seed}\n{text}".encode()).hexdigest() == one["commitment"]
        print("commitment", one["commitment"], "fits" if fits else "DOES NOT FIT")
        for form in range(one["plan"]["first"], end):
            print("form", form)
            for codes in draw(one["plan"], seed, form):
                told = []
                for code in codes:
                    names = [(f"{form}:options:{name}", keys) for name, keys in file["options"].get(code, [])]
                    orders = [
                        shuffled(keys, f"{seed}:form:{name}:{file['again'].get(name, 0)}") for name, keys in names
                    ]
                    told.append("/".join([code, *map("".join, orders)]))
                print(" ", " ".join(told))


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as opened:
        main(json.load(opened))
