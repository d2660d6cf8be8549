"""Checks that docs/cli.md and what the program says of itself agree."""

import argparse
import pathlib
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wapc", required=True)
    parser.add_argument("--docs", type=pathlib.Path, required=True)
    options = parser.parse_args()
    docs = options.docs.read_text()

    def said(*arguments):
        return subprocess.run([options.wapc, *arguments], capture_output=True, text=True,
                              check=True).stdout

    def section_on(title):
        return docs.partition(f"## {title}\n")[2].partition("\n## ")[0]

    wrong = []
    for arguments, title in (("--help",), "Exit codes"), (("run", "--help"), "wapc run"):
        codes = re.findall(r"^ +(\d+|\*)  (.+)$", said(*arguments).partition("Exit codes:")[2], re.M)
        table = re.findall(r"^\| (\d+|\*) \| (.+) \|$", section_on(title), re.M)
        if not codes or codes != table:
            wrong.append(f"{title}: --help has {codes}, the docs have {table}")

    def commands_below(*above):
        listed = said(*above, "--help").partition("Commands:")[2].partition("Examples:")[0]
        for name in re.findall(r"^  ([a-z]+) ", listed, re.M):
            yield " ".join((*above, name))
            yield from commands_below(*above, name)

    commands = list(commands_below())
    for command in commands:
        section = section_on(f"wapc {command}")
        if not section and command != "help":
            wrong.append(f"no section on {command}")
        helped = said(*command.split(), "--help").partition("Options:")[2].partition("Examples:")[0]
        offered = set(re.findall(r"(?<![\w-])--[a-z-]+", " ".join(
            re.findall(r"^  (-\S+)", helped, re.M)))) - {"--help"}
        told = set(re.findall(r"`(--[a-z-]+)", "".join(re.findall(r"^\| (`.*?) \|", section, re.M))))
        if offered != told:
            wrong.append(f"{command}: --help has {sorted(offered)}, the docs have {sorted(told)}")
    print(*wrong, f"{len(commands)} commands, {len(wrong)} faults", sep="\n")
    return not commands or bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
