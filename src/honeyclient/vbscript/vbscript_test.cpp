#include <gtest/gtest.h>

#include <map>

#include "honeyclient/vbscript/convert.h"
#include "honeyclient/vbscript/interpreter.h"

namespace shikake::honeyclient::vbscript {
namespace {

std::u16string wide(std::string_view text) {
  return std::u16string(text.begin(), text.end());
}
std::string narrow(std::u16string_view text) {
  std::string out;
  for (char16_t unit : text) out += unit < 0x80 ? static_cast<char>(unit) : '?';
  return out;
}

class Page;

// An object of the page: notes what is done to it.
class Noted final : public Object {
 public:
  Noted(Page& page, std::u16string name) : page_(page), name_(std::move(name)) {}
  std::u16string type_name() const override { return name_; }
  Value call(std::u16string_view name, Arguments arguments) override;
  void put(std::u16string_view name, Arguments arguments, const Value& value, bool set) override;

 private:
  Page& page_;
  std::u16string name_;
};

// A host that keeps what scripts print and do.
class Page final : public Host {
 public:
  std::optional<Value> global(std::u16string_view name) override {
    if (same_name(name, u"out")) return ObjectRef(std::make_shared<Noted>(*this, u"out"));
    if (same_name(name, u"document")) return ObjectRef(std::make_shared<Noted>(*this, u"document"));
    if (same_name(name, u"fromJScript")) return Value(int32_t{42});
    return std::nullopt;
  }
  bool assign_global(std::u16string_view name, const Value& value) override {
    if (!same_name(name, u"location")) return false;
    log += "location=" + narrow(text_of(value)) + ";";
    return true;
  }
  void defined(std::u16string_view name, bool procedure) override { definitions[narrow(name)] = procedure; }
  ObjectRef create_object(std::u16string_view name) override {
    if (name.starts_with(u"No.")) return nullptr;
    return std::make_shared<Noted>(*this, std::u16string(name));
  }
  ObjectRef get_object(std::u16string_view path, std::u16string_view) override {
    return std::make_shared<Noted>(*this, std::u16string(path));
  }
  int32_t message_box(std::u16string_view text, int32_t, std::u16string_view) override {
    log += "msgbox(" + narrow(text) + ");";
    return 1;
  }
  std::u16string input_box(std::u16string_view, std::u16string_view, std::u16string_view otherwise) override {
    return std::u16string(otherwise);
  }
  uint32_t evaluated(std::u16string_view how, std::u16string_view text) override {
    texts.push_back(narrow(how) + ": " + narrow(text));
    return 100 + static_cast<uint32_t>(texts.size());
  }
  double now() override { return 38719.5; }  // 2006-01-02 12:00
  uint32_t seed() override { return 7; }
  bool keep_going() override { return questions++ < 2000; }

