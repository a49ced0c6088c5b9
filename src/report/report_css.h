/* report/report_css.h: how the report looks, on screen and on paper. */
#ifndef VOUCH_REPORT_CSS_H
#define VOUCH_REPORT_CSS_H

extern const char *const vouch__report_css[]; /* lines; ends with NULL */

#endif
