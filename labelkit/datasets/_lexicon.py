"""Phrases of generated texts by kind, with slots that are filled when the pools are made.

The insults are mild, dated or made up, and the swearing is euphemism: only the statistics matter. A phrase may hold
slots such as ``{thing}``; :mod:`labelkit.datasets._fragments` fills them. The harmless kinds use loaded words on
purpose ("killed it", "my favourite song"), and the hurtful and commercial ones often avoid them: no word settles
anything.

>>> len(PHRASES["insult"]) > 10, "{thing}" in SLOTS
(True, False)
"""

from __future__ import annotations

from typing import Final


def _lines(block: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in block.strip().splitlines())


def _words(block: str) -> tuple[str, ...]:
    return tuple(block.split())


SLOTS: Final[dict[str, tuple[str, ...]]] = {
    "name": _words("""
        Amina Bruno Chidi Dana Elif Farid Greta Hiro Inés Jonas Kavya Lars Mei Noor Oskar Priya Quinn Rosa Sami Tove
        Zoë François Jürgen Łukasz Siobhán Nguyễn Björk Renée Mikołaj Çağla
    """),
    "thing": _words("""
        coffee bike phone laptop garden recipe train concert movie book puppy kitten sofa guitar camera sandwich jacket
        weather traffic holiday homework keyboard printer pizza burger smoothie café jalapeño piñata podcast series
        episode painting backpack ticket haircut playlist photo drone tent kayak marathon balcony dishwasher umbrella
    """),
    "place": _words("""
        Lisbon Nairobi Osaka Kraków Bogotá Montréal Leeds Lagos Pune Austin Zürich Málaga Tromsø Perth Reykjavík
    """),
    "time": _lines("""
        today
        tonight
        this morning
        last weekend
        on Monday
        yesterday
        all week
        at 7am
        in 2019
        after lunch
        right now
        for 3 hours
    """),
    "adj": _words("""
        lovely great tiny weird quiet cheap broken gorgeous boring fresh awesome amazing slow decent fancy spicy huge
        brilliant perfect sad funny cozy naïve
    """),
    "team": _words("Rovers United Hornets Falcons Comets Wanderers Sharks Pirates Saints Rockets"),
    "insult": _words("""
        idiot moron clown loser muppet numpty plonker doofus nincompoop turnip dimwit goblin troll weasel buffoon
        muttonhead wazzock blockhead snowflake pest
    """),
    "rude": _words("stupid dumb pathetic useless disgusting ugly worthless ridiculous ignorant lame filthy brainless"),
    "euphemism": _words("frick fricking flipping bleeping heck dang crud fudge effing freaking f*** sh** darn bloody"),
    "party": _words("government senator minister mayor liberals conservatives president parliament council voters"),
    "faith": _words("church mosque temple synagogue priest imam rabbi believers atheists pilgrims"),
    "song": _words("song track chorus beat melody bridge intro solo remix verse"),
    "product": _words("sneakers watches followers sunglasses vitamins crypto headphones handbags tokens supplements"),
}

PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "chat": _lines("""
        just finished the {thing} and it was {adj}
        anyone else stuck in {place} {time}
        my {thing} is {adj}, I can't stop looking at it
        {name} brought a {thing} to {place} {time}
        is the {thing} in {place} really that {adj}
        had a {adj} {thing} with {name} {time}
        looking for a {adj} {thing}, any tips
        the {thing} broke down again {time}
        so proud of {name}
        I need a new {thing}
        {place} is {adj} {time}
        we walked to {place} and back, {adj} day
        can't sleep, thinking about that {thing}
        {adj} {thing}, {adj} people
        who has seen the new {thing} from {place}
        this {thing} costs less than a {thing} in {place}
        anybody tried {brand} {time}
        moving from {brand} to {brand}
        {brand} {thing} or {brand} {thing}, which one
        {brand} opened a shop in {place} &amp; it is {adj}
        wait
        same here
        ok
        nothing to add
        just saying
        it’s “fine”, I guess – could be worse
    """),
    "sport": _lines("""
        what a game from the {team}
        {team} play in {place} {time}
        {name} killed it for the {team} {time}
        the {team} were robbed, worst ref ever
        we beat the {team} 3-1
        that was a sick goal by {name}
        the {team} got destroyed {time}
    """),
    "politics": _lines("""
        the {party} vote on the budget {time}
        election results in {place} are out {time}
        the {party} and the {party} agreed on the new tax
        reading about the reform of the {party}
        I will vote in {place} {time}
        the debate with the {party} was {adj}
        democracy needs patience
        a policy paper by {name} on housing
    """),
    "politics_attack": _lines("""
        the {party} are all crooks and liars
        only a {insult} would vote for the {party}
        the {party} is a corrupt {insult}
        lock up the {party}, every last one
        {rude} {party} ruin {place}
        typical {party}, too {rude} to read a bill
        wake up, the {party} is lying to you sheep
        send them all back to where they came from
    """),
    "religion": _lines("""
        praying for {name} {time}
        god bless {name} and the family
        beautiful service at the {faith} {time}
        happy Eid to all my friends in {place}
        the choir at the {faith} was {adj}
        Diwali lights in {place} are {adj}
        reading the Bible with {name}
        Shabbat shalom
        the {faith} in {place} collects food {time}
    """),
    "religion_attack": _lines("""
        people from the {faith} are {rude}
        your god is a fairy tale for a {insult}
        the {faith} is full of hypocrites
        burn in hell with your {faith}
        nobody wants your {rude} {faith} here
        {faith} people, what a bunch of {insult}s
    """),
    "death": _lines("""
        rest in peace {name}
        my grandmother died {time}, I miss her
        the funeral of {name} is in {place}
        two people were killed in {place} {time}
        RIP legend, gone too soon
        sorry for your loss, {name}
        the battery is dead again
        I'm dying of laughter at this {thing}
    """),
    "death_wish": _lines("""
        I hope you die alone
        drop dead you {insult}
        the world would be better without you
        you should not be alive
        go jump off a bridge
        hope your {thing} falls on your head and you die
        nobody would come to your funeral
    """),
    "work": _lines("""
        our team in {place} is hiring, see the link
        thank you for the meeting {time}
        please find the report attached
        happy to announce that {name} joins us
        looking forward to the workshop in {place}
        best regards, {name}
        the deadline is {time}, let me know if you need help
        great feedback from the client {time}
    """),
    "work_rude": _lines("""
        my boss is a {insult}
        do your job, you {rude} {insult}
        who hired this {insult}
        {name} from accounting is {rude}
        fire the whole {rude} team
        couldn't care less about your {rude} meeting
        not my problem, deal with it
        worst employee ever, total {insult}
    """),
    "insult": _lines("""
        you are such a {insult}
        what a {insult}
        shut up {insult}
        you {rude} {insult}
        {name} is a {insult} and a {insult}
        how can anyone be this {rude}
        go back to school, {insult}
        nobody asked you, {insult}
        you're {rude} and everybody knows it
        get lost, {insult}
        {insult}!
        stfu
        ur a {insult} lol
        look at this {rude} {insult} with the {thing}
        imagine being that {rude}
        your {thing} is as {rude} as you
        you people are trash
        absolute garbage human
    """),
    "masked": _lines("""
        you are an 1d1ot
        what a l0ser
        st*pid as always
        such a m-o-r-o-n
        i d i o t
        p@thetic
        c l o w n
        gο away trοll
        ｌｏｓｅｒ
        u dum dum
    """),
    "threat": _lines("""
        I will find you
        watch your back, {name}
        I know where you live
        you will regret this
        somebody should punch {name} in the face
        say that again and I'll smash your {thing}
        I'm going to hurt you
        you better run
        meet me outside, coward
        see what happens {time}
    """),
    "crude": _lines("""
        what the {euphemism}
        {euphemism} off
        oh {euphemism}
        who gives a {euphemism}
        this {euphemism} {thing} again
        full of {euphemism}
        {euphemism} this {thing}
        wtf
        go to {euphemism}
        kiss my behind
    """),
    "looks": _lines("""
        lose some weight
        look at that fat face
        ugly inside and out
        did you cut that hair with a {thing}
        you look like a {insult} in that jacket
        my {thing} is prettier than you
        smells like a wet {thing}
    """),
    "sarcasm": _lines("""
        wow, what a genius
        congratulations on having no friends
        bless your heart, you tried
        some people really should not have a keyboard
        your mother must be so proud
        I have seen smarter furniture
        keep talking, it suits you
        did you think of that all by yourself
        oh look, {name} has an opinion
        the lights are on but nobody is home
        not the sharpest {thing} in the drawer
    """),
    "joke": _lines("""
        this {thing} is stupid good
        I'm such an idiot, left my {thing} in {place}
        that {thing} is sick
        we are total clowns, {name} and I
        the idiot-proof guide to your {thing}
        trash day {time}, don't forget
        ugly sweater party in {place} {time}
        who else is a loser at chess
        dang, that {thing} looks {adj}
        hell yes
        heck of a {thing}
        shut up and take my money
        my dumb cat sat on the {thing}
        I'd kill for a {thing} {time}
        garbage collection moved to Monday
    """),
    "polite": _lines("""
        thank you so much
        thanks {name}, very kind of you
        congratulations {name}
        happy birthday {name}
        good morning {place}
        have a lovely day everyone
        much appreciated
        please take care
        I respectfully disagree
        sorry, my mistake
        well done {name}
        love you all
    """),
    "slang": _lines("""
        lol
        lmao
        bruh
        omg
        smh
        ngl that {thing} slaps
        no cap
        idk tbh
        rofl
        fr fr
        yolo
        sooooo {adj}
        noooo
        yesssss
        hahahaha
        u ok hun
    """),
    "ad": _lines("""
        buy {brand} {product} now
        50% off {product} {time} only
        earn money from home, DM me
        limited offer, click here
        free {product} for the first 100
        make {money} a day with {product}
        call {phone} for {product}
        WhatsApp {phone}
        work from home, no experience needed
        guaranteed profit, ask me how
    """),
    "money": ("{money}", "it was {money}", "paid {money} for a {thing}", "only {money}!", "lost {money} {time}"),
    "phone": ("{phone}", "call me: {phone}", "tel. {phone}", "text {phone}"),
    "url": ("{url}",),
    "shortlink": ("{shortlink}", "{shortlink}", "http://{shortlink}", "https://{shortlink}"),
    "mention": ("@{handle}", "@{handle}", "cc @{handle} @{handle}", "@{handle},"),
    "hashtag": _lines("""
        #{team}
        #{place}
        #{thing}
        #{brand}
        #{adj}{thing}
        #MondayMood
        #tbt
        #NoFilter
        #blessed
        #fail
        #2024goals
        #{thing}lover #{place}
    """),
    "smile": _words("😀 😂 😍 🥰 🙏 👍 👍🏽 🎉 ❤️ 🔥 🙌 ✨ 😊 🥳 💯 👩‍🍳 🇧🇷 😂😂😂 :) :-) <3 ;-) ^^ (ツ)"),
    "frown": _words("🤡 🤡🤡🤡 🖕 😡 🤬 💩 🙄 😠 💀 👎 🐍 🤮 :( >:( 😤"),
}
"""Phrases of posts, by kind."""