  std::string log, printed;
  std::vector<std::string> texts;
  std::map<std::string, bool> definitions;
  int questions = 0;
  Interpreter* interpreter = nullptr;
  std::vector<Whereabouts> places;
};

Value Noted::call(std::u16string_view name, Arguments arguments) {
  if (same_name(name_, u"out")) {
    for (Argument& argument : arguments) {
      const Value& value = argument.value;
      if (value.is<Null>())
        page_.printed += "Null";
      else if (const ObjectRef* object = value.get<ObjectRef>())
        page_.printed += *object ? "object" : "Nothing";
      else
        page_.printed += narrow(text_of(value));
    }
    page_.printed += "|";
    return {};
  }
  if (page_.interpreter) page_.places.push_back(page_.interpreter->whereabouts());
  page_.log += narrow(name_) + "." + narrow(name) + "(";
  for (size_t i = 0; i < arguments.size(); ++i)
    page_.log +=
        (i ? "," : "") + (arguments[i].value.is_object() ? "object" : narrow(text_of(arguments[i].value)));
  page_.log += ");";
  if (arguments.empty() && !name.empty())
    return ObjectRef(std::make_shared<Noted>(page_, name_ + u"." + std::u16string(name)));
  return Value(u"");
}
void Noted::put(std::u16string_view name, Arguments, const Value& value, bool) {
  page_.log += narrow(name_) + "." + narrow(name) + "=" + narrow(text_of(value)) + ";";
}

// What a script prints with "out", and the number of the error that it ends with.
struct Row {
  const char* name;
  const char* source;
  const char* printed;
  int32_t error = 0;
};
class Language : public ::testing::TestWithParam<Row> {};
TEST_P(Language, Prints) {
  Page page;
  Interpreter interpreter(page);
  Outcome outcome = interpreter.run(wide(GetParam().source), 1);
  EXPECT_EQ(page.printed, GetParam().printed);
  int32_t number = outcome.error ? outcome.error->number : 0;
  EXPECT_EQ(number, GetParam().error) << (outcome.error ? narrow(outcome.error->description) : "");
  EXPECT_FALSE(outcome.stopped);
}

constexpr const char* quoted = "out \"a\"\"b\"";
INSTANTIATE_TEST_SUITE_P(
    Lexis, Language,
    ::testing::Values(Row{"text_with_quotes", quoted, "a\"b|"},
                      Row{"comment", "out 1 ' two\nRem out 2\nout 3", "1|3|"},
                      Row{"continued_line", "out 1 + _\n  2", "3|"},
                      Row{"colons", "out 1: out 2 : : out 3", "1|2|3|"},
                      Row{"cr_alone_ends_a_line", "out 1\rout 2", "1|2|"},
                      Row{"hexadecimal", "out &HFF\nout &hFFFF\nout &HFFFF&\nout &O17", "255|-1|65535|15|"},
                      Row{"ampersand_before_a_function", "s = \"x\"\nout s&hex(255)&chr(65)", "xFFA|"},
                      Row{"exponent", "out 1.5e3\nout .5\nout 1E-2", "1500|0.5|0.01|"},
                      Row{"date", "out #1/2/2006 3:04:05 PM#", "1/2/2006 3:04:05 PM|"},
                      Row{"markup_comment", "<!--\nout 1\n-->", "1|"},
                      Row{"names_without_case", "FoO = 1\nout foo + FOO", "2|"},
                      Row{"bracketed_name", "[odd name] = 5\nout [odd name]", "5|"},
                      Row{"text_not_closed", "out \"abc", "", 1033}, Row{"odd_sign", "out ?", "", 1032}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Operators, Language,
    ::testing::Values(
        Row{"precedence", "out 2 + 3 * 4 ^ 2 / 8 - 7 \\ 2 Mod 2", "7|"},
        Row{"negation_and_power", "out -2 ^ 2\nout 2 ^ -1", "-4|0.5|"},
        Row{"concatenation_binds_looser", "out 1 + 2 & 3 + 4", "37|"},
        Row{"not_and_comparison", "out Not 1 = 2\nout 1 < 2 And 2 < 3", "True|True|"},
        Row{"bits", "out 12 And 10\nout 12 Or 3\nout 12 Xor 10\nout Not 0\nout 5 Eqv 3\nout 5 Imp 3",
            "8|15|6|-1|-7|-5|"},
        Row{"integers_widen", "out 32767 + 1\nout 2147483647 + 1\nout TypeName(32767 + 1)",
            "32768|2147483648|Long|"},
        Row{"division", "out 7 / 2\nout 7 \\ 2\nout -7 \\ 2\nout -7 Mod 3", "3.5|3|-3|-1|"},
        Row{"banker", "out CInt(0.5)\nout CInt(1.5)\nout CLng(2.5)\nout Round(0.125, 2)", "0|2|2|0.12|"},
        Row{"text_plus_text", "out \"1\" + \"2\"\nout \"1\" + 2", "12|3|"},
        Row{"text_and_number_variables", "a = \"5\"\nb = 5\nout a = b\nout a = 5\nout b = \"5\"\nout a > b",
            "False|True|True|True|"},
        Row{"null_spreads", "out Null + 1\nout IsNull(Null = Null)\nout Null & \"x\"", "Null|True|x|"},
        Row{"empty", "out x + 1\nout x & \"y\"\nout x = 0\nout x = \"\"", "1|y|True|True|"},
        Row{"true_is_minus_one", "out True + 1\nout CStr(True)", "0|True|"},
        Row{"is", "Set a = CreateObject(\"X\")\nSet b = a\nout a Is b\nout a Is Nothing", "True|False|"},
        Row{"dates_differ", "out #1/3/2006# - #1/1/2006#\nout #1/1/2006# + 1", "2|1/2/2006|"},
        Row{"division_by_zero", "out 1 / 0", "", 11}, Row{"overflow", "out CInt(40000)", "", 6},
        Row{"mismatch", "out 1 + \"x\"", "", 13}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Statements, Language,
    ::testing::Values(
        Row{"if_else", "If 1 > 2 Then\nout 1\nElseIf 2 > 1 Then\nout 2\nElse\nout 3\nEnd If", "2|"},
        Row{"one_line_if", "If True Then out 1: out 2 Else out 3\nIf False Then out 4 Else out 5", "1|2|5|"},
        Row{"one_line_if_ends_at_its_line", "If False Then out 1\nout 2", "2|"},
        Row{"one_line_if_with_end", "If True Then out 1 End If\nout 2", "1|2|"},
        Row{"select", "Select Case 3\nCase 1, 2\nout 1\nCase 3\nout 3\nCase Else\nout 9\nEnd Select", "3|"},
        Row{"for", "For i = 1 To 3: out i: Next\nFor i = 3 To 1 Step -2\nout i\nNext\nout i",
            "1|2|3|3|1|-1|"},
        Row{"for_exits", "For i = 1 To 9\nIf i = 2 Then Exit For\nout i\nNext\nout \"e\"", "1|e|"},
        Row{"for_each", "For Each x In Array(1, \"b\")\nout x\nNext", "1|b|"},
        Row{"do_while", "i = 0\nDo While i < 2\ni = i + 1\nLoop\nout i", "2|"},
        Row{"do_until_at_end", "i = 5\nDo\ni = i + 1\nLoop Until i > 3\nout i", "6|"},
        Row{"while_wend", "While i < 3\ni = i + 1\nWend\nout i", "3|"},
        Row{"do_exits", "Do\ni = i + 1\nIf i = 4 Then Exit Do\nLoop\nout i", "4|"},
        Row{"const", "Const A = 5, B = \"x\"\nout A & B", "5x|"},
        Row{"const_assigned", "Const A = 5\nA = 6", "", 501},
        Row{"option_explicit", "Option Explicit\nDim a\na = 1\nb = 2", "", 500},
        Row{"with", "Class C\nPublic x\nEnd Class\nSet o = New C\nWith o\n.x = 4\nout .x\nEnd With", "4|"},
        Row{"growing_text", "For i = 1 To 5\ns = s & i & \",\"\nNext\nout s", "1,2,3,4,5,|"},
        Row{"growing_text_shared", "s = \"a\"\nt = s\ns = s & \"b\"\nout t\nout s", "a|ab|"},
        Row{"growing_text_changed_meanwhile",
            "Function f\ns = \"zz\"\nf = \"!\"\nEnd Function\ns = \"a\"\ns = s & f()\nout s", "a!|"},
        Row{"execute", "Execute \"x = 5: out x\"\nout x", "5|5|"},
        Row{"execute_in_a_procedure",
            "Sub p\nDim y\ny = 1\nExecute \"y = 2\"\nout y\nEnd Sub\np\nout IsEmpty(y)", "2|True|"},
        Row{"execute_global", "Sub p\nExecuteGlobal \"z = 3\"\nEnd Sub\np\nout z", "3|"},
        Row{"eval", "x = 4\nout Eval(\"x = 4\")\nout Eval(\"x * 2\")", "True|8|"},
        Row{"execute_defines", "Execute \"Function f(a): f = a * 2: End Function\"\nout f(4)", "8|"},
        Row{"execute_with_a_syntax_error", "On Error Resume Next\nExecute \"x = = 1\"\nout Err.Number <> 0",
            "True|"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Arrays, Language,
    ::testing::Values(
        Row{"fixed", "Dim a(2)\na(0) = 1\na(2) = 3\nout a(0) + a(2)\nout UBound(a)", "4|2|"},
        Row{"two_dimensions", "Dim a(1, 2)\na(1, 2) = 7\nout a(1, 2)\nout UBound(a, 2)", "7|2|"},
        Row{"redim_preserve", "Dim a()\nReDim a(1)\na(1) = 5\nReDim Preserve a(3)\nout a(1)\nout UBound(a)",
            "5|3|"},
        Row{"redim_clears", "ReDim a(1)\na(1) = 5\nReDim a(1)\nout IsEmpty(a(1))", "True|"},
        Row{"copied_on_assignment", "a = Array(1, 2)\nb = a\nb(0) = 9\nout a(0)\nout b(0)", "1|9|"},
        Row{"nested", "a = Array(1, Array(2, 3))\nout a(1)(1)\na(1)(0) = 8\nout a(1)(0)", "3|8|"},
        Row{"split_join", "out Join(Split(\"a,b,c\", \",\"), \"-\")\nout UBound(Split(\"\"))", "a-b-c|-1|"},
        Row{"split_count", "a = Split(\"a b c\", \" \", 2)\nout a(1)", "b c|"},
        Row{"filter", "out Join(Filter(Array(\"ab\", \"cd\", \"ae\"), \"a\"))", "ab ae|"},
        Row{"erase", "Dim a(1)\na(0) = 4\nErase a\nout IsEmpty(a(0))", "True|"},
        Row{"element_by_reference", "Sub p(x)\nx = 9\nEnd Sub\nDim a(1)\np a(1)\nout a(1)", "9|"},
        Row{"past_its_end", "Dim a(1)\na(2) = 1", "", 9}, Row{"below_zero", "a = Array(1)\nout a(-1)", "", 9},
        Row{"fixed_redimensioned", "Dim a(1)\nReDim a(2)", "", 10},
        Row{"too_large", "ReDim a(100000, 100000)", "", 7}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Procedures, Language,
    ::testing::Values(
        Row{"function", "Function f(a, b)\nf = a + b\nEnd Function\nout f(1, 2)", "3|"},
        Row{"called_before_it_stands", "out g\nFunction g\ng = 7\nEnd Function", "7|"},
        Row{"by_reference", "Sub p(x)\nx = x + 1\nEnd Sub\na = 1\np a\nout a\nCall p(a)\nout a", "2|3|"},
        Row{"parentheses_pass_by_value", "Sub p(x)\nx = 9\nEnd Sub\na = 1\np (a)\nout a", "1|"},
        Row{"by_value", "Sub p(ByVal x)\nx = 9\nEnd Sub\na = 1\np a\nout a", "1|"},
        Row{"argument_begins_with_parenthesis", "Sub p(x, y)\nout x & y\nEnd Sub\np (1) & \"a\", 2", "1a2|"},
        Row{"recursion",
            "Function f(n)\nIf n < 2 Then\nf = 1\nElse\nf = n * f(n - 1)\nEnd If\nEnd Function\nout f(10)",
            "3628800|"},
        Row{"exit_function", "Function f\nf = 1\nExit Function\nf = 2\nEnd Function\nout f", "1|"},
        Row{"locals", "x = 1\nSub p\nDim x\nx = 2\nout x\nEnd Sub\np\nout x", "2|1|"},
        Row{"new_variable_by_reference", "Sub p(x)\nx = 6\nEnd Sub\np fresh\nout fresh", "6|"},
        Row{"reference", "Function f(a)\nf = a * 3\nEnd Function\nSet r = GetRef(\"f\")\nout r(4)", "12|"},
        Row{"redefined_while_running", "Sub p\nExecuteGlobal \"Sub p: out 2: End Sub\"\nout 1\nEnd Sub\np\np",
            "1|2|"},
        Row{"too_many_arguments", "Sub p(a)\nEnd Sub\np 1, 2", "", 450},
        Row{"not_defined", "nothere 1", "", 13},
        Row{"without_end", "Function f(n)\nf = f(n + 1)\nEnd Function\nout f(1)", "", 28}),
    [](const auto& row) { return row.param.name; });

constexpr const char* counter =
    "Class Counter\n"
    "Private held\n"
    "Private Sub Class_Initialize\nheld = 10\nout \"born\"\nEnd Sub\n"
    "Private Sub Class_Terminate\nout \"gone\"\nEnd Sub\n"
    "Public Property Get Held_\nHeld_ = held\nEnd Property\n"
    "Public Property Let Held_(v)\nheld = v * 2\nEnd Property\n"
    "Public Default Function Add(n)\nheld = held + n\nAdd = held\nEnd Function\n"
    "End Class\n";
const std::string life =
    std::string(counter) +
    "Set c = New Counter\nout c.Add(5)\nc.Held_ = 4\nout c.Held_\nout c(1)\nSet c = Nothing\nout 1";
const std::string hidden = std::string(counter) + "Set c = New Counter\nout c.held";
INSTANTIATE_TEST_SUITE_P(
    Classes, Language,
    ::testing::Values(
        Row{"life", life.c_str(), "born|15|8|9|gone|1|"}, Row{"private_field", hidden.c_str(), "born|", 438},
        Row{"me",
            "Class A\nPublic n\nFunction Self\nSet Self = Me\nEnd Function\nEnd Class\n"
            "Set a = New A\na.n = 3\nout a.Self.n",
            "3|"},
        Row{"chain_of_many",
            "Class N\nPublic nx\nEnd Class\nSet last = Nothing\nFor i = 1 To 50000\nSet a = New N\n"
            "Set a.nx = last\nSet last = a\nNext\nSet a = Nothing\nSet last = Nothing\nout 1",
            "1|"},
        Row{"array_in_field", "Class A\nPublic d(2)\nEnd Class\nSet a = New A\na.d(1) = 4\nout a.d(1)", "4|"},
        Row{"no_such_class", "Set a = New Nowhere", "", 438}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Errors, Language,
    ::testing::Values(
        Row{"resume_next",
            "On Error Resume Next\nx = 1 / 0\nout Err.Number\nout Err.Description\nErr.Clear\nout Err.Number",
            "11|Division by zero|0|"},
        Row{"resume_next_enters_the_block", "On Error Resume Next\nIf 1 / 0 Then\nout 1\nElse\nout 2\nEnd If",
            "1|"},
        Row{"caller_resumes", "Sub p\nout 1\nx = 1 / 0\nout 2\nEnd Sub\nOn Error Resume Next\np\nout 3",
            "1|3|"},
        Row{"own_handler", "Sub p\nOn Error Resume Next\nx = 1 / 0\nout 2\nEnd Sub\np\nout 3", "2|3|"},
        Row{"goto_0", "On Error Resume Next\nx = 1 / 0\nOn Error GoTo 0\nx = 1 / 0\nout 1", "", 11},
        Row{"raise",
            "On Error Resume Next\nErr.Raise 1234, \"me\", \"why\"\nout Err.Number & Err.Source & "
            "Err.Description",
            "1234mewhy|"},
        Row{"no_object", "Set a = CreateObject(\"No.Such\")", "", 429},
        Row{"nothing", "Set a = Nothing\na.b", "", 91}, Row{"not_an_object", "a = 1\na.b", "", 424},
        Row{"unfinished_block", "If 1 Then\nout 1", "", 1002}, Row{"stray_end", "End If", "", 1002},
        Row{"nothing_runs_of_what_does_not_parse", "out 1\nout )", "", 1010}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Functions, Language,
    ::testing::Values(
        Row{"mid",
            "out Mid(\"abcdef\", 2, 3)\nout Mid(\"abc\", 5)\nout Left(\"abc\", 9)\nout Right(\"abc\", 2)",
            "bcd||abc|bc|"},
        Row{"instr",
            "out InStr(\"abcabc\", \"c\")\nout InStr(4, \"abcabc\", \"c\")\nout InStrRev(\"abcabc\", \"b\")\n"
            "out InStr(1, \"ABC\", \"b\", 1)",
            "3|6|5|2|"},
        Row{"replace", "out Replace(\"aXbX\", \"X\", \"-\")\nout Replace(\"aXbX\", \"x\", \"-\", 1, 1, 1)",
            "a-b-|a-bX|"},
        Row{"case_and_blanks", "out UCase(\"aB\") & LCase(\"Cd\") & Trim(\"  e \") & \"|\" & LTrim(\" f \")",
            "ABcde|f |"},
        Row{"codes", "out Asc(\"A\") & Chr(66) & AscW(ChrW(300)) & Hex(255) & Oct(8)", "65B300FF10|"},
        Row{"strings", "out String(3, \"x\") & Space(2) & StrReverse(\"abc\") & Len(\"four\")", "xxx  cba4|"},
        Row{"bytes", "out LenB(\"ab\")\nout AscB(MidB(\"ab\", 3, 1))\nout ChrB(65) & ChrB(66)", "4|98|AB|"},
        Row{"numbers", "out Abs(-3) & Int(-2.5) & Fix(-2.5) & Sgn(-9) & Sqr(16)", "3-3-2-14|"},
        Row{"conversions", "out CStr(1.0) & CStr(0.1 + 0.2) & CStr(1E+20) & CStr(-0.0001)",
            "10.31E+20-0.0001|"},
        Row{"is", "out IsNumeric(\"12.5\") & IsNumeric(\"x\") & IsDate(\"1/1/2006\") & IsArray(Array())",
            "TrueFalseTrueTrue|"},
        Row{"types", "out TypeName(1) & TypeName(1.5) & TypeName(\"\") & TypeName(Nothing) & VarType(True)",
            "IntegerDoubleStringNothing11|"},
        Row{"dates",
            "out Year(#2006-01-02#) & Month(\"3/4/2006\") & Weekday(#1/1/2006#) & MonthName(2, True)",
            "200631Feb|"},
        Row{"date_add",
            "out DateAdd(\"m\", 1, #1/31/2006#)\nout DateDiff(\"d\", #1/1/2006#, #3/1/2006#)\n"
            "out DateSerial(2006, 13, 1)\nout DateDiff(\"n\", #1/1/2006 1:59:59#, #1/1/2006 2:00:01#)",
            "2/28/2006|59|1/1/2007|1|"},
        Row{"now", "out Date & \" \" & Hour(Now)", "1/2/2006 12|"},
        Row{"formats",
            "out FormatNumber(1234567.891, 2)\nout FormatPercent(0.5)\nout FormatDateTime(#1/2/2006#, 1)",
            "1,234,567.89|50.00%|Monday, January 02, 2006|"},
        Row{"escape", "out Escape(\"a b\" & ChrW(300))\nout Unescape(\"%41%u0042\")", "a%20b%u012C|AB|"},
        Row{"constants", "out Len(vbCrLf) & vbTextCompare & vbObjectError", "21-2147221504|"},
        Row{"random_repeats", "Rnd(-1)\nRandomize 5\na = Rnd\nRnd(-1)\nRandomize 5\nout a = Rnd", "True|"},
        Row{"first_random", "out Left(CStr(Rnd), 6)", "0.7055|"},
        Row{"regexp",
            "Set r = New RegExp\nr.Pattern = \"(\\w)(\\d+)\"\nr.Global = True\n"
            "out r.Replace(\"a12 b3\", \"$2$1\")\nFor Each m In r.Execute(\"x1 y22\")\nout m.SubMatches(1) & "
            "m.FirstIndex\nNext\n"
            "out r.Test(\"zz\")",
            "12a 3b|10|223|False|"},
        Row{"regexp_that_explodes",
            "Set r = New RegExp\nr.Pattern = \"(a+)+$\"\nout r.Test(String(40, \"a\") & \"b\")", "False|"},
        Row{"regexp_malformed", "Set r = New RegExp\nr.Pattern = \"(\"\nout r.Test(\"a\")", "", 5017},
        Row{"long_text", "out Len(String(33554432, \"a\") & \"b\")", "", 14}),
    [](const auto& row) { return row.param.name; });

struct HostRow {
  const char* name;
  const char* source;
  const char* log;
};
class OnPage : public ::testing::TestWithParam<HostRow> {};
TEST_P(OnPage, Does) {
  Page page;
  Interpreter interpreter(page);
  Outcome outcome = interpreter.run(wide(GetParam().source), 1);
  EXPECT_FALSE(outcome.error) << narrow(outcome.error->description);
  EXPECT_EQ(page.log, GetParam().log);
}
INSTANTIATE_TEST_SUITE_P(
    Rows, OnPage,
    ::testing::Values(
        HostRow{"method", "document.write \"a\", 1", "document.write(a,1);"},
        HostRow{"method_with_parentheses", "document.write(\"a\" & \"b\")", "document.write(ab);"},
        HostRow{"property", "document.cookie = \"x\"", "document.cookie=x;"},
        HostRow{"global_assigned", "location = \"http://a.example/\"", "location=http://a.example/;"},
        HostRow{"object", "Set s = CreateObject(\"WScript.Shell\")\ns.Run \"cmd\", 0, False",
                "WScript.Shell.Run(cmd,0,False);"},
        HostRow{"keyword_as_member", "Set s = CreateObject(\"ADODB.Stream\")\ns.Type = 1\ns.Open\ns.Next",
                "ADODB.Stream.Type=1;ADODB.Stream.Open();ADODB.Stream.Next();"},
        HostRow{"dialog", "MsgBox \"hello\", 16", "msgbox(hello);"},
        HostRow{"monikers", "GetObject(\"winmgmts:x\").Create \"cmd\"", "winmgmts:x.Create(cmd);"}),
    [](const auto& row) { return row.param.name; });

TEST(Interpreter, TellsWhatItEvaluatesAndWhere) {
  Page page;
  Interpreter interpreter(page);
  page.interpreter = &interpreter;
  interpreter.run(u"x = 1\nExecute \"document.write 1\"\n  document.write 2", 5);
  EXPECT_EQ(page.texts, std::vector<std::string>{"Execute: document.write 1"});
  ASSERT_EQ(page.places.size(), 2u);
  EXPECT_EQ(page.places[0].source, 101u);
  EXPECT_EQ(page.places[0].line, 1u);
  EXPECT_EQ(page.places[1].source, 5u);
  EXPECT_EQ(page.places[1].line, 3u);
  EXPECT_EQ(page.places[1].column, 3u);
  EXPECT_EQ(interpreter.whereabouts().line, 0u);
}

TEST(Interpreter, ScriptsShareOneScope) {
  Page page;
  Interpreter interpreter(page);
  interpreter.run(u"Dim shared\nshared = 3\nFunction twice(n)\ntwice = n * 2\nEnd Function", 1);
  EXPECT_TRUE(page.definitions.at("twice"));
  EXPECT_FALSE(page.definitions.at("shared"));
  EXPECT_TRUE(interpreter.has_procedure(u"TWICE"));
  Outcome outcome = interpreter.call(u"twice", {Value(int16_t{21})});
  EXPECT_EQ(number_of(outcome.value), 42);
  EXPECT_EQ(number_of(*interpreter.variable(u"Shared")), 3);
  EXPECT_EQ(number_of(interpreter.evaluate(u"twice(shared) + fromJScript", 2).value), 48);
  EXPECT_EQ(interpreter.call(u"nothere", {}).error->number, 35);
}

TEST(Interpreter, AnErrorKnowsItsPlace) {
  Page page;
  Interpreter interpreter(page);
  Outcome outcome = interpreter.run(u"a = 1\nSub p\n\n  x = 1 / 0\nEnd Sub\np", 1);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->line, 4u);
  EXPECT_EQ(outcome.error->column, 3u);
}

TEST(Interpreter, StopsWhenTheHostSays) {
  for (const char* source : {"Do\nLoop", "On Error Resume Next\nWhile True\nx = 1 / 0\nWend",
                             "Sub p\nOn Error Resume Next\nDo\nExecute \"x = 1\"\nLoop\nEnd Sub\np"}) {
    Page page;
    page.questions = 1990;
    Interpreter interpreter(page);
    EXPECT_TRUE(interpreter.run(wide(source), 1).stopped) << source;
  }
}

// What is as deep as its text is long must not take the stack along.
TEST(Interpreter, DepthIsBounded) {
  Page page;
  Interpreter interpreter(page);
  std::u16string sum = u"x = 1", nested = u"x = ", calls = u"x = a";
  for (int i = 0; i < 50'000; ++i) sum += u" + 1", nested += u"(", calls += u".b";
  EXPECT_FALSE(interpreter.run(sum, 1).error);
  EXPECT_EQ(number_of(*interpreter.variable(u"x")), 50'001);
  EXPECT_TRUE(interpreter.run(nested, 1).error);
  EXPECT_TRUE(interpreter.run(calls, 1).error);
  std::u16string blocks;
  for (int i = 0; i < 50'000; ++i) blocks += u"If 1 Then\n";
  EXPECT_TRUE(interpreter.run(blocks, 1).error);
  EXPECT_FALSE(interpreter.run(u"a = 1\nFor i = 1 To 100000\na = Array(a)\nNext\na = 0", 1).error);
}

}  // namespace
}  // namespace shikake::honeyclient::vbscript
