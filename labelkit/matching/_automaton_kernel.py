"""Run an automaton over texts, building its deterministic states on demand (a lazy DFA), compiled.

A deterministic state is a set of positions and the context of the symbol before. The transition of a state on a symbol
is computed once and cached in ``moves``: the offset of the next state's row there, or a negative number if there is
more to do: ``UNKNOWN``, or ``-2 - event`` if the text ends or patterns are complete. Events are few: of each, ``bits``
has the complete patterns and ``following`` the row of the next state.

If the patterns need more states or events than the cache holds, the run stops and returns the row; the caller divides
the patterns and continues from there.

Arrays are taken out of their tuples before a loop: inside, each would cost some hundred cycles, since numba counts
references.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit.matching._numba import compiled, inlined
from labelkit.matching._utf8_kernel import code_point

UNKNOWN = -1
ROWS_AT_ONCE, SYMBOLS_AT_ONCE = 512, 16_000
NO_ROOM = -(2**31)
FACTOR = np.uint64(0x9E3779B97F4A7C15)
ONE = np.uint64(1)


@compiled
def state_of(cache: Any, context: Any) -> Any:
    """Find or add the state of the positions in ``cache.wanted``; return its number, or -1 if the cache is full."""
    value = np.uint64(context)
    for word in cache.wanted:
        value = (value ^ word) * FACTOR
        value ^= value >> np.uint64(32)
    mask = len(cache.slots) - 1
    slot = np.int64(value & np.uint64(mask))
    while cache.slots[slot] >= 0:
        state = cache.slots[slot]
        if cache.contexts[state] == context and np.array_equal(cache.states[state], cache.wanted):
            return state
        slot = (slot + 1) & mask
    state = cache.n_states[0]
    if state == len(cache.states):
        return -1
    cache.n_states[0] = state + 1
    cache.slots[slot] = state
    cache.contexts[state] = context
    cache.states[state] = cache.wanted
    return state


@compiled
def begin(tables: Any, cache: Any) -> None:
    """Add state 0: nothing has been read, and the text starts here."""
    cache.wanted[:] = np.uint64(0)
    cache.wanted[0] = ONE
    state_of(cache, tables.context[tables.start])


@compiled
def follow_edges(tables: Any, position: Any, context: Any, symbol: Any, wanted: Any) -> Any:
    """Add to ``wanted`` the targets of a position on a symbol; return the patterns that are complete, as bits."""
    for edge in range(tables.edge_start[position], tables.edge_start[position + 1]):
        window = tables.edge_window[edge]
        if tables.window_after[window, symbol] and tables.window_before[window, context]:
            target = tables.edge_target[edge]
            wanted[target >> 6] |= ONE << np.uint64(target & 63)
    done = np.uint64(0)
    for end in range(tables.end_start[position], tables.end_start[position + 1]):
        window = tables.end_window[end]
        if tables.window_after[window, symbol] and tables.window_before[window, context]:
            done |= ONE << np.uint64(tables.end_pattern[end])
    return done


@compiled
def make_move(tables: Any, cache: Any, row: Any, symbol: Any) -> Any:
    """Compute the transition of the state with a row of moves on a symbol, and cache it; return it, or ``NO_ROOM``."""
    state, done = row // tables.n_symbols, np.uint64(0)
    context = cache.contexts[state]
    cache.wanted[:] = np.uint64(0)
    cache.wanted[0] = ONE
    for word in range(len(cache.wanted)):
        left, position = cache.states[state, word], 64 * word
        while left:
            if left & ONE:
                done |= follow_edges(tables, position, context, symbol, cache.wanted)
            left >>= ONE
            position += 1
    following = np.int64(0)
    if symbol != tables.end:  # after the end comes the start of the next row: state 0
        following = np.int64(state_of(cache, tables.context[symbol]))
        if following < 0:
            return np.int64(NO_ROOM)
    move = following * tables.n_symbols
    if done or symbol == tables.end:
        event = cache.n_events[0]
        if event == len(cache.bits):
            return np.int64(NO_ROOM)
        cache.n_events[0] = event + 1
        cache.bits[event], cache.following[event] = done, move
        move = -2 - event
    cache.moves[row + symbol] = move
    return move


@compiled
def read_symbols(tables: Any, pages: Any, page_of: Any, data: Any, at: Any, end: Any, buffer: Any) -> Any:
    """Translate one row into symbols, the last of which is the end; return their number."""
    size, before, twin = 0, np.int64(-1), tables.twin
    by_case = len(tables.compared) > 0
    newline = end > at and data[end - 1] == 10
    end -= newline
    while at < end:
        code, width = np.int64(data[np.uint64(at)]), 1
        place = code  # the first page holds all of ASCII
        if code >= 128:
            code, width = code_point(data, at)
            place = np.int64(page_of[np.uint64(code >> 8)]) << 8 | code & 255
        at += width
        symbol = pages[np.uint64(place)]
        if by_case:
            code = np.int64(tables.compared[np.uint64(code)])
        buffer[np.uint64(size)] = symbol + (twin if code == before else 0)
        before = code
        size += 1
    if newline:
        buffer[size] = tables.last_newline + (twin if before == 10 else 0)
        size += 1
    buffer[size] = tables.end
    return size + 1


@inlined
def pass_event(bits: Any, following: Any, move: Any, is_end: Any, lane: Any, at_row: Any, found: Any) -> Any:
    """Return the move that an event stands for; other moves are returned as they are.

    Complete patterns are added to ``found``; at the end of a text the lane continues with the next.
    """
    if move >= 0:
        return move
    event = np.uint64(-2 - move)
    found[at_row[lane]] |= bits[event]
    at_row[lane] += is_end
    return np.int64(following[event])


@compiled
def run(tables: Any, cache: Any, symbols: Any, at: Any, stop: Any, at_row: Any, found: Any) -> Any:
    """Run over ``symbols[at[k]:stop[k]]`` in four lanes at once, whole rows in each; return False if the cache is full.

    Each step of a lane waits for memory, so four interleaved lanes take hardly longer than one. The end of a row leads
    back to state 0.
    """
    moves, bits, following, end = cache.moves, cache.bits, cache.following, np.int64(tables.end)
    one, two, three, four = at[0], at[1], at[2], at[3]
    a = b = c = d = np.int64(0)
    for _ in range(min(stop[0] - one, stop[1] - two, stop[2] - three, stop[3] - four)):
        p, q = np.int64(symbols[np.uint64(one)]), np.int64(symbols[np.uint64(two)])
        r, s = np.int64(symbols[np.uint64(three)]), np.int64(symbols[np.uint64(four)])
        w, x = np.int64(moves[np.uint64(a + p)]), np.int64(moves[np.uint64(b + q)])
        y, z = np.int64(moves[np.uint64(c + r)]), np.int64(moves[np.uint64(d + s)])
        if (w | x | y | z) < 0:
            if w == UNKNOWN:
                w = make_move(tables, cache, a, p)
            if x == UNKNOWN:
                x = make_move(tables, cache, b, q)
            if y == UNKNOWN:
                y = make_move(tables, cache, c, r)
            if z == UNKNOWN:
                z = make_move(tables, cache, d, s)
            if min(w, x, y, z) == NO_ROOM:
                return False
            w = pass_event(bits, following, w, p == end, 0, at_row, found)
            x = pass_event(bits, following, x, q == end, 1, at_row, found)
            y = pass_event(bits, following, y, r == end, 2, at_row, found)
            z = pass_event(bits, following, z, s == end, 3, at_row, found)
        a, b, c, d = w, x, y, z
        one, two, three, four = one + 1, two + 1, three + 1, four + 1
    at[0], at[1], at[2], at[3] = one, two, three, four
    states = np.array([a, b, c, d])
    for lane in range(4):
        if not finish_lane(tables, cache, symbols, at[lane], stop[lane], states[lane], lane, at_row, found):
            return False
    return True


@compiled
def finish_lane(
    tables: Any, cache: Any, symbols: Any, at: Any, stop: Any, state: Any, lane: Any, at_row: Any, found: Any
) -> Any:
    """Run one lane from a state to its end; return False if the cache is full."""
    moves, bits, following, end = cache.moves, cache.bits, cache.following, np.int64(tables.end)
    for i in range(at, stop):
        symbol = np.int64(symbols[np.uint64(i)])
        move = np.int64(moves[np.uint64(state + symbol)])
        if move < 0:
            if move == UNKNOWN:
                move = make_move(tables, cache, state, symbol)
                if move == NO_ROOM:
                    return False
            move = pass_event(bits, following, move, symbol == end, lane, at_row, found)
        state = move
    return True


@compiled
def assign_lanes(starts: Any, first: Any, last: Any, size: Any, at: Any, stop: Any, at_row: Any) -> None:
    """Divide rows ``first`` to ``last``, whose symbols begin at ``starts``, into four lanes of similar length."""
    i = first
    for lane in range(4):
        at_row[lane] = i
        at[lane] = starts[i - first] if i < last else size
        while i < last and (lane == 3 or starts[i - first] < (lane + 1) * size // 4):
            i += 1
        stop[lane] = starts[i - first] if i < last else size


@compiled
def set_votes(found: Any, rows: Any, done: Any, first: Any, numbers: Any, votes: Any) -> None:
    """Set ``votes[n, rows[i]]`` for each bit of ``found[i]`` and ``n`` of ``numbers[first[bit]:first[bit + 1]]``."""
    for i in range(done):
        left, bit = found[i], 0
        while left:
            if left & ONE:
                for j in range(first[bit], first[bit + 1]):
                    votes[numbers[j], rows[i]] = True
            left >>= ONE
            bit += 1


@compiled
def scan_automaton(
    tables: Any, cache: Any, pages: Any, page_of: Any, data: Any, offsets: Any, rows: Any, buffer: Any, found: Any
) -> Any:
    """Fill ``found`` (bits of patterns) for the given rows; return how many of them are done.

    That is all of them, or less if the cache of states is full. ``buffer`` is a buffer for the symbols of some
    rows at a time, small enough for the processor's cache.
    """
    n_rows, first = len(rows), 0
    at, stop, at_row = np.empty(4, dtype=np.int64), np.empty(4, dtype=np.int64), np.empty(4, dtype=np.int64)
    starts = np.empty(ROWS_AT_ONCE, dtype=np.int64)
    while first < n_rows:
        size, last = np.int64(0), first
        while last < n_rows and last - first < ROWS_AT_ONCE and (size < SYMBOLS_AT_ONCE or last == first):
            starts[last - first] = size
            start, end = offsets[rows[last]], offsets[rows[last] + 1]
            if size + end - start + 1 > len(buffer):
                break
            size += read_symbols(tables, pages, page_of, data, start, end, buffer[size:])
            last += 1
        assign_lanes(starts, first, last, size, at, stop, at_row)
        if not run(tables, cache, buffer, at, stop, at_row, found):
            return first
        first = last
    return n_rows
