#!/usr/bin/env python3
"""What the bindings say of the header's structs and numbers, made from include/agentotel.h.

    tools/bindings.py            writes the generated parts
    tools/bindings.py --check    says what is not as it would be written, and fails

Generated are the enumerations and details between the markers in include/agentotel.hpp, bindings/go/types.go (what Go
programs fill in), bindings/go/layout.go and bindings/go/layout.c (the same as C lays it out, checked by both compilers),
and tests/conformance/fields.inc (every field by its name). Everything else in the bindings is written by hand.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The structs that a caller fills in with what it knows, in the order of the header.
DETAILS = [
    "llm", "tool", "action", "embeddings", "retrieval", "agent", "workflow", "mcp", "handoff", "plan", "approval",
    "guardrail", "memory", "compaction", "evaluation", "feedback",
]
INPUTS = DETAILS + [
    "error", "link", "span_event", "session_options", "session_end", "log_record", "instrument", "event_data",
]
# Those that the library fills.
OUTPUTS = ["stats", "exporter_stats", "storage_stats"]

# Prefix of the constants: the name in C++, the name in Go, what it is.
ENUMS = {
    "END": ("end_state", "EndState", "How a session ended."),
    "KIND": ("kind", "Kind", "What an event is about."),
    "LLM": ("llm_operation", "LLMOperation", "What a language model is asked for."),
    "COUNTING": ("counting", "Counting", "How tokens are counted; several are added up."),
    "AGENT": ("agent_operation", "AgentOperation", "What is done with an agent."),
    "APPROVAL": ("approval_decision", "ApprovalDecision", "What was decided."),
    "GUARDRAIL": ("guardrail_decision", "GuardrailDecision", "What a guardrail did."),
    "MEMORY": ("memory_operation", "MemoryOperation", "What is done with a memory."),
    "SPAN_KIND": ("span_kind", "SpanKind", "The kind of a span, as OpenTelemetry has it."),
    "STATUS_CODE": ("status_code", "StatusCode", "The status of a span, as OpenTelemetry has it."),
    "SEVERITY": ("severity", "Severity", "How severe a log record is."),
    "SIGNAL": ("signal", "Signal", "What is counted and exported apart."),
    "REFUSED": ("refused", "Refused", "Why an event was refused: an index into the counters."),
    "DROPPED": ("dropped", "Dropped", "Why an exporter gave something up: an index into its counters."),
    "DURABILITY": ("durability", "Durability", "What a recorded event outlives."),
    "EXPORTER": ("exporter_state", "ExporterState", "What an exporter does with what it has."),
    "FAILURE": ("failure", "Failure", "Why a request failed: an index into an exporter's counters."),
    "CALLBACK": ("callback_kind", "CallbackKind", "What is taken away by unregister."),
    "PAYLOAD": ("payload_type", "PayloadType", "The encoding of a batch."),
    "DIAGNOSTIC": ("diagnostic_level", "DiagnosticLevel", "How much a diagnostic line matters."),
    "VALUE": ("number_type", "NumberType", "What numbers an instrument measures."),
    "TYPE": ("value_type", "ValueType", "The type of a value."),
}
# Not an enumeration: sizes, and what has a type of its own in both languages.
NO_ENUM = re.compile(r"_(SLOTS|BYTES|VALUES|KEYS|ITEMS|ATTRIBUTES|MS|COUNT|VERSION)$|^(ERR|OK|MAX|ABI|EXPORT|SAMPLING)(_|$)")
# Fields that are numbers in C and an enumeration elsewhere.
FIELD_ENUMS = {
    ("llm", "operation"): "LLM", ("llm", "counting"): "COUNTING", ("agent", "operation"): "AGENT",
    ("agent", "counting"): "COUNTING", ("approval", "decision"): "APPROVAL", ("guardrail", "decision"): "GUARDRAIL",
    ("memory", "operation"): "MEMORY", ("session_end", "end_state"): "END", ("error", "kind"): "KIND",
    ("event_data", "kind"): "KIND", ("event_data", "span_kind"): "SPAN_KIND", ("event_data", "status_code"): "STATUS_CODE",
    ("log_record", "severity_number"): "SEVERITY", ("log_record", "body_type"): "TYPE",
    ("exporter_stats", "state"): "EXPORTER", ("storage_stats", "durability"): "DURABILITY", ("instrument", "value_type"): "VALUE",
}
FLAGS = {("llm", "in_process"), ("agent", "remote"), ("mcp", "is_error")}

SIZES = {
    "agentotel_str": (16, 8), "agentotel_string_array": (16, 8), "agentotel_i64": (16, 8), "agentotel_f64": (16, 8),
    "agentotel_bool": (2, 1), "uint32_t": (4, 4), "int64_t": (8, 8), "uint64_t": (8, 8), "size_t": (8, 8),
    "agentotel_target": (16, 8), "agentotel_span_context": (32, 1), "agentotel_value": (16, 8), "uint8_t": (1, 1),
    "agentotel_event": (8, 8), "agentotel_session": (8, 8),
}
INITIALISMS = {
    "id": "ID", "llm": "LLM", "uri": "URI", "mcp": "MCP", "json": "JSON", "api": "API", "rpc": "RPC", "utf8": "UTF8",
    "jsonrpc": "JSONRPC", "openai": "OpenAI", "ok": "OK", "otlp": "OTLP",
}
RESERVED_CPP = {"default", "delete", "operator", "int64", "double", "bool", "none"} - {"int64", "none"}


def camel(name):
    return "".join(INITIALISMS.get(part, part[:1].upper() + part[1:]) for part in name.split("_"))


class Field:
    def __init__(self, struct, c_type, name, array, words):
        self.struct, self.c_type, self.name, self.array, self.words = struct, c_type, name, array, words
        self.pointer = c_type.endswith("*")
        self.offset = 0

    def size(self):
        size, align = (8, 8) if self.pointer else SIZES[self.c_type]
        return size * (self.array or 1), align

    @property
    def hidden(self):
        return self.name in ("struct_size", "reserved")

    @property
    def enum(self):
        return FIELD_ENUMS.get((self.struct, self.name))


def comment_of(text):
    lines = [re.sub(r"^\s*\* ?", "", line).rstrip() for line in text.strip().splitlines()]
    if lines:
        # Which field of C's has the value is clear from its type here.
        lines[0] = re.sub(r"^`agentotel_\w+\.\w+`(: |, )", "", lines[0])
    return [line for line in lines if not line.startswith("@since")]


def read_header():
    header = (ROOT / "include/agentotel.h").read_text()
    numbers, defines = [], {}
    for match in re.finditer(r"(?:/\*\*\n((?: \*[^\n]*\n)*?) \*/\n)?#define AGENTOTEL_([A-Z0-9_]+) (-?\d+)\n", header):
        defines[match[2]] = int(match[3])
        numbers.append((match[2], int(match[3]), comment_of(match[1] or "")))
    structs = {}
    pattern = re.compile(r"(?:/\*\*\n((?: \*[^\n]*\n)*?) \*/\n)?typedef struct \{\n((?:(?!^\}).*\n)*)\} agentotel_(\w+);", re.M)
    for match in pattern.finditer(header):
        name, fields, offset, widest = match[3], [], 0, 1
        body = re.finditer(
            r"(?:  /\*\*\n((?:   \*[^\n]*\n)*?)   \*/\n)?  ((?:const )?\w+ ?\*?) ?(\w+)(?:\[(\w+)\])?;\n", match[2])
        if name not in INPUTS + OUTPUTS:
            continue
        for part in body:
            array = part[4] and (defines.get(part[4].removeprefix("AGENTOTEL_")) or int(part[4]))
            field = Field(name, part[2].strip(), part[3], array, comment_of(part[1] or ""))
            size, align = field.size()
            offset = (offset + align - 1) // align * align
            field.offset = offset
            offset += size
            widest = max(widest, align)
            fields.append(field)
        size = (offset + widest - 1) // widest * widest
        structs[name] = (fields, size, comment_of(match[1] or ""))
    missing = [name for name in INPUTS + OUTPUTS if name not in structs]
    if missing:
        sys.exit(f"bindings.py: not in the header: {missing}")
    return numbers, structs


def enums_of(numbers):
    """Prefix: [(rest of the name, value, words)]."""
    found = {}
    for name, value, words in numbers:
        if NO_ENUM.search(name) and not name.startswith("TYPE_"):
            continue
        prefix = max((p for p in ENUMS if name.startswith(p + "_")), key=len, default=None)
        if prefix is None:
            sys.exit(f"bindings.py: AGENTOTEL_{name} belongs to no enumeration that ENUMS has")
        if name == "TYPE_STRING":
            words = ["`value.string`."]
        found.setdefault(prefix, []).append((name[len(prefix) + 1:], value, words))
    return found


# C++


def doc(words, indent, mark="///"):
    return "".join(f"{indent}{mark} {line}".rstrip() + "\n" for line in words)


def cpp_type(field, count_of):
    """The type and initialiser of a field in C++, or None for one that another field brings along."""
    if field.name == "struct_size":
        return None
    if field.enum:
        return ENUMS[field.enum][0], "{}"
    if (field.struct, field.name) in FLAGS:
        return "flag", "{}"
    simple = {
        "agentotel_str": "text", "agentotel_string_array": "text_list", "agentotel_i64": "optional_int64",
        "agentotel_f64": "optional_double", "agentotel_bool": "optional_bool", "agentotel_target": "target",
        "agentotel_value": "agentotel_value",
    }
    if field.c_type in simple:
        return simple[field.c_type], "{}"
    if field.c_type == "agentotel_span_context":
        return "span_context", "{}"
    if field.name.endswith("_unix_nano"):
        return "timestamp", "{}"
    if field.name == "duration_nano":
        return "duration", "{}"
    if field.pointer:
        inner = re.sub(r"const (?:agentotel_)?(\w+) ?\*", r"\1", field.c_type)
        if count_of:
            return f"list<{inner}>", "{}"
        if inner == "mcp":
            inner = field.name
        return f"const ::agentotel::{inner} *", "nullptr"
    return {"uint32_t": "std::uint32_t"}[field.c_type], "0"


CPP_NAME = {"end_state": "end_state", "counting": "counting"}


def cpp_enums(numbers):
    out = ""
    for prefix, members in enums_of(numbers).items():
        name, _, words = ENUMS[prefix]
        out += f"/// {words}\nenum class {name} : std::uint32_t {{\n"
        for rest, _, member_words in members:
            member = rest.lower()
            if member in RESERVED_CPP:
                member += "_"
            out += doc(member_words, "  ")
            out += f"  {member} = AGENTOTEL_{prefix}_{rest},\n"
        out += "};\n\n"
    return out


def cpp_structs(structs):
    out, checks = "", ""
    for c_name in INPUTS:
        fields, _, words = structs[c_name]
        for name in ["mcp_client", "mcp_server"] if c_name == "mcp" else [c_name]:
            body, skip = "", set()
            for field in fields:
                if field.name in skip:
                    continue
                if field.name == "struct_size":
                    body += f"  /// Set already.\n  std::size_t struct_size = sizeof(agentotel_{c_name});\n"
                    continue
                if field.name == "reserved":
                    body += "  /// Stays zero.\n  std::uint32_t reserved = 0;\n"
                    continue
                singular = re.sub(r"(ie)?s$", lambda m: "y" if m[1] else "", field.name)
                count = next((f.name for f in fields if f.name == singular + "_count"), None) if field.pointer else None
                if count:
                    skip.add(count)
                kind, initial = cpp_type(field, count)
                member = field.name
                if field.name.endswith("_unix_nano"):
                    member = field.name.removesuffix("_unix_nano")
                elif field.name == "duration_nano":
                    member = "duration"
                    kind = "::agentotel::duration"
                if kind == member:
                    kind = "::agentotel::" + kind
                space = "" if kind.endswith("*") else " "
                body += doc(field.words, "  ")
                value = "{}" if initial == "{}" else f" = {initial}"
                body += f"  {kind}{space}{member}{value};\n"
                checks += f"AGENTOTEL_SAME_PLACE_({name}, {member}, agentotel_{c_name}, {field.name});\n"
            if c_name == "event_data":
                body += EVENT_DATA_MORE
            if c_name == "log_record":
                body += LOG_RECORD_MORE
            out += doc(words, "") + f"struct {name} {{\n{body}}};\n\n"
            checks += f"AGENTOTEL_SAME_SIZE_({name}, agentotel_{c_name});\n"
    return out, checks


EVENT_DATA_MORE = "\n  event_data() = default;\n" + "".join(
    f"  /// An event with this detail, which has to live as long.\n"
    f"  event_data(const ::agentotel::{name} &detail AGENTOTEL_LIFETIMEBOUND_) noexcept\n"
    f"      : kind(::agentotel::kind::{name}), {name}(&detail) {{}}\n"
    for name in [n for d in DETAILS for n in (["mcp_client", "mcp_server"] if d == "mcp" else [d])]
) + """  /// A span of the caller's own naming.
  event_data(const custom &detail) noexcept : kind(::agentotel::kind::custom), name(detail.name) {}
