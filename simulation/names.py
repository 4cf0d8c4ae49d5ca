"""Invented people and firms, seeded: nobody famous, nobody meant.

Given names and family names are drawn apart, so that a name from one country meets one from another as it does in
any German town. Family names that would make a celebrity of a given name (a goalkeeper, a chancellor, a racing
driver) are left out of the lists.
"""

from __future__ import annotations

from random import Random


def _words(text: str) -> tuple[str, ...]:
    """Words between white space; an underscore stands for a space within."""
    return tuple(word.replace("_", " ") for word in text.split())


GIVEN = _words(
    """
    Anke Aylin Beate Birte Carina Chiara Dagmar Dilara Elif Emilia Esra Fatima Frauke Gesa Greta Hanh
    Hatice Henrike Imke Irina Jana Jasmin Joanna Katja Kerstin Lale Leonie Lien Luisa Magda Maren Mariam
    Merle Mina Nadine Neele Olga Paula Pia Ronja Sabine Samira Silke Svenja Tabea Tatjana Theresa Ulla
    Verena Wiebke Yara Zeynep Achim Ahmet Aleksandar Alparslan Andrzej Anton Arne Bastian Bilal Bjarne
    Burak Can Cem Dario Detlef Dirk Eike Emre Enno Falk Farid Fiete Gereon Goran Hamid Hauke Henning
    Holger Ilja Ingo Jannik Jörn Kaan Karim Knut Kofi Lasse Levin Malte Marek Mats Mehdi Milan Minh Nils
    Okan Ole Pawel Piet Rafael Ramin Rasmus Ruben Samuel Sönke Tarek Thilo Timo Torben Uwe Veit Volker
    Wanja Yannick Youssef
    """
)
FAMILY = _words(
    """
    Adler Ahlers Akyol Albers Amari Arslan Asante Bachmann Baranowski Behrens Berger Bielefeld Bischoff
    Brandt Brinkmann Bulut Castellano Ceylan Czerny Dahlke Demir Dietz Dogan Ebeling Eggers Ehlers
    El_Amrani Engelke Ferrari Fiedler Friese Gehrke Gerdes Grabowski Günay Haase Hagedorn Hansmann Harms
    Heinrichs Hillebrand Hoang Ibrahimi Ivanova Jacobsen Janssen Jovanović Kaminski Karaca Kessler
    Kirchner Kowalczyk Krüger Kühnert Lammers Landwehr Le Lindner Lorenzen Lüdtke Mahlke Marković
    Martens Meinecke Mensah Michalski Moradi Naumann Nguyen Niehaus Nowotny Öztürk Ohlsen Osei Pahlke
    Papadakis Petersen Pham Pohlmann Quandt Rahimi Rathke Reimann Riedel Rosendahl Ruge Sahin Santoro
    Schaffner Seidel Siebert Sommerfeld Stahlberg Steinbach Strobel Tadić Tiedemann Tran Uhlig Vasić
    Voigt Vollmer Wegener Weidner Wendt Wichmann Wolters Yildiz Zander Zielinski Zimmermann
    """
)
ENGLISH_GIVEN = _words(
    """
    Alice Amara Bridget Carys Deirdre Fiona Grace Imogen Leila Maeve Niamh Priya Adeel Callum Declan
    Ewan Gareth Hamza Jamal Kwame Liam Owen Rhys Tomasz
    """
)
ENGLISH_FAMILY = _words(
    """
    Abbott Adeyemi Ashworth Barlow Begum Calder Chowdhury Doyle Fairclough Gallagher Hargreaves Hussain
    Iqbal Kavanagh Lockwood MacInnes Okafor Patel Pritchard Quinn Rafferty Sandhu Thackeray Underhill
    Whitaker Yeboah
    """
)
TRADES = _words(
    """
    Tischlerei Bäckerei Gärtnerei Malerbetrieb Dachdeckerei Elektro Sanitär Autohaus Buchhandlung
    Goldschmiede Hofladen Imkerei Kanzlei Konditorei Weinhandel Zimmerei Fahrradladen Fotostudio
    Friseursalon Gasthaus Glaserei Keramikwerkstatt Musikschule Optik Pension Physiotherapie
    Raumausstattung Reisebüro Schneiderei Steinmetz Tanzschule
    """
)
ENGLISH_TRADES = _words(
    """
    Bakery Books Cycles Joinery Pottery Photography Plumbing Tailors Teas
    """
)
GROUPS = _words(
    """
    Ahorn Birke Buche Eiche Erle Esche Föhre Ginkgo Hasel Holunder Kastanie Kirsche Lärche Linde Mispel
    Pappel Quitte Robinie Tanne Ulme Weide Zeder
    """
)


def person(dice: Random, language: str = "de") -> str:
    """Given name and family name, for example "Maren Okafor"."""
    given, family = (ENGLISH_GIVEN, ENGLISH_FAMILY) if language == "en" else (GIVEN, FAMILY)
    return f"{dice.choice(given)} {dice.choice(family)}"


def firm(dice: Random, language: str = "de") -> str:
    """A small firm, for example "Tischlerei Brandt"."""
    if language == "en":
        return f"{dice.choice(ENGLISH_FAMILY)} {dice.choice(ENGLISH_TRADES)}"
    owner = dice.choice(FAMILY)
    form = dice.choices(("", " & Söhne", " & Töchter", f" & {dice.choice(FAMILY)}", " GmbH"), (10, 1, 1, 2, 3))[0]
    return f"{dice.choice(TRADES)} {owner}{form}"


def people(count: int, dice: Random) -> list[str]:
    """`count` different names with as many different given names as there are, as colleagues need them."""
    given = [name for _ in range(count // len(GIVEN) + 1) for name in dice.sample(GIVEN, len(GIVEN))][:count]
    family = [name for _ in range(count // len(FAMILY) + 1) for name in dice.sample(FAMILY, len(FAMILY))][:count]
    return [f"{first} {last}" for first, last in zip(given, family, strict=True)]


def group(index: int) -> str:
    """A name for the desk group at `index`: trees, then trees with a number."""
    turn, tree = divmod(index, len(GROUPS))
    return GROUPS[tree] + (f" {turn + 1}" if turn else "")


def mail_name(name: str) -> str:
    """The name as the local part of an address: lower-case ASCII, "Jörn El Amrani" → "joern.el-amrani"."""
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ć": "c", "&": "und", " ": "-", ".": ""})
    first, _, rest = name.lower().partition(" ")
    return ".".join(part.translate(table) for part in (first, rest) if part)
