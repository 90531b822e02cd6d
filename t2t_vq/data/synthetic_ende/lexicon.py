"""The words of the synthetic corpus: what each concept is called in English and in German.

A concept is named by its English word. Semantic tags (`person`, `drink`, `portable` ...) say what
may go together; `grammar` reads them when it samples and `english` and `german` read the forms.
Several German words for one concept are synonyms, any of which translates it.
"""

from typing import NamedTuple


class GermanNoun(NamedTuple):
    """A German noun: gender is "m", "f" or "n"; a weak noun takes its plural form when oblique."""

    singular: str
    gender: str
    plural: str
    genitive: str
    weak: bool


class Noun(NamedTuple):
    """A noun concept; `feminine` is the German word for a woman in that role (Lehrerin)."""

    name: str
    plural: str
    german: tuple[GermanNoun, ...]
    feminine: GermanNoun | None
    sex: str  # "m", "f" (known), "role" (either), "child" (never taken up by a pronoun), "" (thing)
    tags: frozenset[str]
    posture: str  # how it is at a place: "lie", "stand" or "be"
    adjectives: tuple[str, ...]
    modifiers: tuple[str, ...]  # first parts of compounds with this noun as the head


class GermanVerb(NamedTuple):
    """A German verb; `present` and `past` hold ich, du, er, wir, sie; `prefix` is separable."""

    prefix: str
    infinitive: str  # without the separable prefix
    present: tuple[str, ...]
    past: tuple[str, ...]
    participle: str
    auxiliary: str


class Verb(NamedTuple):
    """A verb concept with its English forms, its German synonyms and what it may be said of."""

    name: str
    base: str
    third: str
    past: str
    participle: str
    gerund: str
    particle: str  # "up" of "pick it up"
    preposition: str  # "for" of "look for it"
    german: tuple[GermanVerb, ...]
    german_preposition: tuple[str, str] | None  # with its case
    frame: str
    subjects: tuple[str, ...]
    objects: tuple[str, ...]
    places: tuple[str, ...]
    stative: bool  # no progressive in English
    punctual: bool  # no present tense but a habitual one
    preterite_only: bool  # German tells its past in the Präteritum, also when spoken
    because: tuple[str, ...]  # states of the subject that are a reason to do it


class Adverb(NamedTuple):
    """An adverbial: English, German synonyms, and whether it makes a present tense habitual."""

    english: str
    german: tuple[str, ...]
    habitual: bool = False
    late: bool = False  # German puts it behind a definite object


def _parse_noun(spec: str) -> GermanNoun:
    singular, gender, plural, *rest = spec.split()
    genitive = rest[0] if rest else singular
    weak = genitive == "weak"
    return GermanNoun(singular, gender, plural, plural if weak else genitive, weak)


