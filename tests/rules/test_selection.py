"""Rules are chosen by name, by glob and by group, and a pattern of no rule is an error that names what is near."""

import re

import pytest

import labelkit as lk
from labelkit.exceptions import CollectError


@pytest.fixture
def lfs():
    rules = [
        lk.regex("https?:", label=1).rule(name="link", group="links"),
        lk.regex("www", label=1).rule(name="link_www", group="links"),
        lk.regex("^.$", label=0).rule(name="short", group="length"),
        lk.regex("!", label=1).rule(name="loud"),
        lk.regex("#", label=1).rule(name="group:odd*"),
    ]
    return lk.collect(rules, labels=["HAM", "SPAM"])


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["short", "link"], ("link", "short")),  # in the order of the rules
        (["link*"], ("link", "link_www")),
        (["l[io]?[dk]"], ("link", "loud")),
        (["group:links"], ("link", "link_www")),
        (["group:l*"], ("link", "link_www", "short")),
        (["group:odd*"], ("group:odd*",)),  # the name of a rule
        (["group:links", "link", "loud"], ("link", "link_www", "loud")),
    ],
)
def test_patterns_select_the_rules_that_they_are_of_and_exclude_the_rest(lfs, patterns, names):
    selected = lfs.select(*patterns)
    assert (selected.names, selected.space) == (names, lfs.space)
    assert lfs.exclude(*patterns).names == tuple(name for name in lfs.names if name not in names)


def test_without_patterns_all_rules_are_kept(lfs):
    assert lfs.select().names == lfs.exclude().names == lfs.names


def test_a_selection_is_selected_from_and_remembers_its_patterns(lfs):
    some = lfs.select("group:links", "loud").exclude("link_www")
    assert some.names == ("link", "loud")
    assert (some.selected, some.excluded) == (("group:links", "loud"), ("link_www",))
    assert (lk.LabelingFunctions(some).selected, lk.collect(some).excluded) == (some.selected, some.excluded)


@pytest.mark.parametrize(
    ("pattern", "said", "hint"),
    [
        ("lnik", "no rule fits 'lnik'", "did you mean 'link'?"),
        ("LINK", "no rule fits 'LINK'", "did you mean 'link'"),
        ("shrt*", "no rule fits 'shrt*'", "did you mean 'short'?"),
        ("links", "no rule is called 'links'", "'links' is a group: group:links"),
        ("group:linx", "no rule fits 'group:linx'", "did you mean 'links'?"),
        ("group:zzz", "no rule fits 'group:zzz'", "the groups are length, links"),
        ("zzz", "no rule fits 'zzz'", "the rules are link, link_www, short, loud, group:odd*"),
        (3, "3 is no pattern", "give names"),
    ],
)
def test_a_pattern_of_no_rule_is_an_error_with_what_is_near(lfs, pattern, said, hint):
    for choose in (lfs.select, lfs.exclude):
        with pytest.raises(CollectError, match=re.escape(said)) as error:
            choose("loud", pattern)
        assert hint in error.value.hint


def test_excluding_all_rules_is_an_error(lfs):
    with pytest.raises(CollectError, match=r"no rule is left without 'l\*'"):
        lfs.select("link", "loud").exclude("l*")
