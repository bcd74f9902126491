/* What of HTML stands in texts: tags, and references to characters such as &eacute; and &#233;. */
#ifndef CLF_TEXT_HTML_H
#define CLF_TEXT_HTML_H

#include <stdint.h>

/* Behind the reference that begins with the '&' at `at`, whose character goes to *code, or NULL
 * when none does. It ends with a semicolon. Numbers that are no characters are U+FFFD. */
const unsigned char *clf__html_reference(const unsigned char *at, const unsigned char *end,
                                         uint32_t *code);

/* Behind the tag, comment or declaration that begins with the '<' at `at`, and behind the text of a
 * script or style; NULL when none begins there. *unclosed is 0 at first, and remembers for one
 * text what has no end further on, so that no search is made twice. */
const unsigned char *clf__html_tag(const unsigned char *at, const unsigned char *end,
                                   uint32_t *unclosed);

/* The same by the first version of the rules: '<' and a letter, '/', '!' or '?', up to the next '>'
 * with no '<' before it. */
const unsigned char *clf__html_tag_of_any_name(const unsigned char *at, const unsigned char *end);

#endif