# name | plural | German words, the feminine of a role after ";" | sex | tags | posture
_NOUNS = """
man | men | Mann m Männer Mannes | m | person adult | be
woman | women | Frau f Frauen | f | person adult | be
child | children | Kind n Kinder Kindes | child | person young-one | be
boy | boys | Junge m Jungen weak | m | person young-one | be
girl | girls | Mädchen n Mädchen Mädchens | f | person young-one | be
teacher | teachers | Lehrer m Lehrer Lehrers ; Lehrerin f Lehrerinnen | role | person adult | be
doctor | doctors | Arzt m Ärzte Arztes ; Ärztin f Ärztinnen | role | person adult | be
neighbor | neighbors | Nachbar m Nachbarn weak ; Nachbarin f Nachbarinnen | role | person adult | be
student | students | Student m Studenten weak ; Studentin f Studentinnen | role | person adult | be
colleague | colleagues | Kollege m Kollegen weak ; Kollegin f Kolleginnen | role | \
person adult own | be
friend | friends | Freund m Freunde Freundes ; Freundin f Freundinnen | role | person kin own | be
mother | mothers | Mutter f Mütter | f | person kin own single | be
father | fathers | Vater m Väter Vaters | m | person kin own single | be
brother | brothers | Bruder m Brüder Bruders | m | person kin own | be
sister | sisters | Schwester f Schwestern | f | person kin own | be
son | sons | Sohn m Söhne Sohnes | m | person kin own | be
daughter | daughters | Tochter f Töchter | f | person kin own | be
grandmother | grandmothers | Großmutter f Großmütter / Oma f Omas | f | person kin own single | be
grandfather | grandfathers | Großvater m Großväter Großvaters | m | person kin own single | be
dog | dogs | Hund m Hunde Hundes | | animal | be
cat | cats | Katze f Katzen | | animal | be
horse | horses | Pferd n Pferde Pferdes | | animal | be
bird | birds | Vogel m Vögel Vogels | | animal | be
apple | apples | Apfel m Äpfel Apfels | | food raw | lie
egg | eggs | Ei n Eier Eies | | many food raw | lie
cake | cakes | Kuchen m Kuchen Kuchens | | food baked | stand
bread | - | Brot n - Brotes | | food baked mass | lie
cheese | - | Käse m - Käses | | food mass raw | lie
soup | - | Suppe f - | | food mass | stand
meat | - | Fleisch n - Fleisches | | food mass raw | lie
coffee | - | Kaffee m - Kaffees | | drink mass | stand
tea | - | Tee m - Tees | | drink mass | stand
milk | - | Milch f - Milch | | drink mass raw | stand
water | - | Wasser n - Wassers | | drink mass | stand
book | books | Buch n Bücher Buches | | text portable | lie
letter | letters | Brief m Briefe Briefes | | text | lie
newspaper | newspapers | Zeitung f Zeitungen | | text portable | lie
picture | pictures | Bild n Bilder Bildes | | portable sight | lie
key | keys | Schlüssel m Schlüssel Schlüssels | | portable | lie
bag | bags | Tasche f Taschen | | portable colored | lie
present | presents | Geschenk n Geschenke Geschenks | | portable | lie
flower | flowers | Blume f Blumen | | many colored sight | stand
cup | cups | Tasse f Tassen | | portable colored dish | stand
hat | hats | Hut m Hüte Hutes | | clothes portable colored | lie
coat | coats | Mantel m Mäntel Mantels | | clothes portable colored | lie
shirt | shirts | Hemd n Hemden Hemdes | | clothes portable colored | lie
shoe | shoes | Schuh m Schuhe Schuhs | | many clothes portable colored | stand
lamp | lamps | Lampe f Lampen | | device furniture colored | stand
computer | computers | Computer m Computer Computers / Rechner m Rechner Rechners | | device | stand
clock | clocks | Uhr f Uhren | | device furniture | stand
chair | chairs | Stuhl m Stühle Stuhls | | furniture colored | stand
table | tables | Tisch m Tische Tisches | | furniture | stand
bed | beds | Bett n Betten Bettes | | furniture | stand
cupboard | cupboards | Schrank m Schränke Schranks | | furniture | stand
door | doors | Tür f Türen | | opening colored | be
window | windows | Fenster n Fenster Fensters | | opening | be
car | cars | Auto n Autos Autos / Wagen m Wagen Wagens | | vehicle colored | stand
bicycle | bicycles | Fahrrad n Fahrräder Fahrrads / Rad n Räder Rads | | vehicle colored | stand
bus | buses | Bus m Busse Busses | | transport colored | stand
train | trains | Zug m Züge Zuges | | transport | stand
house | houses | Haus n Häuser Hauses | | place building | stand
garden | gardens | Garten m Gärten Gartens | | place | be
kitchen | kitchens | Küche f Küchen | | place room-like | be
room | rooms | Zimmer n Zimmer Zimmers | | place room-like | be
office | offices | Büro n Büros Büros | | place room-like | be
city | cities | Stadt f Städte | | place town | be
village | villages | Dorf n Dörfer Dorfes | | place town | be
school | schools | Schule f Schulen | | place building | be
station | stations | Bahnhof m Bahnhöfe Bahnhofs | | place building | be
park | parks | Park m Parks Parks | | place | be
shop | shops | Geschäft n Geschäfte Geschäfts / Laden m Läden Ladens | | place | be
restaurant | restaurants | Restaurant n Restaurants Restaurants | | place building | be
hospital | hospitals | Krankenhaus n Krankenhäuser Krankenhauses | | place building | be
market | markets | Markt m Märkte Marktes | | place | be
street | streets | Straße f Straßen | | place | be
forest | forests | Wald m Wälder Waldes | | place | be
"""

