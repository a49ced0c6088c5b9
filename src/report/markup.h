/* report/markup.h: text into HTML and CSS. Whatever the evidence holds goes through here; nothing of it
 * reaches the page as markup. */
#ifndef VOUCH_MARKUP_H
#define VOUCH_MARKUP_H

#include "report/number_format.h"

/* Escaped for elements and quoted attributes. Bytes that are not UTF-8, control characters and those that
 * turn the direction of writing become U+FFFD. */
void vouch__html_bytes(vouch__buf *out, const char *text, size_t len);
void vouch__html_text(vouch__buf *out, const char *text); /* NULL: nothing */
void vouch__html_json(vouch__buf *out, const vouch__json *string);
/* For terminals: the same characters replaced, nothing escaped, line ends as spaces. */
void vouch__plain_bytes(vouch__buf *out, const char *text, size_t len);
/* Text broken at blanks to lines of at most VOUCH__PLAIN_WIDTH, each after the first indented; the first
 * begins at column. */
enum { VOUCH__PLAIN_WIDTH = 96 };
void vouch__plain_wrapped(vouch__buf *out, const char *text, size_t indent, size_t column);
/* A CSS string with its quotes. */
void vouch__css_text(vouch__buf *out, const char *text);
/* Letters, digits and hyphens only: for id attributes and links to them. */
void vouch__html_slug(vouch__buf *out, const char *text);

void vouch__html_label(vouch__buf *out, const char *name);
/* A number with a true minus sign. */
void vouch__html_number(vouch__buf *out, double value, vouch__number_format format);
/* One number by itself, in the style its unit or name asks for. */
void vouch__html_single(vouch__buf *out, double value, const char *unit);
/* Any value: numbers formatted, text escaped, yes and no, an en dash for null; arrays of scalars with commas,
 * at most 40 of them; of what is deeper, how much of it there is. */
void vouch__html_value(vouch__buf *out, const char *name, const vouch__json *value);

/* Colour and word, and a shape for those who don't see the colour. status: a verdict's or a control's. */
void vouch__html_badge(vouch__buf *out, const char *status);

#endif