FOREIGN_CHAT: Final[dict[str, tuple[str, ...]]] = {
    "es": _lines("""
        qué día tan bonito en {place}
        ¿alguien sabe dónde comprar un {thing}?
        mañana voy al cine con {name}
        gracias a todos por los mensajes
        el cafe\u0301 de aquí es buenísimo
        no me lo puedo creer
        ¡vamos {team}!
    """),
    "fr": _lines("""
        quelle belle journée à {place}
        j’ai adoré le concert de {name}
        où est-ce qu'on mange ce soir ?
        merci à tous, c'était génial
        le café était délicieux
        ça va être une soirée d'été
        à bientôt, {name}
    """),
    "de": _lines("""
        schönes Wetter in {place}
        wer kommt heute Abend mit?
        die Straße ist schon wieder gesperrt
        vielen Dank für die Grüße
        das Frühstück war köstlich
        morgen früh geht's los, {name}
        Fußball schauen mit {name}
    """),
    "pt": _lines("""
        que saudade de {place}
        hoje não tem aula, graças a Deus
        alguém viu o jogo do {team}?
        amanhã é o aniversário da {name}
        obrigado pessoal, vocês são demais
        pão de queijo é vida
        não acredito
    """),
    "tr": _lines("""
        bugün hava çok güzel
        İstanbul'da trafik yine berbat
        {name} ile kahve içtik
        herkese iyi akşamlar
        ışıklar söndü, yine elektrik yok
        teşekkürler arkadaşlar
    """),
    "vi": _lines("""
        hôm nay trời đẹp quá
        cảm ơn mọi người nhiều
        ai muốn đi uống cà phê với {name}
        món phở này ngon thật
        chúc mừng sinh nhật
        mai gặp lại nhé
    """),
    "ru": _lines("""
        сегодня отличная погода
        кто смотрел вчера матч?
        спасибо всем за поздравления
        купил новый велосипед, очень доволен
        где в городе хороший кофе?
        завтра едем на дачу
        ещё один день в офисе
    """),
    "el": _lines("""
        καλημέρα σε όλους
        τι ωραία μέρα σήμερα
        πάμε για καφέ στο λιμάνι
        ευχαριστώ πολύ για τις ευχές
        ποιος είδε τον αγώνα χθες;
    """),
    "ar": _lines("""
        صباح الخير يا أصدقاء
        الجو جميل اليوم
        شكرا لكم على الرسائل
        من شاهد المباراة أمس؟
        القهوة هنا رائعة
        كل عام وأنتم بخير
    """),
    "hi": _lines("""
        आज मौसम बहुत अच्छा है
        सबको जन्मदिन की शुभकामनाओं के लिए धन्यवाद
        कल मैच किसने देखा?
        चाय पीने कौन आएगा
        दिवाली की हार्दिक शुभकामनाएँ
        नई किताब शुरू की है
    """),
    "zh": _lines("""
        今天天气真好
        谢谢大家的祝福
        有人知道哪里的咖啡好喝吗？
        周末一起去看电影吧
        这家餐厅的面条太好吃了
        刚下班,累死我了
    """),
    "ja": _lines("""
        今日はいい天気ですね
        みんなありがとう
        新しいカメラを買いました
        明日のライブが楽しみ
        ラーメンが食べたい
        おはようございます
    """),
    "ko": _lines("""
        오늘 날씨 정말 좋네요
        모두 감사합니다
        커피 한 잔 하실 분
        어제 경기 보셨나요?
        생일 축하해요
    """),
    "th": _lines("""
        วันนี้อากาศดีมาก
        ขอบคุณทุกคนนะ
        ใครอยากไปกินกาแฟบ้าง
        สุขสันต์วันเกิด
    """),
}
"""Everyday phrases in other languages, by code."""