# first part, its German form with linking element, heads
_COMPOUNDS = """
kitchen | Küchen | table chair lamp window door clock cupboard
garden | Garten | chair table door house
office | Büro | chair lamp door computer
car | Auto | key door
house | Haus | key
birthday | Geburtstags | cake present
apple | Apfel | cake
winter | Winter | coat shoe
love | Liebes | letter
coffee | Kaffee | cup
school | Schul | bag bus book
city | Stadt | park
village | Dorf | school street
bedroom | Schlafzimmer | window lamp door
"""

_ADJECTIVES = """
old | alt | adult single friend animal text portable furniture device vehicle place transport \
opening picture
young | jung | adult animal
new | neu | text portable furniture device vehicle clothes house office school restaurant opening
big | groß | animal furniture present bag house garden kitchen room city park window apple cake
small | klein | child boy girl animal furniture present house garden room village shop cup
beautiful | schön | clothes sight place vehicle animal lamp clock
expensive | teuer | clothes vehicle furniture device restaurant present
cheap | billig / günstig | clothes vehicle furniture restaurant
red | rot | colored
blue | blau | colored
black | schwarz | colored dog cat horse
white | weiß | colored dog cat horse
tired | müde | person
happy | glücklich | person
sad | traurig | person
sick | krank | person animal
hungry | hungrig | person animal
friendly | freundlich / nett | adult kin
smart | klug / schlau | person dog
heavy | schwer | bag furniture present
long | lang | letter street train coat
fresh | frisch | raw baked
hot | heiß | soup coffee tea
cold | kalt | drink soup room
good | gut | friend teacher doctor text cake restaurant coffee soup
interesting | interessant | text picture city
broken | kaputt / defekt | device vehicle
important | wichtig | letter book
"""

