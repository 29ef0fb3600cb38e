# describe.awk HEADER: makes a C program that prints the binary interface of the header, one line for each thing in it:
# constants, macros, types, structs with every field's place and type, and functions. The header is cbindgen's: one
# declaration after the other, types on one level.

function squeeze(text) {
  gsub(/[ \t]+/, " ", text)
  gsub(/ ?, ?/, ", ", text)
  sub(/^ /, "", text)
  sub(/ $/, "", text)
  return text
}

function say(line) { printf "  puts(\"%s\");\n", line }

# A parameter without its name; a function pointer stays as it is.
function bare(parameter) {
  parameter = squeeze(parameter)
  if (parameter ~ /\(/ || parameter == "void" || parameter !~ /[ *]/) return parameter
  sub(/[A-Za-z_][A-Za-z0-9_]*$/, "", parameter)
  return squeeze(parameter)
}

# A list of parameters without their names.
function types(list, i, c, depth, part, out) {
  depth = 0
  part = ""
  out = ""
  for (i = 1; i <= length(list); i++) {
    c = substr(list, i, 1)
    if (c == "(") depth++
    if (c == ")") depth--
    if (c == "," && depth == 0) {
      out = out bare(part) ", "
      part = ""
    } else part = part c
  }
  return out bare(part)
}

function prototype(kind, text, at, name, result) {
  at = index(text, "(")
  result = substr(text, 1, at - 1)
  match(result, /agentotel_[a-z0-9_]+$/)
  name = substr(result, RSTART)
  result = squeeze(substr(result, 1, RSTART - 1))
  text = substr(text, at + 1)
  sub(/\)[^)]*$/, "", text)
  say(kind " " name " : " result " (" types(text) ")")
}

function field(text, name, type) {
  text = squeeze(text)
  if (match(text, /\(\*[a-z0-9_]+\)/)) {
    name = substr(text, RSTART + 2, RLENGTH - 3)
    type = substr(text, 1, RSTART + 1) substr(text, RSTART + RLENGTH - 1)
  } else {
    type = text
    suffix = ""
    if (match(type, /\[[A-Z0-9a-z_]+\]$/)) {
      suffix = substr(type, RSTART)
      type = substr(type, 1, RSTART - 1)
    }
    match(type, /[a-z0-9_]+$/)
    name = substr(type, RSTART)
    type = squeeze(substr(type, 1, RSTART - 1)) suffix
  }
  fields[++field_count] = name
  field_types[field_count] = type
}

function compound(kind, name, i, grows) {
  grows = field_types[1] == "size_t" && fields[1] == "struct_size" ? "grows" : "fixed"
  printf "  printf(\"%s %s : size %%zu align %%zu %s\\n\", sizeof(%s), alignof(%s));\n", kind, name, grows, name, name
  for (i = 1; i <= field_count; i++)
    printf "  printf(\"field %s.%s : at %%zu size %%zu %s\\n\", offsetof(%s, %s), sizeof(((%s *)0)->%s));\n", \
      name, fields[i], field_types[i], name, fields[i], name, fields[i]
}

BEGIN {
  print "#include <agentotel.h>"
  print "#include <stdalign.h>"
  print "#include <stddef.h>"
  print "#include <stdio.h>"
  print "int main(void) {"
}

# Comments.
in_comment { if (/\*\//) in_comment = 0; next }
/^[ \t]*\/\*/ { if (!/\*\//) in_comment = 1; next }
{ sub(/\/\/.*$/, "") }
/^[ \t]*$/ { next }

# What the preprocessor knows.
/^#define AGENTOTEL_H$/ || /^#define AGENTOTEL_[A-Z0-9_]*_\(/ { next }
/^#define AGENTOTEL_[A-Z0-9_]* -?[0-9]+$/ {
  printf "  printf(\"constant %s : %%lld\\n\", (long long)(%s));\n", $2, $2
  next
}
/^#define AGENTOTEL_/ { sub(/ .*/, "", $2); say("macro " $2); next }
/^#/ || /^extern "C/ || /^}  *\/\// || /^template/ { next }

/^typedef (struct|union) {$/ { inside = $2; field_count = 0; held = ""; next }
inside && /^} agentotel_[a-z0-9_]+;$/ {
  name = $2
  sub(/;/, "", name)
  compound(inside, name)
  inside = ""
  next
}
inside {
  held = held " " $0
  if (/;$/) { sub(/;$/, "", held); field(held); held = "" }
  next
}
/^typedef struct agentotel_[a-z0-9_]+ agentotel_[a-z0-9_]+;$/ { sub(/;/, "", $4); say("opaque " $4); next }
/^typedef / {
  name = $NF
  sub(/;/, "", name)
  $1 = ""
  $NF = ""
  printf "  printf(\"type %s : size %%zu %s\\n\", sizeof(%s));\n", name, squeeze($0), name
  next
}
/^static inline .*\{$/ && /agentotel_/ {
  sub(/^static inline /, "")
  sub(/ \{$/, "")
  if (!/zeroed_/) prototype("inline", $0)
  next
}
/^[a-z].*[ *]agentotel_[a-z0-9_]+\(/ || pending != "" {
  pending = pending " " $0
  if (/;$/) { sub(/;$/, "", pending); prototype("function", squeeze(pending)); pending = "" }
  next
}

END {
  print "  return 0;"
  print "}"
}
