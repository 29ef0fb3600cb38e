# judge.awk OLD NEW: what has become of the interface, a line each: `broken WHAT` for what programs that were built against
# the old one may trip over, `added WHAT` for what they do not see. Both files are what describe.awk's program prints.

function key(line) { sub(/ : .*/, "", line); return line }
function value(line) { return line ~ / : / ? substr(line, index(line, " : ") + 3) : "" }
# A number that follows a word in a description.
function number(text, word) {
  return match(text, word " [0-9]+") ? substr(text, RSTART + length(word) + 1, RLENGTH - length(word) - 1) + 0 : -1
}

FNR == NR { old[key($0)] = value($0); order[++count] = key($0); next }
{ new[key($0)] = value($0); news[++new_count] = key($0) }

END {
  for (i = 1; i <= count; i++) {
    what = order[i]
    if (!(what in new)) print "broken " what " is gone"
    else if (new[what] != old[what]) {
      was = old[what]
      is = new[what]
      grown = what ~ /^struct / && was ~ / grows$/ && is ~ / grows$/ && number(is, "size") > number(was, "size") &&
        number(is, "align") == number(was, "align")
      if (grown) print "added " what ": " number(is, "size") - number(was, "size") " bytes"
      else print "broken " what ": was " was ", is " is
    }
  }
  for (i = 1; i <= new_count; i++) {
    what = news[i]
    if (what in old) continue
    # A field of a struct that was there: behind all that it had, or a caller's old struct has something else there.
    if (what ~ /^field /) {
      struct = what
      sub(/^field /, "struct ", struct)
      sub(/\..*/, "", struct)
      if (struct in old && !(old[struct] ~ / grows$/ && number(new[what], "at") >= number(old[struct], "size"))) {
        print "broken " what " is new, and not behind what " struct " had"
        continue
      }
    }
    print "added " what
  }
}