# English | German synonyms | frame | subjects | objects | places | options
# English: base past participle, then "+up" for a particle (pick it up) or "for" for a preposition
# (look for it). German: [prefix-]infinitive du er past participle [sein]. Options: stative;
# punctual (no present but a habitual one); preterite (told in the Präteritum); why:state,state;
# preposition:case of the German object.
_VERBS = """
read read read | lesen liest liest las gelesen | transitive | person | text | garden kitchen park |
write wrote written | schreiben schreibst schreibt schrieb geschrieben | transitive | person | \
letter book | kitchen office garden |
buy bought bought | kaufen kaufst kauft kaufte gekauft | transitive | person | food drink flower \
portable clothes device furniture vehicle | city shop market |
sell sold sold | verkaufen verkaufst verkauft verkaufte verkauft | transitive | person | \
vehicle furniture device house | market |
eat ate eaten | essen isst isst aß gegessen | transitive | person | food | \
kitchen restaurant garden | why:hungry
drink drank drunk | trinken trinkst trinkt trank getrunken | transitive | person | drink | \
kitchen garden restaurant |
see saw seen | sehen siehst sieht sah gesehen | transitive | person animal | person animal \
vehicle transport sight | city park street garden | stative
find found found | finden findest findet fand gefunden | transitive | person | \
portable cat dog letter | street kitchen garden | punctual
look looked looked for | suchen suchst sucht suchte gesucht | transitive | person | portable \
cat dog | house garden |
lose lost lost | verlieren verlierst verliert verlor verloren | transitive | person | \
key bag book letter hat | city park | punctual
need needed needed | brauchen brauchst braucht brauchte gebraucht / \
benötigen benötigst benötigt benötigte benötigt | transitive | person | portable vehicle furniture \
device | | stative preterite
have had had | haben hast hat hatte gehabt | transitive | person | vehicle animal house \
garden device clothes | | stative preterite
know knew known | kennen kennst kennt kannte gekannt | transitive | person | person town \
restaurant | | stative preterite
love loved loved | lieben liebst liebt liebte geliebt | transitive | person | kin animal \
town garden | | stative preterite
visit visited visited | besuchen besuchst besucht besuchte besucht | transitive | person | person \
town | |
open opened opened | öffnen öffnest öffnet öffnete geöffnet / \
auf-machen machst macht machte aufgemacht | transitive | person | opening | |
close closed closed | schließen schließt schließt schloss geschlossen / \
zu-machen machst macht machte zugemacht | transitive | person | opening | |
repair repaired repaired | reparieren reparierst repariert reparierte repariert | transitive | \
person | vehicle device | garden |
clean cleaned cleaned | putzen putzt putzt putzte geputzt | transitive | person | \
room-like window | |
wash washed washed | waschen wäschst wäscht wusch gewaschen | transitive | person | \
vehicle clothes dish | garden kitchen |
bring brought brought +along | mit-bringen bringst bringt brachte mitgebracht | transitive | \
person | cake present flower book | | punctual
call called called | an-rufen rufst ruft rief angerufen | transitive | person | person | office |
invite invited invited | ein-laden lädst lädt lud eingeladen | transitive | person | person | |
pick picked picked +up | ab-holen holst holt holte abgeholt | transitive | person | kin child \
letter present | school station |
ask asked asked | fragen fragst fragt fragte gefragt | transitive | person | person | street |
forget forgot forgotten | vergessen vergisst vergisst vergaß vergessen | transitive | person | \
key bag hat coat present | restaurant | punctual
cook cooked cooked | kochen kochst kocht kochte gekocht | transitive | person | soup meat egg | \
kitchen | why:hungry
bake baked baked | backen backst backt backte gebacken | transitive | person | cake bread | \
kitchen |
look looked looked at | an-sehen siehst sieht sah angesehen / \
an-schauen schaust schaut schaute angeschaut | transitive | person | sight vehicle house clothes | \
city shop |
turn turned turned +off | aus-schalten schaltest schaltet schaltete ausgeschaltet / \
aus-machen machst macht machte ausgemacht | transitive | person | lamp computer | office kitchen |
tidy tidied tidied +up | auf-räumen räumst räumt räumte aufgeräumt | transitive | person | \
room-like house cupboard | |
give gave given | geben gibst gibt gab gegeben | ditransitive | person | text portable food | |
show showed shown | zeigen zeigst zeigt zeigte gezeigt | ditransitive | person | text picture \
garden house vehicle city present | |
send sent sent | schicken schickst schickt schickte geschickt | ditransitive | person | \
letter present flower book picture | |
help helped helped | helfen hilfst hilft half geholfen | dative | person | person | \
garden kitchen office |
thank thanked thanked | danken dankst dankt dankte gedankt | dative | person | person | |
belong belonged belonged to | gehören gehörst gehört gehörte gehört | owned | text portable \
vehicle animal house | person | | stative preterite
wait waited waited for | warten wartest wartet wartete gewartet | prepositional | person | person \
transport | station street | auf:acc
talk talked talked to | sprechen sprichst spricht sprach gesprochen / \
reden redest redet redete geredet | prepositional | person | person | kitchen street office | \
mit:dat
think thought thought of | denken denkst denkt dachte gedacht | prepositional | person | kin town \
| | an:acc
sleep slept slept | schlafen schläfst schläft schlief geschlafen | intransitive | person animal | \
| garden house room | why:tired,sick
work worked worked | arbeiten arbeitest arbeitet arbeitete gearbeitet | intransitive | person | | \
office garden city hospital school restaurant |
play played played | spielen spielst spielt spielte gespielt | intransitive | young-one animal | | \
garden park street room | why:happy
laugh laughed laughed | lachen lachst lacht lachte gelacht | intransitive | person | | \
kitchen office | why:happy
cry cried cried | weinen weinst weint weinte geweint | intransitive | person | | \
room street | why:sad,tired,hungry
sing sang sung | singen singst singt sang gesungen | intransitive | person bird | | \
kitchen garden forest | why:happy
get got gotten +up | auf-stehen stehst steht stand aufgestanden sein | intransitive | person | | |
arrive arrived arrived | an-kommen kommst kommt kam angekommen sein | intransitive | person \
transport | | station | punctual
come came come +back | zurück-kommen kommst kommt kam zurückgekommen sein | intransitive | \
person cat dog | | | punctual
live lived lived | wohnen wohnst wohnt wohnte gewohnt | located | person | | \
city village house | stative
stay stayed stayed | bleiben bleibst bleibt blieb geblieben sein | located | person | | \
house hospital city village room | why:tired,sick
sit sat sat | sitzen sitzt sitzt saß gesessen | located | person bird | | \
kitchen garden restaurant park | why:tired
go went gone | gehen gehst geht ging gegangen sein | directed | person | | city school station \
park shop restaurant market forest kitchen garden office hospital | why:hungry
run ran run | laufen läufst läuft lief gelaufen sein / rennen rennst rennt rannte gerannt sein | \
directed | young-one animal | | house garden forest street park |
travel traveled traveled | fahren fährst fährt fuhr gefahren sein | transported | person | | \
city station village hospital school office |
put put put | legen legst legt legte gelegt / stellen stellst stellt stellte gestellt | put | \
person | portable | |
be was been | sein bist ist war gewesen sein | copula | | | | stative preterite
say said said | sagen sagst sagt sagte gesagt | clausal | person | | | stative
think thought thought | glauben glaubst glaubt glaubte geglaubt / \
denken denkst denkt dachte gedacht | clausal | person | | | stative preterite
hope hoped hoped | hoffen hoffst hofft hoffte gehofft | clausal | person | | | stative preterite
know knew known | wissen weißt weiß wusste gewusst | clausal | person | | | stative preterite
try tried tried | versuchen versuchst versucht versuchte versucht | infinitival | person | | |
begin began begun | an-fangen fängst fängt fing angefangen / \
beginnen beginnst beginnt begann begonnen | infinitival | person | | |
forget forgot forgotten | vergessen vergisst vergisst vergaß vergessen | infinitival | person | \
| | punctual
"""

