"""Find the phrases of all lists in one pass over the text, compiled.

A row is first *read* into symbols, with runs of white space reduced to one, then cut into tokens, by bits, and these
are looked up by a hash of their symbols. Then each token that begins a phrase is followed through the trie. The arrays
are documented in :mod:`~labelkit.matching._phrase_tables`.

Arrays are taken out of their tuples before the loop over the rows, and passed to small inlined functions one by one:
taking an array out of a tuple inside the loop would cost more than the work (numba counts references). That is why
the loop is one long function.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit.matching._numba import compiled, inlined
from labelkit.matching._phrase_tables import HEAD
from labelkit.matching._utf8_kernel import code_point

FACTOR = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)
SPACE_SYMBOL = 32 * 4 + 1
EVERY = np.uint64(0xFFFFFFFFFFFFFFFF)
FIRST_BITS, GATHER = np.uint64(0x0101010101010101), np.uint64(0x0102040810204080)
ONE, DE_BRUIJN = np.uint64(1), np.uint64(0x03F79D71B4CB0A89)
PLACES = np.zeros(64, dtype=np.int64)
PLACES[[(0x03F79D71B4CB0A89 << bit) % 2**64 >> 58 for bit in range(64)]] = range(64)
FIRST, ALONE, PAIR, TRIPLE = 1, 2, 4, 8  # flags in ``starts``, of a character, of a phrase of two, of three characters


@compiled
def hash_of(pool: Any, start: Any, stop: Any) -> Any:
    """Hash symbols, as :func:`hash_of_letters` hashes their letters."""
    value = np.uint64(0)
    for first in range(start, stop, 8):
        eight = np.uint64(0)
        for i in range(first, min(first + 8, stop)):
            eight |= np.uint64((pool[i] >> 2) & 255) << np.uint64(8 * (i - first))
        value = (value ^ eight) * FACTOR
    return value


@inlined
def eight_of(values: Any, at: Any) -> Any:
    """Return eight bytes as one number, the first as its lowest byte; the compiler makes one access of it."""
    eight = np.uint64(values[np.uint64(at)])
    for i in range(1, 8):
        eight |= np.uint64(values[np.uint64(at + i)]) << np.uint64(8 * i)
    return eight


@inlined
def hash_of_letters(letters: Any, start: Any, stop: Any) -> Any:
    """Hash the last byte of each character, eight at a time; beyond ``stop``, eight more can be read."""
    value = np.uint64(0)
    while True:
        eight = eight_of(letters, start)
        if stop - start <= 8:
            return (value ^ (eight & (EVERY >> np.uint64(8 * (8 - stop + start))))) * FACTOR
        value = (value ^ eight) * FACTOR
        start += 8


@inlined
def same(pool: Any, start: Any, stop: Any, text: Any, at: Any, end: Any) -> Any:
    """Return True if ``text[at:end]`` begins with ``pool[start:stop]``."""
    if at < 0 or at + stop - start > end:
        return False
    for i in range(stop - start):  # noqa: SIM110  any() does not compile as well
        if pool[start + i] != text[at + i]:
            return False
    return True


@inlined
def slot_of(value: Any, mask: Any) -> Any:
    """Return the slot of the hash table at which probing for a hash begins."""
    return np.int64((value ^ (value >> SHIFT)) & np.uint64(mask))


@inlined
def hint_of(value: Any, mask: Any) -> Any:
    """Return the byte and the bit of a hash in the ``hints`` (a Bloom filter with one hash function)."""
    return np.int64((value >> np.uint64(20)) & np.uint64(mask)), np.uint8(1) << np.uint8(value >> np.uint64(61))


@inlined
def hinted(hints: Any, value: Any) -> Any:
    """Return False if no string has a hash."""
    byte, bit = hint_of(value, len(hints) - 1)
    return hints[np.uint64(byte)] & bit != 0


@inlined
def find(slots: Any, records: Any, value: Any, text: Any, at: Any, end: Any) -> Any:
    """Return the record of the string that equals ``text[at:end]``, whose hash is ``value``, or -1."""
    mask = len(slots) - 1
    slot = slot_of(value, mask)
    while slots[slot, 1]:
        if slots[slot, 0] == value:
            record = np.int64(slots[slot, 1]) - 1
            size = records[record + HEAD - 1]
            if size == end - at and same(records, record + HEAD, record + HEAD + size, text, at, end):
                return record
        slot = (slot + 1) & mask
    return -1


@inlined
def edge_hash(node: Any, gap: Any, token: Any) -> Any:
    """Hash the key of an edge."""
    value = (np.uint64(node) ^ (np.uint64(gap) << np.uint64(40))) * FACTOR
    return (value ^ (value >> SHIFT) ^ np.uint64(token)) * FACTOR


@inlined
def child_of(slots: Any, hints: Any, node: Any, gap: Any, token: Any) -> Any:
    """Return the node at the end of an edge, or -1."""
    mask = len(slots) - 1
    value = edge_hash(node, gap, token)
    byte, bit = hint_of(value, mask)
    if not hints[byte] & bit:
        return -1
    slot = slot_of(value, mask)
    while slots[slot, 0] >= 0:
        if slots[slot, 0] == node and slots[slot, 2] == token and slots[slot, 1] == gap:
            return np.int64(slots[slot, 3])
        slot = (slot + 1) & mask
    return -1


@compiled
def fill_words(words: Any) -> None:
    """Put the strings into their hash table."""
    mask = len(words.slots) - 1
    for record in words.starts:
        value = hash_of(words.records, record + HEAD, record + HEAD + words.records[record + HEAD - 1])
        byte, bit = hint_of(value, mask)
        words.hints[byte] |= bit
        slot = slot_of(value, mask)
        while words.slots[slot, 1]:
            slot = (slot + 1) & mask
        words.slots[slot, 0] = value
        words.slots[slot, 1] = np.uint64(record + 1)


@compiled
def fill_edges(trie: Any) -> None:
    """Put the edges into their hash table."""
    mask = len(trie.slots) - 1
    for edge in range(len(trie.edges)):
        value = edge_hash(trie.edges[edge, 0], trie.edges[edge, 1], trie.edges[edge, 2])
        byte, bit = hint_of(value, mask)
        trie.hints[byte] |= bit
        slot = slot_of(value, mask)
        while trie.slots[slot, 0] >= 0:
            slot = (slot + 1) & mask
        trie.slots[slot] = trie.edges[edge]


@inlined
def pair_hash(one: Any, two: Any) -> Any:
    """Hash a pair of symbols."""
    return (np.uint64(one) * FACTOR ^ np.uint64(two)) * FACTOR


@inlined
def place_of(value: Any, mask: Any) -> Any:
    """Return the index of the hash of a pair, or of three symbols, in ``starts``."""
    return np.int64((value >> SHIFT) & np.uint64(mask))


@compiled
def fill_starts(trie: Any, starts: Any) -> None:
    """Flag the first one to three characters of each phrase in ``starts``; a collision costs one look-up, no error.

    The edges of a node come before those of its children.
    """
    mask = len(starts) - 1
    first, pair = np.zeros(len(trie.nodes), dtype=np.int64), np.zeros(len(trie.nodes), dtype=np.uint64)
    for edge in range(len(trie.edges)):
        node, symbol, child = trie.edges[edge, 0], trie.edges[edge, 2], trie.edges[edge, 3]
        is_phrase = trie.nodes[child, 0] < trie.nodes[child, 1]
        if node == 0:
            first[child] = symbol
            starts[symbol & mask] |= (FIRST | ALONE) if is_phrase else FIRST
        elif first[node]:
            pair[child] = pair_hash(first[node], symbol)
            if is_phrase:
                starts[place_of(pair[child], mask)] |= PAIR
        elif pair[node]:
            starts[place_of((pair[node] ^ np.uint64(symbol)) * FACTOR, mask)] |= TRIPLE


@compiled
def fill(tables: Any) -> None:
    """Fill all hash tables."""
    fill_words(tables.tokens)
    fill_words(tables.gaps)
    fill_edges(tables.by_token)
    fill_edges(tables.by_character)
    fill_starts(tables.by_character, tables.starts)


@inlined
def read_row(table: Any, data: Any, at: Any, end: Any, symbols: Any, codes: Any, letters: Any, kinds: Any) -> Any:
    """Read one row: of each character the symbol, the code, the letter (a byte that is hashed) and the kind.

    Return the number of characters; after them come the kinds of 64 spaces.

    There are few branches, since each that is not foreseen costs as much as several characters. Indices are unsigned,
    which saves numba the test for negative indices.
    """
    size, was_space = np.int64(0), np.int64(0)
    while at < end:
        code, width = np.int64(data[np.uint64(at)]), 1
        if code >= 128:
            code, width = code_point(data, at)
        at += width
        symbol = np.int64(table[np.uint64(code)])
        kind = symbol & 3
        is_space = np.int64(kind == 1)
        size -= is_space & was_space  # it takes the place of the space before
        was_space = is_space
        symbols[np.uint64(size)] = SPACE_SYMBOL if is_space else symbol
        codes[np.uint64(size)] = 32 if is_space else code
        letters[np.uint64(size)] = np.uint8((symbol >> 2) & 255)
        kinds[np.uint64(size)] = np.uint8(kind)
        size += np.int64(1)
    for i in range(64):
        kinds[np.uint64(size + i)] = np.uint8(1)
    return size


@inlined
def lowest(bits: Any) -> Any:
    """Return the number of the lowest bit that is set."""
    return PLACES[((bits & (~bits + ONE)) * DE_BRUIJN) >> np.uint64(58)]


@inlined
def cut_row(size: Any, kinds: Any, bounds: Any, others: Any) -> Any:
    """Cut a row into tokens, whose starts and stops are ``bounds`` in turn; ``others`` are neither in words nor spaces.

    Return the numbers of bounds and others. A word of 64 bits holds what 64 characters are.
    """
    n_bounds: Any = np.int64(0)
    n_others: Any = np.int64(0)
    before = np.uint64(0)
    for first in range(0, size + 1, 64):
        words, rest = np.uint64(0), np.uint64(0)
        for i in range(8):
            eight = eight_of(kinds, first + 8 * i)
            high = (eight >> ONE) & FIRST_BITS
            rest |= ((high * GATHER) >> np.uint64(56)) << np.uint64(8 * i)
            words |= ((((eight & FIRST_BITS) | high) ^ FIRST_BITS) * GATHER >> np.uint64(56)) << np.uint64(8 * i)
        edges = words ^ ((words << ONE) | before)
        before = words >> np.uint64(63)
        while edges:
            bounds[np.uint64(n_bounds)] = first + lowest(edges)
            n_bounds += 1
            edges &= edges - ONE
        while rest:
            others[np.uint64(n_others)] = first + lowest(rest)
            n_others += 1
            rest &= rest - ONE
    return n_bounds, n_others


@inlined
def look_up(
    slots: Any, hints: Any, records: Any, symbols: Any, letters: Any, bounds: Any, n_tokens: Any, hashes: Any,
    perhaps: Any, token: Any,
) -> Any:  # fmt: skip
    """Set the record of each token, or -1; return how many have one, whose places are the first of ``perhaps``."""
    n_hinted: Any = np.int64(0)
    n_begun: Any = np.int64(0)
    for t in range(n_tokens):
        start, stop = np.int64(bounds[np.uint64(2 * t)]), np.int64(bounds[np.uint64(2 * t + 1)])
        value = hash_of_letters(letters, start, stop)
        token[np.uint64(t)] = -1
        hashes[np.uint64(n_hinted)] = value
        perhaps[np.uint64(n_hinted)] = t
        n_hinted += np.int64(hinted(hints, value))
    for k in range(n_hinted):
        place = np.int64(perhaps[k])
        record = find(slots, records, hashes[k], symbols, bounds[2 * place], bounds[2 * place + 1])
        token[place] = record
        perhaps[n_begun] = place
        n_begun += np.int64(record >= 0)
    return n_begun


@inlined
def context_matches(
    outputs: Any,
    j: Any,
    piece_pool: Any,
    piece_start: Any,
    exact_pool: Any,
    exact_start: Any,
    symbols: Any,
    codes: Any,
    size: Any,
    start: Any,
    stop: Any,
) -> Any:
    """Return True if the text around a path, from ``start`` to ``stop``, and its exact characters match an output.

    An output that asks for neither is not passed: that would cost as much as a look-up.
    """
    before, after, phrase = outputs[j, 1], outputs[j, 2], outputs[j, 3]
    if before >= 0:
        start -= piece_start[before + 1] - piece_start[before]
        if not same(piece_pool, piece_start[before], piece_start[before + 1], symbols, start, size):
            return False
    if after >= 0 and not same(piece_pool, piece_start[after], piece_start[after + 1], symbols, stop, size):
        return False
    return phrase < 0 or same(exact_pool, exact_start[phrase], exact_start[phrase + 1], codes, start, size)


@inlined
def next_token(
    slots: Any, hints: Any, gaps: Any, gap_hints: Any, gap_records: Any, node: Any, symbols: Any, stop: Any,
    start: Any, token: Any,
) -> Any:  # fmt: skip
    """Return the node after a gap, from ``stop`` to ``start``, and the token that follows; -1 if there is no edge."""
    gap = 0
    if start - stop != 1 or symbols[stop] != SPACE_SYMBOL:
        value = hash_of(symbols, stop, start)
        gap = find(gaps, gap_records, value, symbols, stop, start) if hinted(gap_hints, value) else -1
    return child_of(slots, hints, node, gap, token) if gap >= 0 else -1


@compiled
def keep_starts(starts: Any, symbols: Any, size: Any, places: Any, n_places: Any, in_words: Any) -> Any:
    """Keep those places of a row at which a phrase of the second trie may start; return their number.

    If phrases start ``in_words``, all characters of the row are looked at. This is a function of its own, since a loop
    that refers to few arrays is compiled well.
    """
    n_kept, mask = np.int64(0), np.int64(len(starts) - 1)
    for i in range(size if in_words else n_places):
        at = np.int64(i) if in_words else np.int64(places[i])
        symbol = np.int64(symbols[np.uint64(at)])
        hint = starts[np.uint64(symbol & mask)]
        if hint & FIRST:
            kept = hint & ALONE != 0
            if not kept and at + 1 < size:
                pair = pair_hash(symbol, symbols[np.uint64(at + 1)])
                kept = starts[np.uint64(place_of(pair, mask))] & PAIR != 0
                if not kept and at + 2 < size:
                    triple = (pair ^ np.uint64(symbols[np.uint64(at + 2)])) * FACTOR
                    kept = starts[np.uint64(place_of(triple, mask))] & TRIPLE != 0
            places[np.uint64(n_kept)] = at
            n_kept += np.int64(kept)
    return n_kept


@inlined
def starts_in_words(trie: Any) -> Any:
    """Return True if a phrase of the second trie begins with a word character."""
    in_words = False
    for edge in range(len(trie.edges)):
        in_words |= trie.edges[edge, 0] == 0 and trie.edges[edge, 2] & 3 == 0
    return in_words


@compiled
def scan_phrases(  # noqa: C901, PLR0912 - one loop over the rows: see above
    tables: Any, data: Any, offsets: Any, active: Any, row: Any, hashes: Any, votes: Any
) -> Any:
    """Set ``votes[test, i]`` if row ``i`` contains a phrase of the test; return a mask of rows with a MIXED symbol."""
    mixed = np.zeros(len(active), dtype=np.bool_)
    word_slots, word_hints, records = tables.tokens.slots, tables.tokens.hints, tables.tokens.records
    gap_slots, gap_hints, gap_records = tables.gaps.slots, tables.gaps.hints, tables.gaps.records
    trie, trie_c = tables.by_token, tables.by_character
    slots, hints, nodes, outputs = trie.slots, trie.hints, trie.nodes, trie.outputs
    slots_c, hints_c, nodes_c, outputs_c = trie_c.slots, trie_c.hints, trie_c.nodes, trie_c.outputs
    pieces, piece_start, exact, exact_start = (
        tables.pieces.pool, tables.pieces.start, tables.exact.pool, tables.exact.start,
    )  # fmt: skip
    symbols, codes, letters, kinds, bounds, token, places, perhaps = (
        row.symbol, row.code, row.letter, row.kind, row.bound, row.token, row.place, row.perhaps,
    )  # fmt: skip
    table, signs = tables.symbols, tables.starts
    in_words = starts_in_words(trie_c)
    for i in range(len(active)):
        if not active[i]:
            continue
        size = read_row(table, data, offsets[i], offsets[i + 1], symbols, codes, letters, kinds)
        n_bounds, n_places = cut_row(size, kinds, bounds, places)
        n_tokens = n_bounds >> 1
        n_begun = look_up(word_slots, word_hints, records, symbols, letters, bounds, n_tokens, hashes, perhaps, token)
        for k in range(n_begun):  # follow the trie from each token of the row as far as it goes
            t = np.int64(perhaps[k])
            record: Any = np.int64(token[t])
            last = t
            first, final = records[record], records[record + 1]
            node: Any = np.int64(records[record + 2])
            while True:
                for j in range(first, final):
                    if outputs[j, 1] & outputs[j, 2] & outputs[j, 3] == -1 or context_matches(
                        outputs,
                        j,
                        pieces,
                        piece_start,
                        exact,
                        exact_start,
                        symbols,
                        codes,
                        size,
                        bounds[2 * t],
                        bounds[2 * last + 1],
                    ):
                        votes[outputs[j, 0], i] = True
                last += 1
                if node < 0 or last == n_tokens or token[last] < 0:
                    break
                node = next_token(
                    slots, hints, gap_slots, gap_hints, gap_records, node, symbols, bounds[2 * last - 1],
                    bounds[2 * last], token[last],
                )  # fmt: skip
                if node < 0:
                    break
                first, final = nodes[node, 0], nodes[node, 1]
                node = node if nodes[node, 2] else -1
        for k in range(n_places):
            mixed[i] |= kinds[places[k]] == 3
        if in_words or n_places:
            n_places = keep_starts(signs, symbols, size, places, n_places, in_words)
        for place in range(n_places):  # follow the second trie from each character that may start
            begin: Any = np.int64(places[place])
            node, at = np.int64(0), begin
            while at < size and nodes_c[node, 2]:
                node = child_of(slots_c, hints_c, node, 0, symbols[at])
                if node < 0:
                    break
                at += 1
                for j in range(nodes_c[node, 0], nodes_c[node, 1]):
                    if context_matches(
                        outputs_c, j, pieces, piece_start, exact, exact_start, symbols, codes, size, begin, at
                    ):
                        votes[outputs_c[j, 0], i] = True
    return mixed
