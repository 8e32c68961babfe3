"""The one pass over the text that finds the phrases of all lists, compiled.

A row is first *read* into symbols, with runs of white space made one, and cut into tokens, each with a hash of its
symbols. Then each token that some phrase begins with is followed through the trie. See
:mod:`~labelkit.matchers.phrase_tables` for what the arrays mean.

The functions of the inner loops take their arrays one by one: taking an array out of a tuple there would cost more than
the work (numba counts references).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit.matchers.compiling import compiled, inlined
from labelkit.matchers.phrase_tables import HEAD
from labelkit.matchers.utf8_kernel import code_point

FACTOR = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)
SPACE_SYMBOL = 32 * 4 + 1
FIRST, ALONE, PAIR = 1, 2, 4  # what ``starts`` says of a character, or of a pair of them


@compiled
def hash_of(pool: Any, start: Any, stop: Any) -> Any:
    """Hash symbols, as :func:`read_row` does while it reads."""
    value = np.uint64(0)
    for i in range(start, stop):
        value = (value ^ np.uint64(pool[i])) * FACTOR
    return value


@inlined
def same(pool: Any, start: Any, stop: Any, text: Any, at: Any, end: Any) -> Any:
    """Whether ``text[at:]``, which ends at ``end``, begins with ``pool[start:stop]``."""
    if at < 0 or at + stop - start > end:
        return False
    for i in range(stop - start):  # noqa: SIM110  any() does not compile as well
        if pool[start + i] != text[at + i]:
            return False
    return True


@inlined
def slot_of(value: Any, mask: Any) -> Any:
    """Where to begin to look for a hash."""
    return np.int64((value ^ (value >> SHIFT)) & np.uint64(mask))


@inlined
def hint_of(value: Any, mask: Any) -> Any:
    """The byte and the bit that hint at a hash."""
    return np.int64((value >> np.uint64(20)) & np.uint64(mask)), np.uint8(1) << np.uint8(value >> np.uint64(61))


@inlined
def find(slots: Any, hints: Any, records: Any, value: Any, text: Any, at: Any, end: Any) -> Any:
    """The record of the string that equals ``text[at:end]``, whose hash is ``value``, or -1."""
    mask = len(slots) - 1
    byte, bit = hint_of(value, mask)
    if not hints[byte] & bit:
        return -1
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
    """The node at the end of an edge, or -1."""
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
def pair_start(one: Any, two: Any, mask: Any) -> Any:
    """Where ``starts`` keeps a pair of symbols."""
    value = (np.uint64(one) * FACTOR ^ np.uint64(two)) * FACTOR
    return np.int64((value >> SHIFT) & np.uint64(mask))


@compiled
def fill_starts(trie: Any, starts: Any) -> None:
    """Note with which one or two characters phrases start; two may share a place, which costs a look and no more."""
    mask = len(starts) - 1
    first = np.zeros(len(trie.nodes), dtype=np.int64)
    for edge in range(len(trie.edges)):
        node, symbol, child = trie.edges[edge, 0], trie.edges[edge, 2], trie.edges[edge, 3]
        if node == 0:
            first[child] = symbol
            alone = trie.nodes[child, 0] < trie.nodes[child, 1]
            starts[symbol & mask] |= (FIRST | ALONE) if alone else FIRST
    for edge in range(len(trie.edges)):
        node, symbol = trie.edges[edge, 0], trie.edges[edge, 2]
        if first[node]:
            starts[pair_start(first[node], symbol, mask)] |= PAIR


@compiled
def fill(tables: Any) -> None:
    """Fill all hash tables."""
    fill_words(tables.tokens)
    fill_words(tables.gaps)
    fill_edges(tables.by_token)
    fill_edges(tables.by_character)
    fill_starts(tables.by_character, tables.starts)


@inlined
def read_row(
    table: Any, data: Any, at: Any, end: Any, symbols: Any, codes: Any, starts: Any, stops: Any, marks: Any
) -> Any:
    """Read one row: its symbols, characters and tokens; how many of each; and whether it has a MIXED symbol.

    Indices are made unsigned, which spares numba a look whether they count from the end of the array.
    """
    size, n_tokens = np.int64(0), np.int64(0)
    in_space, mixed = False, False
    while at < end:
        code, width = np.int64(data[np.uint64(at)]), 1
        if code >= 128:
            code, width = code_point(data, at)
        symbol = np.int64(table[np.uint64(code)])
        if symbol & 3 == 0:
            value = np.uint64(0)
            starts[np.uint64(n_tokens)] = size
            while symbol & 3 == 0:
                value = (value ^ np.uint64(symbol)) * FACTOR
                symbols[np.uint64(size)] = symbol
                codes[np.uint64(size)] = code
                size += np.int64(1)
                at += width
                if at >= end:
                    break
                code, width = np.int64(data[np.uint64(at)]), 1
                if code >= 128:
                    code, width = code_point(data, at)
                symbol = np.int64(table[np.uint64(code)])
            stops[np.uint64(n_tokens)] = size
            marks[np.uint64(n_tokens)] = value
            n_tokens += np.int64(1)
            in_space = False
            if at >= end:
                break
        at += width
        is_space = symbol & 3 == 1
        mixed |= symbol & 3 == 3
        if is_space and in_space:
            continue
        symbols[np.uint64(size)] = SPACE_SYMBOL if is_space else symbol
        codes[np.uint64(size)] = 32 if is_space else code
        size += np.int64(1)
        in_space = is_space
    return size, n_tokens, mixed


@compiled
def stands(tables: Any, output: Any, row: Any, size: Any, start: Any, stop: Any) -> Any:
    """Whether what stands around a path, from ``start`` to ``stop``, and its very characters agree with an output."""
    pieces, exact = tables.pieces, tables.exact
    before, after, phrase = output[1], output[2], output[3]
    if before >= 0:
        start -= pieces.start[before + 1] - pieces.start[before]
        if not same(pieces.pool, pieces.start[before], pieces.start[before + 1], row.symbol, start, size):
            return False
    if after >= 0 and not same(pieces.pool, pieces.start[after], pieces.start[after + 1], row.symbol, stop, size):
        return False
    return phrase < 0 or same(exact.pool, exact.start[phrase], exact.start[phrase + 1], row.code, start, size)


@compiled
def emit(
    tables: Any, outputs: Any, first: Any, last: Any, row: Any, size: Any, at: Any, stop: Any, votes: Any, i: Any
) -> None:
    """Set the votes of the phrases that are complete."""
    for j in range(first, last):
        plain = outputs[j, 1] < 0 and outputs[j, 2] < 0 and outputs[j, 3] < 0
        if plain or stands(tables, outputs[j], row, size, at, stop):
            votes[outputs[j, 0], i] = True


@inlined
def scan_tokens(tables: Any, row: Any, size: Any, n_tokens: Any, votes: Any, i: Any) -> None:
    """Follow the trie from each token of the row as far as it goes."""
    records, token, symbols, starts, stops = tables.tokens.records, row.token, row.symbol, row.start, row.stop
    slots, hints, nodes, outputs = (
        tables.by_token.slots,
        tables.by_token.hints,
        tables.by_token.nodes,
        tables.by_token.outputs,
    )
    for t in range(n_tokens):
        record, last = np.int64(token[t]), t
        if record < 0:
            continue
        if records[record] < records[record + 1]:
            emit(tables, outputs, records[record], records[record + 1], row, size, starts[t], stops[t], votes, i)
        node: Any = np.int64(records[record + 2])
        while node >= 0:
            stop = stops[last]
            last += 1
            if last == n_tokens or token[last] < 0:
                break
            gap, start = 0, starts[last]
            if start - stop != 1 or symbols[stop] != SPACE_SYMBOL:
                gap = find_gap(tables.gaps, symbols, stop, start)
                if gap < 0:
                    break
            node = child_of(slots, hints, node, gap, token[last])
            if node >= 0 and nodes[node, 0] < nodes[node, 1]:
                emit(tables, outputs, nodes[node, 0], nodes[node, 1], row, size, starts[t], stops[last], votes, i)
            node = node if node >= 0 and nodes[node, 2] else -1


@compiled
def find_gap(gaps: Any, symbols: Any, start: Any, stop: Any) -> Any:
    """The record of a gap that is more than one space, or -1."""
    return find(gaps.slots, gaps.hints, gaps.records, hash_of(symbols, start, stop), symbols, start, stop)


@inlined
def scan_characters(tables: Any, row: Any, size: Any, votes: Any, i: Any) -> None:
    """Follow the second trie from each character that may start one of its phrases."""
    trie, symbols, starts = tables.by_character, row.symbol, tables.starts
    slots, hints, nodes, outputs = trie.slots, trie.hints, trie.nodes, trie.outputs
    mask = len(starts) - 1
    for begin in range(size):
        hint = starts[symbols[begin] & mask]
        if not hint & FIRST:
            continue
        pair = begin + 1 < size and starts[pair_start(symbols[begin], symbols[begin + 1], mask)] & PAIR
        if not (hint & ALONE or pair):
            continue
        node, at = np.int64(0), begin
        while at < size and nodes[node, 2]:
            node = child_of(slots, hints, node, 0, symbols[at])
            if node < 0:
                break
            at += 1
            emit(tables, outputs, nodes[node, 0], nodes[node, 1], row, size, begin, at, votes, i)


@compiled
def scan_phrases(tables: Any, data: Any, offsets: Any, active: Any, row: Any, marks: Any, votes: Any) -> Any:
    """Set ``votes[test, i]`` where a phrase of the test stands in row ``i``; return the rows with a MIXED symbol."""
    mixed = np.zeros(len(active), dtype=np.bool_)
    characters = len(tables.by_character.edges) > 0
    slots, hints, records = tables.tokens.slots, tables.tokens.hints, tables.tokens.records
    symbols, codes, starts, stops, token = row.symbol, row.code, row.start, row.stop, row.token
    table = tables.symbols
    for i in range(len(active)):
        if not active[i]:
            continue
        size, n_tokens, mixed[i] = read_row(
            table, data, offsets[i], offsets[i + 1], symbols, codes, starts, stops, marks
        )
        some = False
        for t in range(n_tokens):
            token[t] = find(slots, hints, records, marks[t], symbols, starts[t], stops[t])
            some |= token[t] >= 0
        if some:
            scan_tokens(tables, row, size, n_tokens, votes, i)
        if characters:
            scan_characters(tables, row, size, votes, i)
    return mixed