_DOUBLED = ("put", "run", "sit", "get", "begin", "forget")
_FIRST_PERSON = {
    "sein": "bin",
    "wissen": "weiß",
    "können": "kann",
    "müssen": "muss",
    "wollen": "will",
    "sollen": "soll",
    "dürfen": "darf",
}
_PLURAL = {"sein": "sind"}
_THIRD_PERSON = {"be": "is", "have": "has"}


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _parse_verb(spec: str) -> GermanVerb:
    infinitive, second, third, past, participle, *auxiliary = spec.split()
    prefix, _, stem = infinitive.rpartition("-")
    first = _FIRST_PERSON.get(stem, stem[:-2] + "e")
    plural = _PLURAL.get(stem, stem)
    plural_past = past + ("n" if past.endswith("e") else "en")
    return GermanVerb(
        prefix,
        stem,
        (first, second, third, plural, plural),
        (past, past + "st", past, plural_past, plural_past),
        participle,
        auxiliary[0] if auxiliary else "haben",
    )


def _third_person(base: str) -> str:
    if base.endswith("y") and base[-2] not in "aeou":
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "sh", "ch", "x", "o")) else "s")


def _gerund(base: str) -> str:
    if base in _DOUBLED:
        return base + base[-1] + "ing"
    return (base[:-1] if base.endswith("e") and not base.endswith("ee") else base) + "ing"


def _matching(tags: str, nouns: dict[str, Noun]) -> tuple[str, ...]:
    wanted = frozenset(tags.split())
    return tuple(n.name for n in nouns.values() if n.name in wanted or wanted & n.tags)


def _build_nouns() -> dict[str, Noun]:
    compounds = [(first, heads.split()) for first, _, heads in _rows(_COMPOUNDS)]
    adjectives = [(name, frozenset(tags.split())) for name, _, tags in _rows(_ADJECTIVES)]
    nouns = {}
    for name, plural, german, sex, tags, posture in _rows(_NOUNS):
        common, _, feminine = german.partition(";")
        tags = frozenset(tags.split())
        nouns[name] = Noun(
            name=name,
            plural=plural,
            german=tuple(_parse_noun(spec) for spec in common.split("/")),
            feminine=_parse_noun(feminine) if feminine else None,
            sex=sex,
            tags=tags,
            posture=posture,
            adjectives=tuple(a for a, described in adjectives if described & (tags | {name})),
            modifiers=tuple(first for first, heads in compounds if name in heads),
        )
    return nouns


