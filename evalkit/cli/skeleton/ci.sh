#!/usr/bin/env bash
# The job of a CI server: is this version of the spec fit for production?
#   SPEC      what is tested: a reference or a file
#   BASELINE  what it is compared with; empty for the version in production, if there is one
#   AGENT     the agent, as evalkit names it; rules if empty
#   CASES     options that say which cases; --synthesize 400 if empty
set -uo pipefail

evalkit doctor || exit 2
# shellcheck disable=SC2086 # CASES is several words
evalkit suite "$SPEC" ${BASELINE:+--baseline "$BASELINE"} --agent "${AGENT:-rules}" \
    ${CASES:---synthesize 400} --out evalkit-results
code=$?

# The summary goes where the server shows it; it holds no value from a case.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f evalkit-results/summary.md ]; then
    cat evalkit-results/summary.md >> "$GITHUB_STEP_SUMMARY"
fi
case $code in
    0) echo "pass" ;;
    1) echo "fail: see evalkit-results/report.html" ;;
    3) echo "undecided: the cases are too few to tell; summary.md says how many it needs" ;;
    4) echo "incomplete: a budget or an interruption left cases undone; run it again, it goes on from there" ;;
    *) echo "bad input: the line above says what to mend" ;;
esac
exit $code
