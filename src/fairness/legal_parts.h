/* fairness/legal_parts.h: what the readers of a profile share. */
#ifndef VOUCH_LEGAL_PARTS_H
#define VOUCH_LEGAL_PARTS_H

#include "fairness/fair_suite.h"

const vouch__json *vouch__legal_grounds(const vouch__legal *legal); /* NULL: it lists none */
vouch_status vouch__legal_check_grounds(vouch_ctx *ctx, const char *file, const vouch__json *grounds);

#endif
