"""A second way to count what a pool cannot fill, to hold the draw against."""


def unmatched(parts, pool, wanted):
    """Return the least number of places that must stay empty, by Kuhn's algorithm over single items.

    ``wanted`` are the numbers of the parts, one for each place that asks for an item of its own.
    """
    owner = {}

    def place(number, tried):
        for one in pool:
            if one.code in tried or not parts[number].criteria.takes(one):
                continue
            tried.add(one.code)
            if one.code not in owner or place(owner[one.code], tried):
                owner[one.code] = number
                return True
        return False

    return sum(not place(number, set()) for number in wanted)
