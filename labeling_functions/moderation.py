"""Offensive posts: rules of twenty people, each about the person's own field.

Nobody can list everything that offends. A nurse knows how people speak of death, a typographer how they shout, a
comedian when an insult is a joke. So each person writes a few short rules, with the person as their group. People
disagree: ``QuorumVote`` labels a post offensive if a given share of the *people* vote for it, however many rules each
of them wrote; ``LabelModel`` estimates the accuracy of each rule. Many rules vote that a post is fine, since an abstain
is no evidence.

Most rules are a line of a table, created in a loop; the others are functions. They read ``text``, and a few of them
``author``, ``n_followers`` and ``score`` (the output of an older classifier).

>>> amara_calls_names("You absolute DIMWIT!") == Label.OFFENSIVE
True
>>> len({rule.group for rule in TABLE_RULES})
20
"""

import re
from enum import IntEnum

from labelkit import ABSTAIN, column, expect, keywords, labeling_function, lookup, regex


class Label(IntEnum):
    """The classes of a post."""

    FINE = 0
    OFFENSIVE = 1


FINE, OFFENSIVE = Label.FINE, Label.OFFENSIVE

INSULTS = keywords(
    "idiot", "moron", "loser", "clown", "troll", "buffoon", "dimwit", "muppet", "weasel", "pest", "goblin"
)
RUDE = keywords(
    "stupid", "dumb", "pathetic", "useless", "disgusting", "worthless", "ridiculous", "ignorant", "brainless"
)
YOU = keywords("you", "your", "you're", "ur", "u")
ABOUT_ME = keywords("I'm", "my", "me", "we")
POLITICS = keywords(
    "government", "senator", "minister", "mayor", "liberals", "conservatives", "president", "parliament"
)
FAITH = keywords("church", "mosque", "temple", "synagogue", "priest", "imam", "rabbi", "god", "believers", "atheists")
DEATH = keywords("die", "died", "dead", "death", "killed", "funeral", "RIP", "rest in peace")


# --- Rules that are one condition: the person and the rule, the label, the condition, the reason.

