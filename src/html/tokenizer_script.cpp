// Script text that hides in <!-- -->: within it, <script> … </script> does not end the script.
// https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
#include "html/tokenizer.h"

namespace shikake::html {

void Tokenizer::step_script() {
  switch (state_) {
    case State::script_escape_start:
    case State::script_escape_start_dash:
      return script_escape_start();
    case State::script_escaped_less_than:
      return script_escaped_less_than();
    case State::script_double_escape_start:
      return script_double_escape(State::script_double_escaped, State::script_escaped, State::script_escaped);
    case State::script_double_escape_end:
      return script_double_escape(State::script_escaped, State::script_double_escaped,
                                  State::script_double_escaped);
    case State::script_double_escaped_less_than: {
      int c = in_.take();
      if (c != '/') return again(c, State::script_double_escaped);
      buffer_.clear();
      emit('/');
      return go(State::script_double_escape_end);
    }
    default:
      return script_escaped();
  }
}

void Tokenizer::script_escape_start() {
  int c = in_.take();
  if (c != '-') return again(c, State::script_data);
  emit('-');
  go(state_ == State::script_escape_start ? State::script_escape_start_dash
                                          : State::script_escaped_dash_dash);
}

// The states (double) escaped, ~ dash and ~ dash dash.
void Tokenizer::script_escaped() {
  bool twice = state_ >= State::script_double_escaped;
  State plain = twice ? State::script_double_escaped : State::script_escaped;
  State dash = twice ? State::script_double_escaped_dash : State::script_escaped_dash;
  State dash_dash = twice ? State::script_double_escaped_dash_dash : State::script_escaped_dash_dash;
  if (state_ == plain) {
    std::u16string_view window = in_.window();
    size_t count = 0;
    while (count < window.size() && window[count] != u'-' && window[count] != u'<' && window[count] != 0)
      ++count;
    if (count != 0) return emit_run(count);
  }
  begin_markup();
  int c = in_.take();
  switch (c) {
    case eof:
      return emit_end_of_file();
    case '-':
      emit('-');
      return go(state_ == plain ? dash : dash_dash);
    case '<':
      if (!twice) return go(State::script_escaped_less_than);
      emit('<');
      return go(State::script_double_escaped_less_than);
    case '>':
      emit('>');
      return go(state_ == dash_dash ? State::script_data : plain);
    default:
      emit(c == 0 ? 0xFFFD : c);
      return go(plain);
  }
}

void Tokenizer::script_escaped_less_than() {
  int c = in_.take();
  text_state_ = State::script_escaped;
  if (c == '/') return go(State::text_end_tag_open);
  emit('<');
  if (!is_alpha(c)) return again(c, State::script_escaped);
  buffer_.clear();
  again(c, State::script_double_escape_start);
}

void Tokenizer::script_double_escape(State if_script, State otherwise, State back) {
  int c = in_.take();
  if (is_alpha(c)) {
    buffer_ += to_lower(static_cast<char16_t>(c));
    return emit(c);
  }
  if (!is_space(c) && c != '/' && c != '>') return again(c, back);
  emit(c);
  go(buffer_ == u"script" ? if_script : otherwise);
}

}  // namespace shikake::html
