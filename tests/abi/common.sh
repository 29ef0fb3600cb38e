# What the scripts here share: one line a result, and a tool that is missing is said, and a failure in CI.

failures=0

passed() { printf 'ok    %s\n' "$*"; }
failed() {
  printf 'FAIL  %s\n' "$*"
  failures=$((failures + 1))
}
# skipped WHAT HOW-TO-GET-IT
skipped() {
  printf 'SKIP: %s — %s\n' "$1" "$2"
  if [ "${CI:-}" = true ]; then failures=$((failures + 1)); fi
}
have() { command -v "$1" >/dev/null 2>&1; }
finish() { [ "$failures" -eq 0 ]; }