TABLE = {
    # Amara teaches at a school.
    "amara_shut_up": (OFFENSIVE, keywords("shut up", "stfu", "get lost"), "What starts fights in the school yard."),
    "amara_school": (OFFENSIVE, keywords("go back to school", "too dumb", "smarter"), "Mocking somebody's learning."),
    "amara_thanks": (FINE, keywords("thank you", "thanks", "well done"), "Pupils who thank rarely insult."),
    # Bruno goes to every match.
    "bruno_match": (FINE, keywords("game", "goal", "ref", "play", "beat the", "match"), "Rough is not rude."),
    "bruno_killed_it": (FINE, regex(r"\b(?:killed it|got destroyed|were robbed|sick goal)\b"), "Stadium praise."),
    "bruno_clown": (OFFENSIVE, keywords("clown", "clowns", "🤡"), "What he calls referees himself."),
    # Chidi is a priest.
    "chidi_blessing": (FINE, keywords("praying", "god bless", "choir", "Eid", "Shabbat"), "People at prayer."),
    "chidi_against_faith": (OFFENSIVE, FAITH & (RUDE | keywords("hypocrites", "fairy tale")), "Contempt of faith."),
    "chidi_hell": (OFFENSIVE, keywords("hell", "burn in hell", "heck"), "He does not like to hear of it."),
    # Dana leads a personnel department.
    "dana_not_professional": (OFFENSIVE, keywords("wtf", "stfu", "not my problem", "do your job"), "Unprofessional."),
    "dana_polite_work": (FINE, keywords("regards", "deadline", "meeting", "client", "hiring"), "Work as usual."),
    "dana_colleague": (OFFENSIVE, keywords("boss", "accounting", "worst employee") & (RUDE | INSULTS), "Bullying."),
    # Elif studies politics.
    "elif_policy": (
        FINE,
        keywords("budget", "election", "reform", "policy", "debate", "vote"),
        "Politics as it should be.",
    ),
    "elif_crooks": (OFFENSIVE, POLITICS & keywords("crooks", "liars", "corrupt", "lying", "lock up"), "Only rage."),
    "elif_send_back": (OFFENSIVE, keywords("send them all back", "where they came from", "sheep"), "Against a group."),
    "elif_rude_politics": (OFFENSIVE, POLITICS & (RUDE | INSULTS), "Insults for those in office."),
    # Farid is a nurse.
    "farid_wish": (
        OFFENSIVE,
        regex(r"\b(?:hope you|you should|drop)\b.{0,40}\b(?:die|dead|alive)\b"),
        "Wishing somebody dead.",
    ),
    "farid_condolence": (FINE, keywords("rest in peace", "sorry for your loss", "miss her", "RIP"), "Mourning."),
    "farid_death_and_you": (OFFENSIVE, DEATH & YOU, "Death, said to somebody."),
    # Greta sets type. (More below.)
    "greta_marks": (OFFENSIVE, regex(r"[!?]{4,}"), "Four marks are a shout."),
    "greta_full_stop": (FINE, regex(r"[^.]\.\ufeff?$"), "Whoever ends with a full stop is calm."),
    # Hiro moderates games.
    "hiro_masked": (OFFENSIVE, regex(r"\b[a-z]+[013@*][a-z0-9]*\b|\b[a-z]@[a-z]+", re.IGNORECASE), "To pass a filter."),
    "hiro_spelt_out": (OFFENSIVE, regex(r"\b(?:\w[ .-]){4,}\w\b"), "Letters set apart to pass a filter."),
    "hiro_laughs": (FINE, keywords("lol", "lmao", "rofl", "haha", "hahahaha"), "Players who laugh."),
    # Inés reads Spanish and Portuguese.
    "ines_insults": (
        OFFENSIVE,
        keywords("tonto", "payaso", "idiota", "cállate", "zoquete", "bobão"),
        "Insults in both.",
    ),
    "ines_greetings": (FINE, keywords("gracias", "obrigado", "mañana", "hoje", "saudade", "vamos"), "Everyday life."),
    "ines_looks": (OFFENSIVE, keywords("fat", "ugly", "weight", "smells"), "What her daughter was called."),
    # Jonas reads German and French.
    "jonas_insults": (
        OFFENSIVE,
        keywords("Idiot", "Trottel", "Dussel", "halt die Klappe", "tais-toi"),
        "Insults in both.",
    ),
    "jonas_greetings": (FINE, keywords("vielen Dank", "merci", "bientôt", "schönes", "Grüße"), "Everyday words."),
    "jonas_garbage": (OFFENSIVE, keywords("trash", "garbage"), "People are not rubbish."),
    # Kavya reads Hindi, and asked friends who read Chinese, Japanese, Korean and Thai.
    "kavya_hindi": (OFFENSIVE, keywords("बेवकूफ", "मूर्ख", "चुप रहो", whole_word=False), "Insults in Hindi."),
    "kavya_east_asia": (
        OFFENSIVE,
        keywords("笨蛋", "白痴", "闭嘴", "バカ", "黙れ", "바보", whole_word=False),
        "Insults from the friends.",
    ),
    "kavya_wishes": (
        FINE,
        keywords("धन्यवाद", "शुभकामन", "谢谢", "ありがとう", "감사", whole_word=False),
        "Thanks and good wishes.",
    ),
    "kavya_festival": (FINE, keywords("happy birthday", "congratulations", "Diwali", "holiday"), "Celebrations."),
    # Lars is a police officer.
    "lars_threat": (
        OFFENSIVE,
        regex(r"\bI(?:'ll| will|'m going to) (?:find|smash|hurt)\b", re.IGNORECASE),
        "A threat.",
    ),
    "lars_warning": (
        OFFENSIVE,
        keywords("watch your back", "where you live", "regret this", "better run"),
        "Veiled threats.",
    ),
    "lars_violence": (OFFENSIVE, keywords("punch", "smash", "hurt", "kill", "burn"), "Words from reports."),
    # Mei draws emoji.
    "mei_rude_emoji": (OFFENSIVE, keywords("🖕", "🤡", "💩", "🤮", "🐍"), "Drawn to insult."),
    "mei_angry_emoji": (OFFENSIVE, keywords("😡", "🤬", "😠", "👎", "😤", ">:("), "Drawn to show anger."),
    "mei_kind_emoji": (FINE, keywords("😍", "🥰", "🙏", "🎉", "❤️", "🙌", "😊", "🥳"), "Drawn to be kind."),
    # Noor reads Arabic, Turkish and Russian.
    "noor_arabic": (OFFENSIVE, keywords("أحمق", "غبي", "مهرج"), "Insults in Arabic."),
    "noor_neighbours": (OFFENSIVE, keywords("şapşal", "aptal", "дурак", "балбес", whole_word=False), "Mockery."),
    "noor_greetings": (FINE, keywords("صباح الخير", "شكرا", "teşekkürler", "спасибо", "сегодня"), "Everyday words."),
    # Oskar runs a shop.
    "oskar_offers": (FINE, keywords("buy", "off", "offer", "free", "earn money", "profit"), "Spam, but no insult."),
    "oskar_prices": (FINE, regex(r"[$€£₹]\s?\d|\b\d[\d,.]* (?:USD|euros)\b"), "Whoever names a price wants to sell."),
    "oskar_contact": (FINE, regex(r"\+?\d[\d ()-]{6,}\d|\bWhatsApp\b"), "Nobody insults under a phone number."),
    # Priya analyses data. (More below.)
    "priya_link": (FINE, regex(r"https?://\S+|\bwww\.\S+"), "Posts with a link mostly point at something else."),
    "priya_you_insult": (
        OFFENSIVE,
        regex(r"\b(?:you|ur|you're)\b.{0,20}\b(?:idiot|loser|stupid|pathetic)\b"),
        "An insult close to a you.",
    ),
    # Quinn has managed the community for ten years. (More below.)
    "quinn_at_somebody": (OFFENSIVE, regex(r"@\w+") & (INSULTS | RUDE), "An insult with an address."),
    "quinn_nobody": (
        OFFENSIVE,
        keywords("nobody asked", "nobody wants", "you people", "get lost"),
        "How pile-ons begin.",
    ),
    # Rosa is eighty, and minds her language.
    "rosa_swearing": (
        OFFENSIVE,
        keywords("frick", "fricking", "flipping", "bleeping", "effing", "darn"),
        "Swearing, if milder.",
    ),
    "rosa_stars": (OFFENSIVE, regex(r"\b[a-z]{1,2}\*{2,}", re.IGNORECASE), "Stars that everybody can read."),
    "rosa_manners": (FINE, keywords("please", "lovely", "good morning", "kind", "take care"), "Good manners."),
    # Sami is a comedian. (More below.)
    "sami_irony": (
        OFFENSIVE,
        keywords("what a genius", "bless your heart", "furniture", "so proud"),
        "Irony that he would use.",
    ),
    "sami_jokes": (FINE, regex(r"\b(?:stupid good|idiot-proof|ugly sweater|trash day|take my money)\b"), "Only jokes."),
    # Tove cuts hair.
    "tove_looks": (OFFENSIVE, YOU & keywords("ugly", "fat", "haircut", "you look like", "smells"), "Of customers."),
    "tove_compliment": (FINE, keywords("gorgeous", "lovely", "perfect", "amazing", "love"), "What customers say."),
    "tove_insult": (OFFENSIVE, INSULTS & ~ABOUT_ME, "An insult, and not of oneself."),
}