def _build_verbs(nouns: dict[str, Noun]) -> dict[str, Verb]:
    verbs = {}
    for english, german, frame, subjects, objects, places, options in _rows(_VERBS):
        base, past, participle, *extra = english.split()
        extra = extra[0] if extra else ""
        flags = options.split()
        settings = dict(flag.split(":") for flag in flags if ":" in flag)
        because = settings.pop("why", "")
        link = {"clausal": " that", "infinitival": " to"}.get(frame, "")
        name = f"{base} {extra.lstrip('+')}".strip() + link
        verbs[name] = Verb(
            name=name,
            base=base,
            third=_THIRD_PERSON.get(base) or _third_person(base),
            past=past,
            participle=participle,
            gerund=_gerund(base),
            particle=extra[1:] if extra.startswith("+") else "",
            preposition="" if extra.startswith("+") else extra,
            german=tuple(_parse_verb(spec) for spec in german.split("/")),
            german_preposition=next(iter(settings.items()), None),
            frame=frame,
            subjects=_matching(subjects, nouns),
            objects=_matching(objects, nouns),
            places=tuple(places.split()),
            stative="stative" in flags or "punctual" in flags,
            punctual="punctual" in flags,
            preterite_only="preterite" in flags,
            because=tuple(because.split(",")) if because else (),
        )
    return verbs


NOUNS = _build_nouns()
MODIFIERS = {first: german for first, german, _ in _rows(_COMPOUNDS)}
ADJECTIVES = {name: tuple(german.split(" / ")) for name, german, _ in _rows(_ADJECTIVES)}
VERBS = _build_verbs(NOUNS)


# What a person may be for a while. No thing may, so that "sie" is never both "she" and "it".
STATES = ("tired", "happy", "sad", "sick", "hungry")

# How a German thing "is" at a place; the word for a person and for what is built in is "sein".
POSTURES = {
    "lie": _parse_verb("liegen liegst liegt lag gelegen"),
    "stand": _parse_verb("stehen stehst steht stand gestanden"),
}

# German auxiliaries by infinitive; modal verbs by their English names.
AUXILIARIES = {
    name: _parse_verb(forms)
    for name, forms in {
        "haben": "haben hast hat hatte gehabt",
        "sein": "sein bist ist war gewesen sein",
        "werden": "werden wirst wird wurde geworden sein",
        "can": "können kannst kann konnte gekonnt",
        "have to": "müssen musst muss musste gemusst",
        "want to": "wollen willst will wollte gewollt",
        "be allowed to": "dürfen darfst darf durfte gedurft",
        "should": "sollen sollst soll sollte gesollt",
    }.items()
}

NUMBERS = {"two": "zwei", "three": "drei", "four": "vier", "five": "fünf", "six": "sechs"}
QUANTIFIERS = NUMBERS | {"some": "einige", "many": "viele"}
MANNERS = {
    name: Adverb(name, german)
    for name, german in {
        "quickly": ("schnell",),
        "slowly": ("langsam",),
        "carefully": ("vorsichtig",),
    }.items()
}
AT_HOME = Adverb("at home", ("zu Hause", "daheim"))
HOME = Adverb("home", ("nach Hause",))

FREQUENCIES = {
    name: Adverb(name, german, True, late)
    for name, german, late in (
        ("often", ("oft", "häufig"), False),
        ("always", ("immer",), False),
        ("sometimes", ("manchmal",), False),
        ("never", ("nie", "niemals"), True),
    )
}
ALREADY = Adverb("already", ("schon", "bereits"), late=True)
JUST = Adverb("just", ("gerade",), late=False)

