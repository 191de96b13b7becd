"""Draw the papers of an exam again: python3 redraw.py FILE, with the file that the exam's page offers after its end.

Tells whether the commitment that was published before the exam fits, then prints every form: the codes of its items by
section in the order of the paper, each with the order of its options where they were shuffled.
"""

import functools
import hashlib
import itertools
import json
import sys


@functools.lru_cache(10_000)
def shuffled(things, seed):
    digests = (hashlib.sha256(f"{seed}:{block}".encode()).digest() for block in itertools.count())
    numbers = (int.from_bytes(digest[at : at + 8], "big") for digest in digests for at in (0, 8, 16, 24))
    left = list(things)
    for place, rest in enumerate(range(len(left), 0, -1)):
        other = place + next(number for number in numbers if number < 2**64 - 2**64 % rest) % rest
        left[place], left[other] = left[other], left[place]
    return left


def one_try(plan, form, seed):
    own, paper = plan["own"].get(str(form)), []
    out = set() if own else set(plan["avoid"].get(str(form), ()))
    for number, (section, groups) in enumerate(zip(plan["sections"], own or plan["groups"], strict=True), 1):
        paper.append(list(section["named"]))
        for part, (count, group) in enumerate(groups, 1):
            order, full = shuffled(tuple(group), f"{seed}:{number}:{part}"), len(paper[-1]) + count
            for item in order[(form - plan["first"]) % len(order) if plan.get("apart") else 0 :]:
                if len(paper[-1]) < full and item not in out:
                    paper[-1].append(item)
                    out.update([item, *plan["items"][item][3]])
            if len(paper[-1]) < full:
                return None
    return paper


def draw(plan, seed, form):
    source, found = plan["first"] if plan["same_items"] else form, []
    together = range(plan["first"], plan["first"] + plan["forms"]) if plan.get("apart") else [source]
    whose, share = "forms" if plan.get("apart") else f"form:{source}", [item[2] for item in plan["items"]]
    for number in range(plan["tries"]):
        papers = {one: one_try(plan, one, f"{seed}:{whose}:try:{number}") for one in together}
        if all(papers.values()):
            pairs = [zip(plan["sections"], paper, strict=True) for paper in papers.values()]
            points = [sum(one["points"] * share[item] for one, held in pair for item in held) for pair in pairs]
            gap = 0 if plan["target"] is None else max(abs(one - plan["target"]) for one in points)
            found.append((gap, number, papers[source]))
            if gap <= plan["tolerance"]:
                break
    for number, (section, held) in enumerate(zip(plan["sections"], min(found)[2], strict=True), 1):
        if plan["shuffle_items"]:
            held = shuffled(tuple(held), f"{seed}:form:{form}:items:{number}")
        elif plan["target"] is not None:
            drawn = tuple(held[len(section["named"]) :])
            held = section["named"] + shuffled(drawn, f"{seed}:form:{source}:order:{number}")
        if section["order"] == "easy_first":
            held = sorted(held, key=lambda item: -share[item])
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
                for place, code in enumerate(codes):
                    for name, keys in file["options"].get(code, ()):
                        codes[place] += "/" + "".join(shuffled(tuple(keys), f"{seed}:form:{form}:options:{name}:0"))
                print(" ", *codes)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as opened:
        main(json.load(opened))