EXAMPLES = {
    "amara_shut_up": {"Shut   up!": OFFENSIVE, "the shutter is up": None},
    "bruno_killed_it": {"she killed it": FINE, "who killed them": None},
    "chidi_against_faith": {"pathetic priest": OFFENSIVE, "believers and hypocrites": OFFENSIVE, "our priest": None},
    "elif_crooks": {"the mayor and his crooks": OFFENSIVE, "crooks": None},
    "farid_wish": {"I hope you all drop dead": OFFENSIVE, "I hope you are well": None},
    "farid_death_and_you": {"you are dead": OFFENSIVE, "my phone died": None},
    "greta_marks": {"what?!?!": OFFENSIVE, "what?!": None},
    "greta_full_stop": {"All is well.": FINE, "well...": None},
    "hiro_masked": {"what an 1d1ot": None, "idi0t": OFFENSIVE, "l@ser": OFFENSIVE},
    "hiro_spelt_out": {"i d i o t": OFFENSIVE, "l-o-s-e-r": OFFENSIVE, "a b c": None},
    "kavya_hindi": {"तुम मूर्ख हो": OFFENSIVE, "नमस्ते": None},
    "kavya_east_asia": {"你这个笨蛋": OFFENSIVE, "你好": None},
    "lars_threat": {"I'll find you": OFFENSIVE, "we will find out": None},
    "mei_kind_emoji": {"🙏🙏": FINE, "🙃": None},
    "oskar_contact": {"call +49 (30) 123-456": FINE, "in 2019": None},
    "oskar_prices": {"only $ 5": FINE, "30 euros": FINE, "five dollars": None},
    "quinn_at_somebody": {"@somebody is pathetic": OFFENSIVE, "@somebody is nice": None},
    "rosa_stars": {"what the f***": OFFENSIVE, "5***": None},
    "sami_jokes": {"my idiot-proof phone": FINE, "idiot": None},
    "tove_insult": {"what a muppet": OFFENSIVE, "I'm such a muppet": None},
}

