/* num/num_tables.h: constants of the elementary and special functions, made by tools/make_num_tables.py. */
#ifndef VOUCH_NUM_TABLES_H
#define VOUCH_NUM_TABLES_H

extern const double vouch__exp_step[2];
extern const double vouch__exp_table[128][2];
extern const double vouch__log_ln2[2];
extern const double vouch__log_table[92][3];
extern const double vouch__erf_cheb[14];
extern const double vouch__erfcx_cheb[25];
extern const double vouch__lgamma1_cheb[32];
extern const double vouch__lgamma2_cheb[21];

#endif
