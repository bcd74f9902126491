/* HTML in texts: tags, and character references such as &eacute; and &#233;. */
#ifndef CLF_TEXT_HTML_H
#define CLF_TEXT_HTML_H

#include <stdint.h>

/* Returns the position after the reference that begins with the '&' at `at`, and its character in
 * *code; NULL if it is not a reference. It must end with a semicolon. Numbers that are not
 * characters become U+FFFD. */
const unsigned char *clf__html_reference(const unsigned char *at, const unsigned char *end,
                                         uint32_t *code);

/* Returns the position after the tag, comment or declaration that begins with the '<' at `at`, and
 * after the text of a script or style; NULL if none begins there. *unclosed is 0 at first; it
 * remembers for one text what has no end, so that no search is repeated. */
const unsigned char *clf__html_tag(const unsigned char *at, const unsigned char *end,
                                   uint32_t *unclosed);

/* The same by the first version of the rules: '<' and a letter, '/', '!' or '?', up to the next '>'
 * without a '<' before it. */
const unsigned char *clf__html_tag_of_any_name(const unsigned char *at, const unsigned char *end);

#endif