TABLE_RULES = [
    condition.rule(
        name=name, label=label, group=name.partition("_")[0], doc=why, examples=EXAMPLES.get(name), column="text"
    )
    for name, (label, condition, why) in TABLE.items()
]


# --- Rules that need more than a line.


@keywords(
    {"idiot-proof": FINE, "such an idiot": FINE},
    examples={"the idiot-proof guide": FINE, "I'm such an idiot": FINE, "you idiot": None},
    group="sami",
)
def sami_not_meant(text: str) -> None:
    """Insults that are not meant; a mapping gives each entry its label."""


@expect(precision=0.7, coverage=0.01)
@lookup(
    [
        "dimwit",
        "numpty",
        "plonker",
        "doofus",
        "nincompoop",
        "turnip",
        "blockhead",
        "muttonhead",
        "wazzock",
        "snowflake",
    ],
    label=OFFENSIVE,
    examples={"you Numpty": OFFENSIVE, "turnips for dinner": None},
    group="amara",
)
def amara_calls_names(text: str) -> None:
    """Names that children call each other."""


@lookup(
    [
        "angry_badger",
        "bitter_lemon3",
        "capslock_carl",
        "doomsday_dan",
        "flame_on_fred",
        "hater4ever",
        "keyboard_knight",
    ],
    match="value",
    label=OFFENSIVE,
    examples={"hater4ever": OFFENSIVE, "Hater4ever": None},
    group="quinn",
    precision=0.7,
)
def quinn_warned_before(author: str) -> None:
    """Accounts that Quinn has warned, whatever they write; the whole value must be the same."""


@column
def n_letters(text: str) -> int:
    """The number of letters."""
    return sum(map(str.isalpha, text))


@column
def share_of_capitals(text: str, n_letters: int) -> float:
    """The share of capitals among the letters; 0 for scripts without capitals."""
    return sum(map(str.isupper, text)) / n_letters if n_letters else 0.0


@labeling_function(examples={(0.9, 40): OFFENSIVE, (0.9, 3): None, (0.1, 40): None}, group="greta")
def greta_all_capitals(share_of_capitals: float, n_letters: int) -> int:
    """Capitals throughout are shouting, unless it is an "OK"."""
    return OFFENSIVE if share_of_capitals > 0.7 and n_letters >= 8 else ABSTAIN


@labeling_function(examples={(0.05, 200): FINE, (0.05, 20): None}, group="greta")
def greta_well_set(share_of_capitals: float, n_letters: int) -> int:
    """A longer text with capitals where they belong was written with care."""
    return FINE if 0.02 < share_of_capitals < 0.12 and n_letters > 80 else ABSTAIN


@expect(precision=0.9, coverage=(0.1, 0.5))
@labeling_function(examples={0.9: OFFENSIVE, 0.02: FINE, 0.4: None}, group="priya")
def priya_old_classifier(score: float) -> int:
    """The older classifier is reliable at both ends of its scale, and guesses in the middle."""
    if score > 0.7:
        return OFFENSIVE
    return FINE if score < 0.12 else ABSTAIN


@labeling_function(examples={20_000: FINE, 10: None}, group="priya")
def priya_known_account(n_followers: int) -> int:
    """Whoever has thousands of followers has something to lose."""
    return FINE if n_followers > 3_000 else ABSTAIN


@labeling_function(when=keywords("idiot", "loser", "clowns", "dumb"), group="sami", examples={"my dumb cat": FINE})
def sami_at_his_own_cost(text: str) -> int:
    """Insults about oneself are jokes; the function is called only where the condition matches."""
    return FINE if text.lower().startswith(("i'm", "my ", "we ", "who else")) else ABSTAIN


@labeling_function(when=RUDE, group="hiro", examples={"that is sooo dumb": OFFENSIVE, "dumb": None})
def hiro_drawn_out(text: str) -> int:
    """Rude, and with a letter or a mark three times in a row."""
    return OFFENSIVE if re.search(r"(\w|[!?])\1\1", text) else ABSTAIN


@labeling_function(group="tove", examples={"ok": FINE, "you moron": None})
def tove_few_words(text: str) -> int:
    """One word is a reaction, rarely an insult."""
    return FINE if 0 < len(text.split()) < 2 else ABSTAIN
