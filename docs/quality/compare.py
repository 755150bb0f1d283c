#!/usr/bin/env python3
"""Holds Beamline against quantulum3 and pint on the same sentences in the same run, and prints a table.

    python3 -m venv rivals && rivals/bin/pip install quantulum3==0.10.0 pint==0.25
    rivals/bin/python docs/quality/compare.py --beamline target/release/beamline --against DIR

What counts as right is the same for all: the family of units agrees, and the amount in the family's base unit is within 0.01 %.
Of an interval its ends and its middle count, of a compound its sum and its parts. pint reads expressions, not sentences; so every
number of a sentence is handed to it with the one to four words behind it, and the longest piece that it takes counts.
"""

import argparse
import json
import re
import subprocess
import time
import warnings

warnings.filterwarnings("ignore")

# The base unit of each family of schema/units.toml, as pint writes it.
BASES = {
    "length": "meter", "mass": "gram", "time": "second", "temperature": "degC", "angle": "degree", "area": "meter**2",
    "volume": "liter", "speed": "meter/second", "information": "bit", "power": "watt", "energy": "watt_hour", "voltage": "volt",
    "current": "ampere", "frequency": "hertz", "pressure": "pascal", "luminous_flux": "lumen", "luminous_intensity": "candela",
    "illuminance": "lux", "ratio": "percent", "charge": "milliampere_hour",
}
# Names of quantulum3 that pint does not know.
NAMES = {
    "degree Celsius": "degC", "degree celsius": "degC", "degree fahrenheit": "degF", "pound-mass": "pound",
    "millimetre of mercury": "mmHg", "degree angle": "degree", "ton": "metric_ton", "tonne": "metric_ton",
}


def beamline(binary, folder):
    begun = time.perf_counter()
    done = subprocess.run([binary, "quality", "--against", folder, "--cases", "--speed"], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    sentences = [line["sentence"] for line in lines if "sentence" in line]
    speed = next(line for line in lines if line.get("measure") == "speed")
    return sentences, speed, time.perf_counter() - begun


class Rivals:
    def __init__(self):
        import pint

        self.units = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, case_sensitive=True)

    def based(self, amount, unit):
        """Family and amount in its base unit; None when the unit is of no family of ours."""
        try:
            quantity = self.units.Quantity(float(amount), unit)
        except Exception:
            return None
        # Angles, ratios and information are all dimensionless to pint; the unit itself tells them apart.
        text = str(quantity.units)
        angle = any(word in text for word in ("degree", "radian", "turn")) and "_" not in text
        bits = any(word in text for word in ("bit", "byte"))
        for family, base in BASES.items():
            if (family == "angle") != angle or (family == "information") != bits:
                continue
            try:
                return family, float(quantity.to(base).magnitude)
            except Exception:
                continue
        return None

    def pint(self, text):
        found = []
        for match in re.finditer(r"[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?", text):
            number = match.group().replace(",", "").replace("−", "-")
            words = re.findall(r"\s*[^\s\d,;()\[\]]+", text[match.end():])[:4]
            for length in range(len(words), 0, -1):
                unit = "".join(words[:length]).strip().strip(".").replace("°", "deg")
                if not unit:
                    continue
                based = None
                for tried in (unit, unit.replace(" ", "_")):
                    try:
                        based = based or self.based(number, self.units.parse_units(tried))
                    except Exception:
                        pass
                if based:
                    found.append((based[0], [based[1]]))
                    break
        return found

    def quantulum(self, text, parse):
        found = []
        try:
            quantities = parse(text)
        except Exception:
            return found
        for quantity in quantities:
            name = NAMES.get(quantity.unit.name, quantity.unit.name)
            unit = " * ".join(name.split()) if " per " not in name else None
            tries = [name.replace(" ", "_"), name.replace(" per ", " / ").replace(" ", "_").replace("_/_", "/"), unit]
            square = re.sub(r"^(square|cubic) (.+)$", lambda m: f"{m.group(2).replace(' ', '_')}**{2 if m.group(1) == 'square' else 3}", name)
            tries.insert(0, square)
            spread = quantity.uncertainty or 0
            for tried in tries:
                if not tried:
                    continue
                amounts = [self.based(quantity.value + add, tried) for add in (0, -spread, spread)]
                if all(amounts):
                    found.append((amounts[0][0], [amount for _, amount in amounts]))
                    break
        return found


def judge(sentence, got):
    """How many expected quantities were found, how many there are, and how many were found that are not expected."""
    free = [(family, amounts) for family, amounts in got if family in sentence["families"]]
    right = 0
    cases = 0
    for wanted in sentence["expected"]:
        cases += 1
        amount = wanted["amounts"][0]
        near = []
        for at, (family, amounts) in enumerate(free):
            apart = min(abs(known - amount) for known in amounts)
            if family == wanted["family"] and apart <= abs(amount) * 1e-4:
                near.append((apart, at))
        if near:
            right += 1
            at = min(near)[1]
            if len(free[at][1]) < 3:
                free.pop(at)
    if not sentence["expected"]:
        cases += 1
        right += not free
    more = sum(len(amounts) < 3 for _, amounts in free) if sentence["expected"] else len(free)
    return right, cases, 0 if sentence["others"] else more


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--beamline", required=True)
    arguments.add_argument("--against", required=True)
    given = arguments.parse_args()

    from quantulum3 import parser

    rivals = Rivals()
    sentences, speed, _ = beamline(given.beamline, given.against)
    programs = {
        "beamline": lambda sentence: [(plain["family"], plain["amounts"]) for plain in sentence["got"]],
        "quantulum3": lambda sentence: rivals.quantulum(sentence["text"], parser.parse),
        "pint": lambda sentence: rivals.pint(sentence["text"]),
    }
    sets = {}
    for sentence in sentences:
        sets.setdefault(sentence["measure"], []).append(sentence)
        if sentence["measure"] == "recognizers" and sentence["locale"] == "en":
            sets.setdefault("recognizers, English only", []).append(sentence)
    print(f"{'set':28} {'cases':>6}  " + "  ".join(f"{name:>22}" for name in programs))
    for name, members in sets.items():
        shown = []
        for program in programs.values():
            figures = [judge(sentence, program(sentence)) for sentence in members]
            right, cases, surplus = (sum(column) for column in zip(*figures))
            shown.append(f"{right:4} {right / cases:6.1%} +{surplus:3} more")
        print(f"{name:28} {cases:6}  " + "  ".join(f"{text:>22}" for text in shown))

    cells = speed["cells"]
    rounds, count, begun = 0, 0, time.perf_counter()
    while time.perf_counter() - begun < 2:
        for cell in cells:
            count += len(parser.parse(cell))
        rounds += 1
    theirs = count / (time.perf_counter() - begun)
    ours = speed["quantities_per_second"]
    print(f"\nquantities a second, one core: beamline {ours:,.0f}, quantulum3 {theirs:,.0f}: {ours / theirs:,.0f} times")
    print(f"typed values a second, one core: beamline {speed['values_per_second']:,.0f}")


if __name__ == "__main__":
    main()