FOREIGN_INSULTS: Final[dict[str, tuple[str, ...]]] = {
    "es": ("eres un tonto", "cállate, payaso", "qué tontería, idiota", "menudo zoquete"),
    "fr": ("espèce de nouille", "tais-toi, idiot", "quel clown", "t'es vraiment nul"),
    "de": ("du Dussel", "halt die Klappe", "so ein Idiot", "was für ein Trottel"),
    "pt": ("seu bobão", "cala a boca, palhaço", "que idiota", "você é ridículo"),
    "tr": ("sen bir şapşalsın", "kapa çeneni", "ne aptal adam"),
    "vi": ("đồ ngốc", "im đi", "ngu quá"),
    "ru": ("ты балбес", "заткнись, клоун", "какой идиот", "сам дурак"),
    "el": ("είσαι χαζός", "σκάσε, κλόουν", "τι βλάκας"),
    "ar": ("يا أحمق", "اسكت يا مهرج", "أنت غبي"),
    "hi": ("तुम बेवकूफ हो", "चुप रहो जोकर", "कितना मूर्ख है"),
    "zh": ("你是笨蛋", "闭嘴,小丑", "真是个白痴"),
    "ja": ("バカじゃないの", "黙れ", "このマヌケ"),
    "ko": ("바보 같은 놈", "입 다물어", "멍청이"),
    "th": ("ไอ้โง่", "หุบปาก"),
}
"""Mild insults in other languages, by code."""

LANGUAGES: Final[dict[str, float]] = {
    "en": 0.70,
    "es": 0.06,
    "fr": 0.03,
    "de": 0.03,
    "pt": 0.03,
    "tr": 0.015,
    "vi": 0.01,
    "ru": 0.025,
    "el": 0.005,
    "ar": 0.03,
    "hi": 0.02,
    "zh": 0.015,
    "ja": 0.02,
    "ko": 0.005,
    "th": 0.005,
}
"""The language that a post says it is in, with its share."""