"""


LOG_RECORD_MORE = """
  /// Sets the body and its type.
  void set_body(const value &said) noexcept {
    body = said.of;
    body_type = static_cast<value_type>(said.type);
  }
"""


def hpp(numbers, structs, old):
    types, checks = cpp_structs(structs)
    made = cpp_enums(numbers)
    old = between(old, "enumerations", made)
    old = between(old, "structs", types)
    old = between(old, "layout", "namespace detail {\n" + checks + "}  // namespace detail\n")
    return old


def between(text, name, made):
    begin, end = f"// generated: {name}, by tools/bindings.py\n", f"// end of what is generated: {name}\n"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return before + begin + "// clang-format off\n" + made.rstrip() + "\n// clang-format on\n" + end + after


# Go

GO_HEAD = "// Code generated by tools/bindings.py from include/agentotel.h. DO NOT EDIT.\n\n//go:build cgo\n\n"


def go_words(text):
    """A comment of the header, as Go says it."""
    text = re.sub(r"`?agentotel_(llm|agent|mcp)`", lambda m: camel(m[1]), text)
    text = re.sub(r"`sizeof\(agentotel_\w+\)`; `\w+` sets it\.", "", text)
    text = re.sub(r"AGENTOTEL_([A-Z]+)_([A-Z_]*[A-Z])\b", lambda m: go_constant(m[1], m[2]) or m[0], text)
    text = re.sub(r"`?AGENTOTEL_([A-Z_]+)_…`?", lambda m: ENUMS.get(m[1], ("", m[0]))[1], text)
    return text.replace("NULL", "nil").replace("`", "")


def go_constant(prefix, rest):
    if prefix in ENUMS:
        return ENUMS[prefix][1] + camel(rest.lower())
    return None


def go_doc(words, indent, lead=""):
    lines = [go_words(line) for line in words]
    if lead and lines:
        lines[0] = lead + lines[0]
    return "".join(f"{indent}// {line}".rstrip() + "\n" for line in lines)


GO_RENAMED = {"error": "ErrorDetail", "session_end": "SessionEnd", "link": "Link", "span_event": "SpanEvent"}
GO_SIMPLE = {
    "agentotel_str": ("string", "cStr", "a.text({})"), "agentotel_string_array": ("[]string", "cArray", "a.texts({})"),
    "agentotel_i64": ("OptInt64", "cOptInt64", "{}.c()"), "agentotel_f64": ("OptFloat64", "cOptFloat64", "{}.c()"),
    "agentotel_bool": ("OptBool", "cOptBool", "{}.c()"),
}


def go_name(field):
    return camel(field.name.removesuffix("_unix_nano").replace("duration_nano", "duration"))


def go_type_of(field):
    if field.enum:
        return ENUMS[field.enum][1]
    if (field.struct, field.name) in FLAGS:
        return "bool"
    return GO_SIMPLE[field.c_type][0]


def go_types(numbers, structs):
    out = GO_HEAD + "package agentotel\n\n"
    for prefix, members in enums_of(numbers).items():
        _, name, words = ENUMS[prefix]
        out += f"// {name}: {words[0].lower() + words[1:]}\ntype {name} uint32\n\nconst (\n"
        for rest, value, member_words in members:
            constant = name + camel(rest.lower())
            lead = f"{constant}: "
            out += go_doc(member_words or [f"{rest.lower().replace('_', ' ')}."], "\t", lead)
            out += f"\t{constant} {name} = {value}\n"
        out += ")\n\n"
    for c_name in DETAILS + ["error"]:
        fields, _, words = structs[c_name]
        for name in ["mcp_client", "mcp_server"] if c_name == "mcp" else [c_name]:
            shown = GO_RENAMED.get(name, camel(name))
            out += go_doc(words, "", f"{shown}: ") + f"type {shown} struct {{\n"
            for field in fields:
                if field.hidden:
                    continue
                if field.name == "time_unix_nano":
                    out += "\t// When; the zero time is now.\n\tTime time.Time\n"
                    continue
                out += go_doc(field.words, "\t") + f"\t{go_name(field)} {go_type_of(field)}\n"
            out += "}\n\n"
            if c_name in DETAILS:
                out += f"func ({shown}) detail() {{}}\n\n"
    for c_name in OUTPUTS:
        fields, _, words = structs[c_name]
        shown = camel(c_name)
        out += go_doc(words, "", f"{shown}: ") + f"type {shown} struct {{\n"
        for field in fields:
            if field.hidden:
                continue
            out += go_doc(field.words, "\t") + f"\t{go_name(field)} {go_output_type(field)}\n"
        out += "}\n\n"
    return out.replace("package agentotel\n", 'package agentotel\n\nimport "time"\n', 1)


def go_output_type(field):
    if field.enum:
        return ENUMS[field.enum][1]
    if field.name.endswith("_unix_nano"):
        return "time.Time"
    base = {"uint64_t": "uint64", "uint32_t": "uint32"}[field.c_type]
    return f"[{field.array}]{base}" if field.array else base


def go_layout_type(field):
    if field.pointer:
        return "uintptr"
    if field.c_type in GO_SIMPLE:
        return GO_SIMPLE[field.c_type][1]
    base = {
        "uint32_t": "uint32", "int64_t": "int64", "uint64_t": "uint64", "size_t": "uintptr", "uint8_t": "uint8",
        "agentotel_target": "cTarget", "agentotel_span_context": "SpanContext", "agentotel_value": "[2]uintptr",
    }[field.c_type]
    return f"[{field.array}]{base}" if field.array else base


def go_member(field):
    if field.name in ("type",):
        return "kindOf"
    name = camel(field.name)
    return name[:1].lower() + name[1:] if name[:2] != name[:2].upper() else "f" + name


def go_layout(structs):
    out = GO_HEAD + 'package agentotel\n\nimport (\n\t"time"\n\t"unsafe"\n)\n\n'
    for c_name in INPUTS + OUTPUTS:
        fields, size, _ = structs[c_name]
        name = "c" + camel(c_name)
        out += f"// {name} is agentotel_{c_name} as C lays it out.\ntype {name} struct {{\n"
        out += "".join(f"\t{go_member(f)} {go_layout_type(f)}\n" for f in fields) + "}\n\n"
        out += f"var _ [unsafe.Sizeof({name}{{}})]struct{{}} = [{size}]struct{{}}{{}}\n"
        for f in fields:
            out += f"var _ [unsafe.Offsetof({name}{{}}.{go_member(f)})]struct{{}} = [{f.offset}]struct{{}}{{}}\n"
        out += "\n"
    for c_name in DETAILS + ["error"]:
        fields, size, _ = structs[c_name]
        for name in ["mcp_client", "mcp_server"] if c_name == "mcp" else [c_name]:
            shown, laid = GO_RENAMED.get(name, camel(name)), "c" + camel(c_name)
            out += f"func (a *arena) put{shown}(d *{shown}) uintptr {{\n"
            out += f"\tp := a.alloc(unsafe.Sizeof({laid}{{}}))\n\tc := (*{laid})(p)\n\t*c = {laid}{{structSize: {size}}}\n"
            for f in fields:
                if f.hidden:
                    continue
                member, value = go_member(f), f"d.{go_name(f)}"
                if f.name == "time_unix_nano":
                    value = "unixNano(d.Time)"
                elif f.enum:
                    value = f"uint32({value})"
                elif (f.struct, f.name) in FLAGS:
                    value = f"truth({value})"
                elif f.c_type == "agentotel_str":
                    out += f"\tif {value} != \"\" {{\n\t\tc.{member} = a.text({value})\n\t}}\n"
                    continue
                else:
                    value = GO_SIMPLE[f.c_type][2].format(value)
                out += f"\tc.{member} = {value}\n"
            out += "\treturn uintptr(p)\n}\n\n"
    out += "// putDetail lays a detail out and names it in the event. What is no detail is an event without one.\n"
    out += "func (a *arena) putDetail(c *cEventData, detail Detail) {\n\tswitch d := detail.(type) {\n"
    out += "\tcase Custom:\n\t\tc.name = a.text(d.Name)\n\tcase *Custom:\n\t\tc.name = a.text(d.Name)\n"
    for name in [n for d in DETAILS for n in (["mcp_client", "mcp_server"] if d == "mcp" else [d])]:
        shown = camel(name)
        member = go_member(Field("event_data", "x", name, None, []))
        for star, at in (("", "&"), ("*", "")):
            out += (f"\tcase {star}{shown}:\n\t\tc.kind = uint32(Kind{shown})\n"
                    f"\t\tc.{member} = a.put{shown}({at}d)\n")
    out += "\t}\n}\n\n"
    for c_name in OUTPUTS:
        fields, _, _ = structs[c_name]
        shown = camel(c_name)
        out += f"func (c *c{shown}) read() {shown} {{\n\treturn {shown}{{\n"
        for f in fields:
            if f.hidden:
                continue
            value = f"c.{go_member(f)}"
            if f.enum:
                value = f"{ENUMS[f.enum][1]}({value})"
            elif f.name.endswith("_unix_nano"):
                value = f"timeOf({value})"
            out += f"\t\t{go_name(f)}: {value},\n"
        out += "\t}\n}\n\n"
    return out.replace('\t"time"\n', "")


def go_layout_c(structs):
    out = "// Code generated by tools/bindings.py from include/agentotel.h. DO NOT EDIT.\n\n"
    out += "// The places that layout.go has, as this library's header has them. What a struct has gained since is fine.\n"
    out += "// clang-format off\n#include <agentotel.h>\n#include <stddef.h>\n\n"
    for c_name in INPUTS + OUTPUTS:
        fields, size, _ = structs[c_name]
        out += f'_Static_assert(sizeof(agentotel_{c_name}) >= {size}, "agentotel_{c_name}");\n'
        for f in fields:
            out += (f"_Static_assert(offsetof(agentotel_{c_name}, {f.name}) == {f.offset}, "
                    f'"agentotel_{c_name}.{f.name}");\n')
    return out


# The conformance programs' fields.


def conformance_fields(structs):
    kinds = {
        "agentotel_str": "TEXT", "agentotel_string_array": "TEXTS", "agentotel_i64": "INT", "agentotel_f64": "DOUBLE",
        "agentotel_bool": "BOOL",
    }
    out = "/* Generated by tools/bindings.py: every field of the details, FIELD(detail, struct, field, sort), and\n"
    out += "   every word of their enumerations, WORD(enumeration, word, number). */\n"
    for c_name in DETAILS + ["error"]:
        for f in structs[c_name][0]:
            if f.hidden or f.name == "time_unix_nano":
                continue
            sort = kinds.get(f.c_type)
            if f.enum:
                sort = "ENUM_" + ENUMS[f.enum][0].upper()
            elif (f.struct, f.name) in FLAGS:
                sort = "FLAG"
            for name in ["mcp_client", "mcp_server"] if c_name == "mcp" else [c_name]:
                out += f"FIELD({name}, {c_name}, {f.name}, {sort})\n"
    return out


def conformance_words(numbers):
    out = ""
    for prefix in ["LLM", "COUNTING", "AGENT", "APPROVAL", "GUARDRAIL", "MEMORY", "KIND", "SPAN_KIND", "STATUS_CODE",
                   "SEVERITY", "END", "SIGNAL"]:
        for rest, _, _ in enums_of(numbers).get(prefix, []):
            word = rest.lower()
            out += f'WORD({ENUMS[prefix][0]}, "{word}", AGENTOTEL_{prefix}_{rest})\n'
    return out


def main():
    numbers, structs = read_header()
    hpp_path = ROOT / "include/agentotel.hpp"
    made = {
        hpp_path: hpp(numbers, structs, hpp_path.read_text()),
        ROOT / "bindings/go/types.go": gofmt(go_types(numbers, structs)),
        ROOT / "bindings/go/layout.go": gofmt(go_layout(structs)),
        ROOT / "bindings/go/layout.c": go_layout_c(structs),
        ROOT / "tests/conformance/fields.inc": conformance_fields(structs),
        ROOT / "tests/conformance/words.inc": conformance_words(numbers),
    }
    stale = []
    for path, text in made.items():
        if text is None or path.exists() and path.read_text() == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    if stale and "--check" in sys.argv:
        sys.exit(f"bindings.py: not as the header has it, run tools/bindings.py: {', '.join(stale)}")


def gofmt(text):
    """As gofmt has it; None, which is not compared, where there is no Go."""
    try:
        return subprocess.run(["gofmt"], input=text, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return None
    except subprocess.CalledProcessError as error:
        sys.exit(f"gofmt: {error.stderr}\n{text[:400]}")


if __name__ == "__main__":
    main()