_WEEKDAYS = {
    "Monday": "Montag",
    "Tuesday": "Dienstag",
    "Wednesday": "Mittwoch",
    "Thursday": "Donnerstag",
    "Friday": "Freitag",
    "Saturday": "Samstag",
    "Sunday": "Sonntag",
}
_HOURS = {"seven": "sieben", "eight": "acht", "nine": "neun", "ten": "zehn"}
_UNITS = {"hours": "Stunden", "days": "Tagen", "weeks": "Wochen"}
_ON_WEEKDAYS = tuple(Adverb(f"on {day}", (f"am {tag}",)) for day, tag in _WEEKDAYS.items())
_AT_HOURS = tuple(Adverb(f"at {n} o'clock", (f"um {zahl} Uhr",)) for n, zahl in _HOURS.items())

_PAST = (
    Adverb("yesterday", ("gestern",)),
    Adverb("last week", ("letzte Woche",)),
    Adverb("this morning", ("heute Morgen", "heute früh")),
    Adverb("yesterday evening", ("gestern Abend",)),
)
_AGO = tuple(
    Adverb(f"{number} {unit} ago", (f"vor {zahl} {einheit}",))
    for number, zahl in NUMBERS.items()
    for unit, einheit in _UNITS.items()
)
_FUTURE = (
    Adverb("tomorrow", ("morgen",)),
    Adverb("next week", ("nächste Woche",)),
    Adverb("soon", ("bald",)),
)
_IN = tuple(
    Adverb(f"in {number} {unit}", (f"in {zahl} {einheit}",))
    for number, zahl in NUMBERS.items()
    for unit, einheit in _UNITS.items()
)
TODAY = Adverb("today", ("heute",))
_NOW = (Adverb("now", ("jetzt", "nun")), TODAY)
_HABITS = (
    Adverb("every day", ("jeden Tag", "täglich"), habitual=True),
    Adverb("every morning", ("jeden Morgen",), habitual=True),
    Adverb("every evening", ("jeden Abend",), habitual=True),
    *(Adverb(f"every {day}", (f"jeden {tag}",), True) for day, tag in _WEEKDAYS.items()),
)

# Groups of times by the tense that they go with; a group is drawn first, then one of it.
TIMES = {
    "past": (_PAST, _PAST, _PAST, _ON_WEEKDAYS, _AT_HOURS, _AGO),
    "present": (_NOW,),
    "habit": (_HABITS[:3], _HABITS[3:]),
    "future": (_FUTURE, _FUTURE, _ON_WEEKDAYS, _AT_HOURS, _IN),
}
TIME = {time.english: time for groups in TIMES.values() for group in groups for time in group}

# Where one is and where one goes, at the places: English and German preposition, its case.
_INSIDE, _TO, _INTO = ("in", "in", "dat"), ("to", "in", "acc"), ("into", "in", "acc")
WHERE = {
    "house": (_INSIDE, _INTO),
    "garden": (_INSIDE, _INTO),
    "kitchen": (_INSIDE, _INTO),
    "room": (_INSIDE, _INTO),
    "shop": (_INSIDE, _INTO),
    "forest": (_INSIDE, _INTO),
    "office": (_INSIDE, _TO),
    "city": (_INSIDE, _TO),
    "village": (_INSIDE, _TO),
    "school": (_INSIDE, _TO),
    "park": (_INSIDE, _TO),
    "restaurant": (_INSIDE, _TO),
    "hospital": (_INSIDE, _TO),
    "station": (("at", "an", "dat"), ("to", "zu", "dat")),
    "market": (("at", "auf", "dat"), ("to", "auf", "acc")),
    "street": (("on", "auf", "dat"), ("into", "auf", "acc")),
}
# Where things are put and lie: English and (two-way) German preposition, at what.
SPOTS = (
    ("on", "auf", ("table", "chair", "bed", "cupboard")),
    ("under", "unter", ("table", "bed", "chair")),
    ("in", "in", ("cupboard", "bag")),
    ("behind", "hinter", ("door", "lamp", "cupboard")),
    ("next to", "neben", ("lamp", "bed", "door", "computer", "window")),
)
VEHICLE_SPOTS = (
    ("in front of", "vor", ("house", "school", "station", "hospital", "restaurant")),
    ("behind", "hinter", ("house", "school", "station")),
    ("next to", "neben", ("house", "station")),
)
