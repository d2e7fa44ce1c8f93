// Conditional comments of Internet Explorer 5 to 9: comments that are markup for the versions they name.
//
//   <!--[if lt IE 9]> … <![endif]-->      a comment for every other browser ("downlevel-hidden")
//   <![if !IE]> … <![endif]>              markup for every other browser ("downlevel-revealed")
//
// Microsoft: "About conditional comments" (Internet Explorer developer documentation, compatibility).
#pragma once

#include <string_view>

namespace shikake::html {

// Whether `expression` ("gte IE 5.5", "(IE 6)|(IE 7)", "!IE", "true") holds for that version of the browser.
// A feature other than IE (mso, vml) is one that it lacks; what is no expression holds for nobody.
bool conditional_comment_holds(std::u16string_view expression, double version);

// "[if lt IE 9]" gives "lt IE 9"; empty where it opens no conditional comment.
std::u16string_view conditional_expression(std::u16string_view opening);

// What ends one: "<![endif]" and, of a hidden one, the two dashes before its '>'.
bool ends_conditional(std::u16string_view text);

// The version of Internet Explorer as which all parsers of this process read markup: a page worker has one
// browser. 0, as it is at first: none, conditional comments are comments.
void set_conditional_comments(double version);
double conditional_comments();

}  // namespace shikake::html
