/* html.h: what tests ask of a page. */
#ifndef HTML_H
#define HTML_H

#include "base/text.h"

void html_has(const vouch__buf *out, const char *text);
size_t html_times(const vouch__buf *out, const char *text);
/* Elements open and close in order; void ones and those that close themselves aside. */
void html_is_balanced(const char *html);

#endif