COMMENT_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "reaction": _lines("""
        nice
        cool video
        love it
        omg
        amazing
        wow
        so good
        first
        who is here in 2024
        best ever
        lol
        goosebumps
        legend
        hahaha
        2 billion views
        still watching
        ❤️❤️❤️
    """),
    "song": _lines("""
        this {song} is {adj}
        I love this {song} so much
        best {song} of the year
        the {song} at {clock} gives me chills
        can't get this {song} out of the head
        {name} sings this {song} better than anyone
        favourite song ever
        my favourite {song}
        mom plays this song {time}
        what is the song at {clock}
        the bass in this {song} is sick
        that dance in the {song} part
    """),
    "artist": _lines("""
        {name} is so {adj} in this video
        {name} never disappoints
        greetings from {place}, {name}
        please come to {place}, {name}
        {name} deserves more awards
        I saw {name} live in {place} {time}
        can somebody please tell me who the drummer is
        everybody here is crazy about {name}
        check out that outfit at {clock}
        would pay {money} to see {name} live
        {name} should win everything
    """),
    "memory": _lines("""
        this reminds me of {place} {time}
        I was twelve when this came out, pure childhood
        we danced to this at our wedding in {place}
        dad showed me this before he died
        who else came here after the {thing} scene
        subscribed years ago because of this one
        listening to this {time} with {name}
        back when music was {adj}
    """),
    "views": _lines("""
        how does this have {n} million views
        {n} million views and still {adj}
        check the view counter, it is stuck
        almost {n} billion, let's go
        https://www.youtube.com/watch?v={code} is the live version
        watch it at 1.5x speed
        go to {clock}, you're welcome
        free {name}!
        shared on twitter by {name}, that's how I got here
    """),
    "foreign": tuple(phrase for phrases in FOREIGN_CHAT.values() for phrase in phrases),
    "subscribe": _lines("""
        subscribe to my channel
        please subscribe, I subscribe back
        sub to me and I sub to you
        subscribe for more {adj} videos
        I just need {n} subscribers
        SUBSCRIBE to {handle}
        plz sub plz
        help me reach {n}00 subs
        follow me on Instagram @{handle}
        follow {handle} on SoundCloud
        like our Facebook page {handle}
    """),
    "checkout": _lines("""
        check out my channel
        check out this video on my page
        check me out, I make {song}s
        CHECK MY VIDEOS OUT
        go check out {handle}
        hey guys check out my new {song}
        check it out, you won't regret it
    """),
    "outside_link": _lines("""
        {url}
        see more at {url}
        my page: {url}
        vote for me {url}
        watch full movie here {url}
        {shortlink}
        get it at http://{shortlink}
        www.{handle}.example.com
    """),
    "money": _lines("""
        I make {money} a week from home
        win a free {product} here
        get {money} for free, no survey
        cheap {product}, message me
        earn {money} {time}, ask me how
        text {phone} to win
    """),
    "plea": _lines("""
        please like and share
        please give my music a chance
        pls help me get noticed
        plz watch my cover
        I know you hate these comments but please listen
        I am a young rapper from {place}, please hear me out
        give this a thumbs up so more people see it
        can you please take a minute and visit my page
    """),
    "quiet_spam": _lines("""
        you should hear how {name} does it on our page
        new cover of this is up, tell us what you think
        we upload every day
        type {handle} in the search bar
        anyone who likes this will love {handle}
        go to {handle} for better videos
        add me on the other app, same name
        {handle} gives away {product}
    """),
    "smile": PHRASES["smile"],
}
"""Phrases of video comments, by kind."""

TROLLS: Final = _words("""
    angry_badger bitter_lemon3 capslock_carl doomsday_dan eggs_and_rants flame_on_fred grumpy_goose hater4ever
    iron_tongue just_being_honest_ keyboard_knight loud_larry mad_max_mustard no_filter_nel outrage_otto
    permanently_cross quarrel_queen rage_quit_ron salty_sam2 troll_under_bridge
""")
"""Accounts that post offensive things more often than others."""

SHORTENERS: Final = _words("bit.ly tinyurl.com is.gd ow.ly buff.ly cutt.ly rb.gy shorturl.at tiny.cc")
"""Link shorteners that appear in generated texts."""

CALM_ENDS: Final = (". ", ". ", " ", ", ", "! ", "... ", "\n", " – ", "; ", "? ", ".  ", " \ufeff")
HEATED_ENDS: Final = ("!!! ", "!! ", "! ", " ", "?! ", "... ", "!!!!!! ", "!!1! ", "??? ", "!!!\n\n")
"""Separators of two phrases in a calm text, and in a heated one."""

LAST_CALM_ENDS: Final = ("", "", ".", "", "!", "...", "?", "\ufeff")
LAST_HEATED_ENDS: Final = ("!!!", "!", "!!", "", "?!", "!!!!!!!!", "...", "???")
"""Ends of a calm text, and of a heated one."""
