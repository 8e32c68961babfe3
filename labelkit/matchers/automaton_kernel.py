"""Runs an automaton over texts, making its deterministic states when they are first met, compiled.

A deterministic state is a set of positions and the context of the symbol before. What a state does on a symbol is
worked out once and kept in ``moves``: the number of the next state's row there, or, below zero, that there is more to
know: ``UNKNOWN``, or ``-2 - row`` where patterns are complete, those in ``ends``.

A set of patterns may need more states than there is room for. Then the run stops and says at which row; the caller
divides the patterns and goes on from there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labelkit.matchers.compiling import compiled
from labelkit.matchers.utf8_kernel import code_point

UNKNOWN = -1
NO_ROOM = -(2**31)
FACTOR = np.uint64(0x9E3779B97F4A7C15)
ONE = np.uint64(1)


@compiled
def state_of(cache: Any, context: Any) -> Any:
    """The number of the state whose positions are in ``cache.wanted``: an old one, a new one, or -1 without room."""
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
    """Make state 0: nothing is read, and the text starts here."""
    cache.wanted[:] = np.uint64(0)
    cache.wanted[0] = ONE
    state_of(cache, tables.context[tables.start])


@compiled
def make_move(tables: Any, cache: Any, state: Any, symbol: Any) -> Any:
    """Work out what a state does on a symbol, and keep it."""
    context, done = cache.contexts[state], np.uint64(0)
    cache.wanted[:] = np.uint64(0)
    cache.wanted[0] = ONE
    for word in range(len(cache.wanted)):
        left, position = cache.states[state, word], 64 * word
        while left:
            if left & ONE:
                for edge in range(tables.edge_start[position], tables.edge_start[position + 1]):
                    window = tables.edge_window[edge]
                    if tables.window_after[window, symbol] and tables.window_before[window, context]:
                        target = tables.edge_target[edge]
                        cache.wanted[target >> 6] |= ONE << np.uint64(target & 63)
                for end in range(tables.end_start[position], tables.end_start[position + 1]):
                    window = tables.end_window[end]
                    if tables.window_after[window, symbol] and tables.window_before[window, context]:
                        done |= ONE << np.uint64(tables.end_pattern[end])
            left >>= ONE
            position += 1
    following = np.int64(state_of(cache, tables.context[symbol]))
    if following < 0:
        return np.int64(NO_ROOM)
    move = following * tables.n_symbols
    at = state * tables.n_symbols + symbol
    if done:
        cache.ends[at] = done
        move = -2 - move
    cache.moves[at] = move
    return move


@compiled
def read_symbols(alphabet: Any, last_newline: Any, data: Any, at: Any, end: Any, room: Any) -> Any:
    """Translate one row into symbols; return how many."""
    size = 0
    if end > at and data[end - 1] == 10:
        end -= 1
        last = True
    else:
        last = False
    while at < end:
        code, width = np.int64(data[at]), 1
        if code >= 128:
            code, width = code_point(data, at)
        at += width
        room[size] = alphabet[code]
        size += 1
    if last:
        room[size] = last_newline
        size += 1
    return size


@compiled
def run(tables: Any, cache: Any, moves: Any, ends: Any, room: Any, size: Any) -> Any:
    """Run over one row of symbols, the last of which is the end; the patterns found as bits, and whether it fitted."""
    found, row = np.uint64(0), np.int64(0)
    for i in range(size):
        symbol = np.int64(room[i])
        move = np.int64(moves[row + symbol])
        if move < 0:
            if move == UNKNOWN:
                move = make_move(tables, cache, row // tables.n_symbols, symbol)
                if move == NO_ROOM:
                    return found, False
            if move < 0:
                found |= ends[row + symbol]
                move = -2 - move
        row = move
    return found, True


@compiled
def scan_automaton(
    tables: Any, cache: Any, alphabet: Any, data: Any, offsets: Any, active: Any, first: Any, room: Any, found: Any
) -> Any:
    """Fill ``found`` (bits of patterns) for the rows from ``first`` on; return the row where the room ended."""
    moves, ends = cache.moves, cache.ends
    for i in range(first, len(active)):
        if not active[i]:
            continue
        size = read_symbols(alphabet, tables.end - 1, data, offsets[i], offsets[i + 1], room)
        room[size] = tables.end
        found[i], fitted = run(tables, cache, moves, ends, room, size + 1)
        if not fitted:
            return i
    return len(active)
